// SPDX-License-Identifier: GPL-2.0
/*
 * pool_early - pools of DEFINE_SYNCPOOL() that are to become active
 *
 * The first call of such a pool may come from any context. It leaves an entry in a table of
 * its CPU; an irq_work then queues the pool's own work item, which activates the pool.
 * An entry may hold an object, put where it could not be freed: the work item frees it.
 *
 *	free --claim--> busy --pool--> in use --remove--> free
 *
 * Any operation on the CPU, NMI included, claims a free entry by compare-and-swap. One that is
 * in use changes no more, but for its object, until the pool's work item, or
 * syncpool_exit(), removes it; so each object comes out once. As long as an entry names a
 * pool, its module waits for the pool's work item before it is unloaded. Other pools' are
 * left alone.
 *
 * Where the CPU's own table is full, that of another is used. A pool that is not active
 * builds no more than POOL_EARLY_BUILT objects, so a table has room for all of them. If all
 * tables are full, a call does not activate the pool, which is left to a later one, and an
 * object is lost, with a report.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "pool_core.h"
#include "pool_early.h"

/* entries of a CPU */
#define POOL_EARLY	64U
/* in place of the pool, while an entry is filled */
#define POOL_EARLY_BUSY	((struct syncpool *)1)

struct pool_early {
	struct syncpool *pool;
	void *obj;
};

struct pool_early_table {
	struct pool_early entries[POOL_EARLY];
};

static struct pool_early_table __percpu *pool_early;
static struct cpumask pool_early_cpus;	/* whose entries the irq_work has not seen */
static DEFINE_MUTEX(pool_early_lock);	/* taking and removing: an entry may be reused between */

/* The pool of @e, or NULL. Its object can be read afterwards. */
static struct syncpool *pool_early_pool(const struct pool_early *e)
{
	/* pool_early_pool:A: acquire, pairs with pool_early_store_in:A; litmus/early */
	struct syncpool *pool = smp_load_acquire(&e->pool);

	return pool == POOL_EARLY_BUSY ? NULL : pool;
}

static void pool_early_queue(struct pool_early_table *table)
{
	struct syncpool *pool;
	unsigned int i;

	for (i = 0; i < POOL_EARLY; i++) {
		pool = pool_early_pool(&table->entries[i]);
		if (pool)
			queue_work(pool_wq, &pool->activate);
	}
}

static void pool_early_kick(struct irq_work *irq)
{
	unsigned int cpu;

	for_each_cpu(cpu, &pool_early_cpus)
		if (cpumask_test_and_clear_cpu(cpu, &pool_early_cpus))
			pool_early_queue(per_cpu_ptr(pool_early, cpu));
}

/* hard, so that it has run once interrupts are on */
static struct irq_work pool_early_irq = IRQ_WORK_INIT_HARD(pool_early_kick);

/* Is there no need for another entry of @pool that has no object? */
static bool pool_early_has(const struct pool_early_table *table, const struct syncpool *pool)
{
	unsigned int i;

	for (i = 0; i < POOL_EARLY; i++)
		if (READ_ONCE(table->entries[i].pool) == pool)
			return true;
	return false;
}

/* False: the table is full. */
static bool pool_early_store_in(struct pool_early_table *table, struct syncpool *pool, void *obj)
{
	unsigned int i;

	for (i = 0; i < POOL_EARLY; i++) {
		struct pool_early *e = &table->entries[i];

		if (READ_ONCE(e->pool) || cmpxchg(&e->pool, NULL, POOL_EARLY_BUSY))
			continue;
		WRITE_ONCE(e->obj, obj);
		/* pool_early_store_in:A: release, pairs with pool_early_pool:A; litmus/early */
		smp_store_release(&e->pool, pool);
		return true;
	}
	return false;
}

/*
 * Have @pool activated, and @obj, if that is not NULL, freed. False: all tables are full.
 * Pinned, any context.
 */
bool pool_early_store(struct syncpool *pool, void *obj)
{
	struct pool_early_table *table;
	unsigned int cpu;

	pool_assert_pinned();
	if (unlikely(!pool_is_ready()))
		return false;
	for_each_cpu_wrap(cpu, cpu_possible_mask, smp_processor_id()) {
		table = per_cpu_ptr(pool_early, cpu);
		if (!obj && pool_early_has(table, pool))
			return true;
		if (!pool_early_store_in(table, pool, obj))
			continue;
		/* after the entry; the irq_work clears the bit before it looks */
		smp_mb__before_atomic();
		cpumask_set_cpu(cpu, &pool_early_cpus);
		irq_work_queue(&pool_early_irq);
		return true;
	}
	return false;
}

static void *pool_early_find(struct syncpool *pool)
{
	struct pool_early *e;
	unsigned int cpu, i;
	void *obj;

	lockdep_assert_held(&pool_early_lock);
	for_each_possible_cpu(cpu) {
		for (i = 0; i < POOL_EARLY; i++) {
			e = &per_cpu_ptr(pool_early, cpu)->entries[i];
			if (pool_early_pool(e) != pool)
				continue;
			obj = xchg(&e->obj, NULL);
			if (obj)
				return obj;
		}
	}
	return NULL;
}

/* An object of @pool, or NULL. Its entry stays until pool_early_remove(). */
void *pool_early_take(struct syncpool *pool)
{
	void *obj;

	mutex_lock(&pool_early_lock);
	obj = pool_early_find(pool);
	mutex_unlock(&pool_early_lock);
	return obj;
}

/* Remove the entries of @pool that hold no object. */
void pool_early_remove(struct syncpool *pool)
{
	struct pool_early *e;
	unsigned int cpu, i;

	mutex_lock(&pool_early_lock);
	for_each_possible_cpu(cpu) {
		for (i = 0; i < POOL_EARLY; i++) {
			e = &per_cpu_ptr(pool_early, cpu)->entries[i];
			if (pool_early_pool(e) == pool && !READ_ONCE(e->obj))
				/* the CPU that claims it writes the object before the pool */
				smp_store_release(&e->pool, NULL);
		}
	}
	mutex_unlock(&pool_early_lock);
}

/* Wait until no irq_work of before this call runs, on any CPU. */
static void pool_early_sync(void)
{
	irq_work_sync(&pool_early_irq);
	/* it waits for one CPU alone; a hard irq_work is an RCU reader */
	synchronize_rcu();
}

/* @pool, which has no entries, is not used any more: wait for its work item. */
void pool_early_end(struct syncpool *pool)
{
	pool_early_sync();
	cancel_work_sync(&pool->activate);
}

/* Queue the work items of all pools that have entries. */
void pool_early_resume(void)
{
	cpumask_copy(&pool_early_cpus, cpu_possible_mask);
	irq_work_queue(&pool_early_irq);
}

/*
 * @owner is being unloaded: wait for the work items of those of its pools that have
 * entries. Other pools may be gone, so only addresses are compared.
 */
void pool_early_flush(const struct module *owner)
{
	struct syncpool *pool;
	unsigned int cpu, i;

	pool_early_sync();
	for_each_possible_cpu(cpu) {
		for (i = 0; i < POOL_EARLY; i++) {
			pool = pool_early_pool(&per_cpu_ptr(pool_early, cpu)->entries[i]);
			if (pool && within_module((unsigned long)pool, owner))
				flush_work(&pool->activate);
		}
	}
}

int pool_early_init(void)
{
	pool_early = alloc_percpu(struct pool_early_table);
	return pool_early ? 0 : -ENOMEM;
}

void pool_early_exit(void)
{
	pool_early_sync();
	free_percpu(pool_early);
}
