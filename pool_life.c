// SPDX-License-Identifier: GPL-2.0
/*
 * pool_life - how pools begin and end
 *
 *	DEFINE_SYNCPOOL()        syncpool_init(), _create()
 *	       |                       |
 *	  not activated --first use--> active --syncpool_exit()--> gone
 *	  (no core, slot shut)         (core)                      (no core, shut)
 *
 * One list holds the cores of all active pools, under one mutex, which is
 * never held while something is allocated, so that activating a pool inside
 * somebody's allocation waits for nobody's reclaim. Order of locks:
 * cpu_hotplug_lock, pool_list_lock, pool_core.reclaim_lock.
 */
#include <linux/bug.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "pool.h"
#include "pool_debug.h"

LIST_HEAD(pool_list);
/* of pool_list; see the order of locks above */
DEFINE_MUTEX(pool_list_lock);
EXPORT_SYMBOL_IF_KUNIT(pool_list_lock);

static int pool_set_init(struct pool_set *set, struct pool_core *core)
{
	size_t size = core->params.obj_size;
	unsigned int cpu, capacity = POOL_PRIVATE;

	/* large objects are not for hoarding where nobody can steal them */
	if (size)
		capacity = clamp_t(size_t, POOL_PRIVATE_BYTES / size, 2,
				   POOL_PRIVATE);
	set->core = core;
	if (!zalloc_cpumask_var(&set->mask, GFP_KERNEL))
		return -ENOMEM;
	set->locals = pool_alloc_percpu(struct pool_local);
	if (!set->locals)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		pool_local_init(per_cpu_ptr(set->locals, cpu), set, capacity);
	return 0;
}

/* Undoes pool_core_alloc() from wherever it stopped. */
static void pool_core_free(struct pool_core *core)
{
	unsigned int i;

	if (core->shrinker)
		pool_shrinker_free(core->shrinker);
	pool_debug_disable(core);
	free_percpu(core->counters);
	for (i = 0; i < POOL_SETS; i++) {
		free_percpu(core->sets[i].locals);
		free_cpumask_var(core->sets[i].mask);
	}
	kfree(core->params.name);
	kfree(core);
}

static int pool_core_init(struct pool_core *core)
{
	unsigned int i;
	int err;

	core->params.name = kstrdup(core->params.name, GFP_KERNEL);
	core->counters = pool_alloc_percpu(struct pool_counters);
	if (!core->params.name || !core->counters)
		return -ENOMEM;
	for (i = 0; i < POOL_SETS; i++) {
		err = pool_set_init(&core->sets[i], core);
		if (err)
			return err;
	}
	pool_age_init(core);
	pool_idle_init(core);
	err = pool_debug_enable(core);
	return err ?: pool_reclaim_init(core);
}

static struct pool_core *pool_core_alloc(struct syncpool *pool)
{
	struct pool_core *core = kzalloc(sizeof(*core), GFP_KERNEL);
	int err;

	if (!core)
		return ERR_PTR(-ENOMEM);
	core->pool = pool;
	core->owner = pool->owner;
	core->params = pool->params;
	err = pool_core_init(core);
	if (!err)
		return core;
	pool_core_free(core);
	return ERR_PTR(err);
}

/* Under pool_list_lock. */
static struct pool_core *pool_find(const struct syncpool *pool)
{
	struct pool_core *core;

	list_for_each_entry(core, &pool_list, node)
		if (core->pool == pool)
			return core;
	return NULL;
}

/* Under pool_list_lock. */
static bool pool_name_taken(const char *name)
{
	struct pool_core *core;

	list_for_each_entry(core, &pool_list, node)
		if (!strcmp(core->params.name, name))
			return true;
	return false;
}

/* Make @core its pool's, unless another activation was faster. */
static int pool_core_publish(struct pool_core *core)
{
	struct syncpool *pool = core->pool;
	int err = 0;

	mutex_lock(&pool_list_lock);
	if (pool_find(pool))
		err = -EALREADY;
	else if (pool_name_taken(core->params.name))
		err = -EEXIST;
	if (!err) {
		list_add_tail(&core->node, &pool_list);
		mutex_lock(&core->reclaim_lock);
		/* P: release; users depend on the pointer; litmus/activate */
		smp_store_release(&pool->core, core);
		pool_publish(core);
		pool_age_arm(core);
		mutex_unlock(&core->reclaim_lock);
	}
	mutex_unlock(&pool_list_lock);
	return err;
}

/* Any context. */
bool pool_has_state(const struct syncpool *pool, enum pool_state_bit bit)
{
	return test_bit(bit, &pool->state);
}

