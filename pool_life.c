// SPDX-License-Identifier: GPL-2.0
/*
 * pool_life - how pools begin and end
 *
 *	DEFINE_SYNCPOOL()        syncpool_init(), _create()
 *	       |                       |
 *	  not active --first use--> active --syncpool_exit()--> gone
 *	  (no core, closed)         (core)                      (no core, closed)
 */
#include <linux/bug.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/irq_work.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "pool_activate.h"
#include "pool_age.h"
#include "pool_defer.h"
#include "pool_early.h"
#include "pool_holders.h"
#include "pool_idle.h"
#include "pool_life.h"
#include "pool_limit.h"
#include "pool_recall.h"
#include "pool_reclaim.h"
#include "pool_shrink.h"
#include "pool_stats.h"

/**
 * __syncpool_init() - syncpool_init() with the caller's module
 * @pool: the pool
 * @params: parameters, copied
 * @owner: module that has to call syncpool_exit() before it unloads
 *
 * Context: Task context. May sleep.
 * Return: as syncpool_init().
 */
int __syncpool_init(struct syncpool *pool, const struct syncpool_params *params,
		    struct module *owner)
{
	bool active;
	int err;

	mutex_lock(&pool_list_lock);
	active = pool_find_core(pool);
	mutex_unlock(&pool_list_lock);
	if (active)
		return -EBUSY;

	/*
	 * Leave @activate zeroed: a pool of syncpool_init() never queues it, so
	 * @pool may be on the stack.
	 */
	memset(pool, 0, sizeof(*pool));
	err = params ? pool_check_params(params, params->name) : -EINVAL;
	if (!err) {
		pool->params = *params;
		pool_copy_name(pool->name, params->name);
		pool->params.name = pool->name;
		pool->owner = owner;
		err = pool_activate(pool);
	}
	if (err)
		set_bit(POOL_STATE_GONE, &pool->state);
	return err;
}
EXPORT_SYMBOL_GPL(__syncpool_init);

/*
 * End @core, which is off the list. Afterwards nothing of it runs, and what it
 * cached is freed.
 */
static void pool_core_stop(struct syncpool_core *core)
{
	mutex_lock(&core->reclaim_lock);
	pool_core_set_mode(core, POOL_ENDED);
	mutex_unlock(&core->reclaim_lock);
	pool_shrink_unregister(core);
	pool_shrink_end_oom(core);
	/*
	 * pool_core_stop:A: grace period before the drain, pairs with
	 * pool_assert_pinned:A; litmus/drain. Pinned sections end; later callers
	 * find the pool closed.
	 */
	synchronize_rcu();
	pool_limit_end(core);
	pool_idle_end(core);
	pool_limit_stop(core);
	pool_recall_end(core);
	irq_work_sync(&core->widen_irq);
	pool_age_stop(core);
	pool_reclaim_stop(core);
	cancel_work_sync(&core->widen_work);
	pool_defer_stop(core);
	irq_work_sync(&core->idle_irq);
	pool_reclaim_drain_all(core);
}

static void pool_report_out(struct syncpool *pool, long out)
{
	pool_report(out > 0, pool, "%ld objects still out at exit", out);
}

/* Take the core of @pool off the list; NULL if there is none of its own. */
static struct syncpool_core *pool_take_core(struct syncpool *pool)
{
	struct syncpool_core *core;

	mutex_lock(&pool_list_lock);
	core = pool->core;
	if (core && !pool_is_original(pool, core))
		core = NULL;
	if (core) {
		list_del(&core->node);
		pool_list_changed();
	}
	mutex_unlock(&pool_list_lock);
	return core;
}

void syncpool_exit(struct syncpool *pool)
{
	struct syncpool_core *core;
	bool first;

	might_sleep();
	if (unlikely(!pool->params.free)) {
		/* nothing to end; no mistake after an init that failed */
		if (!test_bit(POOL_STATE_GONE, &pool->state))
			pool_is_gone(pool);
		return;
	}
	/* before POOL_STATE_GONE, or the work reports a use after the exit */
	pool_activate_end(pool);
	first = !test_and_set_bit(POOL_STATE_GONE, &pool->state);
	core = pool_take_core(pool);
	if (!core) {
		/* what was built without the pool ever being active */
		if (first && !pool->core)
			pool_report_out(pool, atomic_long_read(&pool->uncached.out));
		return;
	}
	WRITE_ONCE(pool->core, NULL);
	pool_core_stop(core);
	pool_report_out(pool, pool_stats_outstanding(core));
	pool_holders_report(core);
	pool_core_free(core);
}
EXPORT_SYMBOL_GPL(syncpool_exit);

