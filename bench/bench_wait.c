// SPDX-License-Identifier: GPL-2.0
/*
 * bench_wait - a get that has to wait, and the put that ends that
 *
 * There is one object. One task has it and wakes another of higher priority, whose get
 * finds none and sleeps until the first puts:
 *
 *	this task	get    wake            put              get    wake ...
 *	the waiter	           get, sleep      return, put, sleep
 *
 * So a turn has two gets and two puts, and one get of the two queues. In "floor" the
 * waiter waits for a second wake-up instead of an object.
 *
 * "wait" lines: contender, nanoseconds of a turn in the best round, which are
 * instructions under QEMU's -icount. Nothing of it can be stepped, since it sleeps.
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mempool.h>
#include <linux/sched.h>

#include "bench.h"
#include "syncpool.h"

#define BENCH_WAIT_ROUNDS	7
#define BENCH_WAIT_TURNS	500U

static struct syncpool bench_pool;
static mempool_t bench_mempool;
static struct completion bench_go, bench_floor;
static bool bench_stop;

/* syncpool_get() sleeps for some moments before it queues, this does not. */
static void *bench_pool_get(void)
{
	void *obj;

	return syncpool_get_bulk(&bench_pool, GFP_KERNEL, 1, &obj) ? obj : NULL;
}

static void bench_pool_put(void *obj)
{
	syncpool_put(&bench_pool, obj);
}

static int bench_pool_setup(void)
{
	const struct syncpool_params params = {
		.name = "pool_bench",
		.alloc = bench_alloc_once,
		.free = mempool_kfree,
		.min = 1,
	};

	return syncpool_init(&bench_pool, &params);
}

static void bench_pool_teardown(void)
{
	syncpool_exit(&bench_pool);
}

static void *bench_mempool_get(void)
{
	return mempool_alloc(&bench_mempool, GFP_KERNEL);
}

static void bench_mempool_put(void *obj)
{
	mempool_free(obj, &bench_mempool);
}

static int bench_mempool_setup(void)
{
	return mempool_init(&bench_mempool, 1, bench_alloc_once, mempool_kfree, NULL);
}

static void bench_mempool_teardown(void)
{
	mempool_exit(&bench_mempool);
}

/* This task has the object at first, and so does the waiter when it has waited. */
static void *bench_floor_get(void)
{
	if (current->flags & PF_KTHREAD)
		wait_for_completion(&bench_floor);
	return NULL;
}

static void bench_floor_put(void *obj)
{
	if (!(current->flags & PF_KTHREAD))
		complete(&bench_floor);
}

static int bench_floor_setup(void)
{
	init_completion(&bench_floor);
	return 0;
}

static void bench_floor_teardown(void)
{
}

static const struct bench_wait_case {
	const char *who;
	int (*setup)(void);
	void *(*get)(void);
	void (*put)(void *obj);
	void (*teardown)(void);
} bench_cases[] = {
	{ "floor", bench_floor_setup, bench_floor_get, bench_floor_put,
	  bench_floor_teardown },
	{ "syncpool", bench_pool_setup, bench_pool_get, bench_pool_put,
	  bench_pool_teardown },
	{ "mempool", bench_mempool_setup, bench_mempool_get, bench_mempool_put,
	  bench_mempool_teardown },
};

static int bench_waiter(void *arg)
{
	const struct bench_wait_case *c = arg;

	wait_for_completion(&bench_go);
	while (!READ_ONCE(bench_stop)) {
		c->put(c->get());
		wait_for_completion(&bench_go);
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static void bench_turns(const struct bench_wait_case *c, unsigned int n)
{
	void *obj;

	while (n--) {
		obj = c->get();
		complete(&bench_go);
		/* here the waiter runs, until it has to wait */
		cond_resched();
		c->put(obj);
		cond_resched();
	}
}

/* Nanoseconds of the best round of turns with a waiter that is there. */
static u64 bench_best_turns(const struct bench_wait_case *c)
{
	u64 start, took, best = U64_MAX;
	unsigned int i;

	bench_alone_begin();
	/* below the waiter */
	sched_set_fifo_low(current);
	bench_turns(c, 1);
	for (i = 0; i < BENCH_WAIT_ROUNDS; i++) {
		start = ktime_get_ns();
		bench_turns(c, BENCH_WAIT_TURNS);
		took = ktime_get_ns() - start;
		best = min(best, took);
	}
	bench_alone_end();
	return best;
}

static int bench_wait_one(const struct bench_wait_case *c)
{
	struct task_struct *waiter;
	int err = c->setup();
	u64 best;

	if (err)
		return err;
	bench_dead = true;
	WRITE_ONCE(bench_stop, false);
	init_completion(&bench_go);
	waiter = kthread_create_on_cpu(bench_waiter, (void *)c, 0, "pool_bench/%u");
	err = PTR_ERR_OR_ZERO(waiter);
	if (!err) {
		sched_set_fifo(waiter);
		wake_up_process(waiter);
		best = bench_best_turns(c);
		WRITE_ONCE(bench_stop, true);
		complete(&bench_go);
		kthread_stop(waiter);
		pr_info("pool_bench: wait,%s,%llu\n", c->who,
			div_u64(best, BENCH_WAIT_TURNS));
	}
	bench_dead = false;
	c->teardown();
	return err;
}

int bench_wait(void)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(bench_cases) && !err; i++)
		err = bench_wait_one(&bench_cases[i]);
	return err;
}
