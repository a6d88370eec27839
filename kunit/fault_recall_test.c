// SPDX-License-Identifier: GPL-2.0
/*
 * fault_recall_test - recalls and magazines while no ring can be allocated
 *
 * The first allocation of an operation, which is the ring, fails
 * (Documentation/fault-injection, fail-nth).
 */
#include <linux/cpumask.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "recall_test.h"

#define ME	1U

/* The next allocation of this task fails. */
static void fail_arm(void)
{
	/* nor is there a spare ring */
	WRITE_ONCE(pool_hook_no_spare, true);
	WRITE_ONCE(current->fail_nth, 1);
}

/* Has it? */
static bool fail_disarm(void)
{
	bool hit = !READ_ONCE(current->fail_nth);

	WRITE_ONCE(current->fail_nth, 0);
	WRITE_ONCE(pool_hook_no_spare, false);
	return hit;
}

static void put_nested(void *arg)
{
	struct test_obj *objs[POOL_NESTED];
	struct test_pool *tp = arg;

	KUNIT_EXPECT_EQ(tp->test, test_get_many(tp, objs, POOL_NESTED, ME), POOL_NESTED);
	test_put_nested(tp, objs, ME);
}

/* A CPU without a ring hands over one object each time, and keeps the others. */
static void fault_recall(struct kunit *test)
{
	unsigned int other = test_other_cpu(test), i;
	struct test_pool *tp = test_pool_make(test, POOL_NESTED, 0);
	struct test_obj *objs[POOL_NESTED];

	test_on_cpu(test, other, put_nested, tp);
	for (i = 0; i < POOL_NESTED; i++) {
		fail_arm();
		objs[i] = test_take(tp, syncpool_get(&tp->pool, GFP_KERNEL), ME);
		/* the last one needs no ring */
		KUNIT_EXPECT_EQ(test, fail_disarm(), i < POOL_NESTED - 1);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		KUNIT_EXPECT_EQ(test, test_outside(tp, other), POOL_NESTED - 1 - i);
		KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), POOL_NESTED - 1UL - i);
	}
	KUNIT_EXPECT_EQ(test, test_stats(tp).grows, 0UL);
	KUNIT_EXPECT_FALSE(test, cpumask_test_cpu(other, tp->pool.core->active->opened));
	test_put_many(tp, objs, POOL_NESTED, ME);
	test_pool_end(tp);
}

#define INSIDE	3U		/* puts that interrupt the last put */
#define WIDE	(POOL_RING_MIN + INSIDE + 1)

/* Leaves INSIDE expensive objects in a borrowed magazine, since the ring is full. */
static void put_wide(void *arg)
{
	struct test_obj *objs[WIDE];
	struct test_pool *tp = arg;

	KUNIT_EXPECT_EQ(tp->test, test_get_many(tp, objs, WIDE, ME), WIDE);
	test_put_many(tp, objs, POOL_RING_MIN, ME);
	test_put_inside(tp, POOL_HOOK_PUT, objs + POOL_RING_MIN, INSIDE, ME);
	fail_arm();
	test_put(tp, objs[WIDE - 1], ME);
	KUNIT_EXPECT_TRUE(tp->test, fail_disarm());
	KUNIT_EXPECT_TRUE(tp->test, test_put_inside_done());
	KUNIT_EXPECT_EQ(tp->test, test_outside(tp, raw_smp_processor_id()), INSIDE);
}

/* Other CPUs take from the victim what lies above the length of its magazine, too. */
static void fault_victim(struct kunit *test)
{
	unsigned int other = test_other_cpu(test), n;
	struct test_pool *tp = test_pool_make_sized(test, WIDE, SZ_32K, 0);
	struct test_obj *objs[WIDE];

	test_on_cpu(test, other, put_wide, tp);
	syncpool_cleanup(&tp->pool);
	for (n = 0; n < WIDE; n++) {
		objs[n] = test_try_get(tp, ME);
		if (!objs[n])
			break;
	}
	/* the last put found no ring */
	KUNIT_EXPECT_EQ(test, n, WIDE - 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 1L);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	test_put_many(tp, objs, n, ME);
	test_pool_end(tp);
}

static struct kunit_case fault_recall_cases[] = {
	TEST_CASE_SMP(fault_recall),
	TEST_CASE_SMP(fault_victim),
	{}
};

static struct kunit_suite fault_recall_suite = {
	.name = "pool_fault_recall",
	.test_cases = fault_recall_cases,
};

kunit_test_suite(fault_recall_suite);
