// SPDX-License-Identifier: GPL-2.0
/*
 * bench_multi - throughput of several CPUs that use one pool at once
 *
 * Only the ratios between contenders of one run are meaningful. "multi" lines:
 * work, contender, tasks, operations per millisecond in the best round.
 *
 * "reserve" and "waiting" are mempool's case: alloc gives nothing, and BENCH_RESERVE
 * objects exist. In the second there are twice as many tasks, and each lets the scheduler
 * run while it holds an object.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mempool.h>
#include <linux/objpool.h>
#include <linux/ptr_ring.h>

#include "bench.h"
#include "pool_core.h"

#define BENCH_STOCK	16384U
#define BENCH_AHEAD	4096U	/* most objects that were got and not put yet */
#define BENCH_MS	20
#define BENCH_WAITING_MS	200	/* many time slices */
#define BENCH_MULTI_ROUNDS	50
#define BENCH_CPUS	4U
#define BENCH_THREADS	8U
#define BENCH_BATCH	64U	/* operations between two looks at the clock */

static struct syncpool bench_pool;
static struct syncpool bench_reserve;
static struct syncpool bench_waited;	/* which stays closed for a while after a wait */
static mempool_t bench_mempool;
static struct objpool_head bench_objpool;
static struct ptr_ring bench_ring;

#define BENCH_OBJ	((void *)&bench_pool)

/* each side of a hand-over counts its operations, and the other reads that */
struct bench_side {
	unsigned long done;
} ____cacheline_aligned_in_smp;

static struct bench_side bench_sides[BENCH_THREADS];
static bool bench_stop;
static struct completion bench_begin;

static bool bench_pool_get(void)
{
	return syncpool_get(&bench_pool, GFP_ATOMIC);
}

static void bench_pool_put(void)
{
	syncpool_put(&bench_pool, BENCH_OBJ);
}

static bool bench_objpool_get(void)
{
	return objpool_pop(&bench_objpool);
}

static void bench_objpool_put(void)
{
	objpool_push(BENCH_OBJ, &bench_objpool);
}

static bool bench_ring_get(void)
{
	return ptr_ring_consume(&bench_ring);
}

static void bench_ring_put(void)
{
	while (ptr_ring_produce(&bench_ring, BENCH_OBJ))
		cpu_relax();
}

static void *bench_reserve_get(void)
{
	return syncpool_get(&bench_reserve, GFP_KERNEL);
}

static void bench_reserve_put(void *obj)
{
	syncpool_put(&bench_reserve, obj);
}

static void *bench_waited_get(void)
{
	return syncpool_get(&bench_waited, GFP_KERNEL);
}

static void bench_waited_put(void *obj)
{
	syncpool_put(&bench_waited, obj);
}

static void *bench_mempool_get(void)
{
	return mempool_alloc(&bench_mempool, GFP_KERNEL);
}

static void bench_mempool_put(void *obj)
{
	mempool_free(obj, &bench_mempool);
}

/* @between: what a thread does while it holds its object */
#define BENCH_HOLD(fn, who, between)					\
static void bench_##fn(struct bench_side *me, bool getter)		\
{									\
	void *obj = bench_##who##_get();				\
									\
	between;							\
	bench_##who##_put(obj);						\
	me->done++;							\
}

BENCH_HOLD(pool_reserve, reserve, barrier())
BENCH_HOLD(mempool_reserve, mempool, barrier())
/* another one runs, and finds all objects out */
BENCH_HOLD(pool_waiting, waited, schedule())
BENCH_HOLD(mempool_waiting, mempool, schedule())

/* every thread gets and puts, @hold objects at a time */
#define BENCH_PAIRS(who, hold)						\
static void bench_##who##_pairs_##hold(struct bench_side *me, bool getter) \
{									\
	unsigned int i, n = 0;						\
									\
	for (i = 0; i < (hold); i++)					\
		n += bench_##who##_get();				\
	for (i = 0; i < n; i++)						\
		bench_##who##_put();					\
	me->done += n;							\
}

