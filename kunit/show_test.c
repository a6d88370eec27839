// SPDX-License-Identifier: GPL-2.0
/* show_test - the pools in debugfs */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sizes.h>

#include "test_pool.h"

#define ME	1U

#define ROOT	"/sys/kernel/debug/syncpool"
#define DIR	ROOT "/%s:%u/"

/* Does the file NAME of the pool say @value? A process that reads `pools` finds its folder. */
static bool shows(struct test_pool *tp, const char *name, const char *value)
{
	return !test_shell("cat " ROOT "/pools > /dev/null; [ \"$(cat " DIR "%s)\" = '%s' ]",
			   tp->pool.name, tp->pool.id, name, value);
}

/* Print what the table has in the column $C of the pool $I. */
#define CELL	"awk -v c=$C -v i=$I '$1 == \"id\" { while (n++ < NF) at[$n] = n } $1 == i { print $at[c] }'"

/* The same value in the table? */
static bool lists(struct test_pool *tp, const char *name, const char *value)
{
	return !test_shell("C=%s I=%u; [ \"$(" CELL " " ROOT "/pools)\" = '%s' ]", name,
			   tp->pool.id, value);
}

static int writes(struct test_pool *tp, const char *value, const char *name)
{
	return test_shell("cat " ROOT "/pools > /dev/null; echo %s 2> /dev/null > " DIR "%s",
			  value, tp->pool.name, tp->pool.id, name);
}

/* In both. */
static void expect_shown(struct kunit *test, struct test_pool *tp, const char *name,
			 const char *value)
{
	KUNIT_EXPECT_TRUE_MSG(test, shows(tp, name, value), "%s: not %s", name, value);
	KUNIT_EXPECT_TRUE_MSG(test, lists(tp, name, value), "table: %s: not %s", name, value);
}

static void show_values(struct kunit *test)
{
	struct test_pool *tp = test_pool_make_sized(test, 8, SZ_256K, 0);
	struct test_obj *obj;

	test_fill(tp, 6, ME);
	obj = test_get(tp, ME);
	expect_shown(test, tp, "cached", "5");
	expect_shown(test, tp, "out", "1");
	expect_shown(test, tp, "built", "6");
	expect_shown(test, tp, "peak", "6");
	expect_shown(test, tp, "MiB", "1.2");
	expect_shown(test, tp, "min", "0");
	expect_shown(test, tp, "max", "0");
	expect_shown(test, tp, "hits", "-");
	expect_shown(test, tp, "rotated", "-");
	expect_shown(test, tp, "owner", KBUILD_MODNAME);
	KUNIT_EXPECT_EQ(test, test_shell("grep -q '^allocs 6$' " DIR "stats", tp->pool.name,
					 tp->pool.id), 0);
	if (obj)
		test_put(tp, obj, ME);
	syncpool_cleanup(&tp->pool);
	expect_shown(test, tp, "rotated", "0");
	test_pool_end(tp);
}

/* The header's columns are the files of a folder. */
static void show_columns(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 1, 0);

	KUNIT_EXPECT_EQ(test, test_shell("grep -q '^# format 1$' " ROOT "/pools"), 0);
	KUNIT_EXPECT_EQ(test, test_shell("D=" DIR "; cd $D && ls $(sed -n 2p ../pools)",
					 tp->pool.name, tp->pool.id), 0);
	test_pool_end(tp);
}

static void show_bounds(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 8, 0);

	KUNIT_EXPECT_EQ(test, writes(tp, "2", "min"), 0);
	KUNIT_EXPECT_EQ(test, tp->pool.params.min, 2U);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 2UL);
	KUNIT_EXPECT_NE(test, writes(tp, "1", "max"), 0);
	KUNIT_EXPECT_NE(test, writes(tp, "many", "max"), 0);
	KUNIT_EXPECT_EQ(test, tp->pool.params.max, 0U);
	KUNIT_EXPECT_EQ(test, writes(tp, "4", "max"), 0);
	KUNIT_EXPECT_EQ(test, tp->pool.params.max, 4U);
	expect_shown(test, tp, "max", "4");
	test_pool_end(tp);
}

/* What the owner has promised to its users, nobody else takes back. */
static void show_promise(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 8, 0);

	KUNIT_EXPECT_EQ(test, writes(tp, "2", "min"), 0);
	KUNIT_EXPECT_EQ(test, writes(tp, "0", "min"), 0);
	KUNIT_EXPECT_EQ(test, syncpool_resize(&tp->pool, 1, 4), 0);
	KUNIT_EXPECT_EQ(test, writes(tp, "2", "min"), 0);
	KUNIT_EXPECT_NE(test, writes(tp, "0", "min"), 0);
	KUNIT_EXPECT_EQ(test, tp->pool.params.min, 2U);
	KUNIT_EXPECT_EQ(test, writes(tp, "1", "min"), 0);
	KUNIT_EXPECT_EQ(test, syncpool_resize(&tp->pool, 0, 4), 0);
	KUNIT_EXPECT_EQ(test, writes(tp, "2", "min"), 0);
	KUNIT_EXPECT_EQ(test, writes(tp, "0", "min"), 0);
	test_pool_end(tp);
}

