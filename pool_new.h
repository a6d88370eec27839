/* SPDX-License-Identifier: GPL-2.0 */
/* pool_new*(): an object from the alloc callback, within limits; see pool_new.c. */
#ifndef _POOL_NEW_H
#define _POOL_NEW_H

#include <linux/preempt.h>
#include <linux/sched/mm.h>

#include "pool_age.h"
#include "pool_defer.h"
#include "pool_limit.h"
#include "pool_stats.h"
#include "pool_trace.h"

void pool_new_trace(struct syncpool *pool, struct syncpool_core *core, bool built);
bool pool_new_is_early(const struct syncpool *pool);
void *pool_new(struct syncpool *pool, gfp_t gfp, bool in_turn);
int pool_new_fill_some(struct syncpool *pool, struct syncpool_core *core);
int pool_new_fill(struct syncpool *pool, struct syncpool_core *core);
int pool_new_make_room(struct syncpool_core *core, unsigned int nr_min, unsigned int nr_max);

/*
 * Call alloc, and count what it returns in what is the pool's core then; or in @core, if
 * that is not NULL, as an object that goes to nobody.
 */
static __always_inline void *pool_new_call(struct syncpool *pool, struct syncpool_core *core,
					   gfp_t gfp)
{
	long idle = core ? POOL_NOT_ASKED : pool_stats_before_alloc(pool);
	void *obj;

	might_alloc(gfp);
	obj = pool->params.alloc(gfp, pool->params.data);
	if (trace_syncpool_build_enabled())
		pool_new_trace(pool, core, obj);
	preempt_disable();
	if (core)
		pool_stats_filled(pool, core, obj);
	else if (!obj)
		pool_stats_alloc_failed(pool, READ_ONCE(pool->core));
	else if (pool_stats_alloc(pool, READ_ONCE(pool->core), idle))
		pool_age_arm(pool->core);
	preempt_enable();
	return obj;
}

/* An object from alloc, or NULL, for a pool without limits. As pool_new(). */
static __always_inline void *pool_new_unlimited(struct syncpool *pool, gfp_t gfp)
{
	void *obj;

	if (!pool->params.alloc)
		return NULL;
	obj = pool_new_call(pool, NULL, gfp);
	if (obj) {
		pool_limit_built(pool, false);
		/* not @gfp, which would have to be kept for this alone */
		pool_defer_make_room(pool, NULL, GFP_NOWAIT);
	}
	return obj;
}

#endif /* _POOL_NEW_H */
