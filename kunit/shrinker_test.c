// SPDX-License-Identifier: GPL-2.0
/* shrinker_test - give memory back: direct calls, debugfs, reclaim */
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "test_pool.h"

#define ME	1U
#define OBJS	1000U

static unsigned long scan(struct test_pool *tp, unsigned long nr)
{
	struct shrinker *shrinker = tp->pool.core->shrinker;
	struct shrink_control sc = {
		.gfp_mask = GFP_KERNEL,
		.nr_to_scan = nr,
		.nr_scanned = nr,
	};
	long before = atomic_long_read(&tp->frees), freed;
	unsigned long ret;

	ret = shrinker->scan_objects(shrinker, &sc);
	/* a scan frees as many as it returns, and no more than were asked for */
	freed = atomic_long_read(&tp->frees) - before;
	KUNIT_EXPECT_LE(tp->test, freed, (long)nr);
	if (ret != SHRINK_STOP) {
		KUNIT_EXPECT_EQ(tp->test, (long)ret, freed);
		KUNIT_EXPECT_EQ(tp->test, (long)sc.nr_scanned, freed);
	} else {
		KUNIT_EXPECT_EQ(tp->test, freed, 0L);
	}
	return ret;
}

static unsigned long count(struct test_pool *tp)
{
	struct shrinker *shrinker = tp->pool.core->shrinker;
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };

	return shrinker->count_objects(shrinker, &sc);
}

/* Wait for the drain after the rotation of a scan. */
static void settle(struct test_pool *tp)
{
	flush_rcu_work(&tp->pool.core->drain_work);
}

static void shrinker_count(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, OBJS, 0);

	KUNIT_EXPECT_EQ(test, count(tp), (unsigned long)SHRINK_EMPTY);
	test_fill(tp, OBJS, ME);
	KUNIT_EXPECT_EQ(test, count(tp), (unsigned long)OBJS);
	syncpool_cleanup(&tp->pool);
	KUNIT_EXPECT_EQ(test, count(tp), (unsigned long)OBJS);
	syncpool_cleanup(&tp->pool);
	KUNIT_EXPECT_EQ(test, count(tp), (unsigned long)SHRINK_EMPTY);
	test_pool_end(tp);
}

/* Reclaim asks for half of the count, which would be nothing for one object. */
static void shrinker_one(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, OBJS, 0);

	test_fill(tp, 1, ME);
	KUNIT_EXPECT_GE(test, count(tp), 2UL);
	test_pool_end(tp);
}

/* A scan never frees more than was asked for; scan() checks it. */
static void shrinker_bound(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	unsigned long nr, freed = 0;

	test_fill(tp, OBJS, ME);
	syncpool_cleanup(&tp->pool);
	for (nr = 0; nr < 40; nr++) {
		unsigned long n = scan(tp, nr);

		if (nr)
			KUNIT_EXPECT_EQ(test, n, nr);
		freed += nr;
	}
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), OBJS - freed);
	/* the victim had enough, so no scan had to rotate */
	KUNIT_EXPECT_EQ(test, test_stats(tp).rotations, 1UL);
	test_pool_end(tp);
}

/* Asked often enough, it gives back everything: magazines and chains. */
static void shrinker_all(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	unsigned int rounds = 0;

	test_fill(tp, OBJS, ME);
	while (syncpool_count(&tp->pool) && rounds++ < OBJS) {
		scan(tp, 128);
		settle(tp);
	}
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	KUNIT_EXPECT_LE(test, rounds, OBJS / 64);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), (long)OBJS);
	test_pool_end(tp);
}

/* While the lock is held a scan frees nothing and does not wait. */
static void shrinker_locked(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, OBJS, 0);

	test_fill(tp, OBJS, ME);
	syncpool_cleanup(&tp->pool);
	mutex_lock(&tp->pool.core->reclaim_lock);
	KUNIT_EXPECT_EQ(test, scan(tp, 100), (unsigned long)SHRINK_STOP);
	mutex_unlock(&tp->pool.core->reclaim_lock);
	KUNIT_EXPECT_EQ(test, scan(tp, 100), 100UL);
	test_pool_end(tp);
}

/*
 * Reclaim that starts in an allocation under the locks of the pool, and locks that
 * are taken inside reclaim: lockdep sees both orders and must not complain.
 */
