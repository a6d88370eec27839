// SPDX-License-Identifier: GPL-2.0
/*
 * bench_dpdk - DPDK's mempool on the same loops
 *
 *	bench_dpdk TURNS
 *
 * Each thread has a cache of the largest size, with a ring behind it. The
 * number of objects is fixed, as with objpool and ptr_ring.
 */
#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_mempool.h>
#include <stdlib.h>

#include "bench_native.h"

#define BENCH_EAL_ARGS	10

static struct rte_mempool *bench_mempool;

static inline void *bench_get(void)
{
	void *obj;

	return rte_mempool_get(bench_mempool, &obj) ? NULL : obj;
}

static inline void bench_put(void *obj)
{
	rte_mempool_put(bench_mempool, obj);
}

static void *bench_object(void)
{
	return (void *)0x1000;
}

#define BENCH_CARRY	0
#include "bench_loops.h"

void bench_thread_begin(unsigned int thread)
{
	bench_pin(thread);
	if (rte_thread_register())
		exit(2);
}

void bench_thread_end(void)
{
	rte_thread_unregister();
}

int main(int argc, char **argv)
{
	/* rte_eal_init() writes to these */
	char *eal[BENCH_EAL_ARGS] = {
		argv[0], "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry",
		"-l", "0", "-m", "256", "--log-level=error",
	};
	unsigned int i;

	if (argc != 2 || rte_eal_init(BENCH_EAL_ARGS, eal) < 0)
		return 2;
	/* twice the stock, half of it used, so that no put finds it full */
	bench_mempool = rte_mempool_create("bench", 2 * BENCH_STOCK, sizeof(long),
					   RTE_MEMPOOL_CACHE_MAX_SIZE, 0, NULL, NULL,
					   NULL, NULL, SOCKET_ID_ANY, 0);
	if (!bench_mempool)
		return 2;
	for (i = 0; i < BENCH_STOCK; i++)
		if (!bench_get())
			return 2;
	bench_all("dpdk", strtoul(argv[1], NULL, 0));
	return 0;
}