/* Is @pool the one that @core was made for? Reports a copy. */
bool pool_is_original(struct syncpool *pool, struct pool_core *core)
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

/*
 * Activate @pool, if it is not active yet. May sleep, with locks of the
 * caller's held that reclaim may take.
 */
int pool_activate(struct syncpool *pool)
{
	struct pool_core *core = READ_ONCE(pool->core);
	int err;

	if (core)
		return pool_is_original(pool, core) ? 0 : -EINVAL;
	if (pool_is_gone(pool))
		return -ESHUTDOWN;
	core = pool_core_alloc(pool);
	if (IS_ERR(core))
		return PTR_ERR(core);
	err = pool_core_publish(core);
	if (err)
		pool_core_free(core);
	return err == -EALREADY ? 0 : err;
}

/* Has this not failed for good? Any context. */
static bool pool_may_activate(struct syncpool *pool)
{
	return !pool_is_gone(pool) &&
	       !pool_has_state(pool, POOL_WARNED_ACTIVATE);
}

static void pool_activate_lazily(struct syncpool *pool)
{
	if (pool_activate(pool) == -EEXIST)
		pool_warn(pool, POOL_WARNED_ACTIVATE,
			  "not activated, another pool has this name\n");
}

/**
 * __syncpool_activate() - first use of a pool where it may not sleep
 * @work: of the pool; DEFINE_SYNCPOOL() needs the name
 *
 * Context: Work item.
 */
void __syncpool_activate(struct work_struct *work)
{
	pool_activate_lazily(container_of(work, struct syncpool, activate));
}
EXPORT_SYMBOL_GPL(__syncpool_activate);

/* First use where it may not sleep. */
void pool_activate_later(struct syncpool *pool)
{
	if (pool_may_activate(pool) && !in_nmi())
		queue_work(pool_wq, &pool->activate);
}

/* First use by a get: is there a pool to build an object for? */
bool pool_get_activate(struct syncpool *pool, gfp_t gfp)
{
	/* only what may wait for any reclaim may wait for a core */
	if ((current_gfp_context(gfp) & GFP_KERNEL) != GFP_KERNEL)
		pool_activate_later(pool);
	else if (pool_may_activate(pool))
		pool_activate_lazily(pool);
	return pool->params.free && !pool_has_state(pool, POOL_STATE_GONE);
}

static int pool_check_params(const struct syncpool_params *params)
{
	const unsigned int known = SYNCPOOL_FREE_SLEEPS | SYNCPOOL_DEBUG |
				   SYNCPOOL_POISON;

	if (!params || !params->name || !*params->name || !params->free)
		return -EINVAL;
	if (params->flags & ~known)
		return -EINVAL;
	if ((params->flags & SYNCPOOL_POISON) && !params->obj_size)
		return -EINVAL;
	if ((params->flags & SYNCPOOL_FREE_SLEEPS) && params->obj_size &&
	    params->obj_size < 2 * sizeof(void *))
		return -EINVAL;
	if (strlen(params->name) >= SYNCPOOL_NAME_LEN)
		return -ENAMETOOLONG;
	return 0;
}

/**
 * __syncpool_init() - syncpool_init(), told whose pool it is
 * @pool: the pool
 * @params: what of
 * @owner: module that is to call syncpool_exit() before it unloads
 *
 * Context: Task context. May sleep.
 * Return: as syncpool_init(). After an error other than -EBUSY @pool may be
 * given to syncpool_exit(), which does nothing then.
 */
int __syncpool_init(struct syncpool *pool, const struct syncpool_params *params,
		    struct module *owner)
{
	bool live;
	int err;

	mutex_lock(&pool_list_lock);
	live = pool_find(pool);
	mutex_unlock(&pool_list_lock);
	if (live)
		return -EBUSY;

