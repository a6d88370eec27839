// SPDX-License-Identifier: GPL-2.0
/*
 * bench_ptr_ring - the kernel's ptr_ring in user space, on the same loops
 *
 *	bench_ptr_ring TURNS
 *
 * Its source is Linux's own, unchanged.
 */
#include "shim.h"

#include <linux/ptr_ring.h>

#include "bench_native.h"

static struct ptr_ring bench_ring;

static __always_inline void *bench_get(void)
{
	return ptr_ring_consume(&bench_ring);
}

static __always_inline void bench_put(void *obj)
{
	if (ptr_ring_produce(&bench_ring, obj))
		exit(2);	/* never: the ring holds twice the stock */
}

static void *bench_object(void)
{
	return (void *)0x1000;
}

#define BENCH_CARRY	0
#include "bench_loops.h"

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc != 2)
		return 2;
	if (ptr_ring_init(&bench_ring, 2 * BENCH_STOCK, GFP_KERNEL))
		return 2;
	for (i = 0; i < BENCH_STOCK; i++)
		bench_put(bench_object());
	bench_all("ptr_ring", strtoul(argv[1], NULL, 0));
	ptr_ring_cleanup(&bench_ring, NULL);
	return 0;
}
