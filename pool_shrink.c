// SPDX-License-Identifier: GPL-2.0
/*
 * pool_shrink - what memory reclaim asks of a pool
 *
 * Two rules. While memory is calm, what is freed is what a whole interval did not
 * need. Before anybody is killed for memory, everything idle has been given back.
 *
 * do_shrink_slab() (mm/shrinker.c; mm/vmscan.c before 6.7) tells a shrinker neither its
 * priority nor how reclaim fares. It derives what it asks for from them:
 *
 *	delta = (count >> priority) * 4 / seeks, at most 2 * count in all
 *
 * and calls scan_objects() with the batch, or with what is left if that is no less than
 * the count. Priority is 12 at first; with the multi-generational LRU kswapd begins at 6
 * to 12. It goes down by one each time a pass over all memory has not freed enough
 * (mm/vmscan.c: do_try_to_free_pages(), balance_pgdat()). The OOM killer is called after 16
 * rounds down to priority 0 without progress, or as soon as all that is free and on LRU
 * lists would not be enough (mm/page_alloc.c: should_reclaim_retry()). So a pool registers
 * two shrinkers:
 *
 * Calm. Counts pages, with the default seeks, so that the pool is asked for the same
 * share as the page cache is. It frees what has been in the victim or in the old
 * generation for an interval: whatever is used more often than that has moved to the
 * active one meanwhile. It rotates when the node that is reclaimed has nothing left
 * there, so at most once in an interval. Other nodes' objects stay where they are.
 *   The shift makes nothing of a count below 4,096 at priority 12, which would be page
 * caches of 16 MiB and pools of 16 objects of 1 MiB. So a pool that holds anything
 * counts for POOL_CALM_MIN, which asks it for a batch at priority 12. What is asked for
 * and makes no whole object remains owed. SHRINK_STOP has what was asked for added to
 * what is asked for later, which suits one case alone: that free may not run here.
 *
 * Distress. A trip-wire. Its count is a constant 4, with 1 seek and a batch of 8, so that
 * it is called at priority 2 with 4, at 1 and 0 with 8, and else never; it always says
 * that it has scanned 16, the delta at priority 0, since what was deferred would come on top.
 * It gives back an eighth of the pool, or 1 MiB if that is more, and is called again while
 * that did not help: old and victim first, at priority 1 and 0 the active generation, too.
 * What lies in magazines is handed over by the CPUs that own them, isolated ones, too,
 * which are interrupted: no grace period is waited for. Calm reclaim that does not find
 * enough gets to priority 2, whether it began at 12 or 6.
 *
 * The OOM notifier is the last resort, before anybody is killed and however reclaim came
 * there. It takes everything from all pools and nodes, and reports it, whereupon the
 * allocation is tried again. It does not know the gfp flags of that allocation, so it
 * leaves pools whose free sleeps to a work item, for which it waits a while. What is
 * reported is whole pages: with less, one small object that a driver builds and puts by
 * turns would keep the OOM killer away permanently.
 *
 * Nothing here holds a lock while free runs. Objects are taken as a get takes them, and
 * a rotation tries core->reclaim_lock.
 *
 * Conventions: @sc is what reclaim asks for, @node the node that it reclaims.
 */
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/numa.h>
#include <linux/oom.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include "pool_compat.h"
#include "pool_free.h"
#include "pool_limit.h"
#include "pool_recall.h"
#include "pool_reclaim.h"
#include "pool_shrink.h"
#include "pool_stats.h"
#include "pool_trace.h"

/* pages that a calm scan is asked for at once, and what a pool counts for at least */
#define POOL_CALM_BATCH		8U
#define POOL_CALM_MIN		(POOL_CALM_BATCH << 11)
/* see the head of this file */
#define POOL_DISTRESS_COUNT	4U
#define POOL_DISTRESS_BATCH	8U
/* how long the OOM notifier waits for a lock, or for a free that sleeps */
#define POOL_OOM_TICKS		20U
/* and for what is about to be settled, in jiffies */
#define POOL_OOM_SETTLE		(2 * HZ)
/* owner, name and id of a pool */
#define POOL_SHRINKER_NAME_LEN	(MODULE_NAME_LEN + SYNCPOOL_NAME_LEN + 12)

static unsigned int pool_interval_ms = 1000;
module_param_named(interval_ms, pool_interval_ms, uint, 0644);
MODULE_PARM_DESC(interval_ms, "milliseconds that nobody asked for what reclaim frees while memory is calm (default 1000)");

