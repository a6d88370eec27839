// SPDX-License-Identifier: GPL-2.0
/*
 * pool_reclaim - rotation, and giving memory back
 *
 * Three generations take turns, as Go's garbage collector turns two:
 *
 *	            rotate                    grace period, drain
 *	active  ------------> victim --rotate-> draining ------> spare --+
 *	  ^                                                              |
 *	  +-------------------------- rotate <---------------------------+
 *
 * A rotation is three pointer stores, and one that points the fast path at the
 * new active generation, whatever the pool holds. An object that nobody asked for
 * during two rotations is freed.
 *
 * Why this is safe without stopping the world. An operation finds a generation
 * through pool->magazine, core->active or core->victim. It does so pinned, and a
 * pinned section is an RCU reader. What it does with each is complete in itself:
 * the CPU's part of that generation has its own try-lock, and tails are open to
 * every CPU. So it does no harm if one operation sees two generations, which
 * happens when a rotation comes between two of these loads.
 *
 * - Suppose an operation is pinned across one rotation. It continues as owner of
 *   its CPU's part of a generation that other CPUs now take for the victim. It is
 *   still the only CPU that touches that magazine. An interrupt on its own CPU
 *   may reach the same part as the victim's, and meets the part's own try-lock:
 *   at worst the two find each other busy. Chain tails are open to everyone in
 *   either role. litmus/rotation-owner, litmus/rotation-thief.
 * - It cannot be pinned across two. A rotation needs @spare, and @spare comes
 *   back only after a grace period, which waits for every section that was
 *   pinned at the rotation before, and after the drain. So at any moment an
 *   operation is at most one generation late. litmus/rotation-reuse.
 * - The drain starts a grace period after the generation was detached, when the
 *   last section that could know it has ended. It meets nobody, and takes
 *   magazines and chains by plain accesses. litmus/drain, litmus/nested.
 *
 * A full barrier in place of the grace period is not enough: the model then
 * finds an object that is taken twice.
 *
 * core->reclaim_lock is held by a rotation, a scan, a whole syncpool_cleanup(),
 * and a change of mode. The drain by the work item takes it only to return the
 * generation; until then a missing @spare keeps every other rotation away.
 * Reclaim may start inside an allocation by the holder of the lock, so the
 * shrinker only tries it.
 */
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/workqueue.h>

#include "pool_compat.h"
#include "pool_debug.h"
#include "pool_free.h"
#include "pool_reclaim.h"
#include "pool_stats.h"
#include "pool_trace.h"

/* objects that a scan takes at once at most */
#define POOL_SCAN_BATCH		16U

/* Turn the generations. Returns the one to drain after a grace period. */
static struct pool_generation *pool_rotate(struct syncpool_core *core)
{
	struct pool_generation *old = core->victim;

	lockdep_assert_held(&core->reclaim_lock);
	/*
	 * pool_rotate:A: release, pairs with pool_take_slowpath:A,
	 * pool_get_quick:B and the address dependency from every other read of
	 * core->victim; litmus/activate
	 */
	smp_store_release(&core->victim, core->active);
	/*
	 * pool_rotate:B: release, pairs with pool_core_pcp:A, litmus/activate, and
	 * with pool_get_quick:A, litmus/rotation-order
	 */
	smp_store_release(&core->active, core->spare);
	core->spare = NULL;
	pool_core_publish(core);
	/* only now does nobody find it active */
	pool_generation_end_owners(core->victim);
	WRITE_ONCE(core->rotations, core->rotations + 1);
	core->rotated = jiffies;
	trace_syncpool_rotate(core->params.name, core->rotations);
	return old;
}

/* Drain one CPU's part, which nobody else can reach. Returns objects freed. */
static unsigned long pool_drain_pcp(struct syncpool_core *core,
				    struct pool_pcp *pcp)
{
	void *objs[POOL_PCP_MAX];
	unsigned int n = pool_pcp_flush(pcp, objs);
	unsigned long freed = n;

	pool_free_cached(core, objs, n);
	while (!pool_chain_is_empty(&pcp->chain)) {
		n = pool_chain_pop_tail(&pcp->chain, objs, POOL_PCP_MAX);
		this_cpu_sub(core->counters->chained, n);
		pool_free_cached(core, objs, n);
		freed += n;
		cond_resched();
	}
	pool_chain_destroy(&pcp->chain);
	return freed;
}

/*
 * Free all that @gen holds, a grace period after it was detached. Returns how many
 * objects that were.
 */
static unsigned long pool_drain(struct syncpool_core *core,
				struct pool_generation *gen)
{
	unsigned long freed = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		freed += pool_drain_pcp(core, per_cpu_ptr(gen->pcps, cpu));
	pool_generation_reset(gen);
	trace_syncpool_drain(core->params.name, freed);
	return freed;
}

/* @gen is drained; no section pinned before that is left; litmus/rotation-reuse. */
static void pool_set_spare(struct syncpool_core *core,
			   struct pool_generation *gen)
{
	lockdep_assert_held(&core->reclaim_lock);
	core->spare = gen;
	if (READ_ONCE(core->wide) && gen->len < core->len)
		queue_work(pool_wq, &core->widen_work);
}

static void pool_drain_work(struct work_struct *work)
{
	struct syncpool_core *core = container_of(to_rcu_work(work),
						  struct syncpool_core,
						  drain_work);
	struct pool_generation *gen = core->draining;

	pool_drain(core, gen);
	mutex_lock(&core->reclaim_lock);
	core->draining = NULL;
	pool_set_spare(core, gen);
	mutex_unlock(&core->reclaim_lock);
}

