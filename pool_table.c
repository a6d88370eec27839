// SPDX-License-Identifier: GPL-2.0
/*
 * pool_table - the hash tables of debug mode
 *
 * A list, the newest and largest first:
 *
 *	pool_tables -> 2^13 entries -> 2^12 entries -> NULL
 *
 * When half of the newest one is taken, a work item adds one that is twice as large.
 * None is taken away while a pool is in debug mode, so there is nothing to move, and a
 * search goes through all. The last such pool that ends frees them.
 *
 * pool_table_lock protects the list. It is read without: pinned, or by a pool in debug
 * mode.
 */
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/kmemleak.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "pool_hook.h"
#include "pool_table.h"

#define POOL_TABLE_BITS		12U	/* of the first */

static struct pool_table *pool_tables;
static unsigned int pool_table_users;
static DEFINE_MUTEX(pool_table_lock);	/* protects the two above */

/* the next one has been asked for */
static bool pool_table_wanted;

/*
 * That an object is in a table is no reference to it, or kmemleak would miss those that
 * are lost. So kmemleak does not find a table by the one before, either.
 */
static void pool_table_hide(struct pool_table *table)
{
	kmemleak_not_leak(table);
	kmemleak_no_scan(table);
}

static struct pool_table *pool_table_alloc(unsigned int bits)
{
	struct pool_table *table;

	table = __vmalloc(struct_size(table, entries, 1UL << bits),
			  GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	if (!table)
		return NULL;
	table->bits = bits;
	pool_table_hide(table);
	return table;
}

static void pool_table_free_all(struct pool_table *table)
{
	struct pool_table *next;

	for (; table; table = next) {
		next = table->next;
		vfree(table);
	}
}

/* Make @table the newest, if @newest still is. */
static bool pool_table_publish(struct pool_table *table, struct pool_table *newest)
{
	lockdep_assert_held(&pool_table_lock);
	if (pool_tables != newest)
		return false;
	table->next = newest;
	/*
	 * pool_table_publish:A: release, pairs with pool_table_newest:A; as
	 * litmus/ring-init
	 */
	smp_store_release(&pool_tables, table);
	return true;
}

/*
 * pool_table_newest:A: address dependency, also through @next, pairs with
 * pool_table_publish:A
 */
struct pool_table *pool_table_newest(void)
{
	return READ_ONCE(pool_tables);
}

/* NULL, or a table of which half is taken. */
static struct pool_table *pool_table_crowded(void)
{
	struct pool_table *table = pool_table_newest();

	if (table && table->bits < pool_table_bits_max &&
	    (unsigned int)atomic_read(&table->used) >= pool_table_size(table) / 2)
		return table;
	return NULL;
}

/* Add a table if the newest one is crowded. False: there is no memory. */
static bool pool_table_grow(void)
{
	struct pool_table *newest, *table;
	unsigned int bits = 0;

	mutex_lock(&pool_table_lock);
	newest = pool_table_crowded();
	if (newest)
		bits = newest->bits + 1;
	mutex_unlock(&pool_table_lock);
	if (!newest)
		return true;
	table = pool_table_alloc(bits);
	if (!table)
		return false;
	mutex_lock(&pool_table_lock);
	if (pool_table_publish(table, newest))
		table = NULL;
	mutex_unlock(&pool_table_lock);
	vfree(table);
	return true;
}

static void pool_table_grow_work(struct work_struct *work)
{
	if (pool_table_grow())
		WRITE_ONCE(pool_table_wanted, false);
	else
		queue_delayed_work(pool_wq, to_delayed_work(work), HZ);
}

static DECLARE_DELAYED_WORK(pool_table_work, pool_table_grow_work);

static void pool_table_kick(struct irq_work *irq)
{
	queue_delayed_work(pool_wq, &pool_table_work, 0);
}

static struct irq_work pool_table_irq = IRQ_WORK_INIT(pool_table_kick);

/* Have a table added if the newest one is crowded. Any context, pinned. */
void pool_table_grow_later(void)
{
	pool_assert_pinned();
	if (pool_table_crowded() && !READ_ONCE(pool_table_wanted) &&
	    !xchg(&pool_table_wanted, true))
		irq_work_queue(&pool_table_irq);
}

/* One more pool is in debug mode: 0 or -ENOMEM. Nothing is allocated under the lock. */
int pool_table_begin(void)
{
	struct pool_table *table = NULL;
	bool found;

	do {
		mutex_lock(&pool_table_lock);
		if (table && pool_table_publish(table, NULL))
			table = NULL;
		found = pool_tables;
		if (found)
			pool_table_users++;
		mutex_unlock(&pool_table_lock);
		if (found) {
			vfree(table);
			return 0;
		}
		table = pool_table_alloc(POOL_TABLE_BITS);
	} while (table);
	return -ENOMEM;
}

/* One pool less is in debug mode. May sleep. */
void pool_table_end(void)
{
	struct pool_table *tables = NULL;

	mutex_lock(&pool_table_lock);
	if (!--pool_table_users) {
		tables = pool_tables;
		WRITE_ONCE(pool_tables, NULL);
	}
	mutex_unlock(&pool_table_lock);
	if (!tables)
		return;
	/* other pools' operations, which have found debug mode on, look in vain */
	synchronize_rcu();
	pool_table_free_all(tables);
}

/* Before the workqueue ends: no pool is in debug mode. */
void pool_table_exit(void)
{
	irq_work_sync(&pool_table_irq);
	cancel_delayed_work_sync(&pool_table_work);
}

/* Places in the newest table. */
unsigned int pool_table_newest_size(void)
{
	struct pool_table *table;
	unsigned int size;

	rcu_read_lock();
	table = pool_table_newest();
	size = table ? pool_table_size(table) : 0;
	rcu_read_unlock();
	return size;
}
EXPORT_SYMBOL_FOR_TEST(pool_table_newest_size);
