// SPDX-License-Identifier: GPL-2.0
/* limit_ops_test - bulk gets, wait_idle and resize of pools with min and max */
#include <linux/kthread.h>
#include <linux/string.h>

#include "wait_test.h"

struct bulk {
	struct test_pool *tp;
	atomic_t done;
	atomic_t few;		/* calls that returned fewer than they may */
};

#define BULK		3U
#define BULK_ROUNDS	200U

static void bulk_thread(unsigned int id, void *arg)
{
	struct bulk *bulk = arg;
	struct test_pool *tp = bulk->tp;
	unsigned int i, k, n;
	void *objs[BULK];

	if (id == 2) {
		/* a deadlock fails the test, and is resolved */
		if (!limit_until(tp->test, atomic_read(&bulk->done) == 2))
			syncpool_resize(&tp->pool, 0, 0);
		return;
	}
	for (i = 0; i < BULK_ROUNDS; i++) {
		n = syncpool_get_bulk(&tp->pool, GFP_KERNEL, BULK, objs);
		if (n < BULK)
			atomic_inc(&bulk->few);
		for (k = 0; k < n; k++)
			test_take(tp, objs[k], id + 1);
		if (i % 8 == 0)
			usleep_range(50, 100);
		for (k = 0; k < n; k++)
			test_give(tp, objs[k], id + 1);
		syncpool_put_bulk(&tp->pool, n, objs);
	}
	atomic_inc(&bulk->done);
}

/* Two tasks that want more than half of all each do not wait for each other. */
static void ops_bulk(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 2 * KEEP, 0, 4);
	struct bulk bulk = { .tp = tp };

	test_threads(test, 3, bulk_thread, &bulk);
	KUNIT_EXPECT_EQ(test, atomic_read(&bulk.few), 0);
	KUNIT_EXPECT_LE(test, limit_most(), 4);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	kunit_info(test, "%lu waits", test_stats(tp).waits);
	test_pool_end(tp);
}

/* Bulk gets of more than there can be end with what the pool promises. */
static void ops_bulk_more(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 2 * KEEP, 0, KEEP);
	void *objs[6];

	KUNIT_EXPECT_EQ(test, syncpool_get_bulk(&tp->pool, GFP_KERNEL, 6, objs), KEEP);
	syncpool_put_bulk(&tp->pool, KEEP, objs);
	KUNIT_EXPECT_EQ(test, limit_most(), (int)KEEP);
	syncpool_exit(&tp->pool);
	tp->params.min = KEEP;
	tp->params.max = 0;
	atomic_long_set(&tp->allocs, 0);
	atomic_long_set(&tp->frees, 0);
	KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	limit_break_alloc(tp);
	KUNIT_EXPECT_EQ(test, syncpool_get_bulk(&tp->pool, GFP_KERNEL, 6, objs), KEEP);
	syncpool_put_bulk(&tp->pool, KEEP, objs);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), (unsigned long)KEEP);
	test_pool_end(tp);
}

struct idle {
	struct test_pool *tp;
	struct task_struct *task;
	int err;
	bool done;
};

static int idle_fn(void *data)
{
	struct idle *idle = data;

	idle->err = syncpool_wait_idle(&idle->tp->pool, 60 * HZ);
	WRITE_ONCE(idle->done, true);
	while (!kthread_should_stop())
		usleep_range(500, 1000);
	return 0;
}

/* Does the pool wait for idle, and know what is out? */
static bool idle_is_known(const struct syncpool_core *core)
{
	return READ_ONCE(core->mode) == POOL_IDLING &&
	       READ_ONCE(core->idle_base) != POOL_IDLE_UNKNOWN;
}

/* Have a task wait for idle. It sleeps when this returns. */
static void idle_start(struct kunit *test, struct idle *idle)
{
	struct syncpool_core *core = idle->tp->pool.core;

	idle->task = kthread_run(idle_fn, idle, "pool_idle");
	KUNIT_ASSERT_FALSE(test, IS_ERR(idle->task));
	limit_until(test, idle_is_known(core));
}

