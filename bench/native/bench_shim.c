// SPDX-License-Identifier: GPL-2.0
/* bench_shim - threads of the contenders that are kernel code */
#include "shim.h"

#include "bench_native.h"

void bench_thread_begin(unsigned int thread)
{
	shim_cpu(thread);
}

void bench_thread_end(void)
{
	shim_free_mine();
	shim_cpu_gone();
}
