// SPDX-License-Identifier: GPL-2.0
/*
 * pool_free - free an object now, or later where free may not run
 *
 * What a caller gave back, for which a put found no room, or that is discarded; and what
 * was cached, by reclaim and the like. Nothing here holds a lock while free runs.
 */
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "pool_context.h"
#include "pool_debug.h"
#include "pool_defer.h"
#include "pool_free.h"
#include "pool_limit.h"
#include "pool_stats.h"

/* Free @obj here, which counts as built no more. */
void pool_free_now(struct syncpool *pool, void *obj)
{
	pool_assert_may_free(NULL);
	pool_debug_free(pool, obj);
	pool_limit_freed(pool);
	/* last, since it may be what syncpool_wait_idle() waits for */
	pool_stats_free(pool);
}

/* May free run here and now? */
static bool pool_free_may_run(struct syncpool *pool)
{
	const struct syncpool_core *core;
	bool may;

	if ((pool->params.flags & SYNCPOOL_FREE_SLEEPS) || !pool_may_use_slab())
		return false;
	rcu_read_lock();
	core = READ_ONCE(pool->core);
	may = core ? !pool_core_is_suspended(core) : !pool_is_suspended();
	rcu_read_unlock();
	return may;
}

/* Free an object that a caller gave back, and that counts as built no more. */
static void pool_free_dropped(struct syncpool *pool, void *obj)
{
	if (pool_free_may_run(pool)) {
		pool_free_now(pool, obj);
		return;
	}
	pool_debug_leave(obj);
	pool_defer(pool, obj);
}

/* Free an object that a caller gave back, now or later. Any context, unpinned. */
void pool_free_one(struct syncpool *pool, void *obj)
{
	/* @pool was never initialized; pool_is_gone() reports it */
	if (unlikely(!pool->params.free))
		return;
	atomic_long_dec(&pool->limit.built);
	pool_free_dropped(pool, obj);
}

/* Keep @obj, if the pool needs it. Otherwise it counts as built no more. Pinned. */
static bool pool_free_keeps(struct syncpool *pool, void *obj)
{
	struct syncpool_core *core = READ_ONCE(pool->core);

	if (core && pool_limit_drop(core, 1))
		return false;
	if (core && pool_limit_keep(core, obj, false))
		return true;
	atomic_long_dec(&pool->limit.built);
	return false;
}

/* Free an object for which a put found no room, but keep it if the pool needs it. */
void pool_free_or_keep(struct syncpool *pool, void *obj)
{
	bool keeps;

	if (unlikely(!pool->params.free))
		return;
	preempt_disable();
	keeps = pool_free_keeps(pool, obj);
	preempt_enable();
	if (!keeps)
		pool_free_dropped(pool, obj);
}

/*
 * Free objects that were taken from the cache, and count as freed. Neither inlined nor
 * cloned: scripts/tools/free.bt measures it.
 */
noinline __noclone void pool_free_taken(struct syncpool_core *core, void **objs, unsigned int n)
{
	struct syncpool *pool = READ_ONCE(core->pool);
	unsigned int i;

	for (i = 0; i < n; i++) {
		pool_assert_may_free(core);
		pool_debug_free_taken(core, objs[i]);
		if (likely(pool))
			pool_limit_freed(pool);
	}
}

/*
 * Free objects that were cached, but keep those that the pool needs. Returns how many
 * were freed.
 */
unsigned int pool_free_cached(struct syncpool_core *core, void **objs, unsigned int n)
{
	n = pool_limit_retain(core, objs, n);
	pool_stats_dropped(core, n);
	pool_free_taken(core, objs, n);
	return n;
}

/*
 * As pool_free_cached(), later, where a lock is held. They count as freed then. There was
 * room for all of them, see pool_defer_has_room().
 */
void pool_free_cached_later(struct syncpool_core *core, void **objs, unsigned int n)
{
	unsigned int i;

	n = pool_limit_retain(core, objs, n);
	for (i = 0; i < n; i++) {
		pool_debug_leave(objs[i]);
		/* others may have filled the stash, with objects that the pool did not build */
		if (!pool_defer_cached(core, objs[i]))
			pool_core_warn(core, POOL_WARNED_LOST,
				       "an object that was cached is lost, too many wait to be freed");
	}
}

/* Take an object that may be freed from the stash, and count it as freed. Or NULL. */
static void *pool_free_unstash(struct syncpool_core *core)
{
	struct syncpool *pool = READ_ONCE(core->pool);
	void *obj;

	pool_assert_pinned();
	if (!pool_core_may_reclaim(core) || pool_limit_has_waiters(core) ||
	    !pool_limit_drop(core, 1))
		return NULL;
	obj = __pool_limit_unstash(core, true);
	if (obj)
		pool_stats_dropped(core, 1);
	else if (pool)
		atomic_long_inc(&pool->limit.built);
	return obj;
}

/* Free up to @max objects of the stash. Returns how many. */
unsigned long pool_free_stashed(struct syncpool_core *core, unsigned long max)
{
	unsigned long freed;
	void *obj;

	for (freed = 0; freed < max && pool_limit_stashed(core) > 0; freed++) {
		preempt_disable();
		obj = pool_free_unstash(core);
		preempt_enable();
		if (!obj)
			break;
		pool_free_taken(core, &obj, 1);
		cond_resched();
	}
	return freed;
}
