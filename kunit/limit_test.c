// SPDX-License-Identifier: GPL-2.0
/*
 * limit_test - what min keeps, what max bounds, and objects that are discarded
 *
 * alloc and free are wrapped: an object exists from the call of alloc to the return of
 * free, as for params.max, and the most that existed at once are counted.
 */
#include <linux/irq_work.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "life_test.h"
#include "limit_test.h"
#include "pool_limit.h"
#include "pool_shrink.h"
#include "recall_test.h"

#define OBJS	64U

static atomic_t exist, most;
static atomic_t fails_at;	/* the call of alloc that fails, counted down */

static void *limit_alloc(gfp_t gfp, void *data)
{
	int n = atomic_inc_return(&exist), seen = atomic_read(&most);
	void *obj = NULL;

	while (n > seen && !atomic_try_cmpxchg(&most, &seen, n))
		;
	if (atomic_dec_return(&fails_at))
		obj = test_alloc(gfp, data);
	if (!obj)
		atomic_dec(&exist);
	return obj;
}

static void limit_free(void *obj, void *data)
{
	test_free(obj, data);
	atomic_dec(&exist);
}

/* Objects that existed at once since limit_prepare(), at most. */
int limit_most(void)
{
	return atomic_read(&most);
}

/* As test_pool_prepare(), for a pool with @min and @max. One at a time. */
struct test_pool *limit_prepare(struct kunit *test, unsigned int nr, unsigned int min,
				unsigned int max)
{
	struct test_pool *tp = test_pool_prepare(test, nr);

	atomic_set(&exist, 0);
	atomic_set(&most, 0);
	atomic_set(&fails_at, 0);
	pool_wait_again = HZ;
	pool_wait_patience = POOL_WAIT_PATIENCE;
	tp->params.alloc = limit_alloc;
	tp->params.free = limit_free;
	tp->params.min = min;
	tp->params.max = max;
	return tp;
}

static void limit_begin(struct test_pool *tp)
{
	KUNIT_ASSERT_EQ(tp->test, syncpool_init(&tp->pool, &tp->params), 0);
	tp->active = true;
}

struct test_pool *limit_make(struct kunit *test, unsigned int nr, unsigned int min,
			     unsigned int max)
{
	struct test_pool *tp = limit_prepare(test, nr, min, max);

	limit_begin(tp);
	return tp;
}

struct test_obj *limit_get(struct test_pool *tp, gfp_t gfp, unsigned int holder)
{
	return test_take(tp, syncpool_get(&tp->pool, gfp), holder);
}

/* Now and then, move to another CPU. */
void limit_migrate(u32 *seed)
{
	unsigned int cpu = test_random(seed) % nr_cpu_ids;

	if (test_random(seed) % 8)
		return;
	if (cpu_online(cpu))
		set_cpus_allowed_ptr(current, cpumask_of(cpu));
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

/* init builds min objects and no more, and gets take these first. */
static void limit_init(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, OBJS, KEEP, 0);
	struct test_obj *objs[KEEP + 1];

	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), (long)KEEP);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), (unsigned long)KEEP);
	KUNIT_EXPECT_EQ(test, test_get_many(tp, objs, KEEP, ME), KEEP);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), (long)KEEP);
	objs[KEEP] = test_get(tp, ME);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), KEEP + 1L);
	test_put_many(tp, objs, KEEP + 1, ME);
	test_pool_end(tp);
	KUNIT_EXPECT_EQ(test, atomic_read(&exist), 0);
}

/* If alloc fails at the k-th object, what was built is freed, and no pool is left. */
static void limit_init_fails(struct kunit *test)
{
	struct test_pool *tp = limit_prepare(test, OBJS, KEEP, 0);
	unsigned int k;

	for (k = 1; k <= KEEP; k++) {
		atomic_set(&fails_at, k);
		KUNIT_EXPECT_EQ(test, syncpool_init(&tp->pool, &tp->params), -ENOMEM);
		KUNIT_EXPECT_EQ(test, atomic_read(&exist), 0);
		KUNIT_EXPECT_EQ(test, atomic_long_xchg(&tp->allocs, 0), k - 1L);
		KUNIT_EXPECT_EQ(test, atomic_long_xchg(&tp->frees, 0), k - 1L);
		syncpool_exit(&tp->pool);
	}
	test_pool_check(tp);
	/* its name is free, too */
	limit_begin(tp);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), (long)KEEP);
	test_pool_end(tp);
}

