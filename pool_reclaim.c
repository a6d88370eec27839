// SPDX-License-Identifier: GPL-2.0
/*
 * pool_reclaim - rotation, the shrinker, and what else takes objects back
 *
 * Three sets turn, as Go's garbage collector turns two:
 *
 *	           rotate                    grace period, drain
 *	local  ------------> victim --rotate-> draining -------> spare --+
 *	  ^                                                              |
 *	  +------------------------- rotate <----------------------------+
 *
 * A rotation is three pointer stores, whatever the pool holds. An object that
 * nobody asked for through two of them is freed.
 *
 * Why this is safe. An operation loads @local once, pinned, and pinned is an
 * RCU reader. One that was pinned across the switch acts as owner on the set
 * that others now see as the victim: still its own CPU's part, under that
 * part's own try-lock, so the two of them at worst find each other busy. It
 * cannot be more than one generation behind: the next rotation needs @spare,
 * and @spare is handed back only after a grace period and the drain. The drain
 * therefore meets nobody, and takes arrays and chains as its own.
 * litmus/rotation-owner, litmus/rotation-thief, litmus/drain.
 *
 * @reclaim_lock is held by a rotation, a drain and a scan. Reclaim may start
 * inside an allocation of whoever holds it, so the shrinker only tries it.
 */
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "pool.h"
#include "pool_debug.h"
#include "pool_trace.h"

/* objects that a scan takes at once at most */
#define POOL_SCAN_BATCH		16U

void pool_free_cached(struct pool_core *core, void **objs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		pool_debug_leave(objs[i]);
		core->params.free(objs[i], core->params.data);
	}
	this_cpu_add(core->counters->frees, n);
}

/*
 * Point the fast path where the mode says, unless the pool is gone already.
 * Under @reclaim_lock.
 */
void pool_publish(struct pool_core *core)
{
	unsigned long open = (__force unsigned long)&core->local->locals->cache -
			     (__force unsigned long)&syncpool_shut;
	bool shut = core->mode != POOL_NORMAL || core->debug;

	lockdep_assert_held(&core->reclaim_lock);
	if (!core->pool)
		return;
	/* N: release; users depend on the pointer; litmus/activate */
	smp_store_release(&core->pool->local, shut ? 0 : open);
}

/* Turn. The set to drain, after a grace period. Under @reclaim_lock. */
static struct pool_set *pool_rotate(struct pool_core *core)
{
	struct pool_set *old = core->victim;

	/* Q: as N */
	smp_store_release(&core->victim, core->local);
	/* R: as N */
	smp_store_release(&core->local, core->spare);
	core->spare = NULL;
	pool_publish(core);
	WRITE_ONCE(core->rotations, core->rotations + 1);
	core->rotated = jiffies;
	trace_syncpool_rotate(core->params.name, core->rotations);
	return old;
}

/* One CPU's part, which nobody else can reach. */
static unsigned long pool_drain_local(struct pool_core *core,
				      struct pool_local *l)
{
	void *objs[POOL_LOCAL_MAX];
	unsigned int n = pool_local_strip(l, objs);
	unsigned long freed = n;

	pool_free_cached(core, objs, n);
	while (!pool_chain_is_empty(&l->chain)) {
		n = pool_chain_pop_tail(&l->chain, objs, POOL_LOCAL_MAX);
		this_cpu_sub(core->counters->chained, n);
		pool_free_cached(core, objs, n);
		freed += n;
		cond_resched();
	}
	pool_chain_destroy(&l->chain);
	return freed;
}

/* Free all that @set holds, a grace period after it was detached. */
unsigned long pool_drain(struct pool_core *core, struct pool_set *set)
{
	unsigned long freed = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		freed += pool_drain_local(core, per_cpu_ptr(set->locals, cpu));
	cpumask_clear(set->mask);
	atomic_set(&set->nonempty, 0);
	trace_syncpool_drain(core->params.name, freed);
	return freed;
}

static void pool_drain_work(struct work_struct *work)
{
	struct pool_core *core = container_of(to_rcu_work(work),
					      struct pool_core, drain_work);
	struct pool_set *set = core->draining;

	pool_drain(core, set);
	mutex_lock(&core->reclaim_lock);
	core->draining = NULL;
	/* no CPU pinned before the drain is left; litmus/rotation-reuse */
	core->spare = set;
	mutex_unlock(&core->reclaim_lock);
}

/*
 * Rotate, and drain later. False while the last drain is not done. Under
 * @reclaim_lock.
 */
