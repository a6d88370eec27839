// SPDX-License-Identifier: GPL-2.0
/*
 * pool_main - get and put
 *
 * get:	own magazine -> own chain -> other CPUs' chains -> the victim's part of
 *	this CPU, then its chains -> unpin -> alloc()
 * put:	own magazine, whose newer part goes to the own chain when it is full
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
 * one chain of another CPU. While there are chains left to try, get continues in
 * another section; it looks at the victim in sections of their own.
 *
 * Conventions: an object may be POOL_RETRY, which stands for "none so far, more
 * to try in another pinned section".
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/jump_label.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "pool_activate.h"
#include "pool_build.h"
#include "pool_debug.h"
#include "pool_free.h"
#include "pool_main.h"
#include "pool_trace.h"

#define POOL_RETRY	ERR_PTR(POOL_AGAIN)

/*
 * Steal enough to fill the magazine, which is empty: a theft costs about the same
 * for one object as for many.
 */
static int pool_steal_refill(struct pool_pcp *pcp)
{
	struct syncpool_core *core = pcp->gen->core;
	int n;

	pool_hook(POOL_HOOK_STEAL);
	n = pool_generation_steal(pcp->gen, pool_debug_steal_start(core),
				  &pcp->magazine.objs[POOL_FIRST],
				  pool_pcp_capacity(pcp));
	if (n > 0) {
		this_cpu_inc(core->counters->steals);
		this_cpu_add(core->counters->stolen, n);
		trace_syncpool_steal(core->params.name, n);
	}
	return n;
}

/*
 * There is no object at top or below, and none in this CPU's chain: look where an
 * interrupted operation may have left some, then steal. Returns the entry of an
 * object, SYNCPOOL_TOP_EMPTY, or POOL_AGAIN.
 */
static noinline int pool_find_slowpath(struct pool_pcp *pcp)
{
	u32 top = pool_pcp_find_top(pcp);
	int n;

	if (top == SYNCPOOL_TOP_EMPTY && READ_ONCE(pcp->magazine.nested_used))
		top = pool_pcp_collect_nested(pcp, top);
	if (top != SYNCPOOL_TOP_EMPTY)
		return top;
	n = pool_steal_refill(pcp);
	return n < 0 ? n : SYNCPOOL_TOP_EMPTY + n;
}

/*
 * Find an object in the magazine, which is refilled if need be. Returns its entry,
 * SYNCPOOL_TOP_EMPTY, or POOL_AGAIN.
 */
static __always_inline int pool_find(struct pool_pcp *pcp, u32 top)
{
	unsigned int n;

	pool_hook(POOL_HOOK_GET);
	top = pool_pcp_find_down(pcp, top);
	if (unlikely(top != SYNCPOOL_TOP_EMPTY))
		return top;
	pool_hook(POOL_HOOK_REFILL);
	if (unlikely(pool_pcp_any_low(pcp, pcp->magazine.block)))
		return pool_find_slowpath(pcp);
	n = pool_generation_refill(pcp->gen, pcp);
	if (unlikely(!n))
		return pool_find_slowpath(pcp);
	return SYNCPOOL_TOP_EMPTY + n;
}

/*
 * The owner of this CPU's part was interrupted, or the pool is closed. Returns as
 * pool_get_active().
 */
static noinline void *pool_get_nested(struct syncpool *pool)
{
	struct syncpool_core *core = READ_ONCE(pool->core);
	struct pool_pcp *pcp;
	void *obj;
	int n;

	if (!pool_core_caches(core))
		return NULL;
	pcp = pool_core_pcp(core);
	obj = pool_pcp_nested_get(pcp);
	if (!obj) {
		n = pool_generation_steal(pcp->gen, pool_debug_steal_start(core), &obj, 1);
		if (n == POOL_AGAIN)
			return POOL_RETRY;
	}
	atomic_long_inc(&core->nested);
	return obj;
}

/* Returns an object of the active generation, NULL, or POOL_RETRY. */
static __always_inline void *pool_get_active(struct syncpool *pool)
{
	struct pool_pcp *pcp;
	void *obj;
	int found;
	u32 top;

	pcp = pool_trylock_pcp(pool, &top);
	if (unlikely(!pcp))
		return pool_get_nested(pool);
	found = pool_find(pcp, top);
	if (likely(found > SYNCPOOL_TOP_EMPTY)) {
		obj = pool_pcp_take(pcp, found);
		top = found - 1;
	} else {
		obj = found < 0 ? POOL_RETRY : NULL;
		top = SYNCPOOL_TOP_EMPTY;
	}
	pool_pcp_unlock(pcp, top);
	return obj;
}

/*
 * Returns one object of the victim, NULL, or POOL_RETRY. Takes no more than is
 * asked for, so that the rest continues to age.
 */
