// SPDX-License-Identifier: GPL-2.0
/*
 * bench_syncpool - syncpool in user space, on the benchmarks of Go's sync.Pool
 *
 *	bench_syncpool TURNS ROTATIONS
 *
 * ROTATIONS: rotations per thousand turns of expensive-new, as many as Go's
 * garbage collector ran there. Prints "native,WORK,THREADS,WHO,FIGURE".
 */
#define _GNU_SOURCE
#include <unistd.h>

#include "pool_reclaim.h"

static struct syncpool bench_pool;
static atomic_long_t bench_news;

static void bench_free(void *obj, void *data)
{
}

static __always_inline void *bench_get(void)
{
	return syncpool_get(&bench_pool, GFP_KERNEL);
}

static __always_inline void bench_put(void *obj)
{
	syncpool_put(&bench_pool, obj);
}

/* Go puts the integer 1; objects are never dereferenced here either */
static void *bench_object(void)
{
	return (void *)0x1000;
}

#define BENCH_CARRY	0
#include "bench_loops.h"

#define BENCH_STW_OBJS	100000
#define BENCH_STW_TURNS	50
#define BENCH_NEW_TURNS	2000

static void bench_make(mempool_alloc_t *alloc)
{
	const struct syncpool_params params = {
		.name = "bench",
		.alloc = alloc,
		.free = bench_free,
	};

	if (syncpool_init(&bench_pool, &params))
		exit(2);
}

static int bench_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool bench_rotate(void)
{
	struct syncpool_core *core = bench_pool.core;
	bool rotated;

	mutex_lock(&core->reclaim_lock);
	rotated = pool_reclaim_rotate(core, POOL_REASON_CALM, NUMA_NO_NODE);
	mutex_unlock(&core->reclaim_lock);
	return rotated;
}

/* How long a rotation takes its caller; no other thread waits for it. */
static void bench_stw(void)
{
	double took[BENCH_STW_TURNS], start;
	unsigned int i, n;

	bench_make(NULL);
	for (i = 0; i < BENCH_STW_TURNS; i++) {
		for (n = 0; n < BENCH_STW_OBJS; n++)
			bench_put(bench_object());
		shim_flush();
		start = bench_now();
		if (!bench_rotate())
			exit(2);
		took[i] = bench_now() - start;
	}
	shim_flush();
	syncpool_exit(&bench_pool);
	qsort(took, BENCH_STW_TURNS, sizeof(*took), bench_compare);
	bench_report("stw-p50", 1, "syncpool", took[BENCH_STW_TURNS / 2]);
	bench_report("stw-p95", 1, "syncpool", took[BENCH_STW_TURNS * 95 / 100]);
}

static void *bench_new(gfp_t gfp, void *data)
{
	usleep(1000);
	atomic_long_inc(&bench_news);
	return bench_object();
}

static atomic_long_t bench_new_turns;
static long bench_rotations;	/* per thousand turns */

static void bench_loop_new(struct bench_job *job)
{
	void *objs[BENCH_BURST];
	unsigned int i;
	long turn;

	while (job->n--) {
		for (i = 0; i < BENCH_BURST; i++)
			objs[i] = bench_get();
		turn = atomic_long_add_return(1, &bench_new_turns);
		if (turn * bench_rotations / 1000 > (turn - 1) * bench_rotations / 1000)
			bench_rotate();
		for (i = 0; i < BENCH_BURST; i++)
			bench_put(objs[i]);
	}
}

static void bench_expensive_new(void)
{
	struct bench_job jobs[2] = {
		{ .loop = bench_loop_new, .n = BENCH_NEW_TURNS / 2, .thread = 0 },
		{ .loop = bench_loop_new, .n = BENCH_NEW_TURNS / 2, .thread = 1 },
	};
	struct syncpool_stats stats;

	bench_make(bench_new);
	bench_threads(jobs, 2);
	syncpool_read_stats(&bench_pool, &stats);
	bench_report("new", 2, "syncpool",
		     (double)atomic_long_read(&bench_news) / BENCH_NEW_TURNS);
	bench_report("new-rotations", 2, "syncpool",
		     (double)stats.rotations / BENCH_NEW_TURNS);
	shim_flush();
	syncpool_exit(&bench_pool);
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc != 3)
		return 2;
	shim_cpu(SHIM_CPUS - 2);
	bench_make(NULL);
	for (i = 0; i < BENCH_STOCK; i++)
		bench_put(bench_object());
	bench_all("syncpool", strtoul(argv[1], NULL, 0));
	syncpool_exit(&bench_pool);
	bench_stw();
	bench_rotations = strtol(argv[2], NULL, 0);
	bench_expensive_new();
	return 0;
}
