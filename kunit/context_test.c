// SPDX-License-Identifier: GPL-2.0
/*
 * context_test - interrupts in the middle of an operation
 *
 * At each hook point of an operation an irq_work is raised on this CPU. The
 * hook is called pinned, with interrupts enabled, so the interrupt arrives there,
 * finds the owner busy, and gets and puts all the same.
 */
#include <linux/delay.h>
#include <linux/hardirq.h>
#include <linux/irq_work.h>
#include <linux/string.h>

#include "test_load.h"

#define ME	1U
#define IRQ	2U
#define OBJS	300U
#define TAKE	4U		/* gets in the interrupt */
#define GIVE	40U		/* puts in the interrupt: more than there is room for */

static struct {
	struct irq_work work;
	struct test_pool *tp;
	struct task_struct *task;
	enum pool_hook_point point;
	unsigned int take;
	unsigned int give;
	unsigned int cpu;
	struct test_obj *took[TAKE];
	struct test_obj *gives[GIVE];
	unsigned int nested_slots;	/* in use after the puts of the interrupt */
	unsigned long nested;		/* operations that found the owner busy */
	long allocs;			/* objects built in the interrupt */
	bool in_hardirq;
	bool done;
	bool inside;			/* done before the owner continued */
} force;

static void force_irq(struct irq_work *work)
{
	unsigned long before = test_stats(force.tp).nested;
	long allocs = atomic_long_read(&force.tp->allocs);
	unsigned int i;

	force.in_hardirq = in_hardirq() && smp_processor_id() == force.cpu;
	for (i = 0; i < force.give; i++)
		test_put(force.tp, force.gives[i], IRQ);
	force.nested_slots = test_nested_slots(force.tp);
	for (i = 0; i < force.take; i++)
		force.took[i] = test_get(force.tp, IRQ);
	force.nested = test_stats(force.tp).nested - before;
	force.allocs = atomic_long_read(&force.tp->allocs) - allocs;
	WRITE_ONCE(force.done, true);
}

static void force_hook(enum pool_hook_point point)
{
	unsigned int us;

	if (point != force.point || current != READ_ONCE(force.task))
		return;
	WRITE_ONCE(force.task, NULL);
	force.cpu = smp_processor_id();
	irq_work_queue(&force.work);
	for (us = 0; us < USEC_PER_SEC && !READ_ONCE(force.done); us++)
		udelay(1);
	force.inside = READ_ONCE(force.done);
}

static const struct force_case {
	const char *name;
	enum pool_hook_point point;
	bool put;		/* reached by puts, else by gets */
	bool locked;		/* the try-lock is held there */
} force_cases[] = {
	{ "get", POOL_HOOK_GET, false, true },
	{ "put", POOL_HOOK_PUT, true, true },
	{ "spill", POOL_HOOK_SPILL, true, true },
	{ "refill", POOL_HOOK_REFILL, false, true },
	{ "steal", POOL_HOOK_STEAL, false, true },
	{ "victim", POOL_HOOK_VICTIM, false, true },
	{ "claimed", POOL_HOOK_CLAIMED, false, true },
	{ "exhausted", POOL_HOOK_EXHAUSTED, false, true },
};