/*
 * May free run in the context of @sc? It may wait for memory itself if it sleeps. While
 * devices are suspended there is no reclaim that may start I/O; after their shutdown
 * there may be.
 */
static bool pool_shrink_may_free(const struct syncpool_core *core,
				 const struct shrink_control *sc)
{
	gfp_t need = 0;

	if (pool_core_is_shut_down(core))
		return false;
	if (core->params.flags & SYNCPOOL_FREE_SLEEPS)
		need = __GFP_IO | __GFP_FS;
	else if (pool_core_is_suspended(core))
		need = __GFP_IO;
	return (sc->gfp_mask & need) == need;
}

/* A scan has freed @freed objects since reclaim's progress was @before. Returns pages. */
static unsigned long pool_shrink_freed(struct syncpool_core *core,
				       enum pool_reason reason,
				       const struct shrink_control *sc,
				       unsigned long freed, unsigned long before)
{
	unsigned long pages = pool_node_progress(core->nodes, freed);

	if (!freed)
		return 0;
	WRITE_ONCE(core->reclaimed_at, jiffies);
	atomic_long_add(freed, &core->reclaimed);
	pool_reclaim_account(before, pages);
	trace_syncpool_shrink(core->params.name, reason, sc->nid, sc->nr_to_scan, freed);
	return pages;
}

/* May @core hold anything that can be freed? */
static bool pool_shrink_may_hold(const struct syncpool_core *core)
{
	return pool_core_may_hold(core) ||
	       (pool_limit_stashed(core) > 0 && pool_limit_excess(core));
}

static unsigned long pool_calm_count(struct shrinker *shrinker,
				     struct shrink_control *sc)
{
	const struct syncpool_core *core = pool_shrinker_data(shrinker);
	long n = atomic_long_read(&core->nodes->node[sc->nid].chained);

	if (!pool_shrink_may_hold(core))
		return SHRINK_EMPTY;
	return max_t(unsigned long, pool_node_pages(core->nodes, max(n, 0L)),
		     POOL_CALM_MIN);
}

/* Free up to @max objects of @node that are @age jiffies old. Returns how many. */
static unsigned long pool_shrink_old(struct syncpool_core *core, int node,
				     unsigned long age, unsigned long max)
{
	unsigned long freed = pool_reclaim_free(core, &core->old, node, age, max);

	freed += pool_reclaim_free(core, &core->victim, node, age, max - freed);
	if (freed < max && pool_limit_is_quiet(core, jiffies - age))
		freed += pool_free_stashed(core, max - freed);
	return freed;
}

/* May @gen hold anything of @node? */
static bool pool_shrink_holds(const struct pool_generation *gen, int node)
{
	return pool_generation_next_chain(gen, node) < nr_cpu_ids ||
	       pool_generation_next_magazine(gen, node) < nr_cpu_ids;
}

/* Is there anything of @node that is @age jiffies old? */
static bool pool_calm_may_free(const struct syncpool_core *core, int node,
			       unsigned long age)
{
	const struct pool_generation *victim = READ_ONCE(core->victim);

	return pool_shrink_holds(READ_ONCE(core->old), node) || pool_limit_stashed(core) > 0 ||
	       (pool_generation_is_aged(victim, age) && pool_shrink_holds(victim, node));
}

/* Does only the active generation hold anything of @node? */
static bool pool_calm_wants_rotation(const struct syncpool_core *core, int node)
{
	return !pool_shrink_holds(READ_ONCE(core->old), node) &&
	       !pool_shrink_holds(READ_ONCE(core->victim), node) &&
	       pool_shrink_holds(READ_ONCE(core->active), node);
}

static void pool_calm_rotate(struct syncpool_core *core, int node, unsigned long age)
{
	if (!pool_calm_wants_rotation(core, node) || !mutex_trylock(&core->reclaim_lock))
		return;
	if (pool_generation_is_aged(core->victim, age))
		pool_reclaim_rotate(core, POOL_REASON_CALM, node);
	mutex_unlock(&core->reclaim_lock);
}

static unsigned long pool_calm_scan(struct shrinker *shrinker,
				    struct shrink_control *sc)
{
	struct syncpool_core *core = pool_shrinker_data(shrinker);
	unsigned long age = msecs_to_jiffies(READ_ONCE(pool_interval_ms));
	unsigned long before = pool_reclaim_progress(), freed = 0;

