// SPDX-License-Identifier: GPL-2.0
/*
 * pool_defer - an object whose free has to wait
 *
 * A put never fails, so an object without room is freed; and a put runs in any
 * context, so sometimes free has to wait for one in which it may run:
 *
 *	put with interrupts off --> stash --> irq_work --> work item --> free()
 *
 * Each pool has a stash (pool_stash.c) and a work item of its own, so no pool waits
 * for another one's free. The object itself is not touched: it may be a driver's
 * only handle on memory that it does not own.
 *
 * The stash has room for all objects that the pool has built and that exist still, a third
 * more, and for POOL_DEFER_MIN at least. It is enlarged after alloc has returned, where the
 * allocator may be used and has memory at once, or else by the work item. So an object finds
 * no room only if the pool did not build it, or built so many more before the work item ran,
 * with interrupts off or without memory.
 * It is lost then, with a report: that is all that is left without memory, locks and a word
 * of the object's.
 *
 * Operations, the column while the row is under way:
 *
 *	          defer                      work item        enlarge
 *	defer     other slot                 takes it, or     old stash, or new one
 *	                                     runs again
 *	enlarge   old stash, or new one      both             one after the other
 */
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/irq_work.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "pool_context.h"
#include "pool_defer.h"
#include "pool_early.h"
#include "pool_kasan.h"
#include "pool_limit.h"
#include "pool_stash.h"
#include "pool_stats.h"

/* slots of a pool that has built nothing */
#define POOL_DEFER_MIN	64U
/* searches for a slot that must be free */
#define POOL_DEFER_TRIES	8U

/* An object that waits, or NULL. */
static void *pool_defer_take(struct syncpool_core *core)
{
	void *obj = NULL;

	preempt_disable();
	if (atomic_long_read(&core->deferred) > 0)
		/*
		 * pool_defer_take:A: address dependency, pairs with pool_defer_add:A, as
		 * every other read of core->defer_stash does; litmus/ring-init
		 *
		 * pool_defer_take:B: full barrier, by the compare-and-swap that takes
		 * the object, pairs with pool_defer_store:A; litmus/deferred-free
		 */
		obj = pool_stash_take(READ_ONCE(core->defer_stash));
	if (obj)
		atomic_long_dec(&core->deferred);
	preempt_enable();
	return obj;
}

/* Free all that waits. Devices that are suspended end this; pool_pm_resume() continues. */
static void pool_defer_run(struct syncpool_core *core)
{
	struct syncpool *pool = READ_ONCE(core->pool);
	void *obj;

	while (!pool_core_is_suspended(core) && (obj = pool_defer_take(core))) {
		pool_assert_may_end_pools(core);
		pool_kasan_free(&core->params, obj);
		if (pool) {
			pool_limit_freed(pool);
			/* last, since it may be what syncpool_wait_idle() waits for */
			pool_stats_free(pool);
		}
		cond_resched();
	}
}

static void pool_defer_work(struct work_struct *work)
{
	struct syncpool_core *core = container_of(work, struct syncpool_core, defer_work);
	struct syncpool *pool = READ_ONCE(core->pool);

	/* before it asks for memory */
	pool_defer_run(core);
	if (pool)
		pool_defer_make_room(pool, core, GFP_KERNEL);
}

static void pool_defer_irq(struct irq_work *irq)
{
	struct syncpool_core *core = container_of(irq, struct syncpool_core, defer_irq);

	queue_work(pool_wq, &core->defer_work);
}

/* Have the work item run. Any context. */
void pool_defer_kick(struct syncpool_core *core)
{
	irq_work_queue(&core->defer_irq);
}

/* May @n objects more wait? Pinned, or for a core that stays. */
bool pool_defer_has_room(const struct syncpool_core *core, unsigned int n)
{
	return atomic_long_read(&core->deferred) + n <= READ_ONCE(core->defer_stash)->room;
}

/* False: there is no room. */
static bool pool_defer_try_store(struct syncpool_core *core, void *obj)
{
	if (!pool_defer_has_room(core, 1))
		return false;
	/* before it can be found */
	atomic_long_inc(&core->deferred);
	if (pool_stash_store(READ_ONCE(core->defer_stash), obj))
		return true;
	atomic_long_dec(&core->deferred);
	return false;
}

/* False: there is no room. */
static bool pool_defer_store(struct syncpool_core *core, void *obj)
{
	unsigned int tries = 0;

	pool_assert_pinned();
	/* again, if a slot became free behind the search */
	while (!pool_defer_try_store(core, obj))
		if (++tries == POOL_DEFER_TRIES)
			return false;
	/*
	 * pool_defer_store:A: full barrier, by the compare-and-swap that has stored the
	 * object, pairs with pool_defer_take:B; litmus/deferred-free
	 */
	pool_defer_kick(core);
	return true;
}

