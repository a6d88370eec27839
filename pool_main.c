// SPDX-License-Identifier: GPL-2.0
/*
 * pool_main - get and put
 *
 * get:	what is idle (pool_take.c) -> alloc() -> wait, if the pool has limits
 * put:	own magazine, whose newer part goes to the own chain when it is full;
 *	the own chain at once where the magazine has no room
 *
 * The magazine is served inline, without a lock (include/syncpool_fastpath.h):
 * each entry changes by compare-and-swap on its own CPU, and top is a hint. An
 * operation that is interrupted between the two leaves a wrong hint, so that an
 * object lies above top, or a hole below it. Nothing is lost by that, and the
 * next operation that meets it corrects it, here, under the try-lock.
 *
 * A closed pool (not active yet, with gets that wait, waiting for idle, ended, in debug
 * mode) looks busy, so every operation on it comes here.
 *
 * One pinned section is bounded: one block from or to the own chain, and at most
 * one chain or magazine of another CPU, and in a pool with limits a search of the stash.
 *
 * Conventions: an object may be POOL_RETRY or POOL_FAR, see pool_take.h, or POOL_WAIT.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/jump_label.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/smp.h>

#include "pool_activate.h"
#include "pool_build.h"
#include "pool_debug.h"
#include "pool_earn.h"
#include "pool_free.h"
#include "pool_limit.h"
#include "pool_main.h"
#include "pool_recall.h"
#include "pool_take.h"
#include "pool_wait.h"

/* in place of a victim: neither that nor the active generation holds anything */
#define POOL_NOTHING	ERR_PTR(-ENODATA)

/* Wait for an object. */
static void *pool_get_waiting(struct syncpool *pool, gfp_t gfp, unsigned int state)
{
	void *obj;

	return pool_wait(pool, gfp, 1, &obj, state) ? obj : NULL;
}

/*
 * Nothing was found that is near, a pool with limits could not build, and the caller may
 * sleep. Returns what the get returns; POOL_WAIT if @state is 0. All CPUs are asked for
 * what they hold before the pool is closed for a queue, which asks again.
 */
static noinline void *pool_get_late(struct syncpool *pool, gfp_t gfp, unsigned int state)
{
	void *obj = NULL;

	if (state ? !pool_limit_is_closed(pool) : !pool_is_strict(pool))
		obj = pool_get_recalled(pool, true);
	if (!obj)
		return state ? pool_get_waiting(pool, gfp, state) : POOL_WAIT;
	pool_debug_got(pool, obj, gfp);
	return obj;
}

/*
 * Look further for a get whose first section returned @obj: POOL_RETRY or POOL_FAR. Returns
 * an object or NULL.
 */
static void *pool_get_further(struct syncpool *pool, void *obj, bool wait)
{
	if (obj == POOL_RETRY)
		obj = pool_get_slowpath(pool);
	if (obj != POOL_FAR)
		return obj;
	if (wait)
		return pool_get_recalled(pool, false);
	pool_recall_async(pool);
	return NULL;
}

/*
 * Continue a get whose first section returned @obj, which is no object. @state: of a task
 * that waits. Returns as pool_get_late().
 */
static __always_inline void *pool_get_far(struct syncpool *pool, gfp_t gfp, void *obj,
					  unsigned int state)
{
	bool wait = gfpflags_allow_blocking(gfp) && pool_may_wait();

	might_alloc(gfp);
	if (unlikely(obj))
		obj = pool_get_further(pool, obj, wait);
	if (!obj) {
		obj = pool_build(pool, gfp);
		if (!IS_ERR_OR_NULL(obj))
			return obj;
		if (unlikely(obj) && wait)
			return pool_get_late(pool, gfp, state);
		obj = wait && pool_may_hold(pool) ? pool_get_last(pool) : NULL;
	}
	pool_debug_got(pool, obj, gfp);
	return obj;
}

/* For syncpool_get(), out of line. */
static noinline void *pool_get_far_waiting(struct syncpool *pool, gfp_t gfp, void *obj)
{
	return pool_get_far(pool, gfp, obj, TASK_UNINTERRUPTIBLE);
}

/*
 * Returns an object of the own chain, if objects are too expensive for magazines, or NULL.
 * Where the active generation holds nothing, on no CPU, a get costs the same for any
 * number of CPUs. Sets @victim, which is NULL if that is not so, or POOL_NOTHING, and
 * returns an object of the own part of it, or NULL.
 */
static __always_inline void *pool_get_quick(struct syncpool *pool,
					    struct pool_generation **victim)
{
	struct syncpool_core *core = READ_ONCE(pool->core);
	const struct pool_generation *old;
	struct pool_generation *active;