static void limit_init_invalid(struct kunit *test)
{
	struct test_pool *tp = limit_prepare(test, OBJS, KEEP, KEEP - 1);

	KUNIT_EXPECT_EQ(test, syncpool_init(&tp->pool, &tp->params), -EINVAL);
	tp->params.max = 0;
	tp->params.alloc = NULL;
	KUNIT_EXPECT_EQ(test, syncpool_init(&tp->pool, &tp->params), -EINVAL);
	tp->params.min = 0;
	tp->params.max = KEEP;
	KUNIT_EXPECT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	syncpool_exit(&tp->pool);
	tp->params.alloc = limit_alloc;
	tp->params.min = KEEP;
	limit_begin(tp);
	test_pool_end(tp);
}

static DEFINE_SYNCPOOL(limit_template, test_alloc, test_free, NULL);

/* Make @tp's pool what DEFINE_SYNCPOOL() makes. */
static struct test_pool *limit_make_static(struct kunit *test, unsigned int min)
{
	struct test_pool *tp = limit_prepare(test, OBJS, min, 0);

	tp->pool = limit_template;
	tp->pool.params = tp->params;
	INIT_WORK(&tp->pool.activate, limit_template.activate.func);
	tp->active = true;
	return tp;
}

static void limit_static(struct kunit *test)
{
	struct test_pool *tp = limit_make_static(test, KEEP);
	struct test_obj *obj;

	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), 0L);
	obj = limit_get(tp, GFP_KERNEL, ME);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	/* the get takes one of them, or builds one; those that are out count */
	KUNIT_EXPECT_LE(test, atomic_long_read(&tp->allocs), KEEP + 1L);
	KUNIT_EXPECT_GE(test, syncpool_count(&tp->pool), KEEP - 1UL);
	test_put(tp, obj, ME);
	test_pool_end(tp);
}

/* A first use that may not sleep builds what it needs; a work item does the rest. */
static void limit_static_later(struct kunit *test)
{
	struct test_pool *tp = limit_make_static(test, KEEP);
	struct test_obj *obj = limit_get(tp, GFP_NOWAIT, ME);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	limit_until(test, READ_ONCE(tp->pool.core));
	/* one more, if the get was slower than the activation */
	KUNIT_EXPECT_GE(test, atomic_long_read(&tp->allocs), (long)KEEP);
	KUNIT_EXPECT_LE(test, atomic_long_read(&tp->allocs), KEEP + 1L);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 1L);
	test_put(tp, obj, ME);
	test_pool_end(tp);
}

/* A first use whose alloc fails in between: nothing is counted twice or lost. */
static void limit_static_fails(struct kunit *test)
{
	struct test_pool *tp = limit_make_static(test, KEEP);
	struct test_obj *obj;

	/* in the middle of what the activation builds */
	atomic_set(&fails_at, 3);
	obj = limit_get(tp, GFP_KERNEL, ME);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 1L);
	/* which activates it, if the get has not */
	test_put(tp, obj, ME);
	limit_until(test, READ_ONCE(tp->pool.core));
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	/* the object that was put may have been counted as built while others were */
	limit_until(test, syncpool_count(&tp->pool) == KEEP);
	KUNIT_EXPECT_EQ(test, atomic_read(&exist), (int)KEEP);
	tp->active = false;
	syncpool_exit(&tp->pool);
	KUNIT_EXPECT_EQ(test, atomic_read(&exist), 0);
	test_pool_check(tp);
}

static void way_cleanup(struct test_pool *tp)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		syncpool_cleanup(&tp->pool);
}

static void way_calm(struct test_pool *tp)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		test_pass_interval(tp->pool.core);
		test_calm_scan(tp, 1000);
		flush_rcu_work(&tp->pool.core->settle_work);
	}
}

static void way_distress(struct test_pool *tp)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		test_distress_scan(tp, 8);
}

static void way_oom(struct test_pool *tp)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		pool_shrink_oom();
}

static void way_age(struct test_pool *tp)
{
	unsigned long before = test_stats(tp).rotations, stop = jiffies + AGE_STOP;

	life_set_age(tp->test, 1);
	while (test_stats(tp).rotations < before + 4 && time_before(jiffies, stop))
		life_sleep(tp->test);
	KUNIT_EXPECT_GE(tp->test, test_stats(tp).rotations, before + 4);
	flush_work(&tp->pool.core->age_work.work);
	flush_rcu_work(&tp->pool.core->settle_work);
}

