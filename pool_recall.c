// SPDX-License-Identifier: GPL-2.0
/*
 * pool_recall - what lies in other CPUs' magazines
 *
 * Before a get that may sleep builds an object, and before it returns NULL, it asks
 * the CPUs that may hold something outside their chains to flush it there. The CPU
 * that is asked is interrupted. Its handler acts as any operation that interrupts
 * an owner: it tries the lock of its own CPU's part, so a magazine is still touched
 * by its own CPU alone. It hands one object straight to the caller, which needs no
 * room in any chain, pushes the others, and closes the magazine: what its CPU had
 * earned is gone.
 *
 * A get that may not sleep asks one CPU and does not wait: the next get finds what
 * was flushed.
 *
 * A pool that can build asks no isolated CPU, only CPUs whose magazine seems to
 * hold something, and at most POOL_RECALLS of them in a tick, since CPUs that get
 * and put by turns could take each other's objects without end. A pool that cannot
 * build has no such choice.
 *
 * Conventions: "some" is the first kind of recall, "all" the second.
 */
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched/isolation.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "pool_recall.h"

/* recalls of one pool in a tick, while it can build instead */
#define POOL_RECALLS	16U
/* how often a CPU is asked that was in an operation of its own each time */
#define POOL_RECALL_TRIES	16U

/**
 * struct pool_recall - what a CPU is asked for
 * @core: the pool's
 * @ring: for the chain, if it has no room
 * @obj: the object that it hands over
 * @need: size of the ring that its chain needs, or 0; -EBUSY: the CPU was in an
 *	operation on the pool, and flushed nothing
 */
struct pool_recall {
	struct syncpool_core	*core;
	struct pool_ring	*ring;
	void			*obj;
	int			need;
};

/*
 * Flush the part of @cpu, which is this one or dead, after adding *@ring to its
 * chain, if that is not NULL. @obj: see pool_generation_flush(). Returns the size of
 * the ring that the chain needs for the rest, or 0; or -EBUSY.
 */
int pool_recall_flush(struct pool_generation *gen, unsigned int cpu,
		      struct pool_ring **ring, void **obj)
{
	struct pool_pcp *pcp = per_cpu_ptr(gen->pcps, cpu);
	unsigned int left, need = 0;

	if (pool_pcp_trylock(pcp) == SYNCPOOL_TOP_BUSY)
		return -EBUSY;
	if (*ring)
		pool_core_grow(pcp, *ring);
	*ring = NULL;
	left = pool_generation_flush(gen, cpu, obj);
	if (left)
		need = max_t(unsigned int, pool_chain_next_size(&pcp->chain),
			     roundup_pow_of_two(left));
	pool_pcp_unlock(pcp, pcp->magazine.last);
	return need;
}

/* On the CPU that is asked. */
static void pool_recall_here(void *data)
{
	struct pool_recall *r = data;

	r->need = pool_recall_flush(READ_ONCE(r->core->active),
				    smp_processor_id(), &r->ring, &r->obj);
	/* the victim may have owners still, so nobody else can */
	if (!r->obj)
		r->obj = pool_generation_take_own(READ_ONCE(r->core->victim));
}

static void pool_recall_async_here(void *data)
{
	struct syncpool_core *core = data;
	struct pool_ring *none = NULL;

	pool_recall_flush(READ_ONCE(core->active), smp_processor_id(), &none, NULL);
	/*
	 * pool_recall_async_here:A: release, pairs with pool_recall_end:A. The
	 * core may be freed from here on; litmus/recall-end.
	 */
	smp_store_release(&core->recall_busy, 0);
}

/* Interrupt @cpu, and wait. False: it is offline, or the pool caches no more. */
static bool pool_recall_ask(struct syncpool *pool, unsigned int cpu,
			    struct pool_recall *r)
{
	bool asked = false;

	rcu_read_lock();
	r->core = READ_ONCE(pool->core);
	if (pool_core_caches(r->core)) {
		atomic_long_inc(&r->core->recalls);
		asked = !smp_call_function_single(cpu, pool_recall_here, r, 1);
	}
	rcu_read_unlock();
	return asked;
}

/* Have @cpu flush what it holds. Returns an object of it, or NULL. */
static void *pool_recall_from(struct syncpool *pool, unsigned int cpu)
{
	struct pool_recall r = {};
	bool grown = false;
	unsigned int i;

	for (i = 0; i < POOL_RECALL_TRIES; i++) {
		if (!pool_recall_ask(pool, cpu, &r))
			break;
		if (r.need == -EBUSY)
			continue;
		/* once: others may have filled it */
		if (!r.need || grown)
			break;
		grown = true;
		r.ring = pool_ring_alloc(r.need, GFP_NOWAIT | __GFP_NOWARN |
						 __GFP_NOMEMALLOC);
		if (!r.ring)
			break;
	}
	kfree(r.ring);
	return r.obj;
}

/* nohz_full= on the command line keeps interruptions away from @cpu. */
static bool pool_cpu_is_isolated(unsigned int cpu)
{
	return !housekeeping_cpu(cpu, HK_TYPE_MISC);
}

