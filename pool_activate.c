// SPDX-License-Identifier: GPL-2.0
/*
 * pool_activate - give a pool its core
 *
 * syncpool_init() does so at once. A pool of DEFINE_SYNCPOOL() gets its core at
 * its first use: from a get that may wait for any reclaim at once, from any
 * other call by a work item. Two activations may race; one core is then thrown
 * away. No lock is held while a core is allocated.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "pool_activate.h"
#include "pool_age.h"
#include "pool_debug.h"
#include "pool_defer.h"
#include "pool_early.h"
#include "pool_free.h"
#include "pool_limit.h"
#include "pool_new.h"
#include "pool_recall.h"
#include "pool_reclaim.h"
#include "pool_shrink.h"
#include "pool_widen.h"

/* bytes that the objects in one magazine may stand for, if that is known */
#define POOL_MAGAZINE_BYTES	SZ_256K
/* objects of this size and more stay out of magazines */
#define POOL_EXPENSIVE_BYTES	SZ_32K

static atomic_t pool_last_id;

/* May a pool called @name have @params? Returns an errno of syncpool_init(). */
int pool_check_params(const struct syncpool_params *params, const char *name)
{
	const unsigned int known = SYNCPOOL_FREE_SLEEPS | SYNCPOOL_DEBUG |
				   SYNCPOOL_POISON;

	if (!name || !*name || !params->free)
		return -EINVAL;
	if (params->flags & ~known)
		return -EINVAL;
	if ((params->flags & SYNCPOOL_POISON) && !params->obj_size)
		return -EINVAL;
	if (!pool_limit_is_valid(params, params->min, params->max))
		return -EINVAL;
	if (strlen(name) >= SYNCPOOL_NAME_LEN)
		return -ENAMETOOLONG;
	return 0;
}

/* Free @core, which is empty and unreachable, perhaps only partly allocated. */
void pool_core_free(struct syncpool_core *core)
{
	unsigned int i;

	pool_shrink_unregister(core);
	pool_limit_free(core);
	pool_debug_disable(core);
	pool_defer_free(core);
	for (i = 0; i < POOL_GENERATIONS; i++)
		pool_generation_destroy(&core->generations[i]);
	free_percpu(core->counters);
	pool_node_free(core->nodes);
	lockdep_unregister_key(&core->work_key);
	kfree(core);
}

/* Large objects are not for hoarding where no other CPU can steal them. */
static unsigned int pool_magazine_len(const struct syncpool_params *params, size_t size)
{
	if (!size)
		return POOL_MAGAZINE_MAX;
	if (max(size, params->obj_size) >= POOL_EXPENSIVE_BYTES)
		return 0;
	return min_t(size_t, POOL_MAGAZINE_BYTES / size, POOL_MAGAZINE_MAX);
}

/* After an error pool_core_free() frees what was allocated. */
static int pool_core_setup(struct syncpool_core *core)
{
	size_t footprint = core->params.footprint ?: core->params.obj_size;
	unsigned int i, len;
	int err;

	core->counters = (struct pool_counters __percpu *)
			 pool_alloc_percpu(sizeof(struct pool_counters),
					   __alignof__(struct pool_counters));
	core->nodes = pool_node_alloc(footprint);
	if (!core->counters || !core->nodes)
		return -ENOMEM;
	core->freed_at = jiffies - HZ;
	core->len = pool_magazine_len(&core->params, footprint);
	for (i = 0; i < POOL_GENERATIONS; i++) {
		/* others than the first are widened once that is earned */
		len = i ? min(core->len, POOL_MAGAZINE_SMALL) : core->len;
		err = pool_generation_init(&core->generations[i], core,
					   core->counters, core->nodes, len);
		if (err)
			return err;
	}
	pool_reclaim_init(core);
	pool_age_init(core);
	pool_widen_init(core);
	pool_recall_init(core);
	return pool_defer_init(core) ?: pool_debug_enable(core);
}

/* Build what params.min demands before anybody finds @core. */
static int pool_core_fill(struct syncpool_core *core)
{
	const struct syncpool_params *params = &core->pool->params;
	int err;

	if (!params->min && !params->max)
		return 0;
	err = pool_new_make_room(core, params->min, params->max) ?:
	      pool_new_fill_some(core->pool, core);
	/* another activation has built some; the pool fills itself, if need be */
	return err == -EBUSY ? 0 : err;
}

/* Free @core, which never was its pool's. */
static void pool_core_discard(struct syncpool_core *core)
{
	pool_shrink_unregister(core);
	WRITE_ONCE(core->mode, POOL_ENDED);
	pool_reclaim_drain_all(core);
	pool_core_free(core);
}

/* A pool of DEFINE_SYNCPOOL_PARAMS() may have no other name than its variable. */
static const char *pool_given_name(const struct syncpool *pool)
{
	return pool->params.name ?: pool->name;
}

static struct syncpool_core *pool_core_alloc(struct syncpool *pool)
{
	struct syncpool_core *core = kzalloc(sizeof(*core), GFP_KERNEL);
	int err;

