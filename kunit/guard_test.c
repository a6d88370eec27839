// SPDX-License-Identifier: GPL-2.0
/*
 * guard_test - the upper guard of a magazine moves
 *
 * Interrupts come just before it does; and an operation of the fast path continues
 * after it did, with a top that lies above it now.
 */
#include <linux/delay.h>
#include <linux/hardirq.h>
#include <linux/irq_work.h>
#include <linux/limits.h>
#include <linux/preempt.h>
#include <linux/string.h>

#include "test_pool.h"

#define ME	1U
#define IRQ	2U
#define OBJS	100U
#define TAKE	4U		/* gets in the interrupt */
#define GIVE	10U		/* puts in the interrupt: more than there are slots */

static struct {
	struct irq_work work;
	struct test_pool *tp;
	struct task_struct *task;
	unsigned int take;
	unsigned int give;
	struct test_obj *took[TAKE];
	struct test_obj *gives[GIVE];
	unsigned int from;	/* where the guard is before it moves */
	bool in_hardirq;
	bool done;
	bool inside;		/* done before the guard moved */
} force;

static void force_irq(struct irq_work *work)
{
	unsigned int i;

	force.in_hardirq = in_hardirq();
	test_put_many(force.tp, force.gives, force.give, IRQ);
	for (i = 0; i < force.take; i++)
		force.took[i] = test_try_get(force.tp, IRQ);
	WRITE_ONCE(force.done, true);
}

static void force_hook(enum pool_hook_point point)
{
	unsigned int us;

	if (point != POOL_HOOK_GUARD || current != READ_ONCE(force.task))
		return;
	WRITE_ONCE(force.task, NULL);
	force.from = test_pcp(force.tp, smp_processor_id())->magazine.last;
	irq_work_queue(&force.work);
	for (us = 0; us < USEC_PER_SEC && !READ_ONCE(force.done); us++)
		udelay(1);
	force.inside = READ_ONCE(force.done);
}

static void force_begin(struct test_pool *tp, unsigned int take, unsigned int give)
{
	force.tp = tp;
	force.take = take;
	force.give = give;
	force.done = false;
	force.inside = false;
	memset(force.took, 0, sizeof(force.took));
	force.work = IRQ_WORK_INIT_HARD(force_irq);
	test_hook(tp->test, force_hook);
	WRITE_ONCE(force.task, current);
}

static void force_end(struct test_pool *tp)
{
	unsigned int i;

	KUNIT_EXPECT_NULL(tp->test, force.task);
	irq_work_sync(&force.work);
	KUNIT_EXPECT_TRUE(tp->test, force.inside);
	KUNIT_EXPECT_TRUE(tp->test, force.in_hardirq);
	for (i = 0; i < force.take; i++)
		if (force.took[i])
			test_put(tp, force.took[i], IRQ);
}

enum guard_move { GUARD_EARN, GUARD_BORROW, GUARD_REPAY };

static const struct move_case {
	const char *name;
	enum guard_move move;
	unsigned int take;
	unsigned int give;
} move_cases[] = {
	{ "get, up", GUARD_EARN, TAKE, 0 },
	{ "put, up", GUARD_EARN, 0, GIVE },
	{ "burst, up", GUARD_EARN, TAKE, GIVE },
	{ "get, theft", GUARD_BORROW, TAKE, 0 },
	{ "put, theft", GUARD_BORROW, 0, GIVE },
	{ "burst, theft", GUARD_BORROW, TAKE, GIVE },
	{ "get, down", GUARD_REPAY, TAKE, 0 },
	{ "put, down", GUARD_REPAY, 0, GIVE },
	{ "burst, down", GUARD_REPAY, TAKE, GIVE },
};

