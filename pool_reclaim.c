// SPDX-License-Identifier: GPL-2.0
/*
 * pool_reclaim - rotation, and what becomes of the generation before the victim
 *
 * Three generations take turns, as Go's garbage collector turns two:
 *
 *	  +-- owners ---+   +- own CPU, later all -+   +-- thieves --+
 *	  |   active    |-->|        victim        |-->|     old     |--+
 *	  +-------------+   +----------------------+   +-------------+  |
 *	        ^             a grace period, then settled or drained   |
 *	        +------------------------ rotate <----------------------+
 *
 * A rotation is three pointer stores, and one that points the fast path at the
 * new active generation, whatever the pool holds. It frees nothing. A get looks into
 * the active generation, the victim and the old one, in this order, so what is in use
 * moves to the active one, and what nobody asked for grows old:
 *
 * - Reclaim (pool_shrink.c) frees what it is asked for, from the old generation and
 *   from the victim. After its rotation the old generation is settled: what lies in its
 *   magazines goes to their chains. It becomes active with what is left in it, which are
 *   objects of nodes that nobody reclaims.
 * - Age (pool_age.c) and syncpool_cleanup() free all that is old: they drain it.
 *
 * Why this is safe without stopping the world. An operation finds a generation
 * through pool->magazine, core->active, core->victim or core->old. It does so pinned,
 * and a pinned section is an RCU reader. What it does with each is complete in itself:
 * the CPU's part of that generation has its own try-lock, and tails are open to
 * every CPU, whatever the generation's role. So it does no harm if one operation sees
 * two generations, or one in two roles, which happens when a rotation comes between
 * two of these loads.
 *
 * - Suppose an operation is pinned across one rotation. It continues as owner of
 *   its CPU's part of a generation that other CPUs now take for the victim. It is
 *   still the only CPU that touches that magazine. An interrupt on its own CPU
 *   may reach the same part as the victim's, and meets the part's own try-lock:
 *   at worst the two find each other busy. Chain tails are open to everyone in
 *   either role. litmus/rotation-owner, litmus/publish.
 * - It cannot be pinned across two. A rotation needs the old generation settled, which
 *   it is only after a grace period, which waits for every section that was
 *   pinned at the rotation before, and after its magazines were flushed or drained. So
 *   at any moment an operation is at most one generation late. litmus/rotation-reuse.
 * - The old generation has no owners. Its heads and magazines are touched by nobody until
 *   the grace period has passed, when the last section that could know it as the victim
 *   has ended, and then by the one that settles or drains it, by plain accesses. Thieves
 *   keep coming to the tails, which a drain empties as they do. The last ring of a chain
 *   is freed a grace period after it was unlinked, when the generation may be active
 *   again. litmus/drain, litmus/nested, litmus/ring-reclaim, litmus/retire.
 *
 * A full barrier in place of the grace period is not enough: the model then
 * finds an object that is taken twice.
 *
 * core->reclaim_lock is held by a rotation and by a change of mode, and never while
 * free runs. The task that settles or drains what is old takes it only at the end; until then
 * @settled is false and keeps every other rotation away. Reclaim may start inside an
 * allocation by the holder of the lock, so a shrinker only tries it.
 */
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/numa.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "pool_defer.h"
#include "pool_free.h"
#include "pool_limit.h"
#include "pool_recall.h"
#include "pool_reclaim.h"
#include "pool_stats.h"
#include "pool_trace.h"

/* objects that are taken from chains and freed at once, at most */
#define POOL_RECLAIM_BATCH	16U

/* Turn the generations. @node: the one that is reclaimed, or NUMA_NO_NODE. */
static void pool_rotate(struct syncpool_core *core, enum pool_reason reason, int node)
{
	struct pool_generation *fresh = core->old, *old = core->victim;

	lockdep_assert_held(&core->reclaim_lock);
	WRITE_ONCE(core->settled, false);
	WRITE_ONCE(core->active->since, jiffies);
	pool_generation_own(old);
	/*
	 * pool_rotate:C: release, pairs with pool_take_aged:A,
	 * pool_reclaim_may_take:A and the address dependency from every other read
	 * of core->old; litmus/activate. Before the victim, so that an operation that
	 * finds the new victim finds what is old now; litmus/rotation-order.
	 */
	smp_store_release(&core->old, old);
	/*
	 * pool_rotate:A: release, pairs with pool_take_slowpath:A,
	 * pool_get_quick:B, pool_reclaim_may_take:A and the address dependency from
	 * every other read of core->victim; litmus/activate
	 */
	smp_store_release(&core->victim, core->active);
	/*
	 * pool_rotate:B: release, pairs with pool_core_pcp:A, litmus/activate and
	 * litmus/retire, and with pool_get_quick:A, litmus/rotation-order
	 */
	smp_store_release(&core->active, fresh);
	pool_core_update(core);
	/* only now does nobody find it active */
	pool_generation_end_owners(core->victim);
	WRITE_ONCE(core->rotated_at, jiffies);
	WRITE_ONCE(core->rotations, core->rotations + 1);
	WRITE_ONCE(core->reclaimed_at, jiffies);
	trace_syncpool_rotate(core->params.name, core->rotations, reason, node);
}