	if (!pool_shrink_may_free(core, sc))
		return SHRINK_STOP;
	if (pool_calm_may_free(core, sc->nid, age))
		freed = pool_shrink_old(core, sc->nid, age,
					pool_node_objects(core->nodes, sc->nid,
							  sc->nr_to_scan));
	pool_calm_rotate(core, sc->nid, age);
	return pool_shrink_freed(core, POOL_REASON_CALM, sc, freed, before);
}

/* Free up to @max objects that lie in magazines of @node, and the rest of the last one. */
static unsigned long pool_shrink_magazines(struct syncpool_core *core, int node,
					   unsigned long max)
{
	void *objs[POOL_PCP_MAX];
	unsigned long freed = 0;
	unsigned int cpu, n;

	for_each_online_cpu(cpu) {
		if (node != NUMA_NO_NODE &&
		    pool_node_with_memory(cpu_to_mem(cpu)) != node)
			continue;
		do {
			if (freed >= max)
				return freed;
			n = pool_recall_take(core, cpu, objs);
			pool_free_taken(core, objs, n);
			freed += n;
		} while (n);
	}
	return freed;
}

/* Free up to @max objects of @node, of the active generation, too, if @all. */
static unsigned long pool_shrink_idle(struct syncpool_core *core, int node, bool all,
				      unsigned long max)
{
	unsigned long freed = 0, rotations;

	do {
		rotations = READ_ONCE(core->rotations);
		freed += pool_shrink_old(core, node, 0, max - freed);
		if (!all)
			break;
		freed += pool_reclaim_free(core, &core->active, node, 0, max - freed);
		freed += pool_shrink_magazines(core, node, max - freed);
		if (freed < max)
			freed += pool_free_stashed(core, max - freed);
		/* else a rotation may have come between, and objects were in no role */
	} while (freed < max && READ_ONCE(core->rotations) != rotations);
	return freed;
}

/* Free up to @max objects that are idle, for syncpool_resize(). */
void pool_shrink_trim(struct syncpool_core *core, unsigned long max)
{
	pool_shrink_idle(core, NUMA_NO_NODE, true, max);
}

static unsigned long pool_distress_count(struct shrinker *shrinker,
					 struct shrink_control *sc)
{
	return pool_shrink_may_hold(pool_shrinker_data(shrinker)) ? POOL_DISTRESS_COUNT :
								   SHRINK_EMPTY;
}

static unsigned long pool_distress_scan(struct shrinker *shrinker,
					struct shrink_control *sc)
{
	struct syncpool_core *core = pool_shrinker_data(shrinker);
	unsigned long before = pool_reclaim_progress(), freed, max;

	/* all that priority 0 may defer, which would come on top at priority 2 */
	sc->nr_scanned = 4 * POOL_DISTRESS_COUNT;
	if (!pool_shrink_may_free(core, sc))
		return 0;
	max = max3(pool_node_chained(core->nodes) / 8, 1L,
		   SZ_1M / (long)(core->nodes->footprint ?: PAGE_SIZE));
	freed = pool_shrink_idle(core, sc->nid, sc->nr_to_scan > POOL_DISTRESS_COUNT, max);
	return pool_shrink_freed(core, POOL_REASON_DISTRESS, sc, freed, before);
}

/* Free all that @core caches. Returns whole pages. */
static unsigned long pool_oom_free(struct syncpool_core *core)
{
	/* what is put meanwhile does not keep this going */
	unsigned long max = pool_stats_cached(core), freed;

	if (!max || pool_core_is_suspended(core))
		return 0;
	freed = pool_shrink_idle(core, NUMA_NO_NODE, true, max);
	if (!freed && !READ_ONCE(core->settled)) {
		/* it lies where nobody may look until a grace period is over */
		pool_reclaim_wait_settled(core, POOL_OOM_SETTLE);
		freed = pool_shrink_idle(core, NUMA_NO_NODE, true, max);
	}
	atomic_long_add(freed, &core->reclaimed);
	trace_syncpool_shrink(core->params.name, POOL_REASON_OOM, NUMA_NO_NODE, max, freed);
	return pool_node_progress(core->nodes, freed);
}

/*
 * The next pool that walk @seq has not seen, which stays until pool_oom_release(). @sleeps:
 * among those whose free sleeps, or else among the others.
 */
static struct syncpool_core *pool_oom_next(unsigned int seq, bool sleeps)
{
	struct syncpool_core *core, *next = NULL;
	unsigned int tries = POOL_OOM_TICKS;