static void force_desc(const struct force_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(force, force_cases, force_desc);

/* Get or put until the hook has been called and the interrupt is done. */
static void force_run(struct kunit *test, struct test_pool *tp)
{
	const struct force_case *c = test->param_value;
	struct test_obj **objs;
	unsigned int n, i, tries = 2 * OBJS;

	objs = kunit_kcalloc(test, OBJS, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	KUNIT_ASSERT_EQ(test, test_get_many(tp, force.gives, force.give, IRQ),
			force.give);
	n = test_get_many(tp, objs, 150, ME);
	if (!c->put) {
		test_put_many(tp, objs, n, ME);
		n = 0;
	}
	memset(force.took, 0, sizeof(force.took));
	force.tp = tp;
	force.point = c->point;
	force.done = false;
	force.inside = false;
	force.work = IRQ_WORK_INIT_HARD(force_irq);
	test_hook(test, force_hook);
	WRITE_ONCE(force.task, current);
	while (READ_ONCE(force.task) && (c->put ? n : n < OBJS) && tries--) {
		if (c->put)
			test_put(tp, objs[--n], ME);
		else
			objs[n++] = test_get(tp, ME);
		if (!c->put && !objs[n - 1])
			n--;
	}
	KUNIT_EXPECT_NULL(test, force.task);
	irq_work_sync(&force.work);
	KUNIT_EXPECT_TRUE(test, force.inside);
	KUNIT_EXPECT_TRUE(test, force.in_hardirq);
	test_put_many(tp, objs, n, ME);
	for (i = 0; i < force.take; i++)
		if (force.took[i])
			test_put(tp, force.took[i], IRQ);
	kunit_kfree(test, objs);
}

/* Every object is back: the counters are exact, and cleanups free all objects. */
static void force_end(struct test_pool *tp)
{
	struct kunit *test = tp->test;

	test_flush(&tp->pool);
	test_pool_check(tp);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	syncpool_cleanup(&tp->pool);
	syncpool_cleanup(&tp->pool);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	test_pool_end(tp);
}

/*
 * Gets only: from the tails, from the victim, and at last from alloc. On
 * PREEMPT_RT an interrupt gets cached objects only.
 */
static void context_forced_get(struct kunit *test)
{
	const struct force_case *c = test->param_value;
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	unsigned int i;

	test_stay_on(raw_smp_processor_id());
	force.take = TAKE;
	force.give = 0;
	force_run(test, tp);
	for (i = 0; i < TAKE; i++)
		if (!IS_ENABLED(CONFIG_PREEMPT_RT) || c->point == POOL_HOOK_GET)
			KUNIT_EXPECT_NOT_NULL(test, force.took[i]);
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		KUNIT_EXPECT_EQ(test, force.allocs, 0L);
	if (c->locked && c->point != POOL_HOOK_PUT)
		KUNIT_EXPECT_GT(test, force.nested, 0UL);
	force_end(tp);
}

/* Puts that fill the nested slots, and more puts, whose objects are freed. */
static void context_forced_put(struct kunit *test)
{
	const struct force_case *c = test->param_value;
	struct test_pool *tp = test_pool_make(test, OBJS, 0);

	test_stay_on(raw_smp_processor_id());
	force.take = 0;
	force.give = GIVE;
	force_run(test, tp);
	test_flush(&tp->pool);
	if (c->locked) {
		KUNIT_EXPECT_GT(test, force.nested, 0UL);
		KUNIT_EXPECT_EQ(test, force.nested_slots, POOL_NESTED);
		KUNIT_EXPECT_GT(test, atomic_long_read(&tp->frees), 0L);
	}
	/* the owner finds them there; no object is stranded */
	test_pool_check(tp);
	force_end(tp);
}

/* The same with a free callback that sleeps: every free is deferred. */
static void context_forced_sleeps(struct kunit *test)
{
	const struct force_case *c = test->param_value;
	struct test_pool *tp = test_pool_make(test, OBJS, SYNCPOOL_FREE_SLEEPS);

	test_stay_on(raw_smp_processor_id());
	force.take = TAKE;
	force.give = GIVE;
	force_run(test, tp);
	test_flush(&tp->pool);
	if (c->locked)
		KUNIT_EXPECT_GT(test, atomic_long_read(&tp->frees), 0L);
	force_end(tp);
}

/* Objects that no magazine has room for. */
static void context_forced_expensive(struct kunit *test)
{
	const struct force_case refill = { "refill", POOL_HOOK_REFILL, false, true };
	struct test_pool *tp = test_pool_make_sized(test, OBJS, SZ_32K, 0);

	test->param_value = &refill;
	test_stay_on(raw_smp_processor_id());
	force.take = TAKE;
	force.give = GIVE;
	force_run(test, tp);
	KUNIT_EXPECT_EQ(test, force.nested, (unsigned long)TAKE + GIVE);
	KUNIT_EXPECT_EQ(test, force.nested_slots, POOL_NESTED);
	force_end(tp);
}

/* Gets alone empty the nested slots. */
static void context_nested_collected(struct kunit *test)
{
	const struct force_case put = { "put", POOL_HOOK_PUT, true, true };
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	unsigned int n = 0, left = OBJS;
	unsigned long cached;
	struct test_obj **objs;

	objs = kunit_kcalloc(test, OBJS, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	test->param_value = &put;
	test_stay_on(raw_smp_processor_id());
	force.take = 0;
	force.give = POOL_NESTED;
	force_run(test, tp);
	KUNIT_EXPECT_EQ(test, force.nested_slots, POOL_NESTED);
	cached = syncpool_count(&tp->pool);
	while (left--) {
		objs[n] = test_try_get(tp, ME);
		if (!objs[n])
			break;
		n++;
	}
	KUNIT_EXPECT_EQ(test, (unsigned long)n, cached);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	test_put_many(tp, objs, n, ME);
	force_end(tp);
}

/* A pool whose nested slots are full and which caches nothing else. */
static struct test_pool *nested_make(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, POOL_NESTED, 0);
	struct test_obj *objs[POOL_NESTED];

	test_stay_on(raw_smp_processor_id());
	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, POOL_NESTED, IRQ),
			POOL_NESTED);
	test_put_nested(tp, objs, IRQ);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), (unsigned long)POOL_NESTED);
	return tp;
}