/*
 * Move what @cpu holds outside its chain in @gen there. False: there is no memory for a
 * ring. Nobody else touches the part but thieves.
 */
static bool pool_reclaim_flush(struct pool_generation *gen, unsigned int cpu)
{
	struct pool_ring *ring = NULL;
	int need;

	for (;;) {
		preempt_disable();
		need = pool_recall_flush(gen, cpu, &ring, NULL);
		preempt_enable();
		if (need <= 0)
			break;
		ring = pool_ring_alloc_nowait(need);
		if (!ring)
			return false;
	}
	kfree(ring);
	return true;
}

/*
 * Free later what @cpu holds outside its chain in @gen. Without room for it, it stays where
 * it is.
 */
static void pool_drain_magazine_later(struct pool_generation *gen, unsigned int cpu)
{
	void *objs[POOL_PCP_MAX];
	unsigned int n;

	if (!pool_defer_has_room(gen->core, POOL_PCP_MAX))
		return;
	n = pool_generation_drain_magazine(gen, cpu, objs);
	pool_free_cached_later(gen->core, objs, n);
}

/* Free what @cpu holds outside its chain in @gen. Returns how many were freed. */
static unsigned long pool_drain_magazine(struct pool_generation *gen, unsigned int cpu)
{
	void *objs[POOL_PCP_MAX];
	unsigned int n = pool_generation_drain_magazine(gen, cpu, objs);

	return pool_free_cached(gen->core, objs, n);
}

/*
 * Move what @cpu holds outside its chain in the active generation there; nobody else uses
 * that part. Without memory for a ring, it is freed later, or stays where it is.
 */
void pool_reclaim_flush_active(struct syncpool_core *core, unsigned int cpu)
{
	lockdep_assert_held(&core->reclaim_lock);
	if (!pool_reclaim_flush(core->active, cpu))
		pool_drain_magazine_later(core->active, cpu);
}

/* pool_settle() for one CPU. Returns how many objects were freed, for want of memory. */
static unsigned long pool_settle_cpu(struct pool_generation *gen, unsigned int cpu)
{
	if (pool_reclaim_flush(gen, cpu))
		return 0;
	if (!pool_core_is_suspended(gen->core))
		return pool_drain_magazine(gen, cpu);
	pool_drain_magazine_later(gen, cpu);
	return 0;
}

/*
 * Leave what the old generation holds to thieves, a grace period after the rotation, and
 * close its magazines, those that were found empty as well: their CPUs would fill them
 * again, and nobody would know.
 */
static void pool_settle(struct syncpool_core *core)
{
	unsigned long freed = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		freed += pool_settle_cpu(core->old, cpu);
		cond_resched();
	}
	atomic_long_add(freed, &core->reclaimed);
}

/* Free all that @cpu holds in @gen, as far as the pool's min allows. Returns how many. */
static unsigned long pool_drain_cpu(struct syncpool_core *core,
				    struct pool_generation *gen, unsigned int cpu)
{
	unsigned long freed = pool_drain_magazine(gen, cpu);
	void *objs[POOL_PCP_MAX];
	unsigned int n;

	while (!pool_core_is_suspended(core) &&
	       (n = pool_generation_drain(gen, cpu, objs, POOL_PCP_MAX))) {
		freed += pool_free_cached(core, objs, n);
		cond_resched();
	}
	return freed;
}

/*
 * Free all that @gen holds, a grace period after it was detached. If the system shuts down
 * meanwhile, the rest is settled. Returns how many.
 */
static unsigned long pool_drain(struct syncpool_core *core, struct pool_generation *gen)
{
	unsigned long freed = 0;
	unsigned int cpu;

	pool_assert_may_end_pools(core);
	for_each_possible_cpu(cpu)
		freed += pool_core_is_suspended(core) ? pool_settle_cpu(gen, cpu) :
							pool_drain_cpu(core, gen, cpu);
	trace_syncpool_drain(core->params.name, freed);
	return freed;
}

