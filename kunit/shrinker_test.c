// SPDX-License-Identifier: GPL-2.0
/* shrinker_test - give memory back: direct calls, debugfs, reclaim, the OOM notifier */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "pool_shrink.h"
#include "recall_test.h"

#define ME	1U
#define OBJS	1000U
/* see pool_shrink.c */
#define CALM_MIN	(8UL << 11)
#define PRIORITY_2	4UL
#define PRIORITY_1	8UL

static struct test_pool *make(struct kunit *test, size_t footprint, unsigned int flags)
{
	return test_pool_make_sized(test, OBJS, footprint, flags);
}

/* A pool that has cached @n objects, each a page, in the victim for an interval. */
static struct test_pool *make_old(struct kunit *test, unsigned int n)
{
	struct test_pool *tp = make(test, PAGE_SIZE, 0);

	test_fill(tp, n, ME);
	syncpool_cleanup(&tp->pool);
	test_pass_interval(tp->pool.core);
	return tp;
}

/* A calm scan of @nr pages, which frees as many as it returns, and not more than @nr. */
static unsigned long scan(struct test_pool *tp, unsigned long nr)
{
	long before = atomic_long_read(&tp->frees), freed;
	unsigned long ret = test_calm_scan(tp, nr);

	freed = atomic_long_read(&tp->frees) - before;
	KUNIT_EXPECT_LE(tp->test, freed, (long)(nr * num_online_nodes()));
	KUNIT_EXPECT_EQ(tp->test, ret == SHRINK_STOP ? 0 : (long)ret, freed);
	return ret;
}

/* What @shrinker counts on all nodes; 0 if it is empty on all. */
static unsigned long count(struct shrinker *shrinker)
{
	unsigned long n, sum = 0;
	int nid;

	for_each_online_node(nid) {
		struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nid = nid };

		n = shrinker->count_objects(shrinker, &sc);
		sum += n == SHRINK_EMPTY ? 0 : n;
	}
	return sum;
}

/* Wait for what comes a grace period after the rotation of a scan. */
static void settle(struct test_pool *tp)
{
	flush_rcu_work(&tp->pool.core->settle_work);
}

/* Calm reclaim counts pages: of large objects all, since none waits to be counted. */
static void shrinker_count(struct kunit *test)
{
	struct test_pool *tp = make(test, SZ_1M, 0);
	struct shrinker *calm = tp->pool.core->calm;
	unsigned long pages = OBJS * (SZ_1M / PAGE_SIZE);

	KUNIT_EXPECT_EQ(test, count(calm), 0UL);
	test_fill(tp, OBJS, ME);
	/* another node counts for the least */
	KUNIT_EXPECT_GE(test, count(calm), pages);
	KUNIT_EXPECT_LE(test, count(calm), pages + (num_online_nodes() - 1) * CALM_MIN);
	syncpool_cleanup(&tp->pool);
	KUNIT_EXPECT_GE(test, count(calm), pages);
	syncpool_cleanup(&tp->pool);
	KUNIT_EXPECT_EQ(test, count(calm), 0UL);
	test_pool_end(tp);
}

/* One object, wherever it lies, is not forgotten. */
static void shrinker_one(struct kunit *test)
{
	struct test_pool *tp = make(test, 0, 0);

	test_earn(tp, 1, ME);
	KUNIT_EXPECT_GE(test, count(tp->pool.core->calm), CALM_MIN);
	KUNIT_EXPECT_GE(test, count(tp->pool.core->distress), PRIORITY_2);
	test_pool_end(tp);
}

/* What was active within the interval is left alone. */
static void shrinker_interval(struct kunit *test)
{
	struct test_pool *tp = make(test, PAGE_SIZE, 0);
	unsigned int i;

	test_fill(tp, 100, ME);
	/* rotated too recently: at init */
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, scan(tp, 50), 0UL);
	KUNIT_EXPECT_EQ(test, test_stats(tp).rotations, 0UL);
	test_pass_interval(tp->pool.core);
	KUNIT_EXPECT_EQ(test, scan(tp, 50), 0UL);
	KUNIT_EXPECT_EQ(test, test_stats(tp).rotations, 1UL);
	settle(tp);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, scan(tp, 50), 0UL);
	KUNIT_EXPECT_EQ(test, test_stats(tp).rotations, 1UL);
	KUNIT_EXPECT_EQ(test, test_stats(tp).reclaimed, 0UL);
	/* in use again: half of them */
	test_fill(tp, 50, ME);
	test_pass_interval(tp->pool.core);
	while (scan(tp, 50))
		;
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 50UL);
	KUNIT_EXPECT_EQ(test, test_stats(tp).reclaimed, 50UL);
	KUNIT_EXPECT_EQ(test, test_stats(tp).rebuilt, 0UL);
	test_pool_end(tp);
}

