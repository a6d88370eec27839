// SPDX-License-Identifier: GPL-2.0
/*
 * pool_take - where a get looks for an object
 *
 *	own magazine -> own chain -> own part of the victim -> the stash -> other CPUs'
 *	chains -> the rest of the victim -> what is old -> unpin -> recall what other CPUs'
 *	magazines hold
 *
 * The stash comes before thefts: what is taken there is nobody's, and this CPU's from then
 * on, while two CPUs in turn would steal one object from each other without end.
 *
 * One pinned section is bounded: one block from the own chain, and at most one chain or
 * magazine of another CPU. While there are some left to try, a get continues in another
 * section.
 *
 * Conventions: an object may be POOL_RETRY or POOL_FAR, see pool_take.h.
 */
#include <linux/err.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>

#include "pool_debug.h"
#include "pool_earn.h"
#include "pool_limit.h"
#include "pool_recall.h"
#include "pool_take.h"

/* grace periods that a get waits for a CPU on its way offline, or a rotation */
#define POOL_LAST_TRIES	100U
/* how often a get asks around before it builds */
#define POOL_RECALL_ROUNDS	4U

/*
 * Take one object of the victim's or an old one, and no more, so that the rest continues
 * to age. Returns as pool_get_active().
 */
void *pool_take_aged(struct pool_generation *victim)
{
	struct syncpool_core *core = victim->core;
	unsigned int start = pool_debug_steal_start(core);
	void *obj;
	int n;

	n = pool_generation_steal(victim, start, &obj, 1) ?:
	    pool_generation_take_other(victim, &obj) ?:
	    /*
	     * pool_take_aged:A: address dependency, pairs with pool_rotate:C;
	     * litmus/activate. It begins at the victim; litmus/rotation-order.
	     */
	    pool_generation_steal(READ_ONCE(core->old), start, &obj, 1);
	if (n <= 0)
		return ERR_PTR(n);
	this_cpu_inc(victim->counters->victim_hits);
	return obj;
}

/* What a get returns that found none in magazines and chains within its reach. */
void *pool_take_none(struct syncpool_core *core)
{
	void *obj = pool_limit_unstash(core);

	if (unlikely(obj))
		return obj;
	return pool_core_may_hold(core) ? POOL_FAR : NULL;
}

/*
 * There is no object at top or below: look where an interrupted operation may have
 * left some, into the own chain and the own part of the victim, then steal. The
 * object is as pool_get_active() returns it.
 */
static __always_inline struct pool_found pool_take_slowpath(struct pool_pcp *pcp)
{
	struct pool_found found = { NULL, SYNCPOOL_TOP_EMPTY };
	struct pool_generation *active = pcp->gen;
	/*
	 * pool_take_slowpath:A: address dependency, pairs with pool_rotate:A;
	 * litmus/activate. It begins at the magazine, so an operation that works
	 * on the new active generation finds the new victim as well;
	 * litmus/rotation-order.
	 */
	struct pool_generation *victim = READ_ONCE(active->core->victim);
	bool holds = pool_generation_may_hold(active);
	bool victim_holds = pool_generation_may_hold(victim);

	if (holds)
		found = pool_earn_get(pcp);
	pool_hook(POOL_HOOK_VICTIM);
	if (!found.obj && victim_holds)
		found.obj = pool_generation_take_own(victim);
	if (!found.obj)
		found.obj = pool_limit_unstash(active->core);
	if (!found.obj && holds)
		found = pool_earn_steal(pcp);
	if (!found.obj)
		found.obj = pool_take_aged(victim);
	if (!found.obj)
		found.obj = pool_take_none(active->core);
	return found;
}

/* Take an object where the part is locked. Returns as pool_take_slowpath(). */
static __always_inline struct pool_found pool_take(struct pool_pcp *pcp, u32 top)
{
	pool_hook(POOL_HOOK_GET);
	if (top != SYNCPOOL_TOP_EMPTY)
		top = pool_pcp_find_down(pcp, top);
	if (unlikely(top != SYNCPOOL_TOP_EMPTY))
		return pool_pcp_take_top(pcp, top);
	return pool_take_slowpath(pcp);
}

/* Steal one object from the chains of @gen. Returns as pool_get_active(). */
static void *pool_take_stolen(struct syncpool_core *core, struct pool_generation *gen)
{
	void *obj;
	int n = pool_generation_steal(gen, pool_debug_steal_start(core), &obj, 1);

	return n > 0 ? obj : ERR_PTR(n);
}

/* The owner of @pcp was interrupted. Likewise. */
static void *pool_take_nested(struct syncpool_core *core, struct pool_pcp *pcp)
{
	struct pool_generation *victim = READ_ONCE(core->victim);
	void *obj = pool_pcp_nested_get(pcp) ?: pool_take_stolen(core, pcp->gen) ?:
		    pool_generation_take_own(victim) ?: pool_take_aged(victim);

	if (obj == POOL_RETRY)
		return obj;
	atomic_long_inc(&core->nested);
	return obj ?: pool_take_none(core);
}

