// SPDX-License-Identifier: GPL-2.0
/*
 * pool_new - an object from the alloc callback, within the pool's limits
 *
 * For a get that found none, and for the objects that params.min demands: those are
 * built when the pool is activated, by syncpool_resize(), and by a work item after some
 * were discarded.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "pool_early.h"
#include "pool_free.h"
#include "pool_limit.h"
#include "pool_new.h"

/* objects that a stash has room for, if so many may exist */
#define POOL_STASH_ROOM	1024U
/* until the work item tries again to build what min demands */
#define POOL_FILL_AGAIN	(HZ / 10)

/*
 * alloc has returned. A copy of the name is traced, since that of a pool that becomes active
 * changes.
 */
void pool_new_trace(struct syncpool *pool, struct syncpool_core *core, bool built)
{
	char name[SYNCPOOL_NAME_LEN];

	preempt_disable();
	core = core ?: READ_ONCE(pool->core);
	pool_copy_name(name, core ? core->name : pool->params.name ?: pool->name);
	preempt_enable();
	trace_syncpool_build(name, built);
}

/* An object from alloc; NULL; or POOL_WAIT. @core: of the work that min demands, or NULL. */
static void *pool_new_within(struct syncpool *pool, struct syncpool_core *core, gfp_t gfp,
			     bool in_turn)
{
	bool reserved;
	void *obj;

	if (!pool_limit_reserve(pool, in_turn, &reserved))
		return POOL_WAIT;
	/* as mempool_alloc(): rather wait for an object than for memory */
	if (READ_ONCE(pool->params.min))
		gfp |= __GFP_NORETRY | __GFP_NOWARN | __GFP_NOMEMALLOC;
	obj = pool_new_call(pool, core, gfp);
	if (obj) {
		pool_limit_built(pool, reserved);
		pool_defer_make_room(pool, core, gfp);
	} else if (reserved) {
		pool_limit_unreserve(pool, in_turn && !core);
	}
	return obj;
}

/* Can no more objects wait to be freed, since @pool is not active yet? */
bool pool_new_is_early(const struct syncpool *pool)
{
	return !READ_ONCE(pool->core) &&
	       atomic_long_read(&pool->limit.existing) >= (long)POOL_EARLY_BUILT;
}

/*
 * An object from alloc; NULL: there is none; POOL_WAIT: alloc may not be called. @in_turn:
 * as for pool_limit_reserve(). Unpinned; the pool may be closed or ended when alloc
 * returns.
 */
void *pool_new(struct syncpool *pool, gfp_t gfp, bool in_turn)
{
	if (!pool->params.alloc)
		return NULL;
	if (pool_new_is_early(pool))
		return READ_ONCE(pool->params.max) ? POOL_WAIT : NULL;
	return pool_new_within(pool, NULL, gfp, in_turn);
}

/* Build one object for @core, which is perhaps not its pool's yet: 0 or an errno. */
static int pool_new_fill_one(struct syncpool *pool, struct syncpool_core *core)
{
	void *obj = pool_new_within(pool, core, GFP_KERNEL, true);

	if (obj == POOL_WAIT)
		return -EBUSY;
	if (!obj)
		return -ENOMEM;
	__syncpool_take(pool, obj);
	if (pool_limit_keep(core, obj, false))
		return 0;
	pool_free_one(pool, obj);
	return -ENOMEM;
}

/* Build what params.min demands, as far as possible: 0 or an errno. */
int pool_new_fill_some(struct syncpool *pool, struct syncpool_core *core)
{
	int err = 0;

	while (!err && pool_limit_lacks(pool) && READ_ONCE(core->mode) != POOL_ENDED)
		err = pool_new_fill_one(pool, core);
	return err;
}

/*
 * Build what params.min demands. -ENOMEM: there is no memory; what was built stays. The
 * stash has room. May sleep.
 */
int pool_new_fill(struct syncpool *pool, struct syncpool_core *core)
{
	int err;

	/* max objects exist, and some of them are about to be freed */
	while ((err = pool_new_fill_some(pool, core)) == -EBUSY)
		schedule_timeout_uninterruptible(1);
	return err;
}

static void pool_new_fill_work(struct work_struct *work)
{
	struct syncpool_core *core = container_of(to_delayed_work(work), struct pool_limit,
						  fill_work)->core;
	struct syncpool *pool = READ_ONCE(core->pool);

	if (pool && (pool_core_is_suspended(core) || pool_new_fill_some(pool, core)))
		queue_delayed_work(pool_wq, &core->limit->fill_work, POOL_FILL_AGAIN);
}

/*
 * Let @core have limits, with room for min objects, and as far as that is worth it for
 * those that are put while gets wait. -ENOMEM.
 */
int pool_new_make_room(struct syncpool_core *core, unsigned int nr_min, unsigned int nr_max)
{
	unsigned int n = max(nr_min, min(nr_max, POOL_STASH_ROOM));

	/* and for what others are about to take while they count it as taken already */
	return pool_limit_make_room(core, n + nr_cpu_ids, pool_new_fill_work);
}