/* What they hold ages like everything cached, even if no owner collects it. */
static void context_nested_drained(struct kunit *test)
{
	struct test_pool *tp = nested_make(test);

	KUNIT_EXPECT_EQ(test, syncpool_cleanup(&tp->pool), 0UL);
	test_pool_check(tp);
	KUNIT_EXPECT_EQ(test, syncpool_cleanup(&tp->pool),
			(unsigned long)POOL_NESTED);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	test_pool_end(tp);
}

/* It is freed with the pool. */
static void context_nested_exit(struct kunit *test)
{
	struct test_pool *tp = nested_make(test);

	test_pool_end(tp);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), (long)POOL_NESTED);
}

static const struct load_case {
	const char *name;
	unsigned int flags;
} load_cases[] = {
	{ "plain", 0 },
	{ "free sleeps", SYNCPOOL_FREE_SLEEPS },
	{ "debug", SYNCPOOL_DEBUG },
};

static void load_desc(const struct load_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(load, load_cases, load_desc);

/* Task, softirq and hardirq on every CPU, with cleanups and the shrinker. */
static void context_all_at_once(struct kunit *test)
{
	const struct load_case *c = test->param_value;
	struct test_pool *tp = test_pool_make(test, 4000, c->flags);
	struct test_load *load = test_load_start(tp);
	struct syncpool_stats stats;

	test_load_wait(load, 1000);
	test_load_stop(load);
	test_flush(&tp->pool);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	stats = test_stats(tp);
	KUNIT_EXPECT_GT(test, stats.rotations, 0UL);
	KUNIT_EXPECT_GT(test, stats.frees, 0UL);
	kunit_info(test, "%lu allocs, %lu steals, %lu victim hits, %lu rotations, %lu nested",
		   stats.allocs, stats.steals, stats.victim_hits,
		   stats.rotations, stats.nested);
	test_pool_end(tp);
}

/* In NMI, or what the pool can see of one, a get returns what is cached, and builds nothing. */
static void context_nmi_get(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	struct test_obj *objs[3];
	unsigned long flags;
	unsigned int i;

	if (!SYNCPOOL_NMI_SAFE)
		kunit_skip(test, "a get in NMI is refused here");
	test_stay_on(raw_smp_processor_id());
	test_fill(tp, 1, ME);
	flags = test_nmi_begin();
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		objs[i] = i == 2 ? test_get(tp, ME) : test_try_get(tp, ME);
	test_nmi_end(flags);
	KUNIT_EXPECT_NOT_NULL(test, objs[0]);
	KUNIT_EXPECT_NULL(test, objs[1]);
	KUNIT_EXPECT_NULL(test, objs[2]);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), 1L);
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		if (objs[i])
			test_put(tp, objs[i], ME);
	test_pool_end(tp);
}

static struct kunit_case context_cases[] = {
	KUNIT_CASE_PARAM(context_forced_get, force_gen_params),
	KUNIT_CASE_PARAM(context_forced_put, force_gen_params),
	KUNIT_CASE_PARAM(context_forced_sleeps, force_gen_params),
	KUNIT_CASE(context_nmi_get),
	KUNIT_CASE(context_forced_expensive),
	KUNIT_CASE(context_nested_collected),
	KUNIT_CASE(context_nested_drained),
	KUNIT_CASE(context_nested_exit),
	KUNIT_CASE_PARAM(context_all_at_once, load_gen_params),
	{}
};

static struct kunit_suite context_suite = {
	.name = "pool_context",
	.test_cases = context_cases,
};

kunit_test_suite(context_suite);