static void shrinker_recursion(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	struct syncpool_core *core = tp->pool.core;
	void *p;

	test_fill(tp, OBJS, ME);
	syncpool_cleanup(&tp->pool);
	fs_reclaim_acquire(GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, scan(tp, 10), 10UL);
	/* get and put may run in writeback, which reclaim waits for */
	test_put(tp, test_get(tp, ME), ME);
	fs_reclaim_release(GFP_KERNEL);

	mutex_lock(&pool_list_lock);
	mutex_lock(&core->reclaim_lock);
	p = kmalloc(64, GFP_KERNEL);
	fs_reclaim_acquire(GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, scan(tp, 10), (unsigned long)SHRINK_STOP);
	fs_reclaim_release(GFP_KERNEL);
	/* real reclaim by another task, all shrinkers in turn */
	KUNIT_EXPECT_EQ(test, test_shell("echo 2 > /proc/sys/vm/drop_caches"), 0);
	mutex_unlock(&core->reclaim_lock);
	mutex_unlock(&pool_list_lock);
	kfree(p);
	test_pool_end(tp);
}

static void *reclaiming_alloc(gfp_t gfp, void *data)
{
	struct test_pool *tp = data;

	if (atomic_long_read(&tp->allocs) >= 200) {
		fs_reclaim_acquire(gfp);
		scan(tp, 5);
		fs_reclaim_release(gfp);
	}
	return test_alloc(gfp, data);
}

/* Reclaim inside the alloc callback shrinks the same pool. */
static void shrinker_in_alloc(struct kunit *test)
{
	struct test_pool *tp = test_pool_prepare(test, OBJS);
	struct test_obj *objs[50];
	unsigned int i;

	tp->params.alloc = reclaiming_alloc;
	KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	tp->active = true;
	KUNIT_EXPECT_EQ(test, syncpool_prefill(&tp->pool, 200, GFP_KERNEL), 0);
	syncpool_cleanup(&tp->pool);
	KUNIT_EXPECT_EQ(test, syncpool_prefill(&tp->pool, 20, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 20L * 5);
	for (i = 0; i < 50; i++)
		objs[i] = test_take(tp, syncpool_get(&tp->pool, GFP_KERNEL), ME);
	test_put_many(tp, objs, 50, ME);
	test_pool_end(tp);
}

#define DEBUGFS	"/sys/kernel/debug/shrinker/syncpool:%s-*"

/* The kernel's debugfs interface to a shrinker. */
static void shrinker_debugfs(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, OBJS, 0);

	test_fill(tp, OBJS, ME);
	KUNIT_EXPECT_EQ(test, test_shell("grep -q '^0 %u' " DEBUGFS "/count", OBJS,
					 tp->params.name), 0);
	syncpool_cleanup(&tp->pool);
	KUNIT_EXPECT_EQ(test, test_shell("for f in " DEBUGFS "/scan; do echo 0 0 100 > $f; done",
					 tp->params.name), 0);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), OBJS - 100UL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 100L);
	test_pool_end(tp);
	/* the directory is gone with the pool */
	KUNIT_EXPECT_NE(test, test_shell("ls -d " DEBUGFS " 2> /dev/null",
					 tp->params.name), 0);
}

/* drop_caches drops the objects of the pool too. */
static void shrinker_drop_caches(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, OBJS, 0);
	unsigned int i;

	test_fill(tp, OBJS, ME);
	for (i = 0; i < 10 && syncpool_count(&tp->pool); i++) {
		KUNIT_EXPECT_EQ(test, test_shell("echo 2 > /proc/sys/vm/drop_caches"), 0);
		settle(tp);
	}
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), (long)OBJS);
	test_pool_end(tp);
}

static struct kunit_case shrinker_cases[] = {
	KUNIT_CASE(shrinker_count),
	KUNIT_CASE(shrinker_one),
	KUNIT_CASE(shrinker_bound),
	KUNIT_CASE(shrinker_all),
	KUNIT_CASE(shrinker_locked),
	KUNIT_CASE(shrinker_recursion),
	KUNIT_CASE(shrinker_in_alloc),
	KUNIT_CASE(shrinker_debugfs),
	KUNIT_CASE(shrinker_drop_caches),
	{}
};

static struct kunit_suite shrinker_suite = {
	.name = "pool_shrinker",
	.test_cases = shrinker_cases,
};

kunit_test_suite(shrinker_suite);