/* A scan never frees more than was asked for; scan() checks it. */
static void shrinker_bound(struct kunit *test)
{
	struct test_pool *tp = make_old(test, OBJS);
	unsigned long nr, freed = 0;

	for (nr = 1; nr < 20; nr++)
		freed += scan(tp, nr);
	KUNIT_EXPECT_GE(test, freed, 190UL);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), OBJS - freed);
	/* the victim had enough, so no scan had to rotate */
	KUNIT_EXPECT_EQ(test, test_stats(tp).rotations, 1UL);
	test_pool_end(tp);
}

/* Pages that make no whole object remain owed. */
static void shrinker_owed(struct kunit *test)
{
	struct test_pool *tp = make(test, SZ_1M, 0);
	unsigned long pages = SZ_1M / PAGE_SIZE, asked, freed = 0;

	test_fill(tp, 10, ME);
	syncpool_cleanup(&tp->pool);
	test_pass_interval(tp->pool.core);
	for (asked = 8; asked < pages; asked += 8)
		freed += test_calm_scan(tp, 8);
	KUNIT_EXPECT_EQ(test, freed, 0UL);
	KUNIT_EXPECT_EQ(test, test_calm_scan(tp, 8), pages);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 9UL);
	KUNIT_EXPECT_EQ(test, test_calm_scan(tp, 8), 0UL);
	test_pool_end(tp);
}

/* Asked often enough, it gives back everything: magazines and chains. */
static void shrinker_all(struct kunit *test)
{
	struct test_pool *tp = make(test, PAGE_SIZE, 0);
	unsigned int rounds = 0;

	/* what it left in another CPU's magazine, it might build */
	test_stay_on(raw_smp_processor_id());
	test_fill(tp, OBJS / 2, ME);
	test_earn(tp, OBJS / 2, ME);
	while (syncpool_count(&tp->pool) && rounds++ < OBJS) {
		test_pass_interval(tp->pool.core);
		scan(tp, 128);
		settle(tp);
	}
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	KUNIT_EXPECT_LE(test, rounds, OBJS / 8);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), atomic_long_read(&tp->allocs));
	test_pool_end(tp);
}

/* Another task, which holds a lock. */
static struct {
	struct work_struct work;
	struct mutex *lock;		/* the lock */
	struct completion held;
	struct completion release;
} other;

static void other_hold(struct work_struct *work)
{
	mutex_lock(other.lock);
	complete(&other.held);
	/* not without end: a caller that waits for the lock must fail, not hang */
	wait_for_completion_timeout(&other.release, 10 * HZ);
	mutex_unlock(other.lock);
}

static void other_lock(struct mutex *lock)
{
	other.lock = lock;
	init_completion(&other.held);
	init_completion(&other.release);
	INIT_WORK(&other.work, other_hold);
	queue_work(system_unbound_wq, &other.work);
	wait_for_completion(&other.held);
}

static void other_unlock(void)
{
	complete(&other.release);
	flush_work(&other.work);
}

/* While the lock is held a scan does not wait: it frees, and does not rotate. */
static void shrinker_locked(struct kunit *test)
{
	struct test_pool *tp = make_old(test, 100);

	other_lock(&tp->pool.core->reclaim_lock);
	while (scan(tp, 10))
		;
	other_unlock();
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	test_fill(tp, 100, ME);
	test_pass_interval(tp->pool.core);
	other_lock(&tp->pool.core->reclaim_lock);
	KUNIT_EXPECT_EQ(test, scan(tp, 100), 0UL);
	KUNIT_EXPECT_EQ(test, test_stats(tp).rotations, 1UL);
	other_unlock();
	KUNIT_EXPECT_EQ(test, scan(tp, 100), 0UL);
	KUNIT_EXPECT_EQ(test, test_stats(tp).rotations, 2UL);
	test_pool_end(tp);
}

