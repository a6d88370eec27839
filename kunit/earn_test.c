// SPDX-License-Identifier: GPL-2.0
/* earn_test - how large a magazine is: what its CPU earns, borrows and gives back */
#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "test_pool.h"

#define ME	1U
#define OBJS	200U

/* Pushes of a producer; see pool_earn.c. */
#define STREAK	4U

static unsigned int capacity(struct test_pool *tp, unsigned int cpu)
{
	return pool_pcp_capacity(test_pcp(tp, cpu));
}

static unsigned int earned(struct test_pool *tp, unsigned int cpu)
{
	return test_pcp(tp, cpu)->earned;
}

/* The magazine of this CPU has no room at first, and doubles it in each slow get. */
static void earn_doubles(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	unsigned int cpu = raw_smp_processor_id(), n, now, last = 0;
	struct test_obj *objs[OBJS];

	test_stay_on(cpu);
	test_fill(tp, OBJS, ME);
	KUNIT_EXPECT_EQ(test, capacity(tp, cpu), 0U);
	KUNIT_EXPECT_EQ(test, test_outside_all(tp), 0U);
	for (n = 0; n < OBJS; n++) {
		objs[n] = test_try_get(tp, ME);
		KUNIT_ASSERT_NOT_NULL(test, objs[n]);
		now = capacity(tp, cpu);
		if (now == last)
			continue;
		KUNIT_EXPECT_EQ(test, now, clamp(2 * last, 1U, POOL_MAGAZINE_MAX));
		KUNIT_EXPECT_EQ(test, now, earned(tp, cpu));
		last = now;
	}
	KUNIT_EXPECT_EQ(test, last, POOL_MAGAZINE_MAX);
	test_put_many(tp, objs, OBJS, ME);
	KUNIT_EXPECT_GT(test, test_outside(tp, cpu), 0U);
	test_pool_end(tp);
}

/* A rotation takes back what was earned, in each of the generations. */
static void earn_reset(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	unsigned int cpu = raw_smp_processor_id(), i;

	test_stay_on(cpu);
	for (i = 0; i < 2 * POOL_GENERATIONS; i++) {
		KUNIT_EXPECT_EQ(test, capacity(tp, cpu), 0U);
		KUNIT_EXPECT_EQ(test, earned(tp, cpu), 0U);
		KUNIT_EXPECT_TRUE(test, cpumask_empty(tp->pool.core->active->opened));
		test_earn(tp, 8, ME);
		KUNIT_EXPECT_EQ(test, capacity(tp, cpu), 8U);
		syncpool_cleanup(&tp->pool);
		KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 8UL);
		test_pool_check(tp);
	}
	test_pool_end(tp);
}

static const struct len_case {
	const char *name;
	size_t obj_size;
	size_t footprint;
	unsigned int len;
} len_cases[] = {
	{ "unknown", 0, 0, POOL_MAGAZINE_MAX },
	{ "small", SZ_128, 0, POOL_MAGAZINE_MAX },
	{ "16K", SZ_16K, 0, 16 },
	{ "keeps 16K", SZ_128, SZ_16K, 16 },
	{ "25K", 25 * SZ_1K, 0, 10 },
	{ "28K", 28 * SZ_1K, 0, 9 },
	{ "below 32K", SZ_32K - 1, 0, 8 },
	{ "32K", SZ_32K, 0, 0 },
	{ "128K", SZ_128K, 0, 0 },
	{ "keeps 32K", SZ_128, SZ_32K, 0 },
	{ "32K keeps less", SZ_32K, SZ_128, 0 },
};

