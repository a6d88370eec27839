// SPDX-License-Identifier: GPL-2.0
/* bench_loops - syncpool's loops, and the floor of any per-CPU cache */
#include <linux/percpu.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "bench.h"
#include "syncpool.h"

static struct syncpool bench_pool;
static DEFINE_PER_CPU(void *, bench_slot);

void *bench_objs[BENCH_BURST];

static void *bench_alloc(gfp_t gfp, void *data)
{
	return kmalloc(BENCH_SIZE, gfp);
}

static void *bench_alloc_none(gfp_t gfp, void *data)
{
	return NULL;
}

static void bench_free(void *obj, void *data)
{
	kfree(obj);
}

bool bench_dead;

/* Gives nothing once the pools are made, so that their reserves serve. */
void *bench_alloc_once(gfp_t gfp, void *data)
{
	return bench_dead ? NULL : kmalloc(BENCH_SIZE, gfp);
}

static int bench_pool_make(mempool_alloc_t *alloc, unsigned int nr_min, size_t footprint)
{
	struct syncpool_params params = {
		.name = "pool_bench",
		.alloc = alloc,
		.free = bench_free,
		.obj_size = BENCH_SIZE,
		.footprint = footprint,
		.min = nr_min,
	};

	return syncpool_init(&bench_pool, &params);
}

static int bench_one_setup(size_t footprint)
{
	int err = bench_pool_make(bench_alloc, 0, footprint);

	return err ?: syncpool_prefill(&bench_pool, 1, GFP_KERNEL);
}

static int bench_hot_setup(void)
{
	return bench_one_setup(0);
}

/* an object that lies in chains alone */
static int bench_large_setup(void)
{
	return bench_one_setup(SZ_64K);
}

static int bench_none_setup(void)
{
	return bench_pool_make(bench_alloc_none, 0, 0);
}

static int bench_reserve_setup(void)
{
	int err = bench_pool_make(bench_alloc_once, BENCH_RESERVE, 0);

	bench_dead = !err;
	return err;
}

static void bench_pool_teardown(void)
{
	bench_dead = false;
	syncpool_exit(&bench_pool);
}

static int bench_burst_setup(void)
{
	int err = bench_pool_make(bench_alloc, 0, 0);

	if (err)
		return err;
	if (syncpool_get_bulk(&bench_pool, GFP_KERNEL, BENCH_BURST,
			      bench_objs) == BENCH_BURST)
		return 0;
	syncpool_exit(&bench_pool);
	return -ENOMEM;
}

static void bench_burst_teardown(void)
{
	syncpool_put_bulk(&bench_pool, BENCH_BURST, bench_objs);
	syncpool_exit(&bench_pool);
}

static int bench_no_setup(void)
{
	return 0;
}

static void bench_no_teardown(void)
{
}

static __always_inline void *bench_floor_get(void)
{
	void *obj;

	preempt_disable();
	obj = __this_cpu_read(bench_slot);
	preempt_enable();
	return obj;
}

static __always_inline void bench_floor_put(void *obj)
{
	preempt_disable();
	__this_cpu_write(bench_slot, obj);
	preempt_enable();
}

static noinline void *bench_floor_get_call(void)
{
	return bench_floor_get();
}

static noinline void bench_floor_put_call(void *obj)
{
	bench_floor_put(obj);
}

static noinline void *bench_get_call(void)
{
	return syncpool_get(&bench_pool, GFP_ATOMIC);
}

static noinline void bench_put_call(void *obj)
{
	syncpool_put(&bench_pool, obj);
}

static void bench_pool_burst(void)
{
	unsigned int i;

	for (i = 0; i < BENCH_BURST; i++)
		syncpool_put(&bench_pool, bench_objs[i]);
	for (i = 0; i < BENCH_BURST; i++)
		bench_objs[i] = syncpool_get(&bench_pool, GFP_ATOMIC);
}

static void bench_pool_bulk(unsigned int n)
{
	syncpool_put_bulk(&bench_pool, n, bench_objs);
	syncpool_get_bulk(&bench_pool, GFP_ATOMIC, n, bench_objs);
}

BENCH_LOOP(bench_loop_floor, bench_floor_put(bench_floor_get()))
BENCH_LOOP(bench_loop_floor_call, bench_floor_put_call(bench_floor_get_call()))
BENCH_LOOP(bench_loop_pair,
	   syncpool_put(&bench_pool, syncpool_get(&bench_pool, GFP_ATOMIC)))
BENCH_LOOP(bench_loop_reserve,
	   syncpool_put(&bench_pool, syncpool_get(&bench_pool, GFP_KERNEL)))
BENCH_LOOP(bench_loop_pair_call, bench_put_call(bench_get_call()))
BENCH_LOOP(bench_loop_empty, syncpool_get(&bench_pool, GFP_ATOMIC))
BENCH_LOOP(bench_loop_try_empty, syncpool_try_get(&bench_pool))
BENCH_LOOP(bench_loop_burst, bench_pool_burst())
BENCH_LOOP(bench_loop_bulk, bench_pool_bulk(BENCH_BULK))
BENCH_LOOP(bench_loop_bulk_burst, bench_pool_bulk(BENCH_BURST))

const struct bench_case bench_syncpool_cases[] = {
	{ "pair", "floor", 1, bench_no_setup, bench_loop_floor,
	  bench_no_teardown },
	{ "pair", "floor-called", 1, bench_no_setup, bench_loop_floor_call,
	  bench_no_teardown },
	{ "pair", "syncpool", 1, bench_hot_setup, bench_loop_pair,
	  bench_pool_teardown },
	{ "pair", "syncpool-called", 1, bench_hot_setup, bench_loop_pair_call,
	  bench_pool_teardown },
	{ "pair", "syncpool-64KiB", 1, bench_large_setup, bench_loop_pair,
	  bench_pool_teardown },
	{ "burst", "syncpool", BENCH_BURST, bench_burst_setup, bench_loop_burst,
	  bench_burst_teardown },
	{ "bulk", "syncpool", BENCH_BULK, bench_burst_setup, bench_loop_bulk,
	  bench_burst_teardown },
	{ "bulk-burst", "syncpool", BENCH_BURST, bench_burst_setup,
	  bench_loop_bulk_burst, bench_burst_teardown },
	{ "reserve", "syncpool", 1, bench_reserve_setup, bench_loop_reserve,
	  bench_pool_teardown },
	{ "empty", "syncpool", 1, bench_none_setup, bench_loop_empty,
	  bench_pool_teardown },
	{ "empty", "syncpool-try", 1, bench_none_setup, bench_loop_try_empty,
	  bench_pool_teardown },
};

const unsigned int bench_syncpool_nr = ARRAY_SIZE(bench_syncpool_cases);
