// SPDX-License-Identifier: GPL-2.0
/*
 * pool_account - what a pool holds and has done
 *
 * Counters are per CPU and touched on slow paths only; what is cached in the
 * slots of the arrays is read off, what is in the chains is a
 * per-CPU sum of pushes less pops (a walk over the rings would have no bound).
 * Sums are exact while nothing moves.
 *
 * While a pool has no core, or waits for idle, its allocs and frees are
 * counted in its struct syncpool instead.
 */
#include <linux/debugfs.h>
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>

#include "pool.h"

static unsigned long pool_local_cached(struct pool_local *l)
{
	unsigned long n = 0;
	unsigned int i;

	for (i = POOL_FIRST; i <= l->cache.last; i++)
		n += !!READ_ONCE(l->cache.slots[i]);
	for (i = 0; i < POOL_NESTED; i++)
		n += !!READ_ONCE(l->nested[i]);
	return n;
}

/* Objects in all three sets; those being drained count until they are freed. */
unsigned long pool_cached(struct pool_core *core)
{
	unsigned int cpu, i;
	long n = 0;

	for_each_possible_cpu(cpu) {
		for (i = 0; i < POOL_SETS; i++)
			n += pool_local_cached(per_cpu_ptr(core->sets[i].locals, cpu));
		n += READ_ONCE(per_cpu_ptr(core->counters, cpu)->chained);
	}
	return max(n, 0L);
}

static void pool_sum_core(struct pool_core *core, struct syncpool_stats *sum)
{
	unsigned int cpu;

	memset(sum, 0, sizeof(*sum));
	if (!core)
		return;
	for_each_possible_cpu(cpu) {
		struct pool_counters *c = per_cpu_ptr(core->counters, cpu);

		sum->allocs += READ_ONCE(c->allocs);
		sum->frees += READ_ONCE(c->frees);
		sum->refills += READ_ONCE(c->refills);
		sum->spills += READ_ONCE(c->spills);
		sum->steals += READ_ONCE(c->steals);
		sum->stolen += READ_ONCE(c->stolen);
		sum->victim_hits += READ_ONCE(c->victim_hits);
	}
	sum->alloc_fails = atomic_long_read(&core->alloc_fails);
	sum->grows = atomic_long_read(&core->grows);
	sum->nested = atomic_long_read(&core->nested);
	sum->rotations = READ_ONCE(core->rotations);
}

static void pool_sum(struct syncpool *pool, struct pool_core *core,
		     struct syncpool_stats *sum)
{
	unsigned long allocs = atomic_long_read(&pool->uncached.allocs);

	pool_sum_core(core, sum);
	sum->allocs += allocs;
	sum->frees += allocs - atomic_long_read(&pool->uncached.out);
	sum->alloc_fails += atomic_long_read(&pool->uncached.alloc_fails);
}

/* What was built, less what is gone, but for what syncpool.uncached counts. */
static long pool_live_cached(struct pool_core *core)
{
	struct syncpool_stats sum;

	pool_sum_core(core, &sum);
	return sum.allocs - sum.frees;
}

/* Objects out with callers, but for those counted in syncpool.uncached. */
long pool_out_cached(struct pool_core *core)
{
	return pool_live_cached(core) - pool_cached(core);
}

/* What was built, less what is gone. */
long pool_live(struct pool_core *core)
{
	long live = pool_live_cached(core);

	if (core->pool)
		live += atomic_long_read(&core->pool->uncached.out);
	return live;
}

/* Objects out with callers: what was built, less what is gone or cached. */
long pool_out(struct pool_core *core)
{
	return pool_live(core) - pool_cached(core);
}

static void pool_account_uncached(struct syncpool *pool,
				  struct pool_core *core, int n)
{
	/* J: full barrier, pairs with K in pool_idle_begin(); litmus/wait-idle */
	long out = atomic_long_add_return(n, &pool->uncached.out);

	if (n > 0)
		atomic_long_inc(&pool->uncached.allocs);
	else if (core && READ_ONCE(core->mode) == POOL_IDLING)
		pool_idle_wake(core, out);
}