static void len_desc(const struct len_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(len, len_cases, len_desc);

static struct test_pool *len_make(struct kunit *test, size_t obj_size,
				  size_t footprint)
{
	struct test_pool *tp = test_pool_prepare(test, OBJS);

	tp->params.obj_size = obj_size;
	tp->params.footprint = footprint;
	KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	tp->active = true;
	return tp;
}

/* The size of an object bounds what is earned; nested puts do no more. */
static void earn_len(struct kunit *test)
{
	const struct len_case *c = test->param_value;
	struct test_pool *tp = len_make(test, c->obj_size, c->footprint);
	unsigned int cpu = raw_smp_processor_id(), i;
	struct test_obj *objs[POOL_NESTED + 1];

	test_stay_on(cpu);
	KUNIT_EXPECT_EQ(test, tp->pool.core->len, c->len);
	for (i = 0; i < 3; i++) {
		test_fill(tp, OBJS, ME);
		KUNIT_EXPECT_EQ(test, capacity(tp, cpu), i ? c->len : 0);
		KUNIT_EXPECT_LE(test, test_outside(tp, cpu), c->len);
		KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), (unsigned long)OBJS);
	}
	/* the rest of them is with the caller, so the part is empty */
	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, POOL_NESTED + 1, ME), POOL_NESTED + 1);
	syncpool_cleanup(&tp->pool);
	syncpool_cleanup(&tp->pool);
	test_put_nested(tp, objs, ME);
	test_put(tp, objs[POOL_NESTED], ME);
	/* the next put takes them into the chain */
	KUNIT_EXPECT_EQ(test, test_outside(tp, cpu), 0U);
	KUNIT_EXPECT_EQ(test, capacity(tp, cpu), 0U);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), POOL_NESTED + 1UL);
	test_pool_end(tp);
}

/* Where the ring is full, expensive objects wait in no magazine either. */
static void earn_expensive_full(struct kunit *test)
{
	struct test_pool *tp = len_make(test, SZ_32K, 0);
	struct test_obj *objs[POOL_RING_MIN + 4];
	unsigned int cpu = raw_smp_processor_id();

	test_stay_on(cpu);
	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, POOL_RING_MIN + 4, ME),
			POOL_RING_MIN + 4);
	test_put_many(tp, objs, POOL_RING_MIN, ME);
	test_put_inside(tp, POOL_HOOK_PUT, objs + POOL_RING_MIN, 3, ME);
	test_put(tp, objs[POOL_RING_MIN + 3], ME);
	KUNIT_EXPECT_TRUE(test, test_put_inside_done());
	KUNIT_EXPECT_EQ(test, test_outside(tp, cpu), 0U);
	KUNIT_EXPECT_EQ(test, capacity(tp, cpu), 0U);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), POOL_RING_MIN + 4UL);
	test_pool_end(tp);
}

/* Wait until all that is queued to widen @tp has run. */
static void widen_flush(struct test_pool *tp)
{
	irq_work_sync(&tp->pool.core->widen_irq);
	flush_work(&tp->pool.core->widen_work);
}

/* All parts of @gen have room for @len objects, and belong to it. */
static void widen_check(struct test_pool *tp, struct pool_generation *gen,
			unsigned int len)
{
	unsigned int cpu;

	KUNIT_EXPECT_EQ(tp->test, gen->len, len);
	for_each_possible_cpu(cpu) {
		KUNIT_EXPECT_EQ(tp->test, per_cpu_ptr(gen->pcps, cpu)->len, len);
		KUNIT_EXPECT_PTR_EQ(tp->test, per_cpu_ptr(gen->pcps, cpu)->gen, gen);
	}
}

/* A pool that has earned 10 entries gets long magazines, each once it is empty. */
static void earn_widens(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	struct syncpool_core *core = tp->pool.core;
	struct pool_generation *old = core->old, *victim = core->victim;
	unsigned int i;

	test_stay_on(raw_smp_processor_id());
	widen_check(tp, core->active, POOL_MAGAZINE_MAX);
	widen_check(tp, victim, POOL_MAGAZINE_SMALL);
	widen_check(tp, old, POOL_MAGAZINE_SMALL);
	test_earn(tp, OBJS, ME);
	widen_flush(tp);
	widen_check(tp, old, POOL_MAGAZINE_MAX);
	/* reachable still */
	widen_check(tp, victim, POOL_MAGAZINE_SMALL);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), (unsigned long)OBJS);
	syncpool_cleanup(&tp->pool);
	widen_flush(tp);
	widen_check(tp, victim, POOL_MAGAZINE_MAX);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), (unsigned long)OBJS);
	for (i = 0; i < POOL_GENERATIONS; i++) {
		test_earn(tp, OBJS, ME);
		KUNIT_EXPECT_EQ(test, capacity(tp, raw_smp_processor_id()),
				POOL_MAGAZINE_MAX);
		syncpool_cleanup(&tp->pool);
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), (long)OBJS);
	test_pool_end(tp);
}

