// SPDX-License-Identifier: GPL-2.0
/*
 * pool_ring - memory for chains
 *
 * An operation with interrupts off takes no lock (pool_context.h), so it neither
 * allocates a ring nor passes one to RCU. Each CPU has a spare ring of the largest
 * size, for all pools, which the first put that needs it takes; and a ring that is
 * unlinked waits in a list:
 *
 *	work item --> spare ring --> chain --> list --> irq_work --> call_rcu()
 *	    ^             |
 *	    +-- irq_work -+
 *
 * Until the work item has run, the next chain that is to grow on that CPU with interrupts
 * off does not: what is put there is freed later, and counted as syncpool_stats.refused.
 * Where the allocator may be used but has nothing, the spare ring serves as well.
 */
#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/irq_work.h>
#include <linux/lockdep.h>
#include <linux/numa.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/workqueue.h>

#include "pool_compat.h"
#include "pool_context.h"
#include "pool_hook.h"
#include "pool_ring.h"

static DEFINE_PER_CPU(struct pool_ring *, pool_spare);
static LLIST_HEAD(pool_retired);

static struct pool_ring *pool_ring_alloc_node(unsigned int size, gfp_t gfp, int node)
{
	struct pool_ring *ring;

	BUILD_BUG_ON(POOL_RING_MAX > 1UL << (POOL_DEQUEUE_BITS - 2));

	ring = kzalloc_node(struct_size(ring, d.slots, size), gfp, node);
	if (ring)
		pool_dequeue_init(&ring->d, size, pool_ring_first_index);
	return ring;
}

/**
 * pool_ring_alloc() - make a ring
 * @size: slots, a power of two up to POOL_RING_MAX
 * @gfp: as for kmalloc(); every size is an allocation of order 0
 *
 * Context: As @gfp says, nothing pinned.
 * Return: an empty ring, or NULL.
 */
struct pool_ring *pool_ring_alloc(unsigned int size, gfp_t gfp)
{
	return pool_ring_alloc_node(size, gfp, NUMA_NO_NODE);
}
EXPORT_SYMBOL_FOR_TEST(pool_ring_alloc);

/* A ring, or NULL, also where the allocator may not be used. Unpinned, any context. */
struct pool_ring *pool_ring_alloc_nowait(unsigned int size)
{
	if (!pool_may_use_slab())
		return NULL;
	return pool_ring_alloc(size, GFP_NOWAIT | __GFP_NOWARN | __GFP_NOMEMALLOC);
}

/* Let @cpu have a spare ring, if there is memory. May sleep. */
void pool_ring_fill_spare(unsigned int cpu)
{
	struct pool_ring **spare = per_cpu_ptr(&pool_spare, cpu), *ring;

	if (READ_ONCE(*spare))
		return;
	ring = pool_ring_alloc_node(POOL_RING_MAX, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN,
				    cpu_to_node(cpu));
	/* publishes the ring; pairs with the xchg() in pool_ring_take_spare() */
	if (ring && cmpxchg(spare, NULL, ring))
		kfree(ring);
}

static void pool_spare_fill(struct work_struct *work)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		pool_ring_fill_spare(cpu);
}

static DECLARE_WORK(pool_spare_work, pool_spare_fill);

static void pool_spare_kick(struct irq_work *irq)
{
	queue_work(pool_system_wq(), &pool_spare_work);
}

static struct irq_work pool_spare_irq = IRQ_WORK_INIT_HARD(pool_spare_kick);

/* This CPU's spare ring, of POOL_RING_MAX, or NULL. Another one comes. Pinned, any context. */
struct pool_ring *pool_ring_take_spare(void)
{
	lockdep_assert_preemption_disabled();
	irq_work_queue(&pool_spare_irq);
	if (pool_hook_spare_fails())
		return NULL;
	return xchg(this_cpu_ptr(&pool_spare), NULL);
}

/*
 * Not kfree_rcu(), which may arm a timer: that would be the longest section with
 * preemption off of all operations.
 */
static void pool_ring_free(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct pool_ring, rcu));
}

static void pool_ring_retire_all(struct irq_work *irq)
{
	struct llist_node *list = llist_del_all(&pool_retired);
	struct pool_ring *ring, *next;

	llist_for_each_entry_safe(ring, next, list, retired)
		call_rcu(&ring->rcu, pool_ring_free);
}

static struct irq_work pool_retire_irq = IRQ_WORK_INIT_HARD(pool_ring_retire_all);

/**
 * pool_ring_retire() - free a ring after a grace period
 * @ring: the ring, unlinked
 *
 * Context: Any.
 */
void pool_ring_retire(struct pool_ring *ring)
{
	if (likely(pool_may_lock()))
		call_rcu(&ring->rcu, pool_ring_free);
	else if (llist_add(&ring->retired, &pool_retired))
		irq_work_queue(&pool_retire_irq);
}

/* Free @ring, which may be NULL and was never in a chain. Any context, unpinned. */
void pool_ring_release(struct pool_ring *ring)
{
	if (likely(!ring))
		return;
	if (pool_may_use_slab())
		kfree(ring);
	else
		pool_ring_retire(ring);
}

/* No chain is left. rcu_barrier() then waits for what was retired. */
void pool_ring_exit(void)
{
	unsigned int cpu;

	irq_work_sync(&pool_retire_irq);
	irq_work_sync(&pool_spare_irq);
	/* each waits for one CPU alone; a hard irq_work is an RCU reader */
	synchronize_rcu();
	cancel_work_sync(&pool_spare_work);
	for_each_possible_cpu(cpu)
		kfree(per_cpu(pool_spare, cpu));
}
