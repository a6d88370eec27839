// SPDX-License-Identifier: GPL-2.0
/*
 * holders_test - debug mode's table: it grows, and what finds no place is counted
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/log2.h>

#include "pool_hook.h"
#include "pool_table.h"
#include "pool_track.h"
#include "test_pool.h"

#define ME	1U

static noinline void hold_put(struct test_pool *tp, void *obj)
{
	syncpool_put(&tp->pool, obj);
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

/* What finds no place is counted, and works as usual. */
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
	test_pool_end(tp);
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