static void move_desc(const struct move_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(move, move_cases, move_desc);

static void fill_30(void *tp)
{
	test_fill(tp, 30, ME);
}

/* Get or put until the guard moves. Returns how many of @objs this task holds then. */
static unsigned int guard_run(struct test_pool *tp, const struct move_case *c,
			      struct test_obj **objs)
{
	unsigned int n = 0;

	if (c->move != GUARD_EARN)
		n = test_get_many(tp, objs, c->move == GUARD_REPAY ? 7 : 1, ME);
	force_begin(tp, c->take, c->give);
	if (c->move == GUARD_REPAY)
		for (; READ_ONCE(force.task) && n; n--)
			test_put(tp, objs[n - 1], ME);
	else
		for (; READ_ONCE(force.task) && n < 10; n++)
			objs[n] = test_get(tp, ME);
	return n;
}

/* All @n objects are within reach. */
static void guard_take_all(struct test_pool *tp, unsigned long n)
{
	struct test_obj *objs[OBJS];
	unsigned int i;

	KUNIT_EXPECT_EQ(tp->test, syncpool_count(&tp->pool), n);
	atomic_set(&tp->failing, INT_MAX);
	for (i = 0; i < n; i++) {
		objs[i] = test_take(tp, syncpool_get(&tp->pool, GFP_KERNEL), ME);
		KUNIT_ASSERT_NOT_NULL(tp->test, objs[i]);
	}
	KUNIT_EXPECT_NULL(tp->test, syncpool_get(&tp->pool, GFP_KERNEL));
	KUNIT_EXPECT_EQ(tp->test, syncpool_count(&tp->pool), 0UL);
	test_put_many(tp, objs, n, ME);
	atomic_set(&tp->failing, 0);
}

/* 7 objects are stolen as 1, 2 and 4, which raises the guard to 4. */
static void guard_interrupted(struct kunit *test)
{
	const struct move_case *c = test->param_value;
	unsigned int other = test_other_cpu(test), n;
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	struct test_obj *objs[OBJS];
	u32 last;

	KUNIT_ASSERT_EQ(test, test_get_many(tp, force.gives, c->give, IRQ), c->give);
	if (c->move == GUARD_EARN)
		fill_30(tp);
	else
		test_on_cpu(test, other, fill_30, tp);
	n = guard_run(tp, c, objs);
	last = test_pcp(tp, raw_smp_processor_id())->magazine.last;
	if (c->move == GUARD_REPAY)
		KUNIT_EXPECT_LT(test, last, force.from);
	else
		KUNIT_EXPECT_GT(test, last, force.from);
	force_end(tp);
	test_flush(&tp->pool);
	test_pool_check(tp);
	test_put_many(tp, objs, n, ME);
	test_pool_check(tp);
	guard_take_all(tp, atomic_long_read(&tp->allocs) - atomic_long_read(&tp->frees));
	test_pool_end(tp);
}

enum above_op { ABOVE_GET, ABOVE_PUT, ABOVE_BULK, ABOVE_NESTED, ABOVE_VICTIM };

static const struct above_case {
	const char *name;
	enum above_op op;
	unsigned int earned;
} above_cases[] = {
	{ "get, closed", ABOVE_GET, 0 },
	{ "get, earned", ABOVE_GET, 4 },
	{ "put, closed", ABOVE_PUT, 0 },
	{ "put, earned", ABOVE_PUT, 4 },
	{ "bulk, closed", ABOVE_BULK, 0 },
	{ "bulk, earned", ABOVE_BULK, 4 },
	{ "nested, closed", ABOVE_NESTED, 0 },
	{ "nested, earned", ABOVE_NESTED, 4 },
	{ "victim, closed", ABOVE_VICTIM, 0 },
	{ "victim, earned", ABOVE_VICTIM, 4 },
};

static void above_desc(const struct above_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(above, above_cases, above_desc);

#define ABOVE_OBJS	6U

/* A bulk get and put, in which no object is built. */
static void above_bulk(struct test_pool *tp)
{
	void *objs[ABOVE_OBJS];
	unsigned int i;

	KUNIT_EXPECT_EQ(tp->test, syncpool_get_bulk(&tp->pool, GFP_NOWAIT, 3, objs), 3U);
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_NOT_NULL(tp->test, test_take(tp, objs[i], ME));
		test_give(tp, objs[i], ME);
	}
	syncpool_put_bulk(&tp->pool, 3, objs);
}

/* One operation with top at @top, as the fast path may have left it. */
static void above_run(struct test_pool *tp, enum above_op op, u32 top,
		      struct test_obj *extra)
{
	struct test_obj *obj = NULL;

	preempt_disable();
	WRITE_ONCE(pool_core_pcp(tp->pool.core)->magazine.top, top);
	preempt_enable();
	KUNIT_EXPECT_EQ(tp->test, syncpool_count(&tp->pool), (unsigned long)ABOVE_OBJS);
	switch (op) {
	case ABOVE_NESTED:
		test_put_inside(tp, POOL_HOOK_GET, &extra, 1, ME);
		fallthrough;
	case ABOVE_GET:
		obj = test_try_get(tp, ME);
		KUNIT_EXPECT_NOT_NULL(tp->test, obj);
		break;
	case ABOVE_PUT:
		test_put(tp, extra, ME);
		break;
	case ABOVE_BULK:
		above_bulk(tp);
		break;
	case ABOVE_VICTIM:
		syncpool_cleanup(&tp->pool);
		obj = test_try_get(tp, ME);
		KUNIT_EXPECT_NOT_NULL(tp->test, obj);
		break;
	}
	if (op != ABOVE_PUT && op != ABOVE_NESTED)
		test_put(tp, extra, ME);
	if (obj)
		test_put(tp, obj, ME);
}

/*
 * The fast path was interrupted between its compare-and-swap and its store to top,
 * and the guard has moved down meanwhile.
 */
static void guard_top_above_last(struct kunit *test)
{
	const struct above_case *c = test->param_value;
	struct test_obj *objs[ABOVE_OBJS], *extra;
	unsigned int cpu = raw_smp_processor_id();
	struct test_pool *tp;
	u32 last, top;

	test_stay_on(cpu);
	for (top = 1; top <= 3; top++) {
		tp = test_pool_make(test, OBJS, 0);
		KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, ABOVE_OBJS, ME), ABOVE_OBJS);
		extra = test_get(tp, ME);
		test_put_many(tp, objs, ABOVE_OBJS, ME);
		if (c->earned) {
			KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 3, ME), 3U);
			test_put_many(tp, objs, 3, ME);
		}
		last = test_pcp(tp, cpu)->magazine.last;
		KUNIT_EXPECT_EQ(test, last, SYNCPOOL_TOP_EMPTY + c->earned);
		above_run(tp, c->op, last + top, extra);
		test_pool_check(tp);
		guard_take_all(tp, ABOVE_OBJS + 1);
		test_pool_end(tp);
	}
}

static struct kunit_case guard_cases[] = {
	KUNIT_CASE_PARAM(guard_top_above_last, above_gen_params),
	TEST_CASE_SMP_PARAM(guard_interrupted, move_gen_params),
	{}
};

static struct kunit_suite guard_suite = {
	.name = "pool_guard",
	.test_cases = guard_cases,
};

kunit_test_suite(guard_suite);