/* No section pinned before the rotation is left; litmus/rotation-reuse. */
static void pool_set_settled(struct syncpool_core *core)
{
	lockdep_assert_held(&core->reclaim_lock);
	/* a late section may have taken it for a victim without owners */
	pool_generation_own(core->old);
	WRITE_ONCE(core->settled, true);
	wake_up_all(&core->idle_wait);
	if (READ_ONCE(core->wide) && core->old->len < core->len)
		queue_work(pool_wq, &core->widen_work);
}

static void pool_settle_work(struct work_struct *work)
{
	struct syncpool_core *core = container_of(to_rcu_work(work),
						  struct syncpool_core,
						  settle_work);

	if (core->drain && !pool_core_is_suspended(core))
		atomic_long_add(pool_drain(core, core->old), &core->aged);
	else
		pool_settle(core);
	mutex_lock(&core->reclaim_lock);
	pool_set_settled(core);
	mutex_unlock(&core->reclaim_lock);
}

/*
 * Rotate, for the sake of @node's memory, if that is one. After a grace period the old
 * generation is settled if reclaim is calm, or else drained. False while the last one is
 * not settled.
 */
bool pool_reclaim_rotate(struct syncpool_core *core, enum pool_reason reason, int node)
{
	lockdep_assert_held(&core->reclaim_lock);
	if (!core->settled)
		return false;
	pool_rotate(core, reason, node);
	core->drain = reason != POOL_REASON_CALM;
	/*
	 * pool_reclaim_rotate:A: grace period before the old generation is touched,
	 * pairs with pool_assert_pinned:A; litmus/drain
	 */
	queue_rcu_work(pool_wq, &core->settle_work);
	return true;
}

/* Is @gen in @role, and has not been active for @age jiffies? */
static bool pool_reclaim_may_take(struct syncpool_core *core, struct pool_generation **role,
				  const struct pool_generation *gen, unsigned long age)
{
	/*
	 * pool_reclaim_may_take:A: acquire, pairs with pool_rotate:A and pool_rotate:C.
	 * The time since which @gen is not active is that of its role; litmus/activate.
	 */
	return gen == smp_load_acquire(role) && pool_core_may_reclaim(core) &&
	       (!age || pool_generation_is_aged(gen, age));
}

/*
 * Take up to @n objects of @node from the generation in @role, if it has not been active
 * for @age jiffies. What the pool's min does not allow stays cached. Returns as
 * pool_generation_steal().
 */
static int pool_reclaim_take(struct syncpool_core *core, struct pool_generation **role,
			     int node, unsigned long age, void **objs, unsigned int n)
{
	struct pool_generation *gen = READ_ONCE(*role);
	unsigned int chain = pool_generation_next_chain(gen, node);
	unsigned int magazine = nr_cpu_ids;
	int k = 0;

	if (role == &core->victim)
		magazine = pool_generation_next_magazine(gen, node);
	/* all of that may be many CPUs, so it is looked for outside the section */
	preempt_disable();
	if (pool_reclaim_may_take(core, role, gen, age)) {
		if (chain < nr_cpu_ids)
			k = pool_generation_steal_from(gen, chain, objs, n);
		else if (magazine < nr_cpu_ids)
			k = pool_generation_take_from(gen, magazine, objs);
		/* in this section, for the sake of pool_core_may_reclaim() */
		if (k > 0) {
			k = pool_limit_retain(core, objs, k);
			pool_stats_dropped(core, k);
		}
	}
	preempt_enable();
	return k;
}

/*
 * Free up to @max objects that lie in chains of @node's CPUs in the generation in @role,
 * and, if that is the victim, in their magazines. Returns how many.
 */
unsigned long pool_reclaim_free(struct syncpool_core *core, struct pool_generation **role,
				int node, unsigned long age, unsigned long max)
{
	void *objs[POOL_RECLAIM_BATCH];
	unsigned long freed = 0;
	int n;

	while (freed < max && !pool_core_is_shut_down(core)) {
		n = min3(max - freed, pool_limit_excess(core), (unsigned long)POOL_RECLAIM_BATCH);
		if (!n)
			break;
		n = pool_reclaim_take(core, role, node, age, objs, n);
		if (!n)
			break;
		if (n == POOL_AGAIN)
			continue;
		pool_free_taken(core, objs, n);
		freed += n;
		cond_resched();
	}
	return freed;
}

