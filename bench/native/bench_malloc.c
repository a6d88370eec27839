// SPDX-License-Identifier: GPL-2.0
/*
 * bench_malloc - malloc() and free() of 256 bytes on the same loops
 *
 *	bench_malloc TURNS WHO
 *
 * LD_PRELOAD chooses the malloc; WHO is its name in the result.
 */
#include <stdlib.h>

#include "bench_native.h"

static inline void *bench_get(void)
{
	return malloc(256);
}

static inline void bench_put(void *obj)
{
	free(obj);
}

#define bench_object()	bench_get()

#define BENCH_CARRY	1
#include "bench_loops.h"

void bench_thread_begin(unsigned int thread)
{
	bench_pin(thread);
}

void bench_thread_end(void)
{
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	bench_all(argv[2], strtoul(argv[1], NULL, 0));
	return 0;
}