static bool pool_counts_per_cpu(struct pool_core *core)
{
	return core && READ_ONCE(core->mode) == POOL_NORMAL;
}

/* An object was built for a caller, or alloc gave none. */
void pool_account_alloc(struct syncpool *pool, bool built)
{
	struct pool_core *core;

	preempt_disable();
	core = READ_ONCE(pool->core);
	if (!pool_counts_per_cpu(core)) {
		if (built)
			pool_account_uncached(pool, core, 1);
		else
			atomic_long_inc(&pool->uncached.alloc_fails);
	} else if (built) {
		this_cpu_inc(core->counters->allocs);
		pool_age_arm(core);
	} else {
		atomic_long_inc(&core->alloc_fails);
	}
	preempt_enable();
}

/* An object that a caller gave back was freed. */
void pool_account_free(struct syncpool *pool)
{
	struct pool_core *core;

	preempt_disable();
	core = READ_ONCE(pool->core);
	if (pool_counts_per_cpu(core))
		this_cpu_inc(core->counters->frees);
	else
		pool_account_uncached(pool, core, -1);
	preempt_enable();
}

/**
 * syncpool_count() - objects cached now
 * @pool: the pool
 *
 * Context: Any but NMI.
 * Return: the number; exact while nobody gets or puts.
 */
unsigned long syncpool_count(struct syncpool *pool)
{
	struct pool_core *core;
	unsigned long n = 0;

	rcu_read_lock();
	core = READ_ONCE(pool->core);
	if (core)
		n = pool_cached(core);
	rcu_read_unlock();
	return n;
}
EXPORT_SYMBOL_GPL(syncpool_count);

/**
 * syncpool_outstanding() - objects out with callers now
 * @pool: the pool
 *
 * Context: Any but NMI.
 * Return: allocs - frees - cached; exact while nobody gets or puts, negative
 * if more objects were put than the pool built.
 */
long syncpool_outstanding(struct syncpool *pool)
{
	struct syncpool_stats sum;
	unsigned long cached;

	syncpool_read_stats(pool, &sum);
	cached = syncpool_count(pool);
	return sum.allocs - sum.frees - cached;
}
EXPORT_SYMBOL_GPL(syncpool_outstanding);

/**
 * syncpool_read_stats() - what the pool has done since it was made
 * @pool: the pool
 * @stats: filled
 *
 * Context: Any but NMI.
 */
void syncpool_read_stats(struct syncpool *pool, struct syncpool_stats *stats)
{
	rcu_read_lock();
	pool_sum(pool, READ_ONCE(pool->core), stats);
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(syncpool_read_stats);

static void pool_show(struct seq_file *m, struct pool_core *core)
{
	struct syncpool_stats s;

	pool_sum(core->pool, core, &s);
	seq_printf(m, "%s %lu %ld %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %zu\n",
		   core->params.name, pool_cached(core), pool_out(core),
		   s.allocs, s.frees, s.alloc_fails, s.refills, s.spills,
		   s.steals, s.stolen, s.victim_hits, s.rotations, s.grows,
		   s.nested, core->params.obj_size);
}

static int pools_show(struct seq_file *m, void *unused)
{
	struct pool_core *core;

	/* keep every name of struct syncpool_stats a column */
	seq_puts(m, "name cached outstanding allocs frees alloc_fails refills spills steals stolen victim_hits rotations grows nested obj_size\n");
	mutex_lock(&pool_list_lock);
	list_for_each_entry(core, &pool_list, node)
		pool_show(m, core);
	mutex_unlock(&pool_list_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pools);

static struct dentry *pool_debugfs;

/* debugfs may be off or fail; the pool does not need it */
void pool_debugfs_init(void)
{
	pool_debugfs = debugfs_create_dir("syncpool", NULL);
	debugfs_create_file("pools", 0444, pool_debugfs, NULL, &pools_fops);
}

void pool_debugfs_exit(void)
{
	debugfs_remove(pool_debugfs);
}