/* Free @obj, which was cached, later. False: there is no room. */
bool pool_defer_cached(struct syncpool_core *core, void *obj)
{
	bool stored;

	preempt_disable();
	stored = pool_defer_store(core, obj);
	preempt_enable();
	return stored;
}

/* @obj is lost. It counts as freed, or syncpool_wait_idle() would wait for it. */
static void pool_defer_lose(struct syncpool *pool)
{
	/* a pool that is gone has its own report */
	if (!pool_is_gone(pool))
		pool_warn(pool, POOL_WARNED_LOST,
			  "an object was put where free may not run, too many wait for it, and it is lost");
	pool_limit_freed(pool);
	pool_stats_free(pool);
}

/* Free @obj, which counts as built no more, later. Any context. */
void pool_defer(struct syncpool *pool, void *obj)
{
	struct syncpool_core *core;
	bool stored = false;

	preempt_disable();
	core = READ_ONCE(pool->core);
	if (core)
		stored = pool_defer_store(core, obj);
	else if (!test_bit(POOL_STATE_GONE, &pool->state))
		stored = pool_early_store(pool, obj);
	preempt_enable();
	if (unlikely(!stored))
		pool_defer_lose(pool);
}

/* Add @stash to those of the pool. False: there is enough by now, or the pool has ended. */
static bool pool_defer_add(struct syncpool *pool, struct syncpool_core *own,
			   struct pool_stash *stash)
{
	struct syncpool_core *core;
	struct pool_stash *next;
	bool added = false;

	preempt_disable();
	core = own ?: READ_ONCE(pool->core);
	next = core ? READ_ONCE(core->defer_stash) : NULL;
	if (next && pool_defer_lacks(pool, core)) {
		pool_stash_push(stash, next);
		/*
		 * pool_defer_add:A: full barrier, pairs with pool_defer_take:A;
		 * litmus/ring-init. If it fails, another call has added one.
		 */
		added = cmpxchg(&core->defer_stash, next, stash) == next;
	}
	preempt_enable();
	if (!added)
		stash->next = NULL;
	return added;
}

/* Leave it to the work item to have room. */
static void pool_defer_make_room_later(struct syncpool *pool)
{
	struct syncpool_core *core;

	rcu_read_lock();
	core = READ_ONCE(pool->core);
	if (core)
		pool_defer_kick(core);
	rcu_read_unlock();
}

/* The rest of pool_defer_make_room(). */
void __pool_defer_make_room(struct syncpool *pool, struct syncpool_core *own, gfp_t gfp)
{
	struct pool_stash *stash = NULL;

	if (pool_may_use_slab())
		stash = pool_stash_alloc(atomic_long_read(&pool->limit.existing),
					 (gfp & GFP_KERNEL) | __GFP_NORETRY | __GFP_NOWARN |
					 __GFP_NOMEMALLOC);
	if (stash && !pool_defer_add(pool, own, stash))
		pool_stash_free(stash);
	/* the work item itself is called with @own, and tries again with the next object */
	if (!stash && !own)
		pool_defer_make_room_later(pool);
}

/* Wait until all that was deferred before this call is freed. */
void pool_defer_flush(struct syncpool_core *core)
{
	might_sleep();
	irq_work_sync(&core->defer_irq);
	flush_work(&core->defer_work);
}
EXPORT_SYMBOL_FOR_TEST(pool_defer_flush);

int pool_defer_init(struct syncpool_core *core)
{
	core->defer_irq = IRQ_WORK_INIT_HARD(pool_defer_irq);
	INIT_WORK(&core->defer_work, pool_defer_work);
	pool_core_own_work(core, &core->defer_work);
	core->defer_stash = pool_stash_alloc(POOL_DEFER_MIN, GFP_KERNEL);
	return core->defer_stash ? 0 : -ENOMEM;
}

/* The pool has ended, and nothing is deferred any more: free what waits. */
void pool_defer_stop(struct syncpool_core *core)
{
	irq_work_sync(&core->defer_irq);
	/* not flush_work(), which would wait for a worker, and this may be the last one */
	cancel_work_sync(&core->defer_work);
	pool_defer_run(core);
}

/* Nothing waits. */
void pool_defer_free(struct syncpool_core *core)
{
	pool_stash_free(core->defer_stash);
}