static void *pool_victim_take(struct syncpool_core *core)
{
	/* pool_victim_take:A: address dependency, pairs with pool_rotate:A */
	struct pool_generation *victim = READ_ONCE(core->victim);
	void *obj;
	int n;

	pool_assert_pinned();
	pool_hook(POOL_HOOK_VICTIM);
	obj = pool_generation_take_own(victim);
	if (!obj) {
		n = pool_generation_steal(victim, pool_debug_steal_start(core), &obj, 1);
		if (n <= 0)
			return ERR_PTR(n);
	}
	this_cpu_inc(core->counters->victim_hits);
	return obj;
}

static void *pool_get_victim(struct syncpool *pool)
{
	struct syncpool_core *core;
	void *obj;

	do {
		preempt_disable();
		core = READ_ONCE(pool->core);
		obj = pool_core_caches(core) ? pool_victim_take(core) : NULL;
		preempt_enable();
	} while (obj == POOL_RETRY);
	return obj;
}

/*
 * Continue a get whose first section returned @obj: NULL, or POOL_RETRY. Returns
 * an object or NULL.
 */
static noinline void *pool_get_slowpath(struct syncpool *pool, void *obj)
{
	while (obj == POOL_RETRY) {
		preempt_disable();
		obj = pool_get_active(pool);
		preempt_enable();
	}
	return obj ?: pool_get_victim(pool);
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
	void *obj = pool_get_active(pool);

	preempt_enable();
	if (IS_ERR_OR_NULL(obj))
		obj = pool_get_slowpath(pool, obj);
	pool_debug_leave(obj);
	return likely(obj) ? obj : pool_build(pool, gfp);
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
	void *obj = pool_get_active(pool);

	preempt_enable();
	if (IS_ERR_OR_NULL(obj))
		obj = pool_get_slowpath(pool, obj);
	pool_debug_leave(obj);
	if (unlikely(!obj && !READ_ONCE(pool->core)))
		pool_activate_later(pool);
	return obj;
}
EXPORT_SYMBOL_GPL(__syncpool_try_get);

/*
 * Store @obj in the magazine and move @top there. False if the magazine is full
 * and the chain has no room for a spill.
 */
static __always_inline bool pool_store(struct pool_pcp *pcp, u32 *top, void *obj)
{
	u32 to;

	pool_hook(POOL_HOOK_PUT);
	to = pool_pcp_find_up(pcp, *top);
	if (to > pcp->magazine.last)
		to = pool_generation_spill(pcp->gen, pcp);
	if (unlikely(to > pcp->magazine.last)) {
		*top = pcp->magazine.last;
		return false;
	}
	pool_pcp_store(pcp, to, obj);
	if (unlikely(READ_ONCE(pcp->magazine.nested_used)))
		to = pool_pcp_collect_nested(pcp, to);
	*top = to;
	return true;
}

static void pool_grow(struct pool_pcp *pcp, struct pool_ring *ring)
{
	struct syncpool_core *core = pcp->gen->core;

	pool_pcp_assert_locked(pcp);
	pool_chain_grow(&pcp->chain, ring);
	atomic_long_inc(&core->grows);
	trace_syncpool_grow(core->params.name, ring->d.size);
}

/*
 * The owner of this CPU's part was interrupted, or the pool is closed. Returns as
 * pool_put_active().
 */
static noinline int pool_put_nested(struct syncpool *pool, void *obj)
{
	struct syncpool_core *core = READ_ONCE(pool->core);

	if (!pool_core_caches(core))
		return core ? -ENOSPC : -ENXIO;
	atomic_long_inc(&core->nested);
	return pool_pcp_nested_put(pool_core_pcp(core), obj) ? 0 : -ENOSPC;
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
	if (unlikely(!pool_store(pcp, &top, obj)))
		need = pool_chain_next_size(&pcp->chain);
	pool_pcp_unlock(pcp, top);
	return need;
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
	if (!ring)
		return -ENOSPC;
	preempt_disable();
	pcp = pool_trylock_pcp(pool, &top);
	if (!pcp) {
		err = pool_put_nested(pool, obj);
	} else {
		if (!pool_store(pcp, &top, obj)) {
			pool_grow(pcp, ring);
			ring = NULL;
			/* an empty ring has room for a block */
			if (WARN_ON_ONCE(!pool_store(pcp, &top, obj)))
				err = -ENOSPC;
		}
		pool_pcp_unlock(pcp, top);
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

/*
 * Cache @obj, flushed from a dead CPU, on this CPU. False if there is no room
 * without growing.
 */
bool pool_core_requeue(struct syncpool_core *core, void *obj)
{
	struct pool_pcp *pcp = pool_core_pcp(core);
	u32 top = pool_pcp_trylock(pcp);
	bool stored;

	if (top == SYNCPOOL_TOP_BUSY)
		return pool_pcp_nested_put(pcp, obj);
	stored = pool_store(pcp, &top, obj);
	pool_pcp_unlock(pcp, top);
	return stored;
}