/* Rotate, and drain later. False while the last drain is not done. */
bool pool_reclaim_rotate(struct syncpool_core *core)
{
	lockdep_assert_held(&core->reclaim_lock);
	if (!core->spare)
		return false;
	core->draining = pool_rotate(core);
	/*
	 * pool_reclaim_rotate:A: grace period before the drain, pairs with
	 * pool_assert_pinned:A; litmus/drain
	 */
	queue_rcu_work(pool_wq, &core->drain_work);
	return true;
}

/* Lock core->reclaim_lock with no drain under way. */
void pool_reclaim_lock_drained(struct syncpool_core *core)
{
	might_sleep();
	mutex_lock(&core->reclaim_lock);
	while (!core->spare) {
		mutex_unlock(&core->reclaim_lock);
		flush_rcu_work(&core->drain_work);
		mutex_lock(&core->reclaim_lock);
	}
}

unsigned long syncpool_cleanup(struct syncpool *pool)
{
	struct syncpool_core *core = READ_ONCE(pool->core);
	struct pool_generation *gen;
	unsigned long freed;

	might_sleep();
	if (!core)
		return 0;
	pool_reclaim_lock_drained(core);
	gen = pool_rotate(core);
	/*
	 * syncpool_cleanup:A: grace period before the drain, pairs with
	 * pool_assert_pinned:A; litmus/drain
	 */
	synchronize_rcu();
	pool_generation_disown(core->victim);
	freed = pool_drain(core, gen);
	pool_set_spare(core, gen);
	mutex_unlock(&core->reclaim_lock);
	return freed;
}
EXPORT_SYMBOL_GPL(syncpool_cleanup);

static unsigned long pool_shrink_count(struct shrinker *shrinker,
				       struct shrink_control *sc)
{
	unsigned long n = pool_stats_cached(pool_shrinker_data(shrinker));

	/* half of it is asked for, which for one object would be none */
	return n ? max(n, 2UL) : SHRINK_EMPTY;
}

/* Free up to @max objects from the chains of the victim. Returns how many. */
static unsigned long pool_scan_victim(struct syncpool_core *core,
				      unsigned long max)
{
	void *objs[POOL_SCAN_BATCH];
	unsigned long freed = 0;
	int n;

	lockdep_assert_held(&core->reclaim_lock);
	while (freed < max) {
		preempt_disable();
		n = pool_generation_steal(core->victim, pool_debug_steal_start(core), objs,
					  min_t(unsigned long, max - freed,
						POOL_SCAN_BATCH));
		preempt_enable();
		if (!n)
			break;
		if (n == POOL_AGAIN)
			continue;
		pool_free_cached(core, objs, n);
		freed += n;
	}
	return freed;
}

/*
 * Runs inside reclaim, which may have started under some lock of the pool's
 * user. So it takes no lock but its own, and only tries that.
 */
static unsigned long pool_shrink_scan(struct shrinker *shrinker,
				      struct shrink_control *sc)
{
	struct syncpool_core *core = pool_shrinker_data(shrinker);
	unsigned long freed;
	bool rotated = false;

	sc->nr_scanned = 0;
	if (!mutex_trylock(&core->reclaim_lock))
		return SHRINK_STOP;
	freed = pool_scan_victim(core, sc->nr_to_scan);
	if (freed < sc->nr_to_scan && pool_stats_cached(core)) {
		rotated = pool_reclaim_rotate(core);
		freed += pool_scan_victim(core, sc->nr_to_scan - freed);
	}
	core->rotated = jiffies;
	mutex_unlock(&core->reclaim_lock);
	sc->nr_scanned = freed;
	trace_syncpool_shrink(core->params.name, sc->nr_to_scan, freed);
	return freed || rotated ? freed : SHRINK_STOP;
}

int pool_reclaim_init(struct syncpool_core *core)
{
	INIT_RCU_WORK(&core->drain_work, pool_drain_work);
	core->active = &core->generations[0];
	core->victim = &core->generations[1];
	core->spare = &core->generations[2];
	pool_generation_disown(core->victim);
	core->rotated = jiffies;
	core->shrinker = pool_shrinker_alloc(core, core->params.name);
	if (!core->shrinker)
		return -ENOMEM;
	core->shrinker->count_objects = pool_shrink_count;
	core->shrinker->scan_objects = pool_shrink_scan;
	/*
	 * With the defaults, do_shrink_slab() in mm/shrinker.c asks a pool of
	 * fewer than 4096 objects for none of them while reclaim is calm. With
	 * 0 seeks it asks for half of them each time. A batch of 1 does the same
	 * for small pools, whose few objects may be the largest.
	 */
	core->shrinker->seeks = 0;
	core->shrinker->batch = 1;
	return pool_shrinker_register(core->shrinker, core->params.name);
}

/* Waits for callbacks of the shrinker. Also after a failed pool_reclaim_init(). */
void pool_reclaim_unregister(struct syncpool_core *core)
{
	if (core->shrinker)
		pool_shrinker_free(core->shrinker);
	core->shrinker = NULL;
}

/* Free all that @core holds. Nobody reaches its generations any more. */
void pool_reclaim_drain_all(struct syncpool_core *core)
{
	unsigned int i;

	for (i = 0; i < POOL_GENERATIONS; i++)
		pool_drain(core, &core->generations[i]);
}