/* One that has not keeps short ones, which serve their generations all the same. */
static void earn_narrow(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	struct syncpool_core *core = tp->pool.core;
	unsigned int i;

	test_stay_on(raw_smp_processor_id());
	for (i = 0; i < POOL_GENERATIONS; i++) {
		test_earn(tp, 8, ME);
		syncpool_cleanup(&tp->pool);
		widen_flush(tp);
	}
	widen_check(tp, &core->generations[1], POOL_MAGAZINE_SMALL);
	widen_check(tp, &core->generations[2], POOL_MAGAZINE_SMALL);
	KUNIT_EXPECT_FALSE(test, core->wide);
	test_pool_end(tp);
}

/* A task that gets and puts on one CPU after the other; see earn_wanders(). */
static struct {
	struct test_pool *tp;
	gfp_t gfp;
	unsigned int n;
	unsigned int left;	/* outside the chains, after the puts */
} wander;

static void wander_visit(void *unused)
{
	struct test_obj *objs[32];
	unsigned int i;

	for (i = 0; i < wander.n; i++) {
		objs[i] = test_take(wander.tp, syncpool_get(&wander.tp->pool, wander.gfp),
				    ME);
		KUNIT_EXPECT_NOT_NULL(wander.tp->test, objs[i]);
	}
	test_put_many(wander.tp, objs, wander.n, ME);
	wander.left = max(wander.left, test_outside_all(wander.tp));
}

static const struct wander_case {
	const char *name;
	unsigned int n;
	gfp_t gfp;
	unsigned int behind;	/* objects left behind on a CPU at most */
} wander_cases[] = {
	{ "1", 1, GFP_KERNEL, 1 },
	{ "8", 8, GFP_KERNEL, 0 },
	{ "32", 32, GFP_KERNEL, 0 },
	{ "1 nowait", 1, GFP_NOWAIT, 1 },
	{ "8 nowait", 8, GFP_NOWAIT, 0 },
	{ "32 nowait", 32, GFP_NOWAIT, 0 },
};

static void wander_desc(const struct wander_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(wander, wander_cases, wander_desc);

/*
 * It earns nothing, leaves no more behind than syncpool_get() says, and builds what it
 * uses at once, and what it left if it may not wait.
 */
static void earn_wanders(struct kunit *test)
{
	const struct wander_case *c = test->param_value;
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	unsigned int cpu, i;
	long most;

	test_other_cpu(test);
	wander.tp = tp;
	wander.n = c->n;
	wander.gfp = c->gfp;
	wander.left = 0;
	for (i = 0; i < 5; i++) {
		for_each_online_cpu(cpu) {
			test_on_cpu(test, cpu, wander_visit, NULL);
			/* else a recall may have put what it left into its chain */
			if (!c->behind)
				KUNIT_EXPECT_EQ(test, earned(tp, cpu), 0U);
		}
	}
	KUNIT_EXPECT_LE(test, wander.left, c->behind * num_online_cpus());
	most = c->n;
	if (!gfpflags_allow_blocking(c->gfp))
		most += wander.left;
	KUNIT_EXPECT_LE(test, atomic_long_read(&tp->allocs), most);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 0L);
	test_pool_end(tp);
}

static void fill_100(void *tp)
{
	test_fill(tp, 100, ME);
}

/* Thefts in a row take 2, 8, 32 objects; puts give all of them back. */
static void earn_borrows(struct kunit *test)
{
	unsigned int other = test_other_cpu(test), cpu = raw_smp_processor_id();
	struct test_pool *tp = test_pool_make(test, 100, 0);
	unsigned long thefts = 0, stolen = 0;
	struct test_obj *objs[100];
	struct syncpool_stats s;
	unsigned int n;

	test_on_cpu(test, other, fill_100, tp);
	for (n = 0; n < 20; n++) {
		objs[n] = test_try_get(tp, ME);
		KUNIT_ASSERT_NOT_NULL(test, objs[n]);
		s = test_stats(tp);
		if (s.steals == thefts)
			continue;
		/* but no more than the ring has */
		if (!thefts)
			KUNIT_EXPECT_EQ(test, s.stolen, 2UL);
		KUNIT_EXPECT_LE(test, s.stolen - stolen, 2UL << (2 * thefts));
		thefts = s.steals;
		stolen = s.stolen;
	}
	KUNIT_EXPECT_LE(test, thefts, 6UL);
	KUNIT_EXPECT_EQ(test, test_outside(tp, cpu), (unsigned int)stolen - n);
	KUNIT_EXPECT_TRUE(test, cpumask_test_cpu(cpu, tp->pool.core->active->opened));
	test_put_many(tp, objs, n, ME);
	KUNIT_EXPECT_EQ(test, test_outside(tp, cpu), 0U);
	KUNIT_EXPECT_EQ(test, capacity(tp, cpu), 0U);
	KUNIT_EXPECT_EQ(test, test_pcp(tp, cpu)->loan, (u8)2);
	test_pool_end(tp);
}