	*victim = NULL;
	if (unlikely(!pool_core_is_open(core)))
		return NULL;
	/*
	 * pool_get_quick:A: acquire, pairs with pool_rotate:B. An operation that
	 * sees the new active generation sees the new victim;
	 * litmus/rotation-order.
	 */
	active = smp_load_acquire(&core->active);
	if (pool_generation_may_hold(active))
		return pool_earn_get_closed(active);
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
	else if (!pool_generation_may_hold(old) && pool_limit_stashed(core) <= 0)
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
	obj = pool_generation_take_rest(victim) ?: pool_limit_unstash(victim->core) ?:
	      pool_take_aged(victim);
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
		return pool_get_far_waiting(pool, gfp, obj);
	pool_debug_got(pool, obj, gfp);
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
	void *obj;

	if (unlikely(pool_refuses_nmi(pool))) {
		preempt_enable();
		return NULL;
	}
	obj = pool_get_quick(pool, &victim);
	if (!obj)
		return pool_get_rest(pool, gfp, victim);
	preempt_enable();
	pool_debug_got(pool, obj, gfp);
	return obj;
}
EXPORT_SYMBOL_GPL(__syncpool_get);

/*
 * As __syncpool_get(), for a task that waits in @state; 0: return POOL_WAIT instead.
 */
void *__pool_get(struct syncpool *pool, gfp_t gfp, unsigned int state)
{
	struct pool_generation *victim;
	void *obj;

	if (unlikely(pool_refuses_nmi(pool))) {
		preempt_enable();
		return NULL;
	}
	obj = pool_get_quick(pool, &victim);
	if (!obj)
		obj = pool_get_first(pool, victim);
	preempt_enable();
	if (IS_ERR_OR_NULL(obj))
		return pool_get_far(pool, gfp, obj, state);
	pool_debug_got(pool, obj, gfp);
	return obj;
}

/**
 * __syncpool_get_killable() - slow path of syncpool_get_killable()
 * @pool: the pool
 * @gfp: passed to the alloc callback
 *
 * Context: Any. Called with preemption disabled by syncpool_get_killable(); enables it.
 * Return: as syncpool_get_killable().
 */
void *__syncpool_get_killable(struct syncpool *pool, gfp_t gfp)
{
	return __pool_get(pool, gfp, TASK_KILLABLE);
}
EXPORT_SYMBOL_GPL(__syncpool_get_killable);

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
	void *obj;

	if (unlikely(pool_refuses_nmi(pool))) {
		preempt_enable();
		return NULL;
	}
	obj = pool_get_quick(pool, &victim);
	if (!obj)
		obj = pool_get_first(pool, victim);
	preempt_enable();
	if (unlikely(obj == POOL_RETRY))
		obj = pool_get_slowpath(pool);
	if (unlikely(obj == POOL_FAR)) {
		pool_recall_async(pool);
		obj = NULL;
	}
	pool_debug_got(pool, obj, 0);
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

/* The owner of @pcp was interrupted. Returns as pool_put_active(). */
static int pool_put_nested(struct syncpool_core *core, struct pool_pcp *pcp, void *obj)
{
	atomic_long_inc(&core->nested);
	if (!pool_pcp_nested_put(pcp, obj))
		return -ENOSPC;
	/* after it, since a recall in between would close what it finds empty */
	pool_generation_open(pcp->gen, smp_processor_id());
	return 0;
}

/*
 * Cache @obj where the part is locked, and unlock it. Returns as pool_put_active(), but
 * no error.
 */
static __always_inline int pool_put_locked(struct pool_pcp *pcp, u32 top, void *obj)
{
	int need = 0;

	top = pool_store(pcp, top, obj);
	if (unlikely(top == SYNCPOOL_TOP_BUSY)) {
		need = pool_earn_ring_size(pcp);
		top = pcp->magazine.last;
	}
	pool_pcp_unlock(pcp, top);
	return need;
}

/* Cache @obj in @core, whose magazines the fast path may not find. As above. */
static int pool_store_closed(struct syncpool_core *core, void *obj)
{
	struct pool_pcp *pcp = pool_core_pcp(core);
	u32 top = pool_pcp_trylock(pcp);

	if (top == SYNCPOOL_TOP_BUSY)
		return pool_put_nested(core, pcp, obj);
	return pool_put_locked(pcp, top, obj);
}

/* An object was cached out of the stash: if a get waits, it has to look for it. */
static void pool_put_kick(struct syncpool_core *core)
{
	/*
	 * pool_put_kick:A: full barrier, pairs with pool_limit_place:A; litmus/wait-put,
	 * litmus/wait-offer
	 */
	smp_mb();
	pool_limit_kick(core);
}

/* Store @obj where gets that wait look first. False: none waits, or there is no room. */
static bool pool_put_stash(struct syncpool_core *core, void *obj)
{
	return pool_limit_has_waiters(core) && pool_limit_stash(core, obj);
}

/*
 * The owner of this CPU's part was interrupted, or the pool is closed. Returns as
 * pool_put_active().
 */
