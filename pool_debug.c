// SPDX-License-Identifier: GPL-2.0
/*
 * pool_debug - debug mode: make misuse visible
 *
 * For the pools that syncpool.debug names, and for one with SYNCPOOL_DEBUG. Such a
 * pool stays closed, so every operation comes through here, and other pools pay
 * nothing. One put in four is dropped, as Go does under its race detector, so
 * that no user relies on getting back what it put. The steal order is random.
 * With SYNCPOOL_POISON a cached object is filled with POISON_FREE and checked
 * when it leaves.
 *
 * Every cached object is in a table with its pool and the caller that put it. A
 * second put of the object, to any pool, is refused and reported with both
 * callers. The table has a fixed size and is lock-free, since puts come from NMI
 * as well; an object that finds no place in it goes unchecked.
 */
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/jump_label.h>
#include <linux/mutex.h>
#include <linux/poison.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "pool_debug.h"
#include "pool_select.h"

#define POOL_DEBUG_BITS		14
#define POOL_DEBUG_PROBES	32U
/* @key of an entry that is being filled */
#define POOL_DEBUG_BUSY		((void *)1)

struct pool_debug_entry {
	void *key;			/* the object; released last */
	struct syncpool_core *core;	/* freed a grace period after its entries are removed */
	unsigned long caller;
};

DEFINE_STATIC_KEY_FALSE(pool_debug_key);

static struct pool_debug_entry *pool_debug_table;
static DEFINE_MUTEX(pool_debug_lock);	/* protects the table's allocation */
static DEFINE_PER_CPU(u32, pool_debug_seed);

