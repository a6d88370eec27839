// SPDX-License-Identifier: GPL-2.0
/*
 * pool_stats - what a pool holds and has done
 *
 * Counters are per CPU and touched on slow paths only. What lies in magazines
 * and nested slots is counted when somebody asks; what lies in chains is pushes
 * less pops (pool_node.c), since a walk over the rings would have no bound. Sums
 * are exact while nobody gets or puts.
 *
 * While a pool has no core, or waits for idle, its allocs and frees are counted
 * in syncpool.uncached instead, in one word, so that the put that brings back
 * the last object knows that it does.
 */
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "pool_limit.h"
#include "pool_stats.h"

/*
 * Of all generations, one that is being drained counts until it is freed, and of the
 * stash; without what pool_stats_stashed_idle() returns.
 */
static long pool_stats_cached_base(struct syncpool_core *core)
{
	const struct pool_limit *limit;
	unsigned int cpu, i;
	long n = 0;

	rcu_read_lock();
	for_each_possible_cpu(cpu) {
		for (i = 0; i < POOL_GENERATIONS; i++)
			n += pool_generation_count(&core->generations[i], cpu);
		n += READ_ONCE(per_cpu_ptr(core->counters, cpu)->chained);
	}
	n += pool_node_chained(core->nodes);
	rcu_read_unlock();
	limit = READ_ONCE(core->limit);
	return limit ? n + atomic_long_read(&limit->stashed) : n;
}

/* Objects in the stash that count as out in syncpool.uncached, see struct pool_limit. */
static long pool_stats_stashed_idle(const struct syncpool_core *core)
{
	const struct pool_limit *limit = READ_ONCE(core->limit);

	return limit ? atomic_long_read(&limit->stashed_idle) : 0;
}

/* Objects cached now. */
unsigned long pool_stats_cached(struct syncpool_core *core)
{
	return max(pool_stats_cached_base(core) + pool_stats_stashed_idle(core), 0L);
}

static void pool_stats_sum_core(struct syncpool_core *core,
				struct syncpool_stats *sum)
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
	sum->waits = atomic_long_read(&core->waits);
	sum->recalls = atomic_long_read(&core->recalls);
	sum->reclaimed = atomic_long_read(&core->reclaimed);
	sum->aged = atomic_long_read(&core->aged);
	sum->rebuilt = atomic_long_read(&core->rebuilt);
	sum->peak = atomic_long_read(&core->peak);
	sum->refused = atomic_long_read(&core->refused);
	sum->rotations = READ_ONCE(core->rotations);
}

/* As syncpool_read_stats(), of a pool with @core, which stays, or NULL. */
void pool_stats_sum(struct syncpool *pool, struct syncpool_core *core,
		    struct syncpool_stats *sum)
{
	unsigned long allocs = atomic_long_read(&pool->uncached.allocs);

	pool_stats_sum_core(core, sum);
	sum->allocs += allocs;
	sum->frees += allocs - atomic_long_read(&pool->uncached.out);
	if (core)
		sum->frees -= pool_stats_stashed_idle(core);
	sum->alloc_fails += atomic_long_read(&pool->uncached.alloc_fails);
}

/* The gets that were counted. */
void pool_stats_hits(const struct syncpool_core *core, struct pool_hits *sum)
{
	unsigned int cpu;

	*sum = (struct pool_hits){ .counted = READ_ONCE(core->counting) };
	for_each_possible_cpu(cpu) {
		const struct pool_counters *c = per_cpu_ptr(core->counters, cpu);

		sum->hits += READ_ONCE(c->hits);
		sum->misses += READ_ONCE(c->misses);
	}
}

/* Allocs less frees, without those in syncpool.uncached. */
static long pool_stats_nr_built_base(struct syncpool_core *core)
{
	struct syncpool_stats sum;

	pool_stats_sum_core(core, &sum);
	return sum.allocs - sum.frees;
}

/* Objects that exist: allocs less frees. */
long pool_stats_nr_built(struct syncpool_core *core)
{
	struct syncpool *pool = READ_ONCE(core->pool);
	long n = pool_stats_nr_built_base(core);

	if (pool)
		n += atomic_long_read(&pool->uncached.out) + pool_stats_stashed_idle(core);
	return n;
}

/* Objects out with callers, without those in syncpool.uncached. */
long pool_stats_outstanding_base(struct syncpool_core *core)
{
	return pool_stats_nr_built_base(core) - pool_stats_cached_base(core);
}

/* Objects out with callers. */
long pool_stats_outstanding(struct syncpool_core *core)
{
	return pool_stats_nr_built(core) - pool_stats_cached(core);
}

/* @change objects more are out, while nothing is cached. @core may be NULL. */
static void pool_stats_uncached(struct syncpool *pool,
				struct syncpool_core *core, long change)
{
	/*
	 * pool_stats_uncached:A: full barrier, pairs with pool_idle_begin:B;
	 * litmus/wait-idle
	 */
	long out = atomic_long_add_return(change, &pool->uncached.out);

	if (change < 0 && core && READ_ONCE(core->mode) == POOL_IDLING &&
	    pool_core_is_idle(core, out))
		pool_core_wake_idle(core);
}

/* @change objects came from the stash, or went to it, while nothing else is cached. */
void pool_stats_out(struct syncpool_core *core, long change)
{
	struct syncpool *pool = READ_ONCE(core->pool);

	if (likely(pool))
		pool_stats_uncached(pool, core, change);
}

