// SPDX-License-Identifier: GPL-2.0
/*
 * pool_core - the list of active pools, a pool's state, and which magazines its
 * fast path works on
 *
 * Order of locks: cpu_hotplug_lock, pool_list_lock, core->reclaim_lock; and
 * core->idle_lock, core->reclaim_lock. core->lock is innermost. None is held while a
 * callback of the user's runs. Under pool_list_lock nothing is allocated that may wait, so
 * activating a pool inside somebody's allocation waits for nobody's reclaim.
 */
#include <linux/bug.h>
#include <linux/ctype.h>
#include <linux/export.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "pool_compat.h"
#include "pool_core.h"
#include "pool_trace.h"

struct workqueue_struct *pool_wq;
EXPORT_SYMBOL_FOR_TEST(pool_wq);
bool pool_ready;

atomic_t pool_suspended;
EXPORT_SYMBOL_FOR_TEST(pool_suspended);

LIST_HEAD(pool_list);
DEFINE_MUTEX(pool_list_lock);	/* protects pool_list */
EXPORT_SYMBOL_FOR_TEST(pool_list_lock);

DEFINE_PER_CPU(struct syncpool_magazine, syncpool_closed) = {
	.top = SYNCPOOL_TOP_BUSY,
	.objs = { SYNCPOOL_GUARD, SYNCPOOL_GUARD },
};

EXPORT_PER_CPU_SYMBOL_GPL(syncpool_closed);

/* initialized by pool_show.c: a pool was put on the list, or taken off it */
struct work_struct pool_list_work;

/* debugfs is to follow. */
void pool_list_changed(void)
{
	if (IS_ENABLED(CONFIG_DEBUG_FS))
		queue_work(pool_system_wq(), &pool_list_work);
}

struct syncpool_core *pool_find_id(unsigned int id)
{
	struct syncpool_core *core;

	lockdep_assert_held(&pool_list_lock);
	list_for_each_entry(core, &pool_list, node)
		if (core->id == id)
			return core;
	return NULL;
}

struct syncpool_core *pool_find_core(const struct syncpool *pool)
{
	struct syncpool_core *core;

	lockdep_assert_held(&pool_list_lock);
	list_for_each_entry(core, &pool_list, node)
		if (core->pool == pool)
			return core;
	return NULL;
}

/*
 * Copy @name to the SYNCPOOL_NAME_LEN bytes at @to. What could break a line of debugfs, of
 * a report or of a trace event, a path, or a format becomes '_'.
 */
void pool_copy_name(char *to, const char *name)
{
	strscpy(to, name, SYNCPOOL_NAME_LEN);
	for (; *to; to++)
		if (!isgraph(*to) || strchr("/\\%", *to))
			*to = '_';
}

static void pool_core_idle_irq(struct irq_work *irq)
{
	wake_up_all(&container_of(irq, struct syncpool_core, idle_irq)->idle_wait);
}

/* Wake the callers of wait_idle. Any context. */
void pool_core_wake_idle(struct syncpool_core *core)
{
	irq_work_queue(&core->idle_irq);
}

/* Add @ring to the chain of @pcp. */
void pool_core_grow(struct pool_pcp *pcp, struct pool_ring *ring)
{
	struct syncpool_core *core = pcp->gen->core;

	pool_pcp_assert_locked(pcp);
	pool_chain_grow(&pcp->chain, ring);
	atomic_long_inc(&core->grows);
	trace_syncpool_grow(core->params.name, ring->d.size);
}

/* May @core cache anything, in whatever role each generation is? RCU reader or pinned. */
bool pool_core_may_hold(const struct syncpool_core *core)
{
	unsigned int i;

	for (i = 0; i < POOL_GENERATIONS; i++)
		if (pool_generation_may_hold(&core->generations[i]))
			return true;
	/*
	 * pool_core_may_hold:A: read barrier between the chains and the magazines, since a
	 * thief moves objects that way, pairs with pool_earn_steal_some:A; litmus/transit
	 */
	smp_rmb();
	return atomic_read(&READ_ONCE(core->active)->nr_opened) > 0;
}

/* May @pool hold an object that a get can take? */
bool pool_may_hold(const struct syncpool *pool)
{
	const struct syncpool_core *core;
	bool may;

	rcu_read_lock();
	core = READ_ONCE(pool->core);
	may = pool_core_caches(core) && pool_core_may_hold(core);
	rcu_read_unlock();
	return may;
}

