// SPDX-License-Identifier: GPL-2.0
/*
 * pool_build - an object from the alloc callback, for a get that found none
 *
 * The callback runs in the context of the get, with its gfp flags and with
 * nothing pinned, so the pool may be closed or ended when it returns.
 */
#include <linux/sched/mm.h>

#include "pool_activate.h"
#include "pool_age.h"
#include "pool_build.h"
#include "pool_free.h"
#include "pool_stats.h"

/* Count what alloc returned, in whatever core the pool has now. */
static void pool_count_alloc(struct syncpool *pool, bool built)
{
	struct syncpool_core *core;

	preempt_disable();
	core = READ_ONCE(pool->core);
	if (pool_stats_alloc(pool, core, built) && built)
		pool_age_arm(core);
	preempt_enable();
}

/* An object from alloc, or NULL. Any context, unpinned. */
void *pool_build(struct syncpool *pool, gfp_t gfp)
{
	struct syncpool_core *core = READ_ONCE(pool->core);
	void *obj;

	if (!pool_may_call_user()) {
		if (unlikely(!core))
			pool_activate_later(pool);
		return NULL;
	}
	if (core && !pool_is_original(pool, core))
		return NULL;
	if (unlikely(!core) && !pool_activate_for_get(pool, gfp))
		return NULL;
	if (!pool->params.alloc)
		return NULL;
	might_alloc(gfp);
	obj = pool->params.alloc(gfp, pool->params.data);
	pool_count_alloc(pool, obj);
	return obj;
}