/*
 * Locks that are taken inside reclaim, allocations under them, and reclaim by another task
 * meanwhile: lockdep sees all of it and must not complain.
 */
static void shrinker_recursion(struct kunit *test)
{
	struct test_pool *tp = make_old(test, OBJS);
	struct syncpool_core *core = tp->pool.core;
	void *p;

	fs_reclaim_acquire(GFP_KERNEL);
	KUNIT_EXPECT_GE(test, scan(tp, 10), 10UL);
	KUNIT_EXPECT_GE(test, test_distress_scan(tp, PRIORITY_2), 10UL);
	/* get and put may run in writeback, which reclaim waits for */
	test_put(tp, test_get(tp, ME), ME);
	fs_reclaim_release(GFP_KERNEL);

	mutex_lock(&pool_list_lock);
	mutex_lock(&core->reclaim_lock);
	/* as for a dead CPU's ring */
	p = kmalloc(64, GFP_NOWAIT);
	KUNIT_EXPECT_EQ(test, pool_shrink_oom(), 0UL);
	/* real reclaim by another task, all shrinkers in turn */
	if (test_has_shell())
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
	tp->params.footprint = PAGE_SIZE;
	KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	tp->active = true;
	KUNIT_EXPECT_EQ(test, syncpool_prefill(&tp->pool, 200, GFP_KERNEL), 0);
	syncpool_cleanup(&tp->pool);
	test_pass_interval(tp->pool.core);
	KUNIT_EXPECT_EQ(test, syncpool_prefill(&tp->pool, 20, GFP_KERNEL), 0);
	KUNIT_EXPECT_GE(test, atomic_long_read(&tp->frees), 20L * 5);
	/* too much, as the statistics say */
	KUNIT_EXPECT_GE(test, test_stats(tp).rebuilt, 19UL);
	for (i = 0; i < 50; i++)
		objs[i] = test_take(tp, syncpool_get(&tp->pool, GFP_KERNEL), ME);
	test_put_many(tp, objs, 50, ME);
	test_pool_end(tp);
}

/* At priority 2 distress takes what is not active; at 1 all, on every CPU. */
static void shrinker_distress(struct kunit *test)
{
	struct test_pool *tp = make_old(test, 300);

	/* as in shrinker_all: here, it might take another one of the victim's */
	test_stay_on(raw_smp_processor_id());
	test_earn(tp, 100, ME);
	while (test_distress_scan(tp, PRIORITY_2))
		;
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 100UL);
	while (test_distress_scan(tp, PRIORITY_1))
		;
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	KUNIT_EXPECT_EQ(test, test_stats(tp).reclaimed, 300UL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 300L);
	test_pool_end(tp);
}

/*
 * At priority 0 do_shrink_slab() takes 16 for asked for, and asks for 8. What seems to be
 * left comes on top at priority 2, which must not look like 1.
 */
static void shrinker_distress_deferred(struct kunit *test)
{
	struct test_pool *tp = make(test, PAGE_SIZE, 0);
	struct shrinker *distress = tp->pool.core->distress;
	struct shrink_control sc = {
		.gfp_mask = GFP_KERNEL,
		.nid = first_online_node,
		.nr_to_scan = PRIORITY_1,
		.nr_scanned = PRIORITY_1,
	};

	distress->scan_objects(distress, &sc);
	KUNIT_EXPECT_EQ(test, sc.nr_scanned, 4 * PRIORITY_2);
	test_pool_end(tp);
}

/* One scan in distress gives back 1 MiB or an eighth, not all. */
static void shrinker_distress_bound(struct kunit *test)
{
	struct test_pool *tp = make(test, SZ_1M, 0);

	test_fill(tp, 80, ME);
	KUNIT_EXPECT_EQ(test, test_distress_scan(tp, PRIORITY_1), 10 * SZ_1M / PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 70UL);
	test_fill(tp, 4, ME);
	test_pool_end(tp);
}