static void idle_end(struct kunit *test, struct idle *idle)
{
	limit_until(test, READ_ONCE(idle->done));
	kthread_stop(idle->task);
	KUNIT_EXPECT_EQ(test, idle->err, 0);
}

/* While a task waits for idle, puts keep min objects and free the others. */
static void ops_idle_min(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 64, KEEP, 0);
	struct idle idle = { .tp = tp };
	struct test_obj *objs[10];

	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 10, ME), 10U);
	idle_start(test, &idle);
	test_put_many(tp, objs, 9, ME);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 1L);
	schedule_timeout_uninterruptible(HZ / 10);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(idle.done));
	/* which are to be had meanwhile */
	limit_break_alloc(tp);
	objs[0] = test_get(tp, ME);
	KUNIT_EXPECT_NOT_NULL(test, objs[0]);
	test_put(tp, objs[0], ME);
	limit_mend_alloc(tp);
	test_put(tp, objs[9], ME);
	idle_end(test, &idle);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), (unsigned long)KEEP);
	KUNIT_EXPECT_EQ(test, test_stats(tp).frees, 10UL - KEEP);
	test_fill(tp, 10, ME);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 10UL);
	test_pool_end(tp);
}

/* What reclaim keeps for the sake of min meanwhile does not count as put back. */
static void ops_idle_reclaim(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 64, KEEP, 0);
	struct idle idle = { .tp = tp };
	struct test_obj *obj;
	unsigned int i;

	test_fill(tp, 2 * KEEP, ME);
	obj = test_get(tp, ME);
	idle_start(test, &idle);
	for (i = 0; i < 3; i++) {
		syncpool_cleanup(&tp->pool);
		test_distress_scan(tp, 8);
	}
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 1L);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), KEEP - 1UL);
	msleep(100);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(idle.done));
	test_put(tp, obj, ME);
	idle_end(test, &idle);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), (unsigned long)KEEP);
	test_pool_end(tp);
}

/* A task that waits for idle, and one that waits for an object, both come to an end. */
static void ops_idle_cached(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 2 * KEEP, 0, KEEP);
	struct idle idle = { .tp = tp };
	struct test_obj *objs[KEEP];

	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, KEEP, ME), KEEP);
	test_put_many(tp, objs, KEEP - 1, ME);
	limit_wait_for_kicks();
	idle_start(test, &idle);
	objs[0] = test_get(tp, ME);
	KUNIT_EXPECT_NOT_NULL(test, objs[0]);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), (long)KEEP);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 2L);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), KEEP - 2UL);
	test_put(tp, objs[KEEP - 1], ME);
	schedule_timeout_uninterruptible(HZ / 10);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(idle.done));
	test_put(tp, objs[0], ME);
	idle_end(test, &idle);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	test_pool_end(tp);
}

static void ops_idle_getter(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 2 * KEEP, 0, 1);
	struct test_obj *obj = test_get(tp, ME);
	struct getter g = GETTER(tp, ME + 1), late = GETTER(tp, ME + 2);
	struct idle idle = { .tp = tp };

	limit_wait_for_kicks();
	getter_sleep(test, &g, 0);
	idle_start(test, &idle);
	getter_sleep(test, &late, 1);
	test_put(tp, obj, ME);
	getter_end(test, &g);
	getter_end(test, &late);
	idle_end(test, &idle);
	KUNIT_EXPECT_TRUE(test, g.got);
	KUNIT_EXPECT_TRUE(test, late.got);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	KUNIT_EXPECT_EQ(test, limit_most(), 1);
	test_pool_end(tp);
}