/* Does the part of @cpu seem to hold something outside its chain? */
static bool pool_recall_promises(const struct pool_generation *gen,
				 unsigned int cpu)
{
	const struct pool_pcp *pcp = per_cpu_ptr(gen->pcps, cpu);

	return cpumask_test_cpu(cpu, gen->opened) &&
	       (READ_ONCE(pcp->magazine.top) != SYNCPOOL_TOP_EMPTY ||
		READ_ONCE(pcp->magazine.nested_used));
}

static bool pool_recall_wants(const struct syncpool_core *core, unsigned int cpu,
			      bool all)
{
	return all || (cpu != raw_smp_processor_id() && !pool_cpu_is_isolated(cpu) &&
		       (pool_recall_promises(READ_ONCE(core->active), cpu) ||
			pool_recall_promises(READ_ONCE(core->victim), cpu)));
}

/* Bounds the rate. Two CPUs may count as one, which does no harm. */
static bool pool_recall_allowed(struct syncpool_core *core)
{
	unsigned long now = jiffies;
	unsigned int nr = READ_ONCE(core->recall_nr);

	if (READ_ONCE(core->recall_time) != now) {
		WRITE_ONCE(core->recall_time, now);
		nr = 0;
	}
	if (nr >= POOL_RECALLS)
		return false;
	WRITE_ONCE(core->recall_nr, nr + 1);
	return true;
}

/* The first CPU after @cpu that may hold something outside its chain. */
static unsigned int pool_recall_after(const struct syncpool_core *core, int cpu)
{
	/* to miss a bit is the same as to look before it was set */
	return min(data_race(cpumask_next(cpu, READ_ONCE(core->active)->opened)),
		   data_race(cpumask_next(cpu, READ_ONCE(core->victim)->opened)));
}

/* The next CPU to ask, after the one that was asked last; or nr_cpu_ids. */
static unsigned int pool_recall_next(struct syncpool_core *core, bool all)
{
	unsigned int last = READ_ONCE(core->recall_cpu), cpu;

	for (cpu = pool_recall_after(core, last); cpu < nr_cpu_ids;
	     cpu = pool_recall_after(core, cpu))
		if (pool_recall_wants(core, cpu, all))
			return cpu;
	for (cpu = pool_recall_after(core, -1); cpu <= last;
	     cpu = pool_recall_after(core, cpu))
		if (pool_recall_wants(core, cpu, all))
			return cpu;
	return nr_cpu_ids;
}

/* As pool_recall_next(), for @pool. Bounded in rate unless @all. */
static unsigned int pool_recall_pick(struct syncpool *pool, bool all)
{
	unsigned int cpu = nr_cpu_ids;
	struct syncpool_core *core;

	rcu_read_lock();
	core = READ_ONCE(pool->core);
	if (pool_core_caches(core)) {
		cpu = pool_recall_next(core, all);
		if (cpu < nr_cpu_ids && (all || pool_recall_allowed(core)))
			WRITE_ONCE(core->recall_cpu, cpu);
		else
			cpu = nr_cpu_ids;
	}
	rcu_read_unlock();
	return cpu;
}

/**
 * pool_recall() - take an object from other CPUs' magazines
 * @pool: the pool
 * @all: the pool cannot build: ask every CPU that may hold something, this one
 *	and isolated ones included
 *
 * Context: Task context, interrupts on. Does not sleep, but waits for other CPUs.
 * Return: an object, or NULL. Others may be in the chains afterwards.
 */
void *pool_recall(struct syncpool *pool, bool all)
{
	unsigned int n, cpu;
	void *obj;

	for (n = 0; n < nr_cpu_ids; n++) {
		cpu = pool_recall_pick(pool, all);
		if (cpu >= nr_cpu_ids)
			break;
		obj = pool_recall_from(pool, cpu);
		if (obj)
			return obj;
	}
	return NULL;
}

static bool pool_recall_begin_async(struct syncpool_core *core)
{
	unsigned int own = cpumask_test_cpu(smp_processor_id(),
					    core->active->opened);

	return atomic_read(&core->active->nr_opened) > own &&
	       READ_ONCE(core->recall_time) != jiffies &&
	       !READ_ONCE(core->recall_busy) && !xchg(&core->recall_busy, 1);
}

/*
 * Have another CPU flush its magazine, and do not wait for it: one CPU in a tick.
 * Any context; in NMI does nothing. Returns NULL, which is what the caller gets.
 */
void *pool_recall_async(struct syncpool *pool)
{
	struct syncpool_core *core;
	unsigned int cpu;

	if (in_nmi())
		return NULL;
	preempt_disable();
	core = READ_ONCE(pool->core);
	if (!pool_core_caches(core) || !pool_recall_begin_async(core))
		goto out;
	cpu = pool_recall_pick(pool, false);
	if (cpu < nr_cpu_ids) {
		atomic_long_inc(&core->recalls);
		if (!smp_call_function_single_async(cpu, &core->recall_csd))
			goto out;
	}
	WRITE_ONCE(core->recall_busy, 0);
out:
	preempt_enable();
	return NULL;
}

void pool_recall_init(struct syncpool_core *core)
{
	INIT_CSD(&core->recall_csd, pool_recall_async_here, core);
}

/* No pinned section asks any more. Waits for the last CPU that was asked. */
void pool_recall_end(struct syncpool_core *core)
{
	/*
	 * pool_recall_end:A: acquire, pairs with pool_recall_async_here:A;
	 * litmus/recall-end
	 */
	while (smp_load_acquire(&core->recall_busy))
		cpu_relax();
}