static int pool_debug_table_init(void)
{
	struct pool_debug_entry *table;

	mutex_lock(&pool_debug_lock);
	table = pool_debug_table;
	if (!table) {
		table = __vmalloc(sizeof(*table) << POOL_DEBUG_BITS,
				  GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
		/*
		 * pool_debug_table_init:A: release, pairs with
		 * pool_debug_entry:A; as litmus/ring-init
		 */
		smp_store_release(&pool_debug_table, table);
	}
	mutex_unlock(&pool_debug_lock);
	return table ? 0 : -ENOMEM;
}

/* Free the table. No pool is in debug mode. */
void pool_debug_exit(void)
{
	vfree(pool_debug_table);
	pool_debug_table = NULL;
}
EXPORT_SYMBOL_FOR_TEST(pool_debug_exit);

int pool_debug_enable(struct syncpool_core *core)
{
	int err;

	if (!(core->params.flags & SYNCPOOL_DEBUG) && !pool_selects(core->name))
		return 0;
	err = pool_debug_table_init();
	if (err)
		return err;
	core->debug = true;
	static_branch_inc(&pool_debug_key);
	return 0;
}

/* @core, which is empty, is about to be freed. */
void pool_debug_disable(struct syncpool_core *core)
{
	if (!core->debug)
		return;
	static_branch_dec(&pool_debug_key);
	/* a report of another pool's may still read an entry of @core */
	synchronize_rcu();
}

/*
 * The @i-th place where @obj may be.
 *
 * pool_debug_entry:A: address dependency, pairs with pool_debug_table_init:A
 */
static struct pool_debug_entry *pool_debug_entry(const void *obj, unsigned int i)
{
	return &READ_ONCE(pool_debug_table)[(hash_ptr(obj, POOL_DEBUG_BITS) + i) &
				 ((1U << POOL_DEBUG_BITS) - 1)];
}

static struct pool_debug_entry *pool_debug_find(const void *obj)
{
	unsigned int i;

	for (i = 0; i < POOL_DEBUG_PROBES; i++) {
		struct pool_debug_entry *e = pool_debug_entry(obj, i);

		/*
		 * pool_debug_find:A: acquire, pairs with pool_debug_insert:B;
		 * litmus/debug-table
		 */
		if (smp_load_acquire(&e->key) == obj)
			return e;
	}
	return NULL;
}

static void pool_debug_insert(struct syncpool_core *core, void *obj,
			      unsigned long caller)
{
	unsigned int i;

	for (i = 0; i < POOL_DEBUG_PROBES; i++) {
		struct pool_debug_entry *e = pool_debug_entry(obj, i);

		/*
		 * pool_debug_insert:A: acquire, pairs with
		 * __pool_debug_leave:A; litmus/debug-reuse
		 */
		if (READ_ONCE(e->key) || cmpxchg(&e->key, NULL, POOL_DEBUG_BUSY))
			continue;
		e->core = core;
		e->caller = caller;
		/*
		 * pool_debug_insert:B: release, pairs with pool_debug_find:A;
		 * litmus/debug-table
		 */
		smp_store_release(&e->key, obj);
		return;
	}
}

/* xorshift32, since get_random_u32() may not be called in NMI. */
static u32 pool_debug_random(void)
{
	u32 x = this_cpu_read(pool_debug_seed) ?: smp_processor_id() + 1;

	pool_assert_pinned();
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	this_cpu_write(pool_debug_seed, x);
	return x;
}

unsigned int __pool_debug_random_cpu(struct syncpool_core *core)
{
	if (!core->debug)
		return smp_processor_id();
	return pool_debug_random() % nr_cpu_ids;
}

/* @e says that @obj is cached already. */
static void pool_debug_report(struct syncpool_core *core, void *obj,
			      const struct pool_debug_entry *e,
			      unsigned long caller)
{
	if (e->core == core)
		pool_core_warn(core, POOL_WARNED_DOUBLE_PUT,
			       "double put of %p by %pS, put before by %pS",
			       obj, (void *)caller, (void *)e->caller);
	else
		pool_core_warn(core, POOL_WARNED_FOREIGN,
			       "put of %p by %pS, which is in pool %s (%u of %s), put there by %pS",
			       obj, (void *)caller, e->core->name, e->core->id,
			       pool_owner_name(e->core->owner, "the kernel"),
			       (void *)e->caller);
}

/* Is @obj, which a caller discards, cached? Reports it. Any context. */
bool __pool_debug_refuses(struct syncpool *pool, void *obj, unsigned long caller)
{
	const struct pool_debug_entry *e;
	struct syncpool_core *core;

	preempt_disable();
	core = READ_ONCE(pool->core);
	e = core && core->debug ? pool_debug_find(obj) : NULL;
	if (e)
		pool_debug_report(core, obj, e, caller);
	preempt_enable();
	return e;
}

/* Any context. */
enum pool_debug_verdict pool_debug_put(struct syncpool *pool, void *obj,
				       unsigned long caller)
{
	struct syncpool_core *core = READ_ONCE(pool->core);
	struct pool_debug_entry *e;

	pool_assert_pinned();
	if (!core || !core->debug)
		return POOL_DEBUG_KEEP;
	e = pool_debug_find(obj);
	if (e) {
		pool_debug_report(core, obj, e, caller);
		return POOL_DEBUG_REFUSE;
	}
	if (core->params.flags & SYNCPOOL_POISON)
		memset(obj, POISON_FREE, core->params.obj_size);
	/* also what is dropped, which the pool may have to keep */
	pool_debug_insert(core, obj, caller);
	return pool_debug_random() % 4 ? POOL_DEBUG_KEEP : POOL_DEBUG_DROP;
}

static void pool_debug_check(void *obj, const struct pool_debug_entry *e)
{
	const struct syncpool_params *params = &e->core->params;
	u8 *changed;

	if (!(params->flags & SYNCPOOL_POISON))
		return;
	changed = memchr_inv(obj, POISON_FREE, params->obj_size);
	if (changed)
		pool_core_warn(e->core, POOL_WARNED_POISON,
			       "use after put of %p: byte %td is %#x, put by %pS",
			       obj, changed - (u8 *)obj, *changed,
			       (void *)e->caller);
}

/*
 * @obj leaves the cache. It is in no table if its pool is not in debug mode.
 * Any context.
 */
void __pool_debug_leave(void *obj)
{
	struct pool_debug_entry *e = pool_debug_find(obj);

	if (!e)
		return;
	pool_debug_check(obj, e);
	/*
	 * __pool_debug_leave:A: release, after the entry was read; pairs with
	 * pool_debug_insert:A; litmus/debug-reuse
	 */
	smp_store_release(&e->key, NULL);
}