/* Magazines and nested slots of all CPUs, without a rotation or a grace period. */
static void shrinker_distress_magazines(struct kunit *test)
{
	struct test_pool *tp = make(test, 0, 0);

	test_other_cpu(test);
	recall_fill(tp, cpu_online_mask, true);
	KUNIT_EXPECT_GT(test, test_outside_all(tp), 0U);
	while (test_distress_scan(tp, PRIORITY_1))
		;
	KUNIT_EXPECT_EQ(test, test_outside_all(tp), 0U);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	KUNIT_EXPECT_EQ(test, test_stats(tp).rotations, 0UL);
	test_pool_end(tp);
}

static struct {
	struct test_pool *tp;	/* NULL: done */
	struct task_struct *task;
	unsigned int before;
	unsigned int after;
} inside;

static void inside_hook(enum pool_hook_point point)
{
	struct test_pool *tp = inside.tp;
	unsigned int cpu = raw_smp_processor_id();

	if (point != POOL_HOOK_PUT || current != inside.task || !tp || !test_outside(tp, cpu))
		return;
	inside.tp = NULL;
	inside.before = test_outside(tp, cpu);
	test_distress_scan(tp, PRIORITY_1);
	inside.after = test_outside(tp, cpu);
}

/* A CPU that is asked while it is in an operation keeps what its magazine holds. */
static void shrinker_distress_busy(struct kunit *test)
{
	struct test_pool *tp = make(test, 0, 0);
	struct test_obj *objs[60];
	unsigned int n;

	test_stay_on(raw_smp_processor_id());
	test_earn(tp, 2, ME);
	n = test_get_many(tp, objs, 60, ME);
	inside.task = current;
	inside.tp = tp;
	test_hook(test, inside_hook);
	test_put_many(tp, objs, n, ME);
	KUNIT_EXPECT_NULL(test, inside.tp);
	KUNIT_EXPECT_GT(test, inside.before, 0U);
	KUNIT_EXPECT_EQ(test, inside.after, inside.before);
	test_pool_end(tp);
}

/* What lies with CPUs of other nodes stays: all, if the node that is short has none. */
static void shrinker_node(struct kunit *test)
{
	struct test_pool *tp = make(test, 256, 0);
	struct syncpool_core *core = tp->pool.core;
	struct shrink_control sc = {
		.gfp_mask = GFP_KERNEL,
		.nid = nr_node_ids,
		.nr_to_scan = PRIORITY_1,
	};

	test_fill(tp, 100, ME);
	syncpool_cleanup(&tp->pool);
	test_earn(tp, 10, ME);
	test_pass_interval(core);
	KUNIT_EXPECT_EQ(test, core->calm->scan_objects(core->calm, &sc), 0UL);
	KUNIT_EXPECT_EQ(test, core->distress->scan_objects(core->distress, &sc), 0UL);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 100UL);
	KUNIT_EXPECT_EQ(test, test_stats(tp).rotations, 1UL);
	test_pool_end(tp);
}

/* While wait_idle adds up what is out, nothing is taken. */
static void shrinker_idling(struct kunit *test)
{
	struct test_pool *tp = make(test, PAGE_SIZE, 0);
	struct syncpool_core *core = tp->pool.core;

	test_fill(tp, 100, ME);
	syncpool_cleanup(&tp->pool);
	test_earn(tp, 10, ME);
	test_pass_interval(core);
	/* as pool_idle_begin() */
	WRITE_ONCE(core->idle_base, POOL_IDLE_UNKNOWN);
	WRITE_ONCE(core->mode, POOL_IDLING);
	KUNIT_EXPECT_EQ(test, scan(tp, 50), 0UL);
	KUNIT_EXPECT_EQ(test, test_distress_scan(tp, PRIORITY_1), 0UL);
	KUNIT_EXPECT_EQ(test, pool_shrink_oom(), 0UL);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 100UL);
	WRITE_ONCE(core->idle_base, 0);
	KUNIT_EXPECT_GT(test, scan(tp, 50), 0UL);
	WRITE_ONCE(core->mode, POOL_NORMAL);
	test_pool_end(tp);
}