/* half of the threads get, the other half put */
#define BENCH_SIDE(who)							\
static void bench_##who##_side(struct bench_side *me, bool getter)	\
{									\
	struct bench_side *other = getter ? me + 1 : me - 1;		\
	long ahead = me->done - READ_ONCE(other->done);			\
	unsigned int i, n = 0;						\
									\
	if (ahead >= (getter ? (long)BENCH_AHEAD : 0)) {		\
		cpu_relax();						\
		return;							\
	}								\
	for (i = 0; i < BENCH_BATCH; i++) {				\
		if (getter) {						\
			n += bench_##who##_get();			\
		} else {						\
			bench_##who##_put();				\
			n++;						\
		}							\
	}								\
	WRITE_ONCE(me->done, me->done + n);				\
}

BENCH_PAIRS(pool, 1)
BENCH_PAIRS(objpool, 1)
BENCH_PAIRS(ring, 1)
BENCH_PAIRS(pool, 64)
BENCH_PAIRS(objpool, 64)
BENCH_PAIRS(ring, 64)
BENCH_SIDE(pool)
BENCH_SIDE(objpool)
BENCH_SIDE(ring)

struct bench_multi_case {
	const char *work, *who;
	unsigned int threads;
	void (*turn)(struct bench_side *me, bool getter);
};

static const struct bench_multi_case bench_cases[] = {
	{ "pairs", "syncpool", 4, bench_pool_pairs_1 },
	{ "pairs", "objpool", 4, bench_objpool_pairs_1 },
	{ "pairs", "ptr_ring", 4, bench_ring_pairs_1 },
	{ "bursts", "syncpool", 4, bench_pool_pairs_64 },
	{ "bursts", "objpool", 4, bench_objpool_pairs_64 },
	{ "bursts", "ptr_ring", 4, bench_ring_pairs_64 },
	{ "handover", "syncpool", 2, bench_pool_side },
	{ "handover", "objpool", 2, bench_objpool_side },
	{ "handover", "ptr_ring", 2, bench_ring_side },
	{ "handover", "syncpool", 4, bench_pool_side },
	{ "handover", "objpool", 4, bench_objpool_side },
	{ "handover", "ptr_ring", 4, bench_ring_side },
	{ "reserve", "syncpool", 1, bench_pool_reserve },
	{ "reserve", "mempool", 1, bench_mempool_reserve },
	{ "reserve", "syncpool", 2, bench_pool_reserve },
	{ "reserve", "mempool", 2, bench_mempool_reserve },
	{ "reserve", "syncpool", 3, bench_pool_reserve },
	{ "reserve", "mempool", 3, bench_mempool_reserve },
	{ "reserve", "syncpool", 4, bench_pool_reserve },
	{ "reserve", "mempool", 4, bench_mempool_reserve },
	{ "waiting", "syncpool", 8, bench_pool_waiting },
	{ "waiting", "mempool", 8, bench_mempool_waiting },
};

static const struct bench_multi_case *bench_case;