static void show_cleanup(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 8, 0);

	test_fill(tp, 8, ME);
	KUNIT_EXPECT_EQ(test, writes(tp, "1", "cleanup"), 0);
	KUNIT_EXPECT_EQ(test, writes(tp, "1", "cleanup"), 0);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	test_pool_end(tp);
}

/* A get that finds an object is a hit, one that builds or returns NULL a miss. */
static void show_count_hits(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 8, 0);
	struct test_pool *other = test_pool_make(test, 8, 0);
	bool fast = READ_ONCE(tp->pool.magazine);
	struct test_obj *objs[8];
	void *bulk[2];

	test_fill(tp, 3, ME);
	KUNIT_EXPECT_EQ(test, writes(tp, "1", "count_hits"), 0);
	expect_shown(test, tp, "hits", "0");
	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 5, ME), 5U);
	KUNIT_EXPECT_NULL(test, test_try_get(tp, ME));
	expect_shown(test, tp, "hits", "3");
	expect_shown(test, tp, "misses", "3");
	test_put_many(tp, objs, 5, ME);
	KUNIT_EXPECT_EQ(test, syncpool_get_bulk(&tp->pool, GFP_KERNEL, 2, bulk), 2U);
	syncpool_put_bulk(&tp->pool, 2, bulk);
	expect_shown(test, tp, "hits", "5");
	/* nothing of it for another pool */
	test_fill(other, 3, ME);
	expect_shown(test, other, "misses", "-");
	/* once more counts on */
	KUNIT_EXPECT_EQ(test, writes(tp, "1", "count_hits"), 0);
	expect_shown(test, tp, "hits", "5");
	KUNIT_EXPECT_EQ(test, writes(tp, "0", "count_hits"), 0);
	expect_shown(test, tp, "hits", "-");
	/* another one, if the pool was rotated */
	KUNIT_EXPECT_EQ(test, (bool)READ_ONCE(tp->pool.magazine), fast);
	/* it may end while it counts, and begins at 0 again */
	KUNIT_EXPECT_EQ(test, writes(tp, "1", "count_hits"), 0);
	expect_shown(test, tp, "misses", "0");
	test_pool_end(tp);
	test_pool_end(other);
}

/* Nothing of a pool is left; what somebody has open yields an error. */
static void show_gone(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 1, 0);
	unsigned int id = tp->pool.id;

	KUNIT_EXPECT_TRUE(test, shows(tp, "cached", "0"));
	test_pool_end(tp);
	KUNIT_EXPECT_EQ(test, test_shell("cat " ROOT "/pools > /dev/null; [ ! -e " DIR " ]",
					 test->name, id), 0);
}

static int show_read_all(void *unused)
{
	while (!kthread_should_stop())
		test_shell("cat " ROOT "/*/*; for f in " ROOT "/*/cleanup; do echo 1 > $f; done");
	return 0;
}

/* Pools begin and end while somebody reads all that there is. */
static void show_race(struct kunit *test)
{
	struct task_struct *reader = kthread_run(show_read_all, NULL, "show_read_all");
	struct syncpool_params params = { .name = test->name, .alloc = test_alloc,
					  .free = test_free };
	struct test_pool *tp = test_pool_make(test, 1, 0);
	struct syncpool *pool;
	unsigned int i;

	KUNIT_ASSERT_FALSE(test, IS_ERR(reader));
	params.data = tp;
	for (i = 0; i < 100; i++) {
		pool = syncpool_create(&params);
		KUNIT_EXPECT_FALSE(test, IS_ERR(pool));
		if (i % 2)
			msleep(20);
		if (!IS_ERR(pool))
			syncpool_destroy(pool);
	}
	kthread_stop(reader);
	test_pool_end(tp);
}

static struct kunit_case show_cases[] = {
	KUNIT_CASE(show_values),
	KUNIT_CASE(show_columns),
	KUNIT_CASE(show_bounds),
	KUNIT_CASE(show_promise),
	KUNIT_CASE(show_cleanup),
	KUNIT_CASE(show_count_hits),
	KUNIT_CASE(show_gone),
	KUNIT_CASE(show_race),
	{}
};

static int show_init(struct kunit *test)
{
	test_need_shell(test);
	return 0;
}

static struct kunit_suite show_suite = {
	.name = "pool_show",
	.init = show_init,
	.test_cases = show_cases,
};

kunit_test_suite(show_suite);