/**
 * __syncpool_create() - syncpool_create() with the caller's module
 * @params: parameters, copied
 * @owner: module that has to call syncpool_destroy() before it unloads
 *
 * Context: Task context. May sleep.
 * Return: as syncpool_create().
 */
struct syncpool *__syncpool_create(const struct syncpool_params *params,
				   struct module *owner)
{
	struct syncpool *pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	int err;

	if (!pool)
		return ERR_PTR(-ENOMEM);
	err = __syncpool_init(pool, params, owner);
	if (err) {
		kfree(pool);
		return ERR_PTR(err);
	}
	set_bit(POOL_STATE_CREATED, &pool->state);
	return pool;
}
EXPORT_SYMBOL_GPL(__syncpool_create);

void syncpool_destroy(struct syncpool *pool)
{
	if (IS_ERR_OR_NULL(pool))
		return;
	if (test_bit(POOL_STATE_DEVM, &pool->state)) {
		pool_warn(pool, POOL_WARNED_DESTROY,
			  "destroyed, though its device does that");
		return;
	}
	if (test_bit(POOL_STATE_CREATED, &pool->state)) {
		syncpool_exit(pool);
		kfree(pool);
		return;
	}
	if (pool->params.free)
		pool_warn(pool, POOL_WARNED_DESTROY,
			  "destroyed, though it was not created");
	syncpool_exit(pool);
}
EXPORT_SYMBOL_GPL(syncpool_destroy);

static void pool_devm_destroy(void *data)
{
	struct syncpool *pool = data;

	clear_bit(POOL_STATE_DEVM, &pool->state);
	syncpool_destroy(pool);
}

/**
 * __devm_syncpool_create() - devm_syncpool_create() with the driver's module
 * @dev: the device
 * @params: parameters, copied
 * @owner: the driver's module
 *
 * Context: Task context. May sleep.
 * Return: as devm_syncpool_create().
 */
struct syncpool *__devm_syncpool_create(struct device *dev,
					const struct syncpool_params *params,
					struct module *owner)
{
	struct syncpool *pool = __syncpool_create(params, owner);
	int err;

	if (IS_ERR(pool))
		return pool;
	set_bit(POOL_STATE_DEVM, &pool->state);
	err = devm_add_action_or_reset(dev, pool_devm_destroy, pool);
	return err ? ERR_PTR(err) : pool;
}
EXPORT_SYMBOL_GPL(__devm_syncpool_create);

/* Take a core that @owner has left behind off the list. */
static struct syncpool_core *pool_find_forgotten(const struct module *owner)
{
	struct syncpool_core *core, *found = NULL;

	mutex_lock(&pool_list_lock);
	list_for_each_entry(core, &pool_list, node) {
		if (core->owner == owner) {
			list_del(&core->node);
			pool_list_changed();
			found = core;
			break;
		}
	}
	mutex_unlock(&pool_list_lock);
	return found;
}

/*
 * @owner is being unloaded: end the pools that it forgot while their callbacks
 * still exist. The memory of their struct syncpool may be freed already.
 */
void pool_shutdown_module(const struct module *owner)
{
	struct syncpool_core *core;

	/* puts activations that were queued on the list */
	pool_early_flush(owner);
	while ((core = pool_find_forgotten(owner))) {
		pool_report(true, core, "module %s unloads without syncpool_exit()",
			    module_name(core->owner));
		/* the memory of such a pool is the module's, and there still */
		if (within_module((unsigned long)core->pool, owner))
			pool_activate_end(core->pool);
		mutex_lock(&core->reclaim_lock);
		WRITE_ONCE(core->pool, NULL);
		mutex_unlock(&core->reclaim_lock);
		pool_core_stop(core);
		pool_core_free(core);
	}
}
EXPORT_SYMBOL_FOR_TEST(pool_shutdown_module);