/* Objects of @core that are idle, without those in magazines. */
static long pool_stats_idle(const struct syncpool_core *core)
{
	return max(pool_node_chained(core->nodes), 0L) + pool_limit_stashed(core);
}

long __pool_stats_before_alloc(struct syncpool *pool)
{
	long idle = POOL_NOT_ASKED;
	struct syncpool_core *core;

	preempt_disable();
	core = READ_ONCE(pool->core);
	if (core && atomic_long_read(&pool->limit.built) >= atomic_long_read(&core->peak))
		idle = pool_stats_idle(core);
	preempt_enable();
	return idle;
}

/*
 * There are @built objects now; when alloc was called, @idle others were. Those that came
 * back since were out then, and those that were freed since exist no more.
 */
static noinline void pool_stats_raise_peak(struct syncpool_core *core, long built, long idle)
{
	long out = built - min(idle, pool_stats_idle(core));
	long peak = atomic_long_read(&core->peak);

	while (out > peak && !atomic_long_try_cmpxchg(&core->peak, &peak, out))
		;
}

static void pool_stats_built(struct syncpool_core *core, long built, long idle)
{
	this_cpu_inc(core->counters->allocs);
	if (built > atomic_long_read(&core->peak))
		pool_stats_raise_peak(core, built, idle);
	if (time_before(jiffies, READ_ONCE(core->freed_at) + HZ))
		atomic_long_inc(&core->rebuilt);
}

/* @n cached objects were dropped, and are freed or about to be. */
void pool_stats_dropped(struct syncpool_core *core, unsigned int n)
{
	if (!n)
		return;
	this_cpu_add(core->counters->frees, n);
	WRITE_ONCE(core->freed_at, jiffies);
}

/* alloc returned none for a caller. */
void pool_stats_alloc_failed(struct syncpool *pool, struct syncpool_core *core)
{
	pool_assert_pinned();
	atomic_long_inc(pool_core_caches(core) ? &core->alloc_fails : &pool->uncached.alloc_fails);
}

/*
 * An object was built for a caller; @idle is as pool_stats_before_alloc() returned it. True
 * if it is counted per CPU, false if in struct syncpool.
 */
bool pool_stats_alloc(struct syncpool *pool, struct syncpool_core *core, long idle)
{
	long built = atomic_long_inc_return(&pool->limit.built);

	pool_assert_pinned();
	if (pool_core_caches(core)) {
		pool_stats_built(core, built, idle);
		return true;
	}
	pool_stats_uncached(pool, core, 1);
	atomic_long_inc(&pool->uncached.allocs);
	return false;
}

/* The same for an object that params.min demands, in @core; @built: alloc returned one. */
void pool_stats_filled(struct syncpool *pool, struct syncpool_core *core, bool built)
{
	pool_assert_pinned();
	if (!built) {
		atomic_long_inc(&core->alloc_fails);
		return;
	}
	atomic_long_inc(&pool->limit.built);
	this_cpu_inc(core->counters->allocs);
}

/* An object that a caller gave back was freed. */
void pool_stats_free(struct syncpool *pool)
{
	struct syncpool_core *core;

	preempt_disable();
	core = READ_ONCE(pool->core);
	if (pool_core_caches(core))
		this_cpu_inc(core->counters->frees);
	else
		pool_stats_uncached(pool, core, -1);
	preempt_enable();
}

unsigned long syncpool_count(struct syncpool *pool)
{
	struct syncpool_core *core;
	unsigned long n = 0;

	rcu_read_lock();
	core = READ_ONCE(pool->core);
	if (core)
		n = pool_stats_cached(core);
	rcu_read_unlock();
	return n;
}
EXPORT_SYMBOL_GPL(syncpool_count);

long syncpool_outstanding(struct syncpool *pool)
{
	struct syncpool_stats sum;
	unsigned long cached;

	syncpool_read_stats(pool, &sum);
	cached = syncpool_count(pool);
	return sum.allocs - sum.frees - cached;
}
EXPORT_SYMBOL_GPL(syncpool_outstanding);

void syncpool_read_stats(struct syncpool *pool, struct syncpool_stats *stats)
{
	rcu_read_lock();
	pool_stats_sum(pool, READ_ONCE(pool->core), stats);
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(syncpool_read_stats);

/* A line for each of @stats. */
void pool_stats_print(struct seq_file *m, const struct syncpool_stats *stats)
{
	seq_printf(m, "allocs %lu\nfrees %lu\nalloc_fails %lu\n", stats->allocs,
		   stats->frees, stats->alloc_fails);
	seq_printf(m, "refills %lu\nspills %lu\n", stats->refills, stats->spills);
	seq_printf(m, "steals %lu\nstolen %lu\n", stats->steals, stats->stolen);
	seq_printf(m, "victim_hits %lu\nrotations %lu\ngrows %lu\nnested %lu\n",
		   stats->victim_hits, stats->rotations, stats->grows, stats->nested);
	seq_printf(m, "reclaimed %lu\naged %lu\nrebuilt %lu\n", stats->reclaimed,
		   stats->aged, stats->rebuilt);
	seq_printf(m, "waits %lu\nrecalls %lu\npeak %lu\nrefused %lu\n", stats->waits,
		   stats->recalls, stats->peak, stats->refused);
}
