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
#include <linux/slab.h>

#include "pool_activate.h"
#include "pool_build.h"
#include "pool_debug.h"
#include "pool_free.h"
#include "pool_main.h"
#include "pool_trace.h"

#define POOL_RETRY	ERR_PTR(POOL_AGAIN)

/* Steal what the empty magazine has room for: a theft costs more than its size. */
static int pool_steal_refill(struct pool_pcp *pcp)
{
	struct syncpool_core *core = pcp->gen->core;
	int n;

	pool_hook(POOL_HOOK_STEAL);
	n = pool_generation_steal(pcp->gen, pool_steal_start(core),
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
 * Neither at top or below nor in the own chain: look where an interrupted
 * operation may have left objects, then steal. Returns the entry of an object,
 * SYNCPOOL_TOP_EMPTY, or POOL_AGAIN.
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
 * The entry of an object in the magazine, filled if need be; else
 * SYNCPOOL_TOP_EMPTY or POOL_AGAIN.
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

/* This operation interrupted the owner of this CPU's part, or the pool is closed. */
static noinline void *pool_get_nested(struct syncpool *pool)
{
	struct syncpool_core *core = READ_ONCE(pool->core);
	struct pool_pcp *pcp;
	void *obj;
	int n;

	if (!pool_core_caches(core))
		return NULL;
	pcp = pool_core_pcp(core);
	/* the owner may just have reset nested_used */
	obj = __pool_pcp_nested_get(pcp);
	if (!obj) {
		n = pool_generation_steal(pcp->gen, pool_steal_start(core), &obj, 1);
		if (n == POOL_AGAIN)
			return POOL_RETRY;
	}
	atomic_long_inc(&core->nested);
	return obj;
}

/* An object of the active generation, NULL, or POOL_RETRY. */
static __always_inline void *pool_get_active(struct syncpool *pool)
{
	struct pool_pcp *pcp;
	void *obj;
	int found;
	u32 top;

	pcp = pool_trylock(pool, &top);
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
 * One object of the victim, NULL, or POOL_RETRY. No more is taken than is asked
 * for: the rest goes on ageing.
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
		n = pool_generation_steal(victim, pool_steal_start(core), &obj, 1);
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

/* The first look gave @obj: NULL, or POOL_RETRY. An object or NULL. */
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
 * __syncpool_get() - the rest of syncpool_get(), whose magazine had nothing
 * @pool: the pool
 * @gfp: for the alloc callback
 *
 * Context: Any. Enters with preemption disabled once more, which it undoes.
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
 * __syncpool_try_get() - the rest of syncpool_try_get()
 * @pool: the pool
 *
 * Context: Any. Enters with preemption disabled once more, which it undoes.
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
 * Store @obj in the magazine, which is full above @top at worst. The new top, or
 * SYNCPOOL_TOP_BUSY: the chain has no room for a spill.
 */
static __always_inline u32 pool_store(struct pool_pcp *pcp, u32 top, void *obj)
{
	pool_hook(POOL_HOOK_PUT);
	top = pool_pcp_find_up(pcp, top);
	if (top > pcp->magazine.last)
		top = pool_generation_spill(pcp->gen, pcp);
	if (unlikely(top > pcp->magazine.last))
		return SYNCPOOL_TOP_BUSY;
	pool_pcp_store(pcp, top, obj);
	if (unlikely(READ_ONCE(pcp->magazine.nested_used)))
		top = pool_pcp_collect_nested(pcp, top);
	return top;
}

static void pool_grow(struct pool_pcp *pcp, struct pool_ring *ring)
{
	struct syncpool_core *core = pcp->gen->core;

	pool_pcp_assert_locked(pcp);
	pool_chain_grow(&pcp->chain, ring);
	atomic_long_inc(&core->grows);
	trace_syncpool_grow(core->params.name, ring->d.size);
}

/* This operation interrupted the owner of this CPU's part, or the pool is closed. */
static noinline bool pool_put_nested(struct syncpool *pool, void *obj)
{
	struct syncpool_core *core = READ_ONCE(pool->core);

	if (!pool_core_caches(core))
		return false;
	atomic_long_inc(&core->nested);
	return pool_pcp_nested_put(pool_core_pcp(core), obj);
}

/*
 * 0: @obj is kept. -EBUSY: it finds no place. Else the size of the ring that
 * this CPU's chain needs first.
 */
static __always_inline int pool_put_active(struct syncpool *pool, void *obj)
{
	struct pool_pcp *pcp;
	int need = 0;
	u32 top;

	pcp = pool_trylock(pool, &top);
	if (unlikely(!pcp))
		return pool_put_nested(pool, obj) ? 0 : -EBUSY;
	top = pool_store(pcp, top, obj);
	if (unlikely(top == SYNCPOOL_TOP_BUSY)) {
		need = pool_chain_next_size(&pcp->chain);
		top = pcp->magazine.last;
	}
	pool_pcp_unlock(pcp, top);
	return need;
}

/*
 * As pool_put_active(), with a ring for the chain, which is set to NULL if it
 * was used. An empty ring always takes a block.
 */
static bool pool_put_grow(struct syncpool *pool, void *obj,
			  struct pool_ring **ring)
{
	struct pool_pcp *pcp;
	u32 top, was;

	pcp = pool_trylock(pool, &was);
	if (!pcp)
		return pool_put_nested(pool, obj);
	top = pool_store(pcp, was, obj);
	if (top == SYNCPOOL_TOP_BUSY) {
		pool_grow(pcp, *ring);
		*ring = NULL;
		top = pool_store(pcp, pcp->magazine.last, obj);
	}
	pool_pcp_unlock(pcp, top);
	return true;
}

/*
 * @obj was not kept, for the reason in @need. A ring is allocated unpinned, after
 * which this may be another CPU, or the pool closed.
 */
static noinline void pool_put_slowpath(struct syncpool *pool, void *obj, int need)
{
	struct pool_ring *ring = NULL;
	bool kept = false;

	if (need > 0 && pool_may_use_slab())
		ring = pool_ring_alloc(need, GFP_NOWAIT | __GFP_NOWARN |
					     __GFP_NOMEMALLOC);
	if (ring) {
		preempt_disable();
		kept = pool_put_grow(pool, obj, &ring);
		preempt_enable();
		kfree(ring);
	}
	if (kept)
		return;
	if (!READ_ONCE(pool->core))
		pool_activate_later(pool);
	pool_free_one(pool, obj);
}

/**
 * __syncpool_put() - the rest of syncpool_put(), whose magazine had no room
 * @pool: the pool
 * @obj: the object; NULL does nothing
 *
 * Context: Any. Enters with preemption disabled once more, which it undoes.
 */
void __syncpool_put(struct syncpool *pool, void *obj)
{
	int need = 0;

	if (unlikely(!obj))
		goto out;
	if (static_branch_unlikely(&pool_debug_key)) {
		switch (pool_debug_put(pool, obj, _RET_IP_)) {
		case POOL_DEBUG_KEEP:
			break;
		case POOL_DEBUG_DROP:
			need = -EBUSY;
			goto out;
		case POOL_DEBUG_REFUSE:
			goto out;
		}
	}
	need = pool_put_active(pool, obj);
out:
	preempt_enable();
	if (unlikely(need))
		pool_put_slowpath(pool, obj, need);
}
EXPORT_SYMBOL_GPL(__syncpool_put);

/*
 * Keep @obj, which is cached elsewhere in @core, on this CPU instead. False if
 * there is no room without growing.
 */
bool pool_core_requeue(struct syncpool_core *core, void *obj)
{
	struct pool_pcp *pcp = pool_core_pcp(core);
	u32 top = pool_pcp_trylock(pcp);
	bool kept;

	if (top == SYNCPOOL_TOP_BUSY)
		return pool_pcp_nested_put(pcp, obj);
	top = pool_store(pcp, top, obj);
	kept = top != SYNCPOOL_TOP_BUSY;
	pool_pcp_unlock(pcp, kept ? top : pcp->magazine.last);
	return kept;
}