	if (!core)
		return ERR_PTR(-ENOMEM);
	core->pool = pool;
	core->owner = pool->owner;
	core->params = pool->params;
	pool_copy_name(core->name, pool_given_name(pool));
	core->params.name = core->name;
	core->id = atomic_inc_return(&pool_last_id);
	pool_core_init(core);
	err = pool_core_setup(core);
	if (err) {
		pool_core_free(core);
		return ERR_PTR(err);
	}
	err = pool_core_fill(core) ?: pool_shrink_register(core);
	if (err) {
		pool_core_discard(core);
		return ERR_PTR(err);
	}
	return core;
}

/* Make @core its pool's, unless another activation was first: -EALREADY. */
static int pool_core_register(struct syncpool_core *core)
{
	struct syncpool *pool = core->pool;
	int err = 0;

	mutex_lock(&pool_list_lock);
	if (pool_find_core(pool))
		err = -EALREADY;
	if (!err) {
		list_add_tail(&core->node, &pool_list);
		pool_list_changed();
		WRITE_ONCE(pool->id, core->id);
		/* otherwise another activation may be reading it */
		if (pool->params.name)
			strscpy(pool->name, core->name, sizeof(pool->name));
		mutex_lock(&core->reclaim_lock);
		/*
		 * pool_core_register:A: release, pairs with pool_core_caches:A
		 * and the address dependency from every other read of
		 * pool->core; litmus/activate
		 */
		smp_store_release(&pool->core, core);
		pool_core_update(core);
		pool_age_arm(core);
		mutex_unlock(&core->reclaim_lock);
	}
	mutex_unlock(&pool_list_lock);
	/*
	 * pool_core_register:B: full barrier, pairs with pool_limit_freed:A;
	 * litmus/wait-free. Another activation, which has failed, had built some for a
	 * while.
	 */
	smp_mb();
	if (!err && pool_limit_lacks(pool))
		pool_limit_fill_later(core);
	return err;
}

/*
 * Activate @pool, if it is not active yet. May sleep. The caller holds no lock
 * that reclaim takes.
 */
int pool_activate(struct syncpool *pool)
{
	struct syncpool_core *core = READ_ONCE(pool->core);
	int err;

	if (core)
		return pool_is_original(pool, core) ? 0 : -EINVAL;
	if (pool_is_gone(pool))
		return -ESHUTDOWN;
	if (!pool_is_ready())
		return -EAGAIN;
	/* syncpool_init() has checked those of its pools */
	err = pool_check_params(&pool->params, pool_given_name(pool));
	if (err) {
		pool_warn(pool, POOL_WARNED_ACTIVATE,
			  "not activated, its parameters are invalid");
		return err;
	}
	core = pool_core_alloc(pool);
	if (IS_ERR(core))
		return PTR_ERR(core);
	err = pool_core_register(core);
	if (err)
		pool_core_discard(core);
	return err == -EALREADY ? 0 : err;
}

/* pool_core_enter() of @pool, which is activated before, if need be. Or an ERR_PTR(). */
struct syncpool_core *pool_activate_enter(struct syncpool *pool)
{
	int err = pool_activate(pool);

	if (err)
		return ERR_PTR(err);
	return pool_core_enter(pool) ?: ERR_PTR(-ESHUTDOWN);
}

/* False if it would fail every time. Any context. */
static bool pool_may_activate(struct syncpool *pool)
{
	return !pool_is_gone(pool) &&
	       !test_bit(POOL_WARNED_ACTIVATE, &pool->state);
}

/* Free what was put before @pool was active, where it could not be freed. */
static void pool_free_early(struct syncpool *pool)
{
	void *obj;

	while ((obj = pool_early_take(pool)))
		pool_free_now(pool, obj);
	pool_early_remove(pool);
}

/**
 * __syncpool_activate() - activate a pool of DEFINE_SYNCPOOL()
 * @work: the pool's, which DEFINE_SYNCPOOL() initializes
 *
 * Context: Work item.
 */
void __syncpool_activate(struct work_struct *work)
{
	struct syncpool *pool = container_of(work, struct syncpool, activate);

	pool_activate(pool);
	/* else pool_pm_resume() queues this again */
	if (!pool_is_suspended())
		pool_free_early(pool);
}
EXPORT_SYMBOL_GPL(__syncpool_activate);

/* @pool is not used any more: undo what its first uses have begun. */
void pool_activate_end(struct syncpool *pool)
{
	if (!pool->activate.func || !pool_is_ready())
		return;
	pool_free_early(pool);
	pool_early_end(pool);
}

/* First use where the caller may not sleep. Any context. */
void pool_activate_later(struct syncpool *pool)
{
	if (!pool_may_activate(pool))
		return;
	preempt_disable();
	pool_early_store(pool, NULL);
	preempt_enable();
}

/* First use by a get: is there a pool to build an object for? */
bool pool_activate_for_get(struct syncpool *pool, gfp_t gfp)
{
	/* only a caller that may wait for any reclaim may wait for a core */
	if ((current_gfp_context(gfp) & GFP_KERNEL) != GFP_KERNEL)
		pool_activate_later(pool);
	else if (pool_may_activate(pool))
		pool_activate(pool);
	return pool->params.free && !test_bit(POOL_STATE_GONE, &pool->state);
}

/* First use by a get that waits for a core: may one come? */
bool pool_activate_for_wait(struct syncpool *pool, gfp_t gfp)
{
	return pool_is_ready() && pool_activate_for_get(pool, gfp) && pool_may_activate(pool);
}
