// SPDX-License-Identifier: GPL-2.0
/*
 * pool_build - an object for a get that found none
 *
 * The alloc callback runs in the context of the get, with its gfp flags and with nothing
 * pinned. The first get of a pool of DEFINE_SYNCPOOL() activates it before, if it may.
 */
#include <linux/err.h>
#include <linux/jump_label.h>

#include "pool_activate.h"
#include "pool_build.h"
#include "pool_context.h"
#include "pool_debug.h"
#include "pool_free.h"
#include "pool_new.h"

/*
 * pool_build() for a pool with limits: what alloc does not give, a get may wait for if
 * the pool has a min.
 */
static noinline void *pool_build_limited(struct syncpool *pool, gfp_t gfp)
{
	void *obj = pool_new(pool, gfp, false);

	return !obj && READ_ONCE(pool->params.min) ? POOL_WAIT_ALLOC : obj;
}

/* For a pool with limits, in debug mode, or that counts hits. */
static noinline void *pool_build_special(struct syncpool *pool, gfp_t gfp)
{
	void *obj;

	if (!static_branch_unlikely(&pool_debug_key))
		return pool_build_limited(pool, gfp);
	__pool_debug_check_gfp(pool, gfp);
	obj = pool_build_limited(pool, gfp);
	if (!IS_ERR_OR_NULL(obj))
		__pool_debug_built(pool, obj);
	return obj;
}

/* For a pool without a core. */
static noinline void *pool_build_first(struct syncpool *pool, gfp_t gfp)
{
	return pool_activate_for_get(pool, gfp) ? pool_build_special(pool, gfp) : NULL;
}

/*
 * An object from alloc; NULL if there is none; POOL_WAIT or POOL_WAIT_ALLOC. Any context,
 * unpinned.
 */
void *pool_build(struct syncpool *pool, gfp_t gfp)
{
	struct syncpool_core *core = READ_ONCE(pool->core);

	if (!pool_may_call_user()) {
		if (unlikely(!core))
			pool_activate_later(pool);
		return NULL;
	}
	if (unlikely(!core))
		return pool_build_first(pool, gfp);
	if (!pool_is_original(pool, core))
		return NULL;
	if (unlikely(READ_ONCE(core->special)))
		return pool_build_special(pool, gfp);
	return pool_new_unlimited(pool, gfp);
}