static int bench_thread(void *arg)
{
	struct bench_side *me = arg;
	bool getter = !((me - bench_sides) % 2);
	unsigned int i;

	wait_for_completion(&bench_begin);
	while (!READ_ONCE(bench_stop)) {
		for (i = 0; i < BENCH_BATCH; i++)
			bench_case->turn(me, getter);
		cond_resched();
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static void bench_start(struct task_struct **tasks)
{
	unsigned int i;

	memset(bench_sides, 0, sizeof(bench_sides));
	WRITE_ONCE(bench_stop, false);
	init_completion(&bench_begin);
	for (i = 0; i < bench_case->threads; i++) {
		tasks[i] = kthread_create_on_cpu(bench_thread, &bench_sides[i],
						 i % BENCH_CPUS, "pool_bench/%u");
		if (!IS_ERR(tasks[i]))
			wake_up_process(tasks[i]);
	}
}

/* Operations per millisecond; 0 if a thread could not be created. */
static unsigned long bench_round(void)
{
	struct task_struct *tasks[BENCH_THREADS];
	unsigned long done = 0;
	unsigned int i;
	bool failed = false;
	u64 took;

	bench_start(tasks);
	took = ktime_get_ns();
	complete_all(&bench_begin);
	msleep(bench_case->threads > BENCH_CPUS ? BENCH_WAITING_MS : BENCH_MS);
	WRITE_ONCE(bench_stop, true);
	took = ktime_get_ns() - took;
	for (i = 0; i < bench_case->threads; i++) {
		failed |= IS_ERR(tasks[i]);
		if (!IS_ERR(tasks[i]))
			kthread_stop(tasks[i]);
		done += bench_sides[i].done;
	}
	return failed ? 0 : div64_u64(done * 1000000ULL, took);
}

static int bench_all(void)
{
	unsigned long best[ARRAY_SIZE(bench_cases)] = {};
	unsigned int i, round;

	/* in turn, so that other load on the host affects all alike */
	for (round = 0; round < BENCH_MULTI_ROUNDS; round++) {
		for (i = 0; i < ARRAY_SIZE(bench_cases); i++) {
			bench_case = &bench_cases[i];
			best[i] = max(best[i], bench_round());
		}
	}
	for (i = 0; i < ARRAY_SIZE(bench_cases); i++) {
		if (!best[i])
			return -ENOMEM;
		pr_info("pool_bench: multi,%s,%s,%u,%lu\n", bench_cases[i].work,
			bench_cases[i].who, bench_cases[i].threads, best[i]);
	}
	return 0;
}

static void bench_free(void *obj, void *data)
{
}

static int bench_stock(void)
{
	const struct syncpool_params params = {
		.name = "pool_bench",
		.free = bench_free,
	};
	unsigned int i;
	int err = syncpool_init(&bench_pool, &params);

	if (err)
		return err;
	for (i = 0; i < BENCH_STOCK; i++) {
		bench_pool_put();
		bench_ring_put();
	}
	return 0;
}

static int bench_make_reserve(struct syncpool *pool, const char *name)
{
	const struct syncpool_params params = {
		.name = name,
		.alloc = bench_alloc_once,
		.free = mempool_kfree,
		.min = BENCH_RESERVE,
	};

	return syncpool_init(pool, &params);
}

/* bench_all() with the pools that have a reserve */
static int bench_all_reserves(void)
{
	int err = mempool_init(&bench_mempool, BENCH_RESERVE, bench_alloc_once,
			       mempool_kfree, NULL);

	if (err)
		return err;
	err = bench_make_reserve(&bench_reserve, "pool_bench_reserve");
	if (err)
		goto err_mempool;
	err = bench_make_reserve(&bench_waited, "pool_bench_waited");
	if (err)
		goto err_reserve;
	bench_dead = true;
	err = bench_all();
	bench_dead = false;
	syncpool_exit(&bench_waited);
err_reserve:
	syncpool_exit(&bench_reserve);
err_mempool:
	mempool_exit(&bench_mempool);
	return err;
}

int bench_multi(void)
{
	int err;

	if (num_online_cpus() < BENCH_CPUS)
		return -EINVAL;
	err = objpool_init(&bench_objpool, BENCH_STOCK, 8, GFP_KERNEL, NULL, NULL,
			   NULL);
	if (err)
		return err;
	err = ptr_ring_init(&bench_ring, 2 * BENCH_STOCK, GFP_KERNEL);
	if (err)
		goto err_objpool;
	err = bench_stock();
	if (err)
		goto err_ring;
	err = bench_all_reserves();
	syncpool_exit(&bench_pool);
err_ring:
	ptr_ring_cleanup(&bench_ring, NULL);
err_objpool:
	objpool_free(&bench_objpool);
	return err;
}