static struct test_obj *stolen_obj;

static void steal_one(void *tp)
{
	stolen_obj = test_try_get(tp, ME);
}

static void put_stolen(void *tp)
{
	test_put(tp, stolen_obj, ME);
}

/* What was stolen since the last push is not earned; what was pushed since is. */
static void earn_stolen(struct kunit *test)
{
	unsigned int other = test_other_cpu(test), cpu = raw_smp_processor_id();
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	struct test_obj *obj;

	/* one ring: thefts from an older one do not show */
	test_fill(tp, POOL_RING_MIN, ME);
	test_on_cpu(test, other, steal_one, tp);
	KUNIT_ASSERT_NOT_NULL(test, stolen_obj);
	obj = test_try_get(tp, ME);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, earned(tp, cpu), 0U);
	test_put(tp, stolen_obj, ME);
	test_put(tp, obj, ME);
	test_put(tp, test_try_get(tp, ME), ME);
	KUNIT_EXPECT_EQ(test, earned(tp, cpu), 1U);
	test_pool_end(tp);
}

static const struct produce_case {
	const char *name;
	bool gets;
} produce_cases[] = {
	{ "puts only", false },
	{ "gets, too", true },
};

static void produce_desc(const struct produce_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(produce, produce_cases, produce_desc);

/* A CPU that only puts, for another one to steal, earns room after STREAK pushes. */
static void earn_produces(struct kunit *test)
{
	const struct produce_case *c = test->param_value;
	unsigned int other = test_other_cpu(test), cpu = raw_smp_processor_id(), i;
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	struct test_obj *objs[2 * STREAK];
	bool made = false;

	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 2 * STREAK, ME), 2 * STREAK);
	for (i = 0; i < 2 * STREAK && !made; i++) {
		test_put(tp, objs[i], ME);
		made = earned(tp, cpu);
		if (made)
			continue;
		test_on_cpu(test, other, steal_one, tp);
		KUNIT_ASSERT_NOT_NULL(test, stolen_obj);
		if (c->gets) {
			/* from the chain to which it has come */
			test_on_cpu(test, other, put_stolen, tp);
			stolen_obj = test_try_get(tp, ME);
			KUNIT_ASSERT_NOT_NULL(test, stolen_obj);
		}
		objs[i] = stolen_obj;
	}
	KUNIT_EXPECT_EQ(test, i, c->gets ? 2 * STREAK : STREAK + 1);
	KUNIT_EXPECT_EQ(test, made, !c->gets);
	/* all but the one that is cached */
	test_put_many(tp, objs, made ? i - 1 : i, ME);
	while (made && i < 2 * STREAK)
		test_put(tp, objs[i++], ME);
	test_pool_end(tp);
}

static struct kunit_case earn_cases[] = {
	KUNIT_CASE(earn_doubles),
	KUNIT_CASE(earn_reset),
	KUNIT_CASE_PARAM(earn_len, len_gen_params),
	KUNIT_CASE(earn_expensive_full),
	KUNIT_CASE(earn_widens),
	KUNIT_CASE(earn_narrow),
	TEST_CASE_SMP_PARAM(earn_wanders, wander_gen_params),
	TEST_CASE_SMP(earn_borrows),
	TEST_CASE_SMP(earn_stolen),
	TEST_CASE_SMP_PARAM(earn_produces, produce_gen_params),
	{}
};

static struct kunit_suite earn_suite = {
	.name = "pool_earn",
	.test_cases = earn_cases,
};

kunit_test_suite(earn_suite);
