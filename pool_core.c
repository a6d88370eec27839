// SPDX-License-Identifier: GPL-2.0
/*
 * pool_core - what pools are known by: the list of cores, a pool's state, and
 * what its fast path works on
 *
 * Order of locks: cpu_hotplug_lock, pool_list_lock, core->reclaim_lock; and
 * core->idle_lock, core->reclaim_lock. pool_list_lock is never held while
 * something is allocated, so activating a pool inside somebody's allocation
 * waits for nobody's reclaim.
 */
#include <linux/bug.h>
#include <linux/export.h>

#include "pool_core.h"

struct workqueue_struct *pool_wq;

LIST_HEAD(pool_list);
DEFINE_MUTEX(pool_list_lock);	/* of pool_list */
EXPORT_SYMBOL_FOR_TEST(pool_list_lock);

DEFINE_PER_CPU(struct syncpool_magazine, syncpool_closed) = {
	.top = SYNCPOOL_TOP_BUSY,
	.objs = { SYNCPOOL_GUARD, SYNCPOOL_GUARD },
};

EXPORT_PER_CPU_SYMBOL_GPL(syncpool_closed);

struct syncpool_core *pool_core_find(const struct syncpool *pool)
{
	struct syncpool_core *core;

	lockdep_assert_held(&pool_list_lock);
	list_for_each_entry(core, &pool_list, node)
		if (core->pool == pool)
			return core;
	return NULL;
}

/* Point the fast path where the mode says, unless the pool is gone already. */
void pool_core_publish(struct syncpool_core *core)
{
	unsigned long open = (__force unsigned long)&core->active->pcps->magazine -
			     (__force unsigned long)&syncpool_closed;
	bool closed = core->mode != POOL_NORMAL || core->debug;

	lockdep_assert_held(&core->reclaim_lock);
	if (!core->pool)
		return;
	/*
	 * pool_core_publish:A: release, pairs with __syncpool_magazine:A;
	 * litmus/activate
	 */
	smp_store_release(&core->pool->magazine, closed ? 0 : open);
}

/* Any context. */
bool pool_has_state(const struct syncpool *pool, enum pool_state_bit bit)
{
	return test_bit(bit, &pool->state);
}

/* Is @pool the one that @core was made for? Reports a copy. */
bool pool_is_original(struct syncpool *pool, struct syncpool_core *core)
{
	if (likely(core->pool == pool))
		return true;
	pool_warn(pool, POOL_WARNED_COPY, "a copy of the pool is used\n");
	return false;
}

/* Is @pool gone, or was it never made? Reports its use. Any context. */
bool pool_is_gone(struct syncpool *pool)
{
	if (unlikely(!pool->params.free)) {
		pool_warn(pool, POOL_WARNED_GONE, "used before syncpool_init()\n");
		return true;
	}
	if (likely(!pool_has_state(pool, POOL_STATE_GONE)))
		return false;
	pool_warn(pool, POOL_WARNED_GONE, "used after syncpool_exit()\n");
	return true;
}

/* In debug mode the fast path alone is closed: this CPU's part, or NULL. */
noinline struct pool_pcp *pool_debug_pcp(struct syncpool *pool)
{
	struct syncpool_core *core = READ_ONCE(pool->core);

	if (!pool_core_caches(core) || !core->debug)
		return NULL;
	return pool_core_pcp(core);
}
