// SPDX-License-Identifier: GPL-2.0
/*
 * holders_test - debug mode's table: who holds what, and what finds no place
 *
 * The list is read as a user reads it, in debugfs.
 */
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/log2.h>

#include "pool_hook.h"
#include "pool_table.h"
#include "pool_track.h"
#include "test_pool.h"

#define ME	1U
#define LIST	"/sys/kernel/debug/syncpool/holders"

static noinline void hold_three(struct test_pool *tp, struct test_obj **objs)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		objs[i] = test_take(tp, syncpool_get(&tp->pool, GFP_KERNEL), ME);
}

static noinline void hold_two(struct test_pool *tp, struct test_obj **objs)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		objs[i] = test_take(tp, syncpool_try_get(&tp->pool), ME);
}

static noinline void hold_put(struct test_pool *tp, void *obj)
{
	syncpool_put(&tp->pool, obj);
}

/* Does the list say that of @tp @out objects are out, @listed of them listed? */
static bool holders_says(struct test_pool *tp, long out, unsigned int listed)
{
	return !test_shell("grep -q '^%s (pool %u .*: %ld out, %u listed, 0 times no place$' " LIST,
			   tp->test->name, tp->pool.id, out, listed);
}

/* Does it say that @fn got @n objects? */
static bool holders_names(const char *fn, unsigned int n)
{
	return !test_shell("grep -A 1 '^ %u got by$' " LIST " | grep -q '^  %s+'", n, fn);
}

/* A holder is listed with its stack, be its object built or cached, until it puts it. */
static void holders_list(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 200, SYNCPOOL_DEBUG);
	struct test_obj *objs[5];

	test_need_shell(test);
	test_stay_on(raw_smp_processor_id());
	test_fill(tp, 100, ME);
	KUNIT_EXPECT_TRUE(test, holders_says(tp, 0, 0));
	hold_two(tp, objs);
	syncpool_cleanup(&tp->pool);
	syncpool_cleanup(&tp->pool);
	hold_three(tp, objs + 2);
	KUNIT_EXPECT_TRUE(test, holders_says(tp, 5, 5));
	KUNIT_EXPECT_TRUE(test, holders_names("hold_two", 2));
	KUNIT_EXPECT_TRUE(test, holders_names("hold_three", 3));
	test_put_many(tp, objs, 3, ME);
	KUNIT_EXPECT_TRUE(test, holders_says(tp, 2, 2));
	KUNIT_EXPECT_TRUE(test, holders_names("hold_three", 2));
	test_give(tp, objs[3], ME);
	syncpool_discard(&tp->pool, objs[3]);
	KUNIT_EXPECT_TRUE(test, holders_says(tp, 1, 1));
	test_put(tp, objs[4], ME);
	KUNIT_EXPECT_TRUE(test, holders_says(tp, 0, 0));
	test_pool_end(tp);
}

/* With interrupts off nothing that takes a lock is called, and the holder is known. */
static void holders_irqs_off(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 50, SYNCPOOL_DEBUG);
	struct test_obj *objs[2];

	test_need_shell(test);
	test_stay_on(raw_smp_processor_id());
	test_fill(tp, 50, ME);
	local_irq_disable();
	hold_two(tp, objs);
	local_irq_enable();
	KUNIT_ASSERT_NOT_NULL(test, objs[1]);
	KUNIT_EXPECT_TRUE(test, holders_names("hold_two", 2));
	local_irq_disable();
	test_put_many(tp, objs, 2, ME);
	local_irq_enable();
	KUNIT_EXPECT_TRUE(test, holders_says(tp, 0, 0));
	test_pool_end(tp);
}

/* The report at exit is followed by who holds the objects. */
static void holders_exit(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 16, SYNCPOOL_DEBUG);
	struct test_obj *objs[3];

	hold_three(tp, objs);
	tp->active = false;
	/* the lines after the report count as its own */
	pr_info("EXPECT-WARN-BEGIN: syncpool:   hold_three\\+\n");
	syncpool_exit(&tp->pool);
	test_warn_end();
}