static noinline int pool_put_closed(struct syncpool *pool, void *obj)
{
	struct syncpool_core *core = READ_ONCE(pool->core);
	int err;

	if (!core)
		return -ENXIO;
	if (READ_ONCE(core->limit) && pool_limit_is_over(pool))
		return -ENOSPC;
	if (!pool_core_caches(core))
		return pool_put_stash(core, obj) ? 0 : -ENOSPC;
	if (pool_limit_is_strict(core) && pool_put_stash(core, obj))
		return 0;
	/* into this CPU's part, since the object is in its caches */
	err = pool_store_closed(core, obj);
	if (!err)
		pool_put_kick(core);
	else if (pool_put_stash(core, obj))
		err = 0;
	return err;
}

/*
 * Cache @obj. Returns 0; the size of the ring that this CPU's chain needs first;
 * -ENOSPC: there is no room, so it has to be freed; -ENXIO: likewise, and the pool
 * is not active.
 */
static __always_inline int pool_put_active(struct syncpool *pool, void *obj)
{
	struct pool_pcp *pcp;
	u32 top;

	pcp = pool_trylock_pcp(pool, &top);
	if (unlikely(!pcp))
		return pool_put_closed(pool, obj);
	return pool_put_locked(pcp, top, obj);
}

/* Add *@ring, or the spare ring if that is NULL, to the chain. */
static void pool_grow(struct pool_pcp *pcp, struct pool_ring **ring)
{
	if (!*ring)
		*ring = pool_ring_take_spare();
	if (*ring)
		pool_core_grow(pcp, *ring);
	*ring = NULL;
}

/*
 * Cache @obj, for which there was no room. *@ring, or this CPU's spare ring if that is
 * NULL, is added to the chain if there is none still. *@ring is NULL then. Returns as
 * pool_store().
 */
static u32 pool_store_grow(struct pool_pcp *pcp, u32 top, void *obj,
			   struct pool_ring **ring)
{
	unsigned int tries;

	for (tries = 0; tries < 2; tries++) {
		/* once more if a thief is slow to clear its slot */
		if (tries || pool_chain_is_full(&pcp->chain))
			pool_grow(pcp, ring);
		top = pool_store(pcp, top, obj);
		if (top != SYNCPOOL_TOP_BUSY)
			return top;
		top = pcp->magazine.last;
	}
	return pool_earn_room(pcp, obj);
}

/* As pool_trylock_pcp(), where the pool is closed. */
static struct pool_pcp *pool_trylock_closed(struct syncpool *pool, u32 *top)
{
	struct syncpool_core *core = READ_ONCE(pool->core);
	struct pool_pcp *pcp;

	if (!pool_core_caches(core))
		return NULL;
	pcp = pool_core_pcp(core);
	*top = pool_pcp_trylock(pcp);
	return *top != SYNCPOOL_TOP_BUSY ? pcp : NULL;
}

/*
 * Cache @obj after adding a ring of @size to the chain. The ring is allocated
 * unpinned, after which this may be another CPU, or the pool closed. Returns as
 * pool_put_active(); after a size @obj is not cached, either.
 */
static int pool_put_grow(struct syncpool *pool, void *obj, unsigned int size)
{
	struct pool_ring *ring = pool_ring_alloc_nowait(size);
	struct pool_pcp *pcp;
	int err = 0;
	u32 top;

	preempt_disable();
	pcp = pool_trylock_pcp(pool, &top) ?: pool_trylock_closed(pool, &top);
	if (pcp) {
		top = pool_store_grow(pcp, top, obj, &ring);
		if (top == SYNCPOOL_TOP_BUSY) {
			atomic_long_inc(&pcp->gen->core->refused);
			err = -ENOSPC;
		}
		pool_pcp_unlock(pcp, top ?: pcp->magazine.last);
		pool_put_kick(pcp->gen->core);
	} else {
		err = pool_put_closed(pool, obj);
	}
	preempt_enable();
	pool_ring_release(ring);
	return err;
}

/* @err is what pool_put_active() returned, not 0. */
static noinline void pool_put_slowpath(struct syncpool *pool, void *obj, int err)
{
	if (err > 0)
		err = pool_put_grow(pool, obj, err);
	if (!err)
		return;
	pool_free_or_keep(pool, obj);
	/* after the object has found its place in the table of first uses, if it must */
	if (err == -ENXIO)
		pool_activate_later(pool);
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
		if (unlikely(pool_refuses_nmi(pool)))
			verdict = POOL_DEBUG_DROP;
		else if (static_branch_unlikely(&pool_debug_key))
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

void syncpool_discard(struct syncpool *pool, void *obj)
{
	if (!obj || pool_debug_refuses(pool, obj, _RET_IP_))
		return;
	__syncpool_take(pool, obj);
	if (unlikely(!READ_ONCE(pool->core)))
		pool_activate_later(pool);
	pool_free_one(pool, obj);
}
EXPORT_SYMBOL_GPL(syncpool_discard);