	/* its holder may wait for memory */
	while (!mutex_trylock(&pool_list_lock)) {
		if (!tries--)
			return NULL;
		schedule_timeout_uninterruptible(1);
	}
	list_for_each_entry(core, &pool_list, node) {
		if (core->oom_seq == seq ||
		    !(core->params.flags & SYNCPOOL_FREE_SLEEPS) == sleeps)
			continue;
		core->oom_seq = seq;
		core->oom_busy = true;
		next = core;
		break;
	}
	mutex_unlock(&pool_list_lock);
	return next;
}

static void pool_oom_release(struct syncpool_core *core)
{
	/*
	 * pool_oom_release:A: release, pairs with pool_shrink_end_oom:A; the core may be
	 * freed from here on, as in litmus/recall-end
	 */
	smp_store_release(&core->oom_busy, false);
}

/* Free all that pools cache, those whose free sleeps or the others. Returns pages. */
static unsigned long pool_oom_walk(bool sleeps)
{
	static atomic_t seq;
	unsigned int walk = atomic_inc_return(&seq);
	struct syncpool_core *core;
	unsigned long pages = 0;

	while ((core = pool_oom_next(walk, sleeps))) {
		pages += pool_oom_free(core);
		pool_oom_release(core);
	}
	return pages;
}

static atomic_long_t pool_oom_pages;	/* by the work item */

static void pool_oom_work_fn(struct work_struct *work)
{
	atomic_long_add(pool_oom_walk(true), &pool_oom_pages);
}

static DECLARE_WORK(pool_oom_work, pool_oom_work_fn);

/* Free all that pools cache. Returns pages. */
unsigned long pool_shrink_oom(void)
{
	unsigned long pages = pool_oom_walk(false);
	unsigned int tries;

	if (pages)
		return pages;
	queue_work(pool_wq, &pool_oom_work);
	for (tries = 0; tries < POOL_OOM_TICKS && work_busy(&pool_oom_work); tries++)
		schedule_timeout_uninterruptible(1);
	return atomic_long_xchg(&pool_oom_pages, 0);
}
EXPORT_SYMBOL_FOR_TEST(pool_shrink_oom);

static int pool_oom_notify(struct notifier_block *nb, unsigned long unused, void *freed)
{
	*(unsigned long *)freed += pool_shrink_oom();
	return NOTIFY_OK;
}

static struct notifier_block pool_oom_nb = {
	.notifier_call = pool_oom_notify,
};

int pool_shrink_oom_init(void)
{
	return register_oom_notifier(&pool_oom_nb);
}

void pool_shrink_oom_exit(void)
{
	unregister_oom_notifier(&pool_oom_nb);
	cancel_work_sync(&pool_oom_work);
}

/* Wait for the OOM notifier, if it is at @core, which is off the list. */
void pool_shrink_end_oom(struct syncpool_core *core)
{
	/*
	 * pool_shrink_end_oom:A: acquire, pairs with pool_oom_release:A;
	 * litmus/recall-end
	 */
	while (smp_load_acquire(&core->oom_busy))
		schedule_timeout_uninterruptible(1);
}

/* After an error pool_shrink_unregister() frees what was allocated. */
int pool_shrink_register(struct syncpool_core *core)
{
	char name[POOL_SHRINKER_NAME_LEN];
	int err;

	snprintf(name, sizeof(name), "%s:%s:%u", pool_owner_name(core->owner, "-"),
		 core->name, core->id);
	core->calm = pool_shrinker_alloc(core, name, "");
	core->distress = pool_shrinker_alloc(core, name, ":distress");
	if (!core->calm || !core->distress)
		return -ENOMEM;
	core->calm->count_objects = pool_calm_count;
	core->calm->scan_objects = pool_calm_scan;
	core->calm->seeks = DEFAULT_SEEKS;
	core->calm->batch = POOL_CALM_BATCH;
	core->distress->count_objects = pool_distress_count;
	core->distress->scan_objects = pool_distress_scan;
	core->distress->seeks = 1;
	core->distress->batch = POOL_DISTRESS_BATCH;
	err = pool_shrinker_register(core->calm, name, "");
	return err ?: pool_shrinker_register(core->distress, name, ":distress");
}

/* Waits for callbacks of the shrinkers. Also after a failed pool_shrink_register(). */
void pool_shrink_unregister(struct syncpool_core *core)
{
	if (core->calm)
		pool_shrinker_free(core->calm);
	if (core->distress)
		pool_shrinker_free(core->distress);
	core->calm = NULL;
	core->distress = NULL;
}