static void holders_count(void *count, const struct pool_stack *stack)
{
	++*(unsigned int *)count;
}

static unsigned int holders_listed(struct test_pool *tp)
{
	unsigned int n = 0;

	pool_track_walk_out(tp->pool.core, holders_count, &n);
	return n;
}

#define MANY	12000U

/* Get @n objects more, at a pace that lets the table grow. */
static void grow_get(struct test_pool *tp, struct test_obj **objs, unsigned int n)
{
	unsigned long end = jiffies + 10 * HZ;
	unsigned int size = pool_table_newest_size();

	KUNIT_ASSERT_EQ(tp->test, test_get_many(tp, objs, n, ME), n);
	while (pool_table_newest_size() == size && time_before(jiffies, end))
		msleep(20);
	KUNIT_EXPECT_EQ(tp->test, pool_table_newest_size(), 2 * size);
}

/* The table grows with the number of objects, and none is left out. */
static void holders_grow(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, MANY, SYNCPOOL_DEBUG);
	struct test_obj **objs = kunit_kcalloc(test, MANY, sizeof(*objs), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objs);
	grow_get(tp, objs, 2500);
	grow_get(tp, objs + 2500, 5000);
	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs + 7500, MANY - 7500, ME), MANY - 7500);
	KUNIT_EXPECT_EQ(test, holders_listed(tp), MANY);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->pool.core->untracked), 0L);
	test_put_many(tp, objs, MANY, ME);
	KUNIT_EXPECT_EQ(test, holders_listed(tp), 0U);
	test_pool_end(tp);
	/* the last pool in debug mode has taken the tables with it */
	KUNIT_EXPECT_EQ(test, pool_table_newest_size(), 0U);
}

#define CROWD	6000U

/* What finds no place is counted, works as usual, and is said at exit. */
static void holders_no_place(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, CROWD, SYNCPOOL_DEBUG);
	struct test_obj **objs = kunit_kcalloc(test, CROWD, sizeof(*objs), GFP_KERNEL);
	unsigned int size = pool_table_newest_size(), listed;
	unsigned int bits_max = pool_table_bits_max;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	KUNIT_ASSERT_LT(test, size, CROWD);
	pool_table_bits_max = ilog2(size);
	KUNIT_EXPECT_EQ(test, test_get_many(tp, objs, CROWD, ME), CROWD);
	listed = holders_listed(tp);
	KUNIT_EXPECT_LE(test, listed, size);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->pool.core->untracked),
			(long)(CROWD - listed));
	test_put_many(tp, objs, CROWD, ME);
	pool_table_bits_max = bits_max;
	pr_info("EXPECT-WARN-BEGIN: syncpool: %s .*: 0 out, 0 listed, [1-9][0-9]* times no place\n",
		test->name);
	test_pool_end(tp);
	test_warn_end();
}

/* A put of an object that another call has in hand is refused. */
static void holders_in_hand(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 16, SYNCPOOL_DEBUG);
	struct test_obj *obj = test_get(tp, ME);
	enum pool_track_state state;
	struct pool_track *track;

	preempt_disable();
	track = pool_track_find(obj);
	state = track ? pool_track_trylock(track, obj) : POOL_TRACK_LOCKED;
	preempt_enable();
	KUNIT_ASSERT_EQ(test, (int)state, (int)POOL_TRACK_OUT);
	test_warn_begin(test->name, "put of .* by hold_put.*, which another call");
	hold_put(tp, obj);
	test_warn_end();
	syncpool_discard(&tp->pool, obj);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 1L);
	pool_track_unlock(track, state);
	test_put(tp, obj, ME);
	test_pool_end(tp);
}

static struct kunit_case holders_cases[] = {
	KUNIT_CASE(holders_list),
	KUNIT_CASE(holders_irqs_off),
	KUNIT_CASE(holders_exit),
	KUNIT_CASE(holders_grow),
	KUNIT_CASE(holders_no_place),
	KUNIT_CASE(holders_in_hand),
	{}
};

static struct kunit_suite holders_suite = {
	.name = "pool_holders",
	.test_cases = holders_cases,
};

kunit_test_suite(holders_suite);