bool pool_rotate_later(struct pool_core *core)
{
	if (!core->spare)
		return false;
	core->draining = pool_rotate(core);
	/* O: the grace period before the drain; litmus/drain */
	queue_rcu_work(pool_wq, &core->drain_work);
	return true;
}

/* Lock, with no drain under way. May sleep. */
void pool_reclaim_lock(struct pool_core *core)
{
	mutex_lock(&core->reclaim_lock);
	while (!core->spare) {
		mutex_unlock(&core->reclaim_lock);
		flush_rcu_work(&core->drain_work);
		mutex_lock(&core->reclaim_lock);
	}
}

/**
 * syncpool_cleanup() - one cycle of garbage collection
 * @pool: the pool
 *
 * Frees what was cached before the last rotation and not asked for since, and
 * makes what is cached now the victim.
 *
 * Context: Task context. Sleeps for a grace period.
 * Return: objects freed.
 */
unsigned long syncpool_cleanup(struct syncpool *pool)
{
	struct pool_core *core = READ_ONCE(pool->core);
	struct pool_set *set;
	unsigned long freed;

	might_sleep();
	if (!core)
		return 0;
	pool_reclaim_lock(core);
	set = pool_rotate(core);
	synchronize_rcu();
	freed = pool_drain(core, set);
	core->spare = set;
	mutex_unlock(&core->reclaim_lock);
	return freed;
}
EXPORT_SYMBOL_GPL(syncpool_cleanup);

static unsigned long pool_shrink_count(struct shrinker *shrinker,
				       struct shrink_control *sc)
{
	unsigned long n = pool_cached(pool_shrinker_data(shrinker));

	/* half of it is asked for: of one object, nothing */
	return n ? max(n, 2UL) : SHRINK_EMPTY;
}

/* Free up to @max objects from the chains of the victim. */
static unsigned long pool_scan_victim(struct pool_core *core,
				      unsigned long max)
{
	void *objs[POOL_SCAN_BATCH];
	unsigned long freed = 0;
	int n;

	while (freed < max) {
		preempt_disable();
		n = pool_steal(core->victim, objs,
			       min_t(unsigned long, max - freed, POOL_SCAN_BATCH));
		preempt_enable();
		if (!n)
			break;
		if (n < 0)
			continue;
		pool_free_cached(core, objs, n);
		freed += n;
	}
	return freed;
}

/*
 * Called from reclaim, perhaps from reclaim that an allocation under some
 * lock of the pool's own user started: takes nothing but its own trylock.
 */
static unsigned long pool_shrink_scan(struct shrinker *shrinker,
				      struct shrink_control *sc)
{
	struct pool_core *core = pool_shrinker_data(shrinker);
	unsigned long freed;
	bool rotated = false;

	sc->nr_scanned = 0;
	if (!mutex_trylock(&core->reclaim_lock))
		return SHRINK_STOP;
	freed = pool_scan_victim(core, sc->nr_to_scan);
	if (freed < sc->nr_to_scan && pool_cached(core)) {
		rotated = pool_rotate_later(core);
		freed += pool_scan_victim(core, sc->nr_to_scan - freed);
	}
	core->rotated = jiffies;
	mutex_unlock(&core->reclaim_lock);
	sc->nr_scanned = freed;
	trace_syncpool_shrink(core->params.name, sc->nr_to_scan, freed);
	return freed || rotated ? freed : SHRINK_STOP;
}

int pool_reclaim_init(struct pool_core *core)
{
	mutex_init(&core->reclaim_lock);
	INIT_RCU_WORK(&core->drain_work, pool_drain_work);
	core->local = &core->sets[0];
	core->victim = &core->sets[1];
	core->spare = &core->sets[2];
	core->rotated = jiffies;
	core->shrinker = pool_shrinker_alloc(core, core->params.name);
	if (!core->shrinker)
		return -ENOMEM;
	core->shrinker->count_objects = pool_shrink_count;
	core->shrinker->scan_objects = pool_shrink_scan;
	/*
	 * With the defaults a pool of fewer than 4096 objects is asked for
	 * none of them while reclaim is calm: do_shrink_slab(), mm/shrinker.c.
	 * 0 seeks: half of it each time. A batch of 1: the same for small
	 * pools, whose few objects may be the largest.
	 */
	core->shrinker->seeks = 0;
	core->shrinker->batch = 1;
	return pool_shrinker_register(core->shrinker, core->params.name);
}
