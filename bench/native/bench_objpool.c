// SPDX-License-Identifier: GPL-2.0
/*
 * bench_objpool - the kernel's objpool in user space, on the same loops
 *
 *	bench_objpool TURNS
 *
 * Its source is Linux's own, unchanged. Disabling and enabling interrupts,
 * which it does in addition, costs nothing here.
 */
#include <linux/objpool.h>

#include "bench_native.h"

static struct objpool_head bench_objpool;

static __always_inline void *bench_get(void)
{
	return objpool_pop(&bench_objpool);
}

static __always_inline void bench_put(void *obj)
{
	objpool_push(obj, &bench_objpool);
}

static void *bench_object(void)
{
	return (void *)0x1000;
}

#define BENCH_CARRY	0
#include "bench_loops.h"

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	if (objpool_init(&bench_objpool, BENCH_STOCK, sizeof(long), GFP_KERNEL,
			 NULL, NULL, NULL))
		return 2;
	bench_all("objpool", strtoul(argv[1], NULL, 0));
	objpool_free(&bench_objpool);
	return 0;
}