/* Where free sleeps, it is not called for an allocation that must not wait for all. */
static void shrinker_gfp(struct kunit *test)
{
	struct test_pool *tp = make(test, PAGE_SIZE, SYNCPOOL_FREE_SLEEPS);
	struct syncpool_core *core = tp->pool.core;

	test_fill(tp, 100, ME);
	syncpool_cleanup(&tp->pool);
	test_pass_interval(tp->pool.core);
	KUNIT_EXPECT_EQ(test, test_scan(core->calm, 10, GFP_NOFS), (unsigned long)SHRINK_STOP);
	KUNIT_EXPECT_EQ(test, test_scan(core->calm, 10, GFP_NOIO), (unsigned long)SHRINK_STOP);
	KUNIT_EXPECT_EQ(test, test_scan(core->distress, PRIORITY_1, GFP_NOIO), 0UL);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 100UL);
	KUNIT_EXPECT_GE(test, test_scan(core->calm, 10, GFP_KERNEL), 10UL);
	/* a work item has a context of its own */
	KUNIT_EXPECT_GE(test, pool_shrink_oom(), 100UL - 10 * num_online_nodes());
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	test_pool_end(tp);
}

/* Before a task is killed, everything idle is given back, and reported in pages. */
static void shrinker_oom(struct kunit *test)
{
	struct test_pool *tp = make(test, 2 * PAGE_SIZE, 0);

	test_fill(tp, 300, ME);
	syncpool_cleanup(&tp->pool);
	test_earn(tp, 200, ME);
	KUNIT_EXPECT_GE(test, pool_shrink_oom(), 600UL);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	KUNIT_EXPECT_EQ(test, test_stats(tp).reclaimed, 300UL);
	KUNIT_EXPECT_EQ(test, pool_shrink_oom(), 0UL);
	test_pool_end(tp);
	/* less than a page is no progress */
	tp = make(test, 64, 0);
	test_fill(tp, 1, ME);
	KUNIT_EXPECT_EQ(test, pool_shrink_oom(), 0UL);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	test_pool_end(tp);
}

/* The pages of large objects in chains count as reclaimable until they are freed. */
static void shrinker_available(struct kunit *test)
{
	unsigned long pages = 50 * SZ_1M / PAGE_SIZE, before, now;
	struct test_pool *tp = make(test, SZ_1M, 0);

	before = global_node_page_state(NR_KERNEL_MISC_RECLAIMABLE);
	test_fill(tp, 50, ME);
	now = global_node_page_state(NR_KERNEL_MISC_RECLAIMABLE);
	/* each CPU may be 125 pages behind: calculate_normal_threshold(), mm/vmstat.c */
	KUNIT_EXPECT_LE(test, abs((long)(now - before - pages)), 125L * num_online_cpus());
	test_pool_end(tp);
	now = global_node_page_state(NR_KERNEL_MISC_RECLAIMABLE);
	KUNIT_EXPECT_LE(test, abs((long)(now - before)), 125L * num_online_cpus());
}

#define DEBUGFS	"/sys/kernel/debug/shrinker/syncpool:" KBUILD_MODNAME ":%s:%u-[0-9]*"

/* The kernel's debugfs interface to a shrinker, whose name has the pool's owner and id. */
static void shrinker_debugfs(struct kunit *test)
{
	struct test_pool *tp = make(test, SZ_1M, 0);

	test_need_shell(test);
	test_fill(tp, OBJS, ME);
	KUNIT_EXPECT_EQ(test, test_shell("grep -q ' %lu' " DEBUGFS "/count",
					 OBJS * (SZ_1M / PAGE_SIZE), tp->params.name,
					 tp->pool.id), 0);
	syncpool_cleanup(&tp->pool);
	test_pass_interval(tp->pool.core);
	KUNIT_EXPECT_EQ(test, test_shell("for f in " DEBUGFS "/scan; do echo 0 %d 2560 > $f; done",
					 tp->params.name, tp->pool.id, first_online_node), 0);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), OBJS - 10UL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 10L);
	test_pool_end(tp);
	/* the directory is gone with the pool */
	KUNIT_EXPECT_NE(test, test_shell("ls -d " DEBUGFS " 2> /dev/null",
					 tp->params.name, tp->pool.id), 0);
}