static const struct way {
	const char *name;
	void (*reclaim)(struct test_pool *tp);
} ways[] = {
	{ "cleanup", way_cleanup },
	{ "calm", way_calm },
	{ "distress", way_distress },
	{ "oom", way_oom },
	{ "age", way_age },
};

static void way_desc(const struct way *way, char *desc)
{
	strscpy(desc, way->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(way, ways, way_desc);

/* Reclaim, and expect that the pool has @out objects out and caches the rest of min. */
static void kept(struct kunit *test, struct test_pool *tp, unsigned int out)
{
	const struct way *way = test->param_value;
	long allocs = atomic_long_read(&tp->allocs);

	way->reclaim(tp);
	/* kept, and not built again */
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), allocs);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), (unsigned long)(KEEP - out));
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), (long)out);
	test_pool_check(tp);
}

/* What no get has ever returned is kept. */
static void limit_kept_cold(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, OBJS, KEEP, 0);

	kept(test, tp, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), (long)KEEP);
	test_pool_end(tp);
}

static void hot_fill(void *tp)
{
	test_fill(tp, 3 * KEEP, ME);
}

/* Objects that lie in magazines and chains, with others, are kept as well. */
static void limit_kept_hot(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, OBJS, KEEP, 0);

	test_stay_on(raw_smp_processor_id());
	hot_fill(tp);
	hot_fill(tp);
	KUNIT_EXPECT_EQ(test, pool_limit_stashed(tp->pool.core), 0L);
	KUNIT_EXPECT_GT(test, test_outside_all(tp), 0U);
	kept(test, tp, 0);
	/* and once more, after they were used */
	test_fill(tp, KEEP, ME);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), 3L * KEEP);
	kept(test, tp, 0);
	test_pool_end(tp);
}

/* So are those in the magazine of another CPU. */
static void limit_kept_far(struct kunit *test)
{
	unsigned int other = test_other_cpu(test);
	struct test_pool *tp = limit_make(test, OBJS, KEEP, 0);

	test_on_cpu(test, other, hot_fill, tp);
	test_on_cpu(test, other, hot_fill, tp);
	KUNIT_EXPECT_GT(test, test_outside(tp, other), 0U);
	kept(test, tp, 0);
	test_pool_end(tp);
}

/* Those that are out count. */
static void limit_kept_out(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, OBJS, KEEP, 0);
	struct test_obj *objs[2];

	test_fill(tp, 3 * KEEP, ME);
	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 2, ME), 2U);
	kept(test, tp, 2);
	test_put_many(tp, objs, 2, ME);
	kept(test, tp, 0);
	test_pool_end(tp);
}

/* One put in four is dropped, but not of what the pool keeps. */
static void limit_debug(struct kunit *test)
{
	struct test_pool *tp = limit_prepare(test, OBJS, KEEP, 0);
	unsigned int i;

	tp->params.flags = SYNCPOOL_DEBUG;
	limit_begin(tp);
	for (i = 0; i < 300; i++) {
		test_fill(tp, i % 3 ? KEEP : 3 * KEEP, ME);
		KUNIT_EXPECT_GE(test, syncpool_count(&tp->pool), (unsigned long)KEEP);
	}
	KUNIT_EXPECT_GT(test, atomic_long_read(&tp->frees), 100L);
	test_pool_end(tp);
}

/* Where max objects exist, a get that may not sleep returns NULL and builds none. */
static void limit_nowait(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, OBJS, 0, KEEP);
	struct test_obj *objs[KEEP];
	void *obj;

	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, KEEP, ME), KEEP);
	KUNIT_EXPECT_NULL(test, limit_get(tp, GFP_NOWAIT, ME));
	KUNIT_EXPECT_NULL(test, limit_get(tp, GFP_ATOMIC, ME));
	KUNIT_EXPECT_NULL(test, test_try_get(tp, ME));
	KUNIT_EXPECT_EQ(test, syncpool_get_bulk(&tp->pool, GFP_NOWAIT, 1, &obj), 0U);
	KUNIT_EXPECT_EQ(test, limit_most(), (int)KEEP);
	KUNIT_EXPECT_EQ(test, test_stats(tp).alloc_fails, 0UL);
	KUNIT_EXPECT_EQ(test, test_stats(tp).waits, 0UL);
	/* one that is freed makes room for another */
	test_give(tp, objs[0], ME);
	syncpool_discard(&tp->pool, objs[0]);
	objs[0] = limit_get(tp, GFP_NOWAIT, ME);
	KUNIT_EXPECT_NOT_NULL(test, objs[0]);
	test_put_many(tp, objs, KEEP, ME);
	test_pool_end(tp);
}

