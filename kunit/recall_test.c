// SPDX-License-Identifier: GPL-2.0
/* recall_test - what lies in other CPUs' magazines, and how a get reaches it */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "recall_test.h"

#define ME	1U
#define OWNER	2U
#define OBJS	200U
/* see pool_recall.c */
#define BURST_NS	(64 * NSEC_PER_MSEC)
#define TRIES	16U

static struct {
	struct test_pool *tp;
	struct test_obj **objs;
	bool nested;
} fill;

static void fill_cpu(void *unused)
{
	struct test_obj **objs = fill.objs;

	test_put_many(fill.tp, objs, EACH, ME);
	KUNIT_EXPECT_EQ(fill.tp->test, test_get_many(fill.tp, objs, EACH, ME), EACH);
	test_put_many(fill.tp, objs, EACH, ME);
	if (fill.nested)
		test_put_nested(fill.tp, objs + EACH, ME);
}

/*
 * Put EACH objects into an earned magazine of each of @cpus, and POOL_NESTED into
 * nested slots if @nested. The pool caches none before; so no get misses, which
 * would recall them.
 */
void recall_fill(struct test_pool *tp, const struct cpumask *cpus, bool nested)
{
	unsigned int each = EACH + (nested ? POOL_NESTED : 0);
	unsigned int n = each * cpumask_weight(cpus), cpu;
	struct test_obj **objs;

	objs = kunit_kcalloc(tp->test, n, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(tp->test, objs);
	KUNIT_ASSERT_EQ(tp->test, test_get_many(tp, objs, n, ME), n);
	fill.tp = tp;
	fill.nested = nested;
	fill.objs = objs;
	for_each_cpu(cpu, cpus) {
		test_on_cpu(tp->test, cpu, fill_cpu, NULL);
		KUNIT_EXPECT_EQ(tp->test, test_outside(tp, cpu), each);
		fill.objs += each;
	}
	kunit_kfree(tp->test, objs);
}

static struct test_pool *recall_make(struct kunit *test, const struct cpumask *cpus)
{
	struct test_pool *tp = test_pool_make(test, OBJS, 0);

	recall_fill(tp, cpus, false);
	return tp;
}

static struct test_obj *get_wait(struct test_pool *tp)
{
	return test_take(tp, syncpool_get(&tp->pool, GFP_KERNEL), ME);
}

static const struct never_case {
	const char *name;
	bool alloc;
	bool nested;
	bool hidden;		/* an interrupted operation has left top below them */
} never_cases[] = {
	{ "no alloc", false, false, false },
	{ "no alloc, nested", false, true, false },
	{ "no alloc, hidden", false, false, true },
	{ "alloc fails", true, false, false },
	{ "alloc fails, nested", true, true, false },
	{ "alloc fails, hidden", true, false, true },
};

static void never_desc(const struct never_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(never, never_cases, never_desc);

/* A get that may wait returns NULL only if nothing is cached on any CPU. */
static void recall_never_null(struct kunit *test)
{
	const struct never_case *c = test->param_value;
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	struct test_obj *objs[OBJS];
	unsigned int i, n;

	test_other_cpu(test);
	recall_fill(tp, cpu_online_mask, c->nested);
	for_each_online_cpu(i)
		if (c->hidden)
			WRITE_ONCE(test_pcp(tp, i)->magazine.top, SYNCPOOL_TOP_EMPTY);
	n = syncpool_count(&tp->pool);
	KUNIT_EXPECT_EQ(test, n, num_online_cpus() *
			(EACH + (c->nested ? POOL_NESTED : 0)));
	if (!c->alloc)
		tp->pool.params.alloc = NULL;
	atomic_set(&tp->failing, INT_MAX);
	for (i = 0; i < n; i++) {
		objs[i] = get_wait(tp);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	KUNIT_EXPECT_NULL(test, get_wait(tp));
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	/* one for each other CPU, which hands over one and pushes the others */
	KUNIT_EXPECT_GE(test, test_stats(tp).recalls, num_online_cpus() - 1UL);
	test_put_many(tp, objs, n, ME);
	test_pool_end(tp);
}

/* One recall closes the magazine; what it held is in the chain. */
static void recall_closes(struct kunit *test)
{
	unsigned int other = test_other_cpu(test), i;
	struct test_pool *tp = recall_make(test, cpumask_of(other));
	struct test_obj *objs[EACH];

	for (i = 0; i < EACH; i++) {
		objs[i] = get_wait(tp);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		KUNIT_EXPECT_EQ(test, test_stats(tp).recalls, 1UL);
		KUNIT_EXPECT_EQ(test, test_outside(tp, other), 0U);
	}
	KUNIT_EXPECT_EQ(test, pool_pcp_capacity(test_pcp(tp, other)), 0U);
	KUNIT_EXPECT_EQ(test, test_pcp(tp, other)->earned, (u8)0);
	KUNIT_EXPECT_FALSE(test, cpumask_test_cpu(other, tp->pool.core->active->opened));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), (long)EACH);
	test_put_many(tp, objs, EACH, ME);
	test_pool_end(tp);
}

/* An owner that is in an operation when another CPU asks. */
static struct {
	struct test_pool *tp;
	struct task_struct *task;
	unsigned int cpu;
	bool inside;
	unsigned int before;	/* objects in the magazine, when the hook begins */
	unsigned int after;	/* and when it ends */
	unsigned long recalls;
} busy;

static void busy_hook(enum pool_hook_point point)
{
	unsigned int us;

	if (point != POOL_HOOK_GET || current != READ_ONCE(busy.task))
		return;
	WRITE_ONCE(busy.task, NULL);
	busy.before = test_outside(busy.tp, busy.cpu);
	WRITE_ONCE(busy.inside, true);
	for (us = 0; us < 5 * USEC_PER_SEC; us++) {
		busy.recalls = test_stats(busy.tp).recalls;
		if (busy.recalls >= 2 * TRIES)
			break;
		udelay(1);
	}
	busy.after = test_outside(busy.tp, busy.cpu);
}

static int busy_owner(void *tp)
{
	/* a hole at top: the fast path fails there */
	syncpool_put(&((struct test_pool *)tp)->pool, NULL);
	WRITE_ONCE(busy.task, current);
	test_put(tp, test_try_get(tp, OWNER), OWNER);
	return 0;
}

static struct task_struct *recall_thread(struct kunit *test, unsigned int cpu,
					 int (*fn)(void *), void *arg)
{
	struct task_struct *task = kthread_create(fn, arg, "pool_recall");

	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	kthread_bind(task, cpu);
	wake_up_process(task);
	return task;
}

static void recall_thread_end(struct task_struct *task)
{
	kthread_stop(task);
	put_task_struct(task);
}

static void recall_wait(struct kunit *test, bool *flag)
{
	unsigned int ms;

	for (ms = 0; ms < 5000 && !READ_ONCE(*flag); ms++)
		usleep_range(500, 1000);
	KUNIT_ASSERT_TRUE(test, READ_ONCE(*flag));
}

/* Its part is left alone, and asked again until it is free. */
static void recall_busy_owner(struct kunit *test)
{
	unsigned int other = test_other_cpu(test), i;
	struct test_pool *tp = recall_make(test, cpumask_of(other));
	struct test_obj *objs[EACH];
	struct task_struct *task;

	busy.tp = tp;
	busy.cpu = other;
	busy.inside = false;
	atomic_set(&tp->failing, INT_MAX);
	test_hook(test, busy_hook);
	task = recall_thread(test, other, busy_owner, tp);
	recall_wait(test, &busy.inside);
	objs[0] = get_wait(tp);
	KUNIT_EXPECT_NOT_NULL(test, objs[0]);
	KUNIT_EXPECT_EQ(test, busy.before, EACH);
	KUNIT_EXPECT_EQ(test, busy.after, EACH);
	KUNIT_EXPECT_GE(test, busy.recalls, 2UL * TRIES);
	recall_thread_end(task);
	for (i = 1; i < EACH; i++) {
		objs[i] = get_wait(tp);
		KUNIT_EXPECT_NOT_NULL(test, objs[i]);
	}
	test_put_many(tp, objs, EACH, ME);
	test_pool_end(tp);
}

/* A thief that has claimed what it takes, and not stored it yet. */
static struct {
	struct test_pool *tp;
	struct task_struct *thief;
	struct task_struct *getter;
	struct test_obj *obj;
	bool inside;
	bool done;
} transit;

static void transit_hook(enum pool_hook_point point)
{
	struct syncpool_core *core = transit.tp->pool.core;
	unsigned int us;

	if (point == POOL_HOOK_CLAIMED && current == READ_ONCE(transit.thief) && !transit.inside) {
		WRITE_ONCE(transit.inside, true);
		/* until its CPU is asked: interrupts are on */
		for (us = 0; us < USEC_PER_SEC && !atomic_long_read(&core->recalls); us++)
			udelay(1);
	} else if (point == POOL_HOOK_GET && current == transit.getter &&
		   atomic_long_read(&core->recalls)) {
		/* a slow thief may have been asked too often already: look again after it */
		for (us = 0; us < USEC_PER_SEC && !READ_ONCE(transit.done); us++)
			udelay(1);
	}
}

static int transit_thread(void *unused)
{
	WRITE_ONCE(transit.thief, current);
	transit.obj = test_get(transit.tp, OWNER);
	WRITE_ONCE(transit.done, true);
	return 0;
}

/* A recall waits for what is on its way from a chain to a magazine. */
static void recall_in_transit(struct kunit *test)
{
	unsigned int other = test_other_cpu(test);
	struct test_obj *objs[2];
	struct task_struct *task;

	memset(&transit, 0, sizeof(transit));
	transit.getter = current;
	transit.tp = test_pool_make(test, 8, 0);
	KUNIT_ASSERT_EQ(test, test_get_many(transit.tp, objs, 2, ME), 2U);
	/* to the chain, where the thief's first theft takes both */
	test_put_many(transit.tp, objs, 2, ME);
	test_hook(test, transit_hook);
	task = recall_thread(test, other, transit_thread, NULL);
	recall_wait(test, &transit.inside);
	objs[0] = get_wait(transit.tp);
	recall_wait(test, &transit.done);
	recall_thread_end(task);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&transit.tp->allocs), 2L);
	KUNIT_ASSERT_NOT_NULL(test, transit.obj);
	test_put(transit.tp, objs[0], ME);
	test_put(transit.tp, transit.obj, OWNER);
	test_pool_end(transit.tp);
}