	/* no work in @activate, so that @pool may lie on a stack */
	memset(pool, 0, sizeof(*pool));
	err = pool_check_params(params);
	if (!err) {
		pool->params = *params;
		strscpy(pool->name, params->name, sizeof(pool->name));
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
 * End @core, which is off the list: when this returns, nothing of it runs and
 * what it cached is freed.
 */
static void pool_core_stop(struct pool_core *core)
{
	unsigned int i;

	mutex_lock(&core->reclaim_lock);
	WRITE_ONCE(core->mode, POOL_CLOSED);
	pool_publish(core);
	mutex_unlock(&core->reclaim_lock);
	pool_shrinker_free(core->shrinker);
	core->shrinker = NULL;
	/* pinned sections end; who comes now finds the pool shut */
	synchronize_rcu();
	cancel_delayed_work_sync(&core->age_work);
	flush_rcu_work(&core->drain_work);
	pool_defer_flush();
	irq_work_sync(&core->idle_irq);
	for (i = 0; i < POOL_SETS; i++)
		pool_drain(core, &core->sets[i]);
}

static void pool_report_out(const char *name, long out)
{
	WARN(out > 0, "syncpool: %s: %ld objects still out at exit\n", name, out);
}

/**
 * syncpool_exit() - end a pool
 * @pool: the pool
 *
 * Frees what is cached. When it returns, no callback of the pool runs or will
 * run, so the caller's module may unload. Objects still out are reported by
 * number; the pool cannot know where they are.
 *
 * Context: Task context. Sleeps. Nobody else uses @pool any more.
 */
void syncpool_exit(struct syncpool *pool)
{
	struct pool_core *core;
	bool first;

	might_sleep();
	if (unlikely(!pool->params.free)) {
		/* nothing to end; no mistake after an init that failed */
		if (!pool_has_state(pool, POOL_STATE_GONE))
			pool_is_gone(pool);
		return;
	}
	/* before the end, since it would take that for a use after it */
	if (pool->activate.func)
		cancel_work_sync(&pool->activate);
	first = !test_and_set_bit(POOL_STATE_GONE, &pool->state);
	mutex_lock(&pool_list_lock);
	core = pool->core;
	if (core && !pool_is_original(pool, core))
		core = NULL;
	if (core)
		list_del(&core->node);
	mutex_unlock(&pool_list_lock);
	if (!core) {
		pool_defer_flush();
		/* what was built without ever being active */
		if (first && !pool->core)
			pool_report_out(pool->params.name,
					atomic_long_read(&pool->uncached.out));
		return;
	}
	pool_idle_end(core);
	WRITE_ONCE(pool->core, NULL);
	pool_core_stop(core);
	pool_report_out(pool->params.name, pool_out(core));
	pool_core_free(core);
}
EXPORT_SYMBOL_GPL(syncpool_exit);

/**
 * __syncpool_create() - syncpool_create(), told whose pool it is
 * @params: what of
 * @owner: module that is to call syncpool_destroy() before it unloads
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

/**
 * syncpool_destroy() - end a pool of syncpool_create() and free it
 * @pool: the pool; NULL or an ERR_PTR() does nothing
 *
 * Of a pool that syncpool_create() did not make, the memory stays the caller's,
 * and one of devm_syncpool_create() lives on until its device lets go of it;
 * both are reported.
 *
 * Context: As syncpool_exit().
 */
void syncpool_destroy(struct syncpool *pool)
{
	if (IS_ERR_OR_NULL(pool))
		return;
	if (pool_has_state(pool, POOL_STATE_DEVM)) {
		pool_warn(pool, POOL_WARNED_DESTROY,
			  "destroyed, though its device does that\n");
		return;
	}
	if (pool_has_state(pool, POOL_STATE_CREATED)) {
		syncpool_exit(pool);
		kfree(pool);
		return;
	}
	if (pool->params.free)
		pool_warn(pool, POOL_WARNED_DESTROY,
			  "destroyed, though it was not created\n");
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
 * __devm_syncpool_create() - devm_syncpool_create(), told whose pool it is
 * @dev: the device
 * @params: what of
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

/* A core that @owner has left behind, off the list. */
static struct pool_core *pool_forgotten(const struct module *owner)
{
	struct pool_core *core;

	mutex_lock(&pool_list_lock);
	list_for_each_entry(core, &pool_list, node) {
		if (core->owner == owner) {
			list_del(&core->node);
			mutex_unlock(&pool_list_lock);
			return core;
		}
	}
	mutex_unlock(&pool_list_lock);
	return NULL;
}

/*
 * @owner is going away: end the pools that it forgot while their callbacks
 * are still there. Their struct syncpool may be gone already.
 */
void pool_shutdown_module(const struct module *owner)
{
	struct pool_core *core;

	/* activations that were queued are on the list afterwards */
	flush_workqueue(pool_wq);
	while ((core = pool_forgotten(owner))) {
		WARN(1, "syncpool: %s: module %s unloads without syncpool_exit()\n",
		     core->params.name, owner->name);
		mutex_lock(&core->reclaim_lock);
		core->pool = NULL;
		mutex_unlock(&core->reclaim_lock);
		pool_core_stop(core);
		pool_core_free(core);
	}
}
EXPORT_SYMBOL_IF_KUNIT(pool_shutdown_module);