/* Larger than @max, which is not 0, or without alloc: nothing changes. */
static void ops_resize_invalid(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 64, KEEP, 2 * KEEP);

	KUNIT_EXPECT_EQ(test, syncpool_resize(&tp->pool, KEEP + 1, KEEP), -EINVAL);
	KUNIT_EXPECT_EQ(test, tp->pool.params.min, KEEP);
	KUNIT_EXPECT_EQ(test, tp->pool.params.max, 2 * KEEP);
	test_pool_end(tp);
	test_warn_begin(test->name, "used after syncpool_exit");
	KUNIT_EXPECT_EQ(test, syncpool_resize(&tp->pool, 0, 0), -ESHUTDOWN);
	test_warn_end();
	tp->params.alloc = NULL;
	tp->params.min = 0;
	KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	KUNIT_EXPECT_EQ(test, syncpool_resize(&tp->pool, 1, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, syncpool_resize(&tp->pool, 0, 1), 0);
	syncpool_exit(&tp->pool);
}

/* A larger min is filled; what is out counts, and so does what is cached. */
static void ops_resize_min(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 200, 0, 0);
	struct test_obj *objs[2];

	test_fill(tp, 3, ME);
	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 2, ME), 2U);
	KUNIT_EXPECT_EQ(test, syncpool_resize(&tp->pool, 100, 100), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), 100L);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 98UL);
	test_put_many(tp, objs, 2, ME);
	syncpool_cleanup(&tp->pool);
	syncpool_cleanup(&tp->pool);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 100UL);
	/* those that exceed a smaller one are ordinary */
	KUNIT_EXPECT_EQ(test, syncpool_resize(&tp->pool, KEEP, 0), 0);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 100UL);
	syncpool_cleanup(&tp->pool);
	syncpool_cleanup(&tp->pool);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), (unsigned long)KEEP);
	test_pool_end(tp);
}

/* If a larger min cannot be filled, the pool is as before. */
static void ops_resize_nomem(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 3 * KEEP - 1, KEEP, 2 * KEEP);

	/* all its memory is used up on the way, beyond the old max */
	KUNIT_EXPECT_EQ(test, syncpool_resize(&tp->pool, 3 * KEEP, 0), -ENOMEM);
	KUNIT_EXPECT_FALSE(test, pool_limit_is_over(&tp->pool));
	KUNIT_EXPECT_EQ(test, tp->pool.params.min, KEEP);
	KUNIT_EXPECT_EQ(test, tp->pool.params.max, 2 * KEEP);
	syncpool_cleanup(&tp->pool);
	syncpool_cleanup(&tp->pool);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), (unsigned long)KEEP);
	KUNIT_EXPECT_EQ(test, syncpool_resize(&tp->pool, 2 * KEEP, 0), 0);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 2UL * KEEP);
	test_pool_end(tp);
}

/* Gets that wait go on with a larger max, or with none. */
static void ops_resize_wakes(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 64, 0, 1);
	struct test_obj *obj = test_get(tp, ME);
	struct getter g[3];
	unsigned int i;

	limit_wait_for_kicks();
	for (i = 0; i < 3; i++) {
		g[i] = (struct getter)GETTER(tp, ME + 1 + i);
		g[i].holds = true;
		getter_sleep(test, &g[i], i);
	}
	KUNIT_EXPECT_EQ(test, syncpool_resize(&tp->pool, 0, 2), 0);
	limit_until(test, READ_ONCE(g[0].got));
	KUNIT_EXPECT_EQ(test, limit_waiters(tp), 2);
	KUNIT_EXPECT_EQ(test, syncpool_resize(&tp->pool, 0, 0), 0);
	for (i = 0; i < 3; i++)
		limit_until(test, READ_ONCE(g[i].got));
	for (i = 0; i < 3; i++) {
		WRITE_ONCE(g[i].holds, false);
		getter_end(test, &g[i]);
	}
	KUNIT_EXPECT_EQ(test, limit_most(), 4);
	test_put(tp, obj, ME);
	test_pool_end(tp);
}

#define OUT	12U