/* Operations in the middle of a flush, as an NMI would call them. */
static struct {
	struct test_pool *tp;
	unsigned int cpu;
	unsigned int give;
	unsigned int take;
	struct test_obj *objs[POOL_NESTED + 2];
	struct test_obj *took[2];
	bool done;
} flush;

static void flush_hook(enum pool_hook_point point)
{
	unsigned int i;

	if (point != POOL_HOOK_FLUSH || smp_processor_id() != flush.cpu ||
	    READ_ONCE(flush.done))
		return;
	test_put_many(flush.tp, flush.objs, flush.give, OWNER);
	for (i = 0; i < flush.take; i++)
		flush.took[i] = test_try_get(flush.tp, OWNER);
	WRITE_ONCE(flush.done, true);
}

static const struct flush_case {
	const char *name;
	unsigned int give;
	unsigned int take;
} flush_cases[] = {
	{ "get", 0, 2 },
	{ "put", 3, 0 },
	{ "put and get", 3, 2 },
	{ "more puts than slots", POOL_NESTED + 2, 0 },
};

static void flush_desc(const struct flush_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(flush, flush_cases, flush_desc);

/* Nothing stays outside the chain, and nothing is lost. */
static void recall_flush_interrupted(struct kunit *test)
{
	const struct flush_case *c = test->param_value;
	unsigned int other = test_other_cpu(test), i, left;
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	struct test_obj *objs[EACH + POOL_NESTED];

	flush.cpu = other;
	flush.give = c->give;
	flush.take = c->take;
	flush.done = false;
	memset(flush.took, 0, sizeof(flush.took));
	flush.tp = tp;
	KUNIT_ASSERT_EQ(test, test_get_many(tp, flush.objs, c->give, OWNER), c->give);
	recall_fill(tp, cpumask_of(other), false);
	atomic_set(&tp->failing, INT_MAX);
	test_hook(test, flush_hook);
	objs[0] = get_wait(tp);
	KUNIT_ASSERT_NOT_NULL(test, objs[0]);
	KUNIT_EXPECT_TRUE(test, flush.done);
	KUNIT_EXPECT_EQ(test, test_outside(tp, other), 0U);
	KUNIT_EXPECT_FALSE(test, cpumask_test_cpu(other, tp->pool.core->active->opened));
	test_flush(&tp->pool);
	test_pool_check(tp);
	for (i = 0; i < c->take; i++)
		KUNIT_EXPECT_NOT_NULL(test, flush.took[i]);
	left = EACH + min(c->give, POOL_NESTED) - c->take;
	for (i = 1; i < left; i++) {
		objs[i] = get_wait(tp);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	KUNIT_EXPECT_NULL(test, get_wait(tp));
	test_put_many(tp, objs, left, ME);
	for (i = 0; i < c->take; i++)
		test_put(tp, flush.took[i], OWNER);
	test_pool_end(tp);
}

/*
 * A get that may not wait asks one CPU in a tick. Forget in which tick one was asked
 * last: jiffies stand still while the CPU that counts them has interrupts off.
 */
static void recall_new_tick(struct test_pool *tp)
{
	WRITE_ONCE(tp->pool.core->recall_tick, jiffies - 1);
}

/* A get that may not wait has the next ones find what it did not. */
static void recall_async(struct kunit *test)
{
	unsigned int other = test_other_cpu(test), i, ms;
	struct test_pool *tp = recall_make(test, cpumask_of(other));
	struct test_obj *objs[EACH];

	atomic_set(&tp->failing, INT_MAX);
	recall_new_tick(tp);
	KUNIT_EXPECT_NULL(test, test_get(tp, ME));
	KUNIT_EXPECT_EQ(test, test_stats(tp).recalls, 1UL);
	for (ms = 0; ms < 5000 && test_outside(tp, other); ms++)
		usleep_range(500, 1000);
	for (i = 0; i < EACH; i++) {
		objs[i] = test_get(tp, ME);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	KUNIT_EXPECT_EQ(test, test_stats(tp).recalls, 1UL);
	test_put_many(tp, objs, EACH, ME);
	test_pool_end(tp);
}

/* One get of a pool that can build, with what it may recall paid for until @paid. */
static void rate_try(struct kunit *test, s64 paid, unsigned int recalls)
{
	struct test_pool *tp = recall_make(test, cpumask_of(test_other_cpu(test)));
	struct test_obj *obj;

	WRITE_ONCE(tp->pool.core->recall_paid, paid);
	obj = get_wait(tp);
	KUNIT_EXPECT_EQ(test, test_stats(tp).recalls, (unsigned long)recalls);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs),
			recalls ? (long)EACH : (long)EACH + 1);
	test_put(tp, obj, ME);
	test_pool_end(tp);
}

/* A pool that can build recalls so often, and builds where that is used up. */
static void recall_rate(struct kunit *test)
{
	s64 now = ktime_get_mono_fast_ns();

	rate_try(test, 0, 1);
	/* half of the burst is left */
	rate_try(test, now + BURST_NS / 2, 1);
	/* paid for an hour */
	rate_try(test, now + 3600LL * NSEC_PER_SEC, 0);
}

/* A CPU that cannot be interrupted for a while. */
static struct {
	struct syncpool_core *core;
	bool deaf;
	bool over;
} deaf;

static int deaf_thread(void *unused)
{
	unsigned int ms;

	local_irq_disable();
	WRITE_ONCE(deaf.deaf, true);
	/*
	 * exit does not free the core while this CPU has been asked. The bound is for a broken
	 * pool: on a busy machine the CPU that asks may stand still for a second.
	 */
	for (ms = 0; ms < 5000 && !READ_ONCE(deaf.core->recall_busy); ms++)
		mdelay(1);
	mdelay(20);
	WRITE_ONCE(deaf.over, true);
	local_irq_enable();
	return 0;
}

/* exit waits for a CPU that has been asked, and frees what it held. */
static void recall_exit(struct kunit *test)
{
	unsigned int other = test_other_cpu(test);
	struct test_pool *tp = recall_make(test, cpumask_of(other));
	struct task_struct *task;

	deaf.core = tp->pool.core;
	deaf.deaf = false;
	deaf.over = false;
	task = recall_thread(test, other, deaf_thread, NULL);
	recall_wait(test, &deaf.deaf);
	recall_new_tick(tp);
	KUNIT_EXPECT_NULL(test, test_try_get(tp, ME));
	KUNIT_EXPECT_EQ(test, READ_ONCE(deaf.core->recall_busy), 1);
	test_pool_end(tp);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(deaf.over));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), (long)EACH);
	recall_thread_end(task);
}

static struct kunit_case recall_cases[] = {
	TEST_CASE_SMP_PARAM(recall_never_null, never_gen_params),
	TEST_CASE_SMP(recall_closes),
	TEST_CASE_SMP(recall_busy_owner),
	TEST_CASE_SMP(recall_in_transit),
	TEST_CASE_SMP_PARAM(recall_flush_interrupted, flush_gen_params),
	TEST_CASE_SMP(recall_async),
	TEST_CASE_SMP(recall_rate),
	TEST_CASE_SMP(recall_exit),
	{}
};

static struct kunit_suite recall_suite = {
	.name = "pool_recall",
	.test_cases = recall_cases,
};

kunit_test_suite(recall_suite);