/* Initialize what needs no memory. */
void pool_core_init(struct syncpool_core *core)
{
	lockdep_register_key(&core->work_key);
	mutex_init(&core->reclaim_lock);
	mutex_init(&core->idle_lock);
	init_irq_work(&core->idle_irq, pool_core_idle_irq);
	init_waitqueue_head(&core->idle_wait);
	mutex_init(&core->resize_lock);
	raw_spin_lock_init(&core->lock);
}

/* @work, just initialized, is one of @core's. */
void pool_core_own_work(struct syncpool_core *core, struct work_struct *work)
{
	pool_work_set_key(work, &core->work_key);
}

/* Derive the mode, and point the fast path at what it says, unless the pool is gone. */
static void pool_core_publish(struct syncpool_core *core)
{
	struct syncpool *pool = READ_ONCE(core->pool);
	enum pool_mode mode = core->wanted;
	unsigned long distance = 0;

	lockdep_assert_held(&core->lock);
	if (mode == POOL_NORMAL && core->waited)
		mode = POOL_WAITED;
	WRITE_ONCE(core->mode, mode);
	if (!pool)
		return;
	if (mode == POOL_NORMAL && !core->debug && !core->counting)
		distance = (__force unsigned long)&READ_ONCE(core->active)->pcps->magazine -
			   (__force unsigned long)&syncpool_closed;
	/*
	 * pool_core_publish:A: release, pairs with __syncpool_magazine:A;
	 * litmus/activate
	 */
	smp_store_release(&pool->magazine, distance);
}

/* What the fast path depends on has changed. */
void pool_core_update(struct syncpool_core *core)
{
	unsigned long flags;

	lockdep_assert_held(&core->reclaim_lock);
	raw_spin_lock_irqsave(&core->lock, flags);
	pool_core_publish(core);
	raw_spin_unlock_irqrestore(&core->lock, flags);
}

/* In force after a grace period. A pool that has ended stays so. */
void pool_core_set_mode(struct syncpool_core *core, enum pool_mode mode)
{
	unsigned long flags;

	lockdep_assert_held(&core->reclaim_lock);
	raw_spin_lock_irqsave(&core->lock, flags);
	if (core->wanted != POOL_ENDED) {
		core->wanted = mode;
		pool_core_publish(core);
	}
	raw_spin_unlock_irqrestore(&core->lock, flags);
}

/* In force after a grace period. */
void pool_core_set_waited(struct syncpool_core *core, bool waited)
{
	lockdep_assert_held(&core->lock);
	WRITE_ONCE(core->waited, waited);
	pool_core_publish(core);
}

/* Keep @core, which is not ended yet, until pool_core_leave(). */
static void pool_core_keep(struct syncpool_core *core)
{
	/* a full barrier, as pool_defer_run() looks at it after it has set the flag */
	atomic_inc_return(&core->sleepers);
	/* what waits until devices are resumed */
	if (pool_is_suspended())
		irq_work_queue(&core->defer_irq);
}

/* Keep the core of @pool until pool_core_leave(). NULL: it has none, or has ended. */
struct syncpool_core *pool_core_enter(struct syncpool *pool)
{
	struct syncpool_core *core;

	rcu_read_lock();
	core = READ_ONCE(pool->core);
	if (core)
		pool_core_keep(core);
	rcu_read_unlock();
	return core;
}

/* As pool_core_enter(), of the pool with @id. May sleep. */
struct syncpool_core *pool_core_enter_id(unsigned int id)
{
	struct syncpool_core *core;

	mutex_lock(&pool_list_lock);
	core = pool_find_id(id);
	if (core)
		pool_core_keep(core);
	mutex_unlock(&pool_list_lock);
	return core;
}

void pool_core_leave(struct syncpool_core *core)
{
	/*
	 * pool_core_leave:A: release, pairs with pool_idle_end:A. Pool and core
	 * may be freed once nobody sleeps; litmus/idle-leave.
	 */
	atomic_dec_return_release(&core->sleepers);
}

/* @pool has the core of another pool: report it. Returns true. */
bool pool_is_copy(struct syncpool *pool)
{
	pool_warn(pool, POOL_WARNED_COPY, "a copy of the pool is used");
	return true;
}

/* Is @pool gone, or was it never made? Reports its use. Any context. */
bool pool_is_gone(struct syncpool *pool)
{
	if (unlikely(!pool->params.free)) {
		pool_warn(pool, POOL_WARNED_GONE, "%s", pool->activate.func ?
			  "not activated, its parameters are invalid" :
			  "used before syncpool_init()");
		return true;
	}
	if (likely(!test_bit(POOL_STATE_GONE, &pool->state)))
		return false;
	pool_warn(pool, POOL_WARNED_GONE, "used after syncpool_exit()");
	return true;
}