/* drop_caches drops the objects of the pool too. */
static void shrinker_drop_caches(struct kunit *test)
{
	struct test_pool *tp = make(test, 0, 0);
	unsigned int i;

	test_need_shell(test);
	test_fill(tp, OBJS, ME);
	for (i = 0; i < 10 && syncpool_count(&tp->pool); i++)
		KUNIT_EXPECT_EQ(test, test_shell("echo 2 > /proc/sys/vm/drop_caches"), 0);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), (long)OBJS);
	test_pool_end(tp);
}

/* The most objects that were out at once, as the gets that built them saw it. */
static void shrinker_peak(struct kunit *test)
{
	struct test_pool *tp = make(test, SZ_1M, 0);
	struct test_obj *objs[30];

	KUNIT_EXPECT_EQ(test, test_get_many(tp, objs, 30, ME), 30U);
	KUNIT_EXPECT_EQ(test, test_stats(tp).peak, 30UL);
	test_put_many(tp, objs, 30, ME);
	KUNIT_EXPECT_EQ(test, test_get_many(tp, objs, 20, ME), 20U);
	test_put_many(tp, objs, 20, ME);
	syncpool_cleanup(&tp->pool);
	syncpool_cleanup(&tp->pool);
	KUNIT_EXPECT_EQ(test, test_get_many(tp, objs, 10, ME), 10U);
	test_put_many(tp, objs, 10, ME);
	KUNIT_EXPECT_EQ(test, test_stats(tp).peak, 30UL);
	/* the second cleanup has just freed 30 */
	KUNIT_EXPECT_EQ(test, test_stats(tp).rebuilt, 10UL);
	test_pool_end(tp);
}

/* Two objects come back while a third is built, which was wanted as well as the two. */
static struct {
	struct test_pool *tp;
	struct test_obj *objs[2];
	unsigned int n;
} meanwhile;

static void *meanwhile_alloc(gfp_t gfp, void *data)
{
	test_put_many(meanwhile.tp, meanwhile.objs, meanwhile.n, ME);
	meanwhile.n = 0;
	return test_alloc(gfp, data);
}

static void shrinker_peak_meanwhile(struct kunit *test)
{
	struct test_pool *tp = test_pool_prepare(test, 8);
	struct test_obj *obj;

	meanwhile.tp = tp;
	meanwhile.n = 0;
	tp->params.alloc = meanwhile_alloc;
	tp->params.footprint = SZ_1M;
	KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	tp->active = true;
	KUNIT_ASSERT_EQ(test, test_get_many(tp, meanwhile.objs, 2, ME), 2U);
	meanwhile.n = 2;
	obj = test_get(tp, ME);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, test_stats(tp).peak, 3UL);
	test_put(tp, obj, ME);
	test_pool_end(tp);
}

static struct kunit_case shrinker_cases[] = {
	KUNIT_CASE(shrinker_count),
	KUNIT_CASE(shrinker_one),
	KUNIT_CASE(shrinker_interval),
	KUNIT_CASE(shrinker_bound),
	KUNIT_CASE(shrinker_owed),
	KUNIT_CASE(shrinker_all),
	KUNIT_CASE(shrinker_locked),
	KUNIT_CASE(shrinker_recursion),
	KUNIT_CASE(shrinker_in_alloc),
	KUNIT_CASE(shrinker_distress),
	KUNIT_CASE(shrinker_distress_deferred),
	KUNIT_CASE(shrinker_distress_bound),
	KUNIT_CASE(shrinker_distress_busy),
	KUNIT_CASE(shrinker_node),
	KUNIT_CASE(shrinker_idling),
	KUNIT_CASE(shrinker_gfp),
	KUNIT_CASE(shrinker_oom),
	KUNIT_CASE(shrinker_available),
	KUNIT_CASE(shrinker_debugfs),
	KUNIT_CASE(shrinker_drop_caches),
	KUNIT_CASE(shrinker_peak),
	KUNIT_CASE(shrinker_peak_meanwhile),
	TEST_CASE_SMP(shrinker_distress_magazines),
	{}
};

static struct kunit_suite shrinker_suite = {
	.name = "pool_shrinker",
	.test_cases = shrinker_cases,
};

kunit_test_suite(shrinker_suite);
