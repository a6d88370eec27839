// SPDX-License-Identifier: GPL-2.0
/*
 * pool_free - free an object now, or later where free may not run
 *
 * put() never fails, so an object without room is freed; and put() runs in any
 * context, so sometimes free has to wait. Then the object is queued through its
 * own first two words, as vfree() does it in interrupts:
 *
 *	put in NMI, say -> llist_add() -> irq_work -> work item -> free()
 *
 * One list serves all pools: it is the last resort, and empty as a rule.
 */
#include <linux/export.h>
#include <linux/irq_work.h>
#include <linux/llist.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "pool_debug.h"
#include "pool_free.h"
#include "pool_limit.h"
#include "pool_stats.h"

struct pool_deferred {
	struct llist_node node;
	struct syncpool *pool;
};

static LLIST_HEAD(pool_deferred);

static void pool_free_deferred(struct work_struct *work)
{
	struct pool_deferred *d, *next;
	/*
	 * pool_free_deferred:A: acquire, pairs with pool_defer:A;
	 * litmus/deferred-free
	 */
	struct llist_node *list = llist_del_all(&pool_deferred);

	llist_for_each_entry_safe(d, next, llist_reverse_order(list), node) {
		struct syncpool *pool = d->pool;

		pool->params.free(d, pool->params.data);
		pool_limit_freed(pool);
		pool_stats_free(pool);
	}
}

static DECLARE_WORK(pool_defer_work, pool_free_deferred);

static void pool_defer_kick(struct irq_work *irq)
{
	queue_work(pool_wq, &pool_defer_work);
}

static struct irq_work pool_defer_irq = IRQ_WORK_INIT(pool_defer_kick);

/* Wait until all that was deferred before this call is freed. */
void pool_free_flush(void)
{
	might_sleep();
	/*
	 * The irq_work of the put that found the list empty may not have run, or is
	 * about to queue the work on another CPU. flush_work() sees neither, so this
	 * continues until it is the one that has queued it.
	 */
	while (!queue_work(pool_wq, &pool_defer_work)) {
		flush_work(&pool_defer_work);
		cond_resched();
	}
	flush_work(&pool_defer_work);
}
EXPORT_SYMBOL_FOR_TEST(pool_free_flush);

/* Before the module is unloaded: nothing is queued any more. */
void pool_free_exit(void)
{
	irq_work_sync(&pool_defer_irq);
	pool_free_flush();
}

static void pool_defer(struct syncpool *pool, void *obj)
{
	struct pool_deferred *d = obj;
	size_t size = pool->params.obj_size;

	/* leaks the object, with a report; writing past it would be worse */
	if (size && size < sizeof(*d)) {
		pool_warn(pool, POOL_WARNED_TINY,
			  "an object of %zu bytes was dropped where free may not run, and is lost",
			  size);
		pool_limit_freed(pool);
		pool_stats_free(pool);
		return;
	}
	d->pool = pool;
	/*
	 * pool_defer:A: release, pairs with pool_free_deferred:A, also through
	 * other swaps of the list's head; litmus/deferred-free
	 */
	if (llist_add(&d->node, &pool_deferred))
		irq_work_queue(&pool_defer_irq);
}

/* Free an object that a caller gave back, and that counts as built no more. */
static void pool_free_dropped(struct syncpool *pool, void *obj)
{
	if ((pool->params.flags & SYNCPOOL_FREE_SLEEPS) || !pool_may_use_slab()) {
		pool_debug_leave(obj);
		pool_defer(pool, obj);
		return;
	}
	pool_debug_free(pool, obj);
	pool_limit_freed(pool);
	/* last, since it may be what syncpool_wait_idle() waits for */
	pool_stats_free(pool);
}

/* Free an object that a caller gave back, now or later. Any context, unpinned. */
void pool_free_one(struct syncpool *pool, void *obj)
{
	/* @pool was never initialized; pool_is_gone() reports it */
	if (unlikely(!pool->params.free))
		return;
	atomic_long_dec(&pool->limit.built);
	pool_free_dropped(pool, obj);
}

/* Keep @obj, if the pool needs it. Otherwise it counts as built no more. Pinned. */
static bool pool_free_keeps(struct syncpool *pool, void *obj)
{
	struct syncpool_core *core = READ_ONCE(pool->core);

	if (core && pool_limit_drop(core, 1))
		return false;
	if (core && pool_limit_keep(core, obj, false))
		return true;
	atomic_long_dec(&pool->limit.built);
	return false;
}

/* Free an object for which a put found no room, but keep it if the pool needs it. */
void pool_free_or_keep(struct syncpool *pool, void *obj)
{
	bool keeps;

	if (unlikely(!pool->params.free))
		return;
	preempt_disable();
	keeps = pool_free_keeps(pool, obj);
	preempt_enable();
	if (!keeps)
		pool_free_dropped(pool, obj);
}

/* Free objects that were taken from the cache, and count as freed. */
void pool_free_taken(struct syncpool_core *core, void **objs, unsigned int n)
{
	struct syncpool *pool = READ_ONCE(core->pool);
	unsigned int i;

	for (i = 0; i < n; i++) {
		pool_debug_free_taken(core, objs[i]);
		if (likely(pool))
			pool_limit_freed(pool);
	}
}

/*
 * Free objects that were cached, but keep those that the pool needs. Returns how many
 * were freed.
 */
unsigned int pool_free_cached(struct syncpool_core *core, void **objs, unsigned int n)
{
	n = pool_limit_retain(core, objs, n);
	pool_stats_dropped(core, n);
	pool_free_taken(core, objs, n);
	return n;
}

/* Take an object that may be freed from the stash, and count it as freed. Or NULL. */
static void *pool_free_unstash(struct syncpool_core *core)
{
	struct syncpool *pool = READ_ONCE(core->pool);
	void *obj;

	pool_assert_pinned();
	if (!pool_core_may_reclaim(core) || pool_limit_has_waiters(core) ||
	    !pool_limit_drop(core, 1))
		return NULL;
	obj = __pool_limit_unstash(core, true);
	if (obj)
		pool_stats_dropped(core, 1);
	else if (pool)
		atomic_long_inc(&pool->limit.built);
	return obj;
}

/* Free up to @max objects of the stash. Returns how many. */
unsigned long pool_free_stashed(struct syncpool_core *core, unsigned long max)
{
	unsigned long freed;
	void *obj;

	for (freed = 0; freed < max && pool_limit_stashed(core) > 0; freed++) {
		preempt_disable();
		obj = pool_free_unstash(core);
		preempt_enable();
		if (!obj)
			break;
		pool_free_taken(core, &obj, 1);
		cond_resched();
	}
	return freed;
}
