// SPDX-License-Identifier: GPL-2.0
/*
 * pool_defer - drop objects where free may not run
 *
 * put() never fails, so an object without room is freed; and put() runs
 * anywhere, so sometimes not at once. Then the object waits on a list that
 * goes through its own first two words, as vfree() does it in interrupts:
 *
 *	put in NMI, say -> llist_add() -> irq_work -> work item -> free()
 *
 * One list for all pools: it is the way of last resort, and empty.
 */
#include <linux/hardirq.h>
#include <linux/irq_work.h>
#include <linux/llist.h>
#include <linux/workqueue.h>

#include "pool.h"
#include "pool_debug.h"

struct pool_deferred {
	struct llist_node node;
	struct syncpool *pool;
};

static LLIST_HEAD(pool_deferred);

static void pool_defer_free(struct work_struct *work)
{
	struct pool_deferred *d, *next;
	/* H: pairs with llist_add() in pool_defer(); litmus/deferred-free */
	struct llist_node *list = llist_del_all(&pool_deferred);

	llist_for_each_entry_safe(d, next, llist_reverse_order(list), node) {
		struct syncpool *pool = d->pool;

		pool->params.free(d, pool->params.data);
		pool_account_free(pool);
	}
}

static DECLARE_WORK(pool_defer_work, pool_defer_free);

static void pool_defer_kick(struct irq_work *irq)
{
	queue_work(pool_wq, &pool_defer_work);
}

static struct irq_work pool_defer_irq = IRQ_WORK_INIT(pool_defer_kick);

/* Wait until all that was deferred before this call is freed. May sleep. */
void pool_defer_flush(void)
{
	/* the irq_work of the one that found the list empty may be yet to come */
	queue_work(pool_wq, &pool_defer_work);
	flush_work(&pool_defer_work);
}
EXPORT_SYMBOL_IF_KUNIT(pool_defer_flush);

/*
 * May the slab allocator, which most free callbacks end in, be called here?
 * Where lockdep judges the nesting of raw locks, by PREEMPT_RT's rules.
 */
bool pool_may_use_slab(void)
{
	if (in_nmi())
		return false;
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return preemptible();
	if (IS_ENABLED(CONFIG_PROVE_RAW_LOCK_NESTING))
		return !in_hardirq();
	return true;
}

/* Before the module goes: nothing is queued any more. */
void pool_defer_exit(void)
{
	irq_work_sync(&pool_defer_irq);
	pool_defer_flush();
}

static void pool_defer(struct syncpool *pool, void *obj)
{
	struct pool_deferred *d = obj;
	size_t size = pool->params.obj_size;

	/* a leak of some bytes, reported; writing past the object is worse */
	if (size && size < sizeof(*d)) {
		pool_warn(pool, POOL_WARNED_TINY,
			  "an object of %zu bytes was dropped where free may not run, and is lost\n",
			  size);
		pool_account_free(pool);
		return;
	}
	d->pool = pool;
	if (llist_add(&d->node, &pool_deferred))
		irq_work_queue(&pool_defer_irq);
}

/* Free an object that a caller gave back, here or later. Unpinned, any context. */
void pool_drop(struct syncpool *pool, void *obj)
{
	/* it never was a pool: reported by pool_is_gone() */
	if (unlikely(!pool->params.free))
		return;
	pool_debug_leave(obj);
	if ((pool->params.flags & SYNCPOOL_FREE_SLEEPS) || !pool_may_use_slab()) {
		pool_defer(pool, obj);
		return;
	}
	pool->params.free(obj, pool->params.data);
	pool_account_free(pool);
}
