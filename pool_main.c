// SPDX-License-Identifier: GPL-2.0
/*
 * pool_main - get and put
 *
 * get:	own magazine -> own chain -> own part of the victim -> other CPUs' chains
 *	-> the rest of the victim -> what is old -> unpin -> recall what other CPUs'
 *	magazines hold -> alloc()
 * put:	own magazine, whose newer part goes to the own chain when it is full;
 *	the own chain at once where the magazine has no room
 *
 * The magazine is served inline, without a lock (include/syncpool_fastpath.h):
 * each entry changes by compare-and-swap on its own CPU, and top is a hint. An
 * operation that is interrupted between the two leaves a wrong hint, so that an
 * object lies above top, or a hole below it. Nothing is lost by that, and the
 * next operation that meets it corrects it, here, under the try-lock.
 *
 * A closed pool (not active yet, waiting for idle, ended, in debug mode) looks
 * busy, so every operation on it comes here.
 *
 * One pinned section is bounded: one block from or to the own chain, and at most
 * one chain or magazine of another CPU. While there are some left to try, get
 * continues in another section.
 *
 * Conventions: an object may be POOL_RETRY, which stands for "none so far, more
 * to try in another pinned section", or POOL_FAR, "none, but other CPUs' magazines
 * may hold some".
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/jump_label.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "pool_activate.h"
#include "pool_build.h"
#include "pool_debug.h"
#include "pool_earn.h"
#include "pool_free.h"
#include "pool_recall.h"

#define POOL_RETRY	ERR_PTR(POOL_AGAIN)
#define POOL_FAR	ERR_PTR(-ENOENT)
/* in place of a victim: neither that nor the active generation holds anything */
#define POOL_NOTHING	ERR_PTR(-ENODATA)
/* grace periods that a get waits for a CPU on its way offline, or a rotation */
#define POOL_LAST_TRIES	100U

/*
 * Take one object of the victim's or an old one, and no more, so that the rest continues
 * to age. Returns as pool_get_active().
 */
static noinline void *pool_take_aged(struct pool_generation *victim)
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