/* With a smaller max idle objects are freed now, and those that are out come back. */
static void ops_resize_smaller(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 64, 0, 2 * OUT);
	struct test_obj *objs[2 * OUT];
	long left;

	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 2 * OUT, ME), 2 * OUT);
	test_put_many(tp, objs + OUT, OUT, ME);
	KUNIT_EXPECT_EQ(test, syncpool_resize(&tp->pool, 0, OUT), 0);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	KUNIT_EXPECT_EQ(test, syncpool_resize(&tp->pool, 2, KEEP), 0);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), (long)OUT);
	KUNIT_EXPECT_NULL(test, test_get(tp, ME));
	test_put_many(tp, objs, OUT, ME);
	test_flush(&tp->pool);
	left = syncpool_count(&tp->pool);
	KUNIT_EXPECT_LE(test, left, (long)KEEP);
	KUNIT_EXPECT_GE(test, left, 2L);
	KUNIT_EXPECT_EQ(test, test_get_many(tp, objs, OUT, ME), KEEP);
	test_put_many(tp, objs, KEEP, ME);
	test_pool_end(tp);
}

#define MOST		12U
#define USERS		16U
#define USES		40U
#define RESIZES		15U

struct resize {
	struct test_pool *tp;
	atomic_t none;
	int err;
};

static void resize_use(struct resize *resize, unsigned int holder, u32 *seed)
{
	struct test_pool *tp = resize->tp;
	struct test_obj *obj = limit_get(tp, GFP_KERNEL, holder);

	if (test_random(seed) % 4 == 0)
		usleep_range(50, 1000);
	limit_migrate(seed);
	if (obj)
		test_put(tp, obj, holder);
	else
		atomic_inc(&resize->none);
}

static void resize_thread(unsigned int id, void *arg)
{
	struct resize *resize = arg;
	unsigned int i, min, max;
	u32 seed = id + 1;

	for (i = 0; i < USES && id; i++)
		resize_use(resize, id + 1, &seed);
	for (i = 0; i < RESIZES && !id; i++) {
		max = 1 + test_random(&seed) % MOST;
		min = test_random(&seed) % (max + 1);
		resize->err = syncpool_resize(&resize->tp->pool, min, max) ?: resize->err;
		usleep_range(500, 2000);
	}
}

/* The limits change all the time, while tasks use the pool and wait. */
static void ops_resize_busy(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 64, 0, MOST);
	struct resize resize = { .tp = tp };
	long left;

	test_threads(test, USERS + 1, resize_thread, &resize);
	KUNIT_EXPECT_EQ(test, resize.err, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&resize.none), 0);
	KUNIT_EXPECT_LE(test, limit_most(), (int)MOST);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	KUNIT_EXPECT_EQ(test, limit_waiters(tp), 0);
	KUNIT_EXPECT_EQ(test, syncpool_resize(&tp->pool, 1, 3), 0);
	left = syncpool_count(&tp->pool);
	KUNIT_EXPECT_GE(test, left, 1L);
	KUNIT_EXPECT_LE(test, left, 3L);
	kunit_info(test, "%ld allocs, %lu waits", atomic_long_read(&tp->allocs),
		   test_stats(tp).waits);
	test_pool_end(tp);
}

static struct kunit_case ops_cases[] = {
	KUNIT_CASE(ops_bulk),
	KUNIT_CASE(ops_bulk_more),
	KUNIT_CASE(ops_idle_min),
	KUNIT_CASE(ops_idle_reclaim),
	KUNIT_CASE(ops_idle_cached),
	KUNIT_CASE(ops_idle_getter),
	KUNIT_CASE(ops_resize_invalid),
	KUNIT_CASE(ops_resize_min),
	KUNIT_CASE(ops_resize_nomem),
	KUNIT_CASE(ops_resize_wakes),
	KUNIT_CASE(ops_resize_smaller),
	KUNIT_CASE(ops_resize_busy),
	{}
};

static struct kunit_suite ops_suite = {
	.name = "pool_limit_ops",
	.test_cases = ops_cases,
};

kunit_test_suite(ops_suite);