/* Free what nobody asked for since the last rotation. */
static unsigned long pool_reclaim_free_old(struct syncpool_core *core)
{
	unsigned long freed = pool_reclaim_free(core, &core->old, NUMA_NO_NODE, 0, ULONG_MAX);

	if (pool_limit_is_quiet(core, READ_ONCE(core->victim)->since))
		freed += pool_free_stashed(core, ULONG_MAX);
	return freed;
}

/* Free what is old already, then rotate, and free what that makes old. */
void pool_reclaim_age(struct syncpool_core *core)
{
	atomic_long_add(pool_reclaim_free_old(core), &core->aged);
	mutex_lock(&core->reclaim_lock);
	pool_reclaim_rotate(core, POOL_REASON_AGE, NUMA_NO_NODE);
	mutex_unlock(&core->reclaim_lock);
}
EXPORT_SYMBOL_FOR_TEST(pool_reclaim_age);

/* Lock core->reclaim_lock when the old generation is settled. */
void pool_reclaim_lock_settled(struct syncpool_core *core)
{
	might_sleep();
	atomic_inc(&core->settle_waiters);
	mutex_lock(&core->reclaim_lock);
	while (!core->settled) {
		mutex_unlock(&core->reclaim_lock);
		wait_event(core->idle_wait, READ_ONCE(core->settled));
		mutex_lock(&core->reclaim_lock);
	}
	if (atomic_dec_and_test(&core->settle_waiters))
		wake_up_all(&core->idle_wait);
}
EXPORT_SYMBOL_FOR_TEST(pool_reclaim_lock_settled);

/* Free all that is old, and make what is cached old. May sleep. */
unsigned long pool_reclaim_cleanup(struct syncpool_core *core)
{
	unsigned long freed;

	/* else cleanups in a loop would let nobody else have a turn */
	wait_event(core->idle_wait, !atomic_read(&core->settle_waiters));
	pool_reclaim_lock_settled(core);
	/* keeps other rotations away until the end, without the lock */
	WRITE_ONCE(core->settled, false);
	mutex_unlock(&core->reclaim_lock);
	freed = pool_reclaim_free_old(core);
	mutex_lock(&core->reclaim_lock);
	pool_rotate(core, POOL_REASON_CLEANUP, NUMA_NO_NODE);
	mutex_unlock(&core->reclaim_lock);
	/*
	 * pool_reclaim_cleanup:A: grace period before the drain, pairs with
	 * pool_assert_pinned:A; litmus/drain
	 */
	synchronize_rcu();
	pool_generation_disown(core->victim);
	freed += pool_drain(core, core->old);
	mutex_lock(&core->reclaim_lock);
	pool_set_settled(core);
	mutex_unlock(&core->reclaim_lock);
	return freed;
}

unsigned long syncpool_cleanup(struct syncpool *pool)
{
	struct syncpool_core *core;
	unsigned long freed;

	might_sleep();
	core = pool_core_enter(pool);
	if (!core)
		return 0;
	freed = pool_reclaim_cleanup(core);
	pool_core_leave(core);
	return freed;
}
EXPORT_SYMBOL_GPL(syncpool_cleanup);

void pool_reclaim_init(struct syncpool_core *core)
{
	INIT_RCU_WORK(&core->settle_work, pool_settle_work);
	pool_core_own_work(core, &core->settle_work.work);
	core->active = &core->generations[0];
	core->victim = &core->generations[1];
	core->old = &core->generations[2];
	core->settled = true;
	pool_generation_disown(core->victim);
	core->victim->since = jiffies;
	core->reclaimed_at = jiffies;
}

/*
 * Wait until the old generation is settled, for up to @timeout jiffies. It may not be any
 * more when this returns.
 */
void pool_reclaim_wait_settled(struct syncpool_core *core, long timeout)
{
	wait_event_timeout(core->idle_wait, READ_ONCE(core->settled), timeout);
}

/* The pool has ended, and nobody rotates it any more: settle_work does not run. */
void pool_reclaim_stop(struct syncpool_core *core)
{
	/* it is queued after a grace period */
	if (work_pending(&core->settle_work.work))
		rcu_barrier();
	/* not flush_rcu_work(), which would wait for a worker, and this may be the last one */
	cancel_work_sync(&core->settle_work.work);
}

/* Free all that @core holds. Nobody reaches its generations any more. */
void pool_reclaim_drain_all(struct syncpool_core *core)
{
	unsigned int i;
	void *obj;

	for (i = 0; i < POOL_GENERATIONS; i++)
		pool_drain(core, &core->generations[i]);
	preempt_disable();
	while (core->limit && (obj = __pool_limit_unstash(core, true))) {
		preempt_enable();
		pool_free_cached(core, &obj, 1);
		preempt_disable();
	}
	preempt_enable();
}