/* Take an object of @core, whose magazines the fast path may not find. As above. */
static void *pool_take_closed(struct syncpool_core *core)
{
	struct pool_pcp *pcp = pool_core_pcp(core);
	u32 top = pool_pcp_trylock(pcp);
	struct pool_found found;

	if (top == SYNCPOOL_TOP_BUSY)
		return pool_take_nested(core, pcp);
	found = pool_take(pcp, top);
	pool_pcp_unlock(pcp, found.top);
	return found.obj;
}

/*
 * The same while the pool waits for idle: a pool with limits may not be able to build, and
 * what is out may not come back before this get has an object. No magazine is in use
 * then, see pool_idle_begin().
 */
static void *pool_take_idling(struct syncpool_core *core)
{
	void *obj;

	if (!core->limit || READ_ONCE(core->mode) != POOL_IDLING || !pool_core_may_reclaim(core))
		return NULL;
	obj = pool_take_stolen(core, READ_ONCE(core->active)) ?:
	      pool_take_aged(READ_ONCE(core->victim));
	if (!IS_ERR_OR_NULL(obj))
		pool_limit_took_idling(core);
	return obj;
}

/* The same for a get whose turn it is, if others wait. */
static void *pool_take_in_turn(struct syncpool_core *core)
{
	void *obj = pool_limit_unstash(core);

	if (obj)
		return obj;
	return pool_core_caches(core) ? pool_take_closed(core) : pool_take_idling(core);
}

/*
 * The owner of this CPU's part was interrupted, or the pool is closed. Returns as
 * pool_get_active().
 */
static noinline void *pool_get_closed(struct syncpool *pool)
{
	struct syncpool_core *core = READ_ONCE(pool->core);

	if (!core || pool_limit_is_strict(core))
		return NULL;
	return pool_take_in_turn(core);
}

/*
 * Returns an object; POOL_RETRY; POOL_FAR; or NULL if there is none outside the
 * chains of the CPUs either.
 */
void *pool_get_active(struct syncpool *pool)
{
	struct pool_found found;
	struct pool_pcp *pcp;
	u32 top;

	pcp = pool_trylock_pcp(pool, &top);
	if (unlikely(!pcp))
		return pool_get_closed(pool);
	found = pool_take(pcp, top);
	pool_pcp_unlock(pcp, found.top);
	return found.obj;
}

/* Continue a get whose first section returned POOL_RETRY. Returns no POOL_RETRY. */
void *pool_get_slowpath(struct syncpool *pool)
{
	void *obj;

	do {
		preempt_disable();
		obj = pool_get_active(pool);
		preempt_enable();
	} while (obj == POOL_RETRY);
	return obj;
}

/*
 * What other CPUs hold, as pool_recall(), or what others put meanwhile; or NULL. Objects may
 * go past a get that looks for them, with a thief, or with another get's recall. So as long
 * as any CPU seemed to hold something, it looks again.
 */
void *pool_get_recalled(struct syncpool *pool, bool all)
{
	unsigned int rounds = all ? 1 : POOL_RECALL_ROUNDS;
	bool asked;
	void *obj;

	do {
		obj = pool_recall(pool, all, &asked) ?: pool_get_slowpath(pool);
		if (!IS_ERR_OR_NULL(obj))
			return obj;
	} while (asked && --rounds);
	return NULL;
}

/*
 * Nothing can be built, and the caller may sleep. What is idle and out of reach then
 * waits for a grace period, if it is not active any more, or for a CPU that goes offline.
 */
void *pool_get_last(struct syncpool *pool)
{
	unsigned int i;
	void *obj;

	for (i = 0; i < POOL_LAST_TRIES && pool_may_hold(pool); i++) {
		obj = pool_get_recalled(pool, true);
		if (obj)
			return obj;
		if (i && !pool_recall_is_pending(pool))
			break;
		synchronize_rcu();
	}
	return NULL;
}

/* As pool_get_slowpath(), for a get whose turn it is. */
static void *pool_get_in_reach(struct syncpool *pool)
{
	struct syncpool_core *core;
	void *obj;

	do {
		preempt_disable();
		core = READ_ONCE(pool->core);
		obj = core ? pool_take_in_turn(core) : NULL;
		preempt_enable();
	} while (obj == POOL_RETRY);
	return obj;
}

/* For the first of the gets that wait: what is idle anywhere, or NULL. Unpinned. */
void *pool_get_in_turn(struct syncpool *pool)
{
	void *obj = pool_get_in_reach(pool);
	bool asked;

	if (obj == POOL_FAR)
		obj = pool_recall(pool, true, &asked) ?: pool_get_in_reach(pool);
	return IS_ERR(obj) ? NULL : obj;
}