static void limit_prefill(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, OBJS, 0, 2 * KEEP);

	KUNIT_EXPECT_EQ(test, syncpool_prefill(&tp->pool, KEEP + 1, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, syncpool_prefill(&tp->pool, KEEP, GFP_KERNEL), -EBUSY);
	/* those that it could build stay */
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 2UL * KEEP);
	KUNIT_EXPECT_EQ(test, limit_most(), 2 * (int)KEEP);
	/* it reserves nothing */
	way_cleanup(tp);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	test_pool_end(tp);
}

/* Why a get would wait is told apart: for alloc, or for max. */
static void limit_prefill_min(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, OBJS, 1, KEEP);

	atomic_set(&fails_at, 1);
	KUNIT_EXPECT_EQ(test, syncpool_prefill(&tp->pool, 1, GFP_KERNEL), -ENOMEM);
	KUNIT_EXPECT_EQ(test, syncpool_prefill(&tp->pool, KEEP, GFP_KERNEL), -EBUSY);
	test_pool_end(tp);
}

#define THREADS	8U
#define TURNS	60U
#define BUSY_MAX	6U

static atomic_t none;		/* gets that may wait, and returned NULL */

static void busy_turn(struct test_pool *tp, unsigned int holder, u32 *seed)
{
	struct test_obj *objs[3];
	unsigned int n = 1, want = 1 + test_random(seed) % 3;

	/* holds nothing while it waits */
	objs[0] = limit_get(tp, GFP_KERNEL, holder);
	if (!objs[0]) {
		atomic_inc(&none);
		return;
	}
	n += test_get_many(tp, objs + 1, want - 1, holder);
	if (test_random(seed) % 4 == 0)
		usleep_range(50, 500);
	limit_migrate(seed);
	while (n--) {
		test_give(tp, objs[n], holder);
		if (test_random(seed) % 8)
			syncpool_put(&tp->pool, objs[n]);
		else
			syncpool_discard(&tp->pool, objs[n]);
	}
}

static void busy_thread(unsigned int id, void *arg)
{
	struct test_pool *tp = arg;
	u32 seed = id + 1;
	unsigned int i;

	for (i = 0; i < TURNS; i++) {
		busy_turn(tp, id + 1, &seed);
		if (!id && i % 16 == 0)
			test_distress_scan(tp, 8);
		if (id == 1 && i % 16 == 0)
			syncpool_cleanup(&tp->pool);
	}
}

/* Under load, with objects built and freed all the time, no more than max exist. */
static void limit_busy(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, OBJS, 2, BUSY_MAX);

	atomic_set(&none, 0);
	test_threads(test, THREADS, busy_thread, tp);
	KUNIT_EXPECT_EQ(test, atomic_read(&none), 0);
	KUNIT_EXPECT_LE(test, limit_most(), (int)BUSY_MAX);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	KUNIT_EXPECT_GT(test, atomic_long_read(&tp->frees), 0L);
	kunit_info(test, "%ld allocs, %lu waits", atomic_long_read(&tp->allocs),
		   test_stats(tp).waits);
	test_pool_end(tp);
}

/* A get at the maximum takes what lies in another CPU's magazine, and does not wait. */
static void limit_recall(struct kunit *test)
{
	unsigned int other = test_other_cpu(test), i;
	struct test_pool *tp = limit_make(test, OBJS, 0, EACH);
	struct test_obj *objs[EACH];

	recall_fill(tp, cpumask_of(other), false);
	for (i = 0; i < EACH; i++)
		objs[i] = limit_get(tp, GFP_KERNEL, ME);
	KUNIT_EXPECT_EQ(test, test_stats(tp).waits, 0UL);
	KUNIT_EXPECT_EQ(test, limit_most(), (int)EACH);
	KUNIT_EXPECT_NULL(test, test_get(tp, ME));
	test_put_many(tp, objs, EACH, ME);
	test_pool_end(tp);
}