/* What a get returns that found none in its reach. */
static void *pool_take_none(const struct syncpool_core *core)
{
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

/*
 * The owner of this CPU's part was interrupted, or the pool is closed. Returns as
 * pool_get_active().
 */
static noinline void *pool_get_nested(struct syncpool *pool)
{
	struct syncpool_core *core = READ_ONCE(pool->core);
	struct pool_generation *victim;
	struct pool_pcp *pcp;
	void *obj;
	int n;

	if (!pool_core_caches(core))
		return NULL;
	pcp = pool_core_pcp(core);
	victim = READ_ONCE(pcp->gen->core->victim);
	obj = pool_pcp_nested_get(pcp);
	if (!obj) {
		n = pool_generation_steal(pcp->gen, pool_debug_steal_start(core), &obj, 1);
		if (n <= 0)
			obj = ERR_PTR(n);
	}
	obj = obj ?: pool_generation_take_own(victim) ?: pool_take_aged(victim);
	if (obj == POOL_RETRY)
		return obj;
	atomic_long_inc(&core->nested);
	return obj ?: pool_take_none(core);
}

/*
 * Returns an object; POOL_RETRY; POOL_FAR; or NULL if there is none outside the
 * chains of the CPUs either.
 */
static noinline void *pool_get_active(struct syncpool *pool)
{
	struct pool_found found;
	struct pool_pcp *pcp;
	u32 top;

	pcp = pool_trylock_pcp(pool, &top);
	if (unlikely(!pcp))
		return pool_get_nested(pool);
	found = pool_take(pcp, top);
	pool_pcp_unlock(pcp, found.top);
	return found.obj;
}

/* Continue a get whose first section returned POOL_RETRY. Returns no POOL_RETRY. */
static noinline void *pool_get_slowpath(struct syncpool *pool)
{
	void *obj;

	do {
		preempt_disable();
		obj = pool_get_active(pool);
		preempt_enable();
	} while (obj == POOL_RETRY);
	return obj;
}

/* What other CPUs hold, as pool_recall(), or what others put meanwhile; or NULL. */
static void *pool_get_recalled(struct syncpool *pool, bool all)
{
	void *obj = pool_recall(pool, all) ?: pool_get_slowpath(pool);

	return IS_ERR(obj) ? NULL : obj;
}

/*
 * Nothing can be built, and the caller may sleep. What is idle and out of reach then
 * waits for a grace period, if it is not active any more, or for a CPU that goes offline.
 */
static void *pool_get_last(struct syncpool *pool)
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

/*
 * Continue a get whose first section returned @obj, which is no object. Returns what
 * the get returns.
 */
static noinline void *pool_get_far(struct syncpool *pool, gfp_t gfp, void *obj)
{
	bool wait = gfpflags_allow_blocking(gfp) && pool_may_wait();

	might_alloc(gfp);
	if (obj == POOL_RETRY)
		obj = pool_get_slowpath(pool);
	if (obj == POOL_FAR) {
		if (!wait)
			pool_recall_async(pool);
		obj = wait ? pool_get_recalled(pool, false) : NULL;
	}
	if (!obj) {
		obj = pool_build(pool, gfp);
		if (obj || !wait)
			return obj;
		obj = pool_get_last(pool);
	}
	pool_debug_leave(obj);
	return obj;
}

/*
 * Where the active generation holds nothing, on no CPU, a get costs the same for any
 * number of CPUs. Sets @victim, which is NULL if that is not so, or POOL_NOTHING, and
 * returns an object of the own part of it, or NULL.
 */
static __always_inline void *pool_get_quick(struct syncpool *pool,
					    struct pool_generation **victim)
{
	struct syncpool_core *core = READ_ONCE(pool->core);
	const struct pool_generation *active, *old;

	*victim = NULL;
	if (unlikely(!pool_core_caches(core)))
		return NULL;
	/*
	 * pool_get_quick:A: acquire, pairs with pool_rotate:B. An operation that
	 * sees the new active generation sees the new victim;
	 * litmus/rotation-order.
	 */
	active = smp_load_acquire(&core->active);
	if (pool_generation_may_hold(active))
		return NULL;
	/*
	 * pool_get_quick:B: address dependency, pairs with pool_rotate:A;
	 * litmus/activate
	 */
	*victim = READ_ONCE(core->victim);
	if (likely(pool_generation_may_hold(*victim))) {
		pool_hook(POOL_HOOK_VICTIM);
		return pool_generation_take_near(*victim);
	}
	old = READ_ONCE(core->old);
	/* the three of them, or a rotation is under way and one was in no role */
	if (unlikely(*victim == active || old == *victim))
		*victim = NULL;
	else if (!pool_generation_may_hold(old))
		*victim = POOL_NOTHING;
	return NULL;
}

/* The first section of a get that pool_get_quick() does not serve. */
static __always_inline void *pool_get_first(struct syncpool *pool,
					    struct pool_generation *victim)
{
	void *obj;

	if (!victim)
		return pool_get_active(pool);
	if (victim == POOL_NOTHING)
		return NULL;
	obj = pool_generation_take_rest(victim) ?: pool_take_aged(victim);
	return obj ?: pool_take_none(victim->core);
}

/*
 * The rest of __syncpool_get(): pool_get_quick() found nothing, and set @victim. Enables
 * preemption. Out of line, so that the quick part need not save registers.
 */
static noinline void *pool_get_rest(struct syncpool *pool, gfp_t gfp,
				    struct pool_generation *victim)
{
	void *obj = pool_get_first(pool, victim);

	preempt_enable();
	if (IS_ERR_OR_NULL(obj))
		return pool_get_far(pool, gfp, obj);
	pool_debug_leave(obj);
	return obj;
}

/**
 * __syncpool_get() - slow path of syncpool_get()
 * @pool: the pool
 * @gfp: passed to the alloc callback
 *
 * Context: Any. Called with preemption disabled by syncpool_get(); enables it.
 * Return: as syncpool_get().
 */
void *__syncpool_get(struct syncpool *pool, gfp_t gfp)
{
	struct pool_generation *victim;
	void *obj = pool_get_quick(pool, &victim);

	if (!obj)
		return pool_get_rest(pool, gfp, victim);
	preempt_enable();
	pool_debug_leave(obj);
	return obj;
}
EXPORT_SYMBOL_GPL(__syncpool_get);

/**
 * __syncpool_try_get() - slow path of syncpool_try_get()
 * @pool: the pool
 *
 * Context: Any. Called with preemption disabled by syncpool_try_get(); enables it.
 * Return: as syncpool_try_get().
 */
void *__syncpool_try_get(struct syncpool *pool)
{
	struct pool_generation *victim;
	void *obj = pool_get_quick(pool, &victim);

	if (!obj)
		obj = pool_get_first(pool, victim);
	preempt_enable();
	if (unlikely(obj == POOL_RETRY))
		obj = pool_get_slowpath(pool);
	if (unlikely(obj == POOL_FAR)) {
		pool_recall_async(pool);
		obj = NULL;
	}
	pool_debug_leave(obj);
	if (unlikely(!obj && !READ_ONCE(pool->core)))
		pool_activate_later(pool);
	return obj;
}
EXPORT_SYMBOL_GPL(__syncpool_try_get);

/*
 * Store @obj above @top, in the magazine or in the chain. Returns where top is then,
 * or SYNCPOOL_TOP_BUSY if neither has room.
 */
static __always_inline u32 pool_store(struct pool_pcp *pcp, u32 top, void *obj)
{
	pool_hook(POOL_HOOK_PUT);
	top = pool_pcp_find_up(pcp, top);
	if (likely(top > pcp->magazine.last))
		return pool_earn_put(pcp, obj);
	pool_pcp_store(pcp, top, obj);
	if (unlikely(READ_ONCE(pcp->magazine.nested_used)))
		top = pool_pcp_collect_nested(pcp, top);
	return top;
}

/*
 * The owner of this CPU's part was interrupted, or the pool is closed. Returns as
 * pool_put_active().
 */
static noinline int pool_put_nested(struct syncpool *pool, void *obj)
{
	struct syncpool_core *core = READ_ONCE(pool->core);
	struct pool_pcp *pcp;

	if (!pool_core_caches(core))
		return core ? -ENOSPC : -ENXIO;
	atomic_long_inc(&core->nested);
	pcp = pool_core_pcp(core);
	if (!pool_pcp_nested_put(pcp, obj))
		return -ENOSPC;
	/* after it, since a recall in between would close what it finds empty */
	pool_generation_open(pcp->gen, smp_processor_id());
	return 0;
}

/*
 * Cache @obj. Returns 0; the size of the ring that this CPU's chain needs first;
 * -ENOSPC: there is no room, so it has to be freed; -ENXIO: likewise, and the pool
 * is not active.
 */
static __always_inline int pool_put_active(struct syncpool *pool, void *obj)
{
	struct pool_pcp *pcp;
	int need = 0;
	u32 top;

	pcp = pool_trylock_pcp(pool, &top);
	if (unlikely(!pcp))
		return pool_put_nested(pool, obj);
	top = pool_store(pcp, top, obj);
	if (unlikely(top == SYNCPOOL_TOP_BUSY)) {
		need = pool_earn_ring_size(pcp);
		top = pcp->magazine.last;
	}
	pool_pcp_unlock(pcp, top);
	return need;
}

/*
 * Cache @obj, for which there was no room. *@ring is added to the chain if there is
 * none still, and set to NULL; it may be NULL. Returns as pool_store().
 */
static u32 pool_store_grow(struct pool_pcp *pcp, u32 top, void *obj,
			   struct pool_ring **ring)
{
	unsigned int tries;

	for (tries = 0; tries < 2; tries++) {
		/* once more if a thief is slow to clear its slot */
		if (*ring && (tries || pool_chain_is_full(&pcp->chain))) {
			pool_core_grow(pcp, *ring);
			*ring = NULL;
		}
		top = pool_store(pcp, top, obj);
		if (top != SYNCPOOL_TOP_BUSY)
			return top;
		top = pcp->magazine.last;
	}
	return pool_earn_room(pcp, obj);
}

/*
 * Cache @obj after adding a ring of @size to the chain. The ring is allocated
 * unpinned, after which this may be another CPU, or the pool closed. Returns as
 * pool_put_active(), but never a size.
 */
static int pool_put_grow(struct syncpool *pool, void *obj, unsigned int size)
{
	struct pool_ring *ring = NULL;
	struct pool_pcp *pcp;
	int err = 0;
	u32 top;

	if (pool_may_use_slab())
		ring = pool_ring_alloc(size, GFP_NOWAIT | __GFP_NOWARN |
					     __GFP_NOMEMALLOC);
	preempt_disable();
	pcp = pool_trylock_pcp(pool, &top);
	if (pcp) {
		top = pool_store_grow(pcp, top, obj, &ring);
		if (top == SYNCPOOL_TOP_BUSY)
			err = -ENOSPC;
		pool_pcp_unlock(pcp, top ?: pcp->magazine.last);
	} else {
		err = pool_put_nested(pool, obj);
	}
	preempt_enable();
	kfree(ring);
	return err;
}

/* @err is what pool_put_active() returned, not 0. */
static noinline void pool_put_slowpath(struct syncpool *pool, void *obj, int err)
{
	if (err > 0)
		err = pool_put_grow(pool, obj, err);
	if (!err)
		return;
	if (err == -ENXIO)
		pool_activate_later(pool);
	pool_free_one(pool, obj);
}

/**
 * __syncpool_put() - slow path of syncpool_put()
 * @pool: the pool
 * @obj: the object; NULL does nothing
 *
 * Context: Any. Called with preemption disabled by syncpool_put(); enables it.
 */
void __syncpool_put(struct syncpool *pool, void *obj)
{
	enum pool_debug_verdict verdict = POOL_DEBUG_KEEP;
	int err = 0;

	if (likely(obj)) {
		if (static_branch_unlikely(&pool_debug_key))
			verdict = pool_debug_put(pool, obj, _RET_IP_);
		if (likely(verdict == POOL_DEBUG_KEEP))
			err = pool_put_active(pool, obj);
		else if (verdict == POOL_DEBUG_DROP)
			err = -ENOSPC;
	}
	preempt_enable();
	if (unlikely(err))
		pool_put_slowpath(pool, obj, err);
}
EXPORT_SYMBOL_GPL(__syncpool_put);