static struct {
	struct irq_work work;
	struct test_pool *tp;
	struct test_obj *objs[2];
} discard;

static void discard_irq(struct irq_work *work)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		test_give(discard.tp, discard.objs[i], ME);
		syncpool_discard(&discard.tp->pool, discard.objs[i]);
	}
}

static void discard_in_hardirq(struct test_pool *tp, struct test_obj **objs)
{
	discard.tp = tp;
	memcpy(discard.objs, objs, sizeof(discard.objs));
	discard.work = IRQ_WORK_INIT_HARD(discard_irq);
	irq_work_queue(&discard.work);
	irq_work_sync(&discard.work);
	test_flush(&tp->pool);
}

/* An object that is discarded is freed, and counts so. */
static void limit_discard(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, OBJS, 0, 0);
	struct test_obj *objs[4];

	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 4, ME), 4U);
	test_give(tp, objs[0], ME);
	syncpool_discard(&tp->pool, objs[0]);
	test_flush(&tp->pool);
	KUNIT_EXPECT_EQ(test, test_stats(tp).frees, 1UL);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 3L);
	discard_in_hardirq(tp, objs + 1);
	KUNIT_EXPECT_EQ(test, test_stats(tp).frees, 3UL);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 1L);
	syncpool_discard(&tp->pool, NULL);
	test_put(tp, objs[3], ME);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 1UL);
	test_pool_end(tp);
}

/* Below min the pool builds another one, from a work item, once alloc can. */
static void limit_discard_min(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, OBJS, KEEP, 0);
	struct test_obj *objs[3];

	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 3, ME), 3U);
	test_give(tp, objs[0], ME);
	syncpool_discard(&tp->pool, objs[0]);
	limit_until(test, atomic_long_read(&tp->allocs) == KEEP + 1L);
	limit_break_alloc(tp);
	discard_in_hardirq(tp, objs + 1);
	limit_until(test, test_stats(tp).alloc_fails >= 2);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), KEEP + 1L);
	limit_mend_alloc(tp);
	limit_until(test, syncpool_count(&tp->pool) == KEEP);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), KEEP + 3L);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	test_pool_end(tp);
}

/* In debug mode an object that is cached is not freed under the pool. */
static void limit_discard_cached(struct kunit *test)
{
	struct test_pool *tp = limit_prepare(test, OBJS, 0, 0);
	struct test_obj *obj;
	long frees;

	tp->params.flags = SYNCPOOL_DEBUG;
	limit_begin(tp);
	do {
		obj = test_get(tp, ME);
		frees = atomic_long_read(&tp->frees);
		test_put(tp, obj, ME);
	} while (atomic_long_read(&tp->frees) != frees);
	test_warn_begin(test->name, "double put of .* by .*discard.*, put before by test_put");
	syncpool_discard(&tp->pool, obj);
	test_warn_end();
	syncpool_discard(&tp->pool, obj);
	test_flush(&tp->pool);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), frees);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 1UL);
	test_pool_end(tp);
}

static struct kunit_case limit_cases[] = {
	KUNIT_CASE(limit_init),
	KUNIT_CASE(limit_init_fails),
	KUNIT_CASE(limit_init_invalid),
	KUNIT_CASE(limit_static),
	KUNIT_CASE(limit_static_later),
	KUNIT_CASE(limit_static_fails),
	KUNIT_CASE_PARAM(limit_kept_cold, way_gen_params),
	KUNIT_CASE_PARAM(limit_kept_hot, way_gen_params),
	KUNIT_CASE_PARAM(limit_kept_out, way_gen_params),
	KUNIT_CASE(limit_debug),
	KUNIT_CASE(limit_nowait),
	KUNIT_CASE(limit_prefill),
	KUNIT_CASE(limit_prefill_min),
	KUNIT_CASE(limit_busy),
	KUNIT_CASE(limit_discard),
	KUNIT_CASE(limit_discard_min),
	KUNIT_CASE(limit_discard_cached),
	TEST_CASE_SMP_PARAM(limit_kept_far, way_gen_params),
	TEST_CASE_SMP(limit_recall),
	{}
};

static struct kunit_suite limit_suite = {
	.name = "pool_limit",
	.test_cases = limit_cases,
};

kunit_test_suite(limit_suite);
