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
 * hold something, and only so often for each of these, since CPUs that get and put by
 * turns could take each other's objects without end. A pool that
 * cannot build has no such choice.
 *
 * Conventions: "some" is the first kind of recall, "all" the second.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/isolation.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>

#include "pool_context.h"
#include "pool_free.h"
#include "pool_limit.h"
#include "pool_recall.h"
#include "pool_stats.h"

/*
 * Recalls of a pool that can build instead: 1,000 a second, 64 at once, for each CPU that may
 * hold something. They are asked in turn.
 */
#define POOL_RECALL_NS		NSEC_PER_MSEC
#define POOL_RECALL_BURST	64
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
			     roundup_pow_of_two(left + POOL_NESTED));
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

/**
 * struct pool_recall_all - what a CPU is asked for when memory is short
 * @core: the pool's
 * @objs: what it hands over, up to POOL_PCP_MAX
 * @n: how many
 * @busy: the CPU was in an operation on the pool, and handed nothing over
 */
struct pool_recall_all {
	struct syncpool_core	*core;
	void			**objs;
	unsigned int		n;
	bool			busy;
};

/* On the CPU that is asked. */
static void pool_recall_all_here(void *data)
{
	struct pool_recall_all *r = data;
	struct pool_generation *active = READ_ONCE(r->core->active);
	struct pool_generation *victim = READ_ONCE(r->core->victim);
	struct pool_pcp *pcp = this_cpu_ptr(active->pcps);

	if (!pool_core_may_reclaim(r->core))
		return;
	if (pool_pcp_trylock(pcp) != SYNCPOOL_TOP_BUSY) {
		r->n = pool_generation_take_all(active, r->objs);
		pool_pcp_unlock(pcp, pcp->magazine.last);
	} else {
		r->busy = true;
	}
	/* it may have owners still, so nobody else can */
	while (r->n < POOL_NESTED &&
	       cpumask_test_cpu(smp_processor_id(), victim->opened)) {
		r->objs[r->n] = pool_generation_take_own(victim);
		if (!r->objs[r->n])
			break;
		r->n++;
	}
	r->busy = r->busy && !r->n;
	r->n = pool_limit_retain(r->core, r->objs, r->n);
	pool_stats_dropped(r->core, r->n);
}

static void pool_recall_async_here(void *data)
{
	struct syncpool_core *core = data;
	int need = 0;

	/* a sum that waits for idle must not see objects on their way */
	if (pool_core_caches(core))
		need = pool_recall_flush(READ_ONCE(core->active), smp_processor_id(),
					 &core->recall_ring, NULL);
	WRITE_ONCE(core->recall_need, max(need, 0));
	/*
	 * pool_recall_async_here:A: release, pairs with pool_recall_end:A. The
	 * core may be freed from here on; litmus/recall-end.
	 */
	smp_store_release(&core->recall_busy, 0);
}

/*
 * May a CPU be asked, by the time at which all recalls so far are paid for? A clock and not
 * jiffies, which stand still while a virtual CPU that keeps them does.
 */
static bool pool_recall_allowed(const struct syncpool_core *core)
{
	s64 now = ktime_get_mono_fast_ns();

	return READ_ONCE(core->recall_paid) - now < POOL_RECALL_BURST * POOL_RECALL_NS;
}

/*
 * A CPU is asked. Two of these may count as one, which does no harm. Beyond the burst, where
 * only a pool asks that cannot build, nothing is owed.
 */
static void pool_recall_pay(struct syncpool_core *core)
{
	s64 now = ktime_get_mono_fast_ns(), paid = READ_ONCE(core->recall_paid);
	int opened = atomic_read(&READ_ONCE(core->active)->nr_opened);

	if (pool_recall_allowed(core))
		WRITE_ONCE(core->recall_paid, max(paid, now) + POOL_RECALL_NS / max(opened, 1));
}

/* Interrupt @cpu, and wait. False: it is offline, or the pool caches no more. */
static bool pool_recall_ask(struct syncpool *pool, unsigned int cpu,
			    struct pool_recall *r)
{
	bool asked = false;

	rcu_read_lock();
	r->core = READ_ONCE(pool->core);
	if (pool_core_caches(r->core))
		asked = !smp_call_function_single(cpu, pool_recall_here, r, 1);
	if (asked) {
		atomic_long_inc(&r->core->recalls);
		pool_recall_pay(r->core);
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
		if (r.need == -EBUSY && !r.obj) {
			/* its operation does not get on while it is interrupted */
			udelay(i);
			continue;
		}
		/* once: others may have filled it */
		if (r.need <= 0 || grown)
			break;
		grown = true;
		r.ring = pool_ring_alloc_nowait(r.need);
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

/* May @cpu be asked although the pool can build? */
static bool pool_recall_may_ask(unsigned int cpu)
{
	return cpu != raw_smp_processor_id() && !pool_cpu_is_isolated(cpu);
}

static bool pool_recall_wants(const struct syncpool_core *core, unsigned int cpu, bool all)
{
	return all || (pool_recall_may_ask(cpu) &&
		       (pool_recall_promises(READ_ONCE(core->active), cpu) ||
			pool_recall_promises(READ_ONCE(core->victim), cpu)));
}

/* The first CPU after @cpu that may hold something outside its chain. */
static unsigned int pool_recall_after(const struct syncpool_core *core, int cpu)
{
	/* to miss a bit is the same as to look before it was set */
	return min(data_race(cpumask_next(cpu, READ_ONCE(core->active)->opened)),
		   /* likewise */
		   data_race(cpumask_next(cpu, READ_ONCE(core->victim)->opened)));
}

/* The next CPU to ask after @last, around the end; or nr_cpu_ids. */
static unsigned int pool_recall_next(struct syncpool_core *core, unsigned int last, bool all)
{
	unsigned int cpu;

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

/**
 * struct pool_recall_round - the CPUs that one get asks, each once
 * @first: the first of them; nr_cpu_ids: none yet
 * @last: the last so far; likewise
 * @all: the pool cannot build
 */
struct pool_recall_round {
	unsigned int	first;
	unsigned int	last;
	bool		all;
};

/* How far from @round's first CPU is @cpu, on the way around? */
static unsigned int pool_recall_steps(const struct pool_recall_round *round, unsigned int cpu)
{
	return cpu >= round->first ? cpu - round->first : cpu + nr_cpu_ids - round->first;
}

/*
 * The next CPU of @round, which begins after the CPU that any get asked last, but does not
 * depend on whom others ask meanwhile. nr_cpu_ids: there is none.
 */
static unsigned int pool_recall_step(struct syncpool_core *core,
				     const struct pool_recall_round *round)
{
	unsigned int cpu;

	if (round->last >= nr_cpu_ids)
		return pool_recall_next(core, READ_ONCE(core->recall_cpu), round->all);
	cpu = pool_recall_next(core, round->last, round->all);
	if (cpu < nr_cpu_ids &&
	    pool_recall_steps(round, cpu) <= pool_recall_steps(round, round->last))
		return nr_cpu_ids;
	return cpu;
}

/* Go on to the next CPU of @round. False: there is none, or it has to be paid for first. */
static bool pool_recall_pick(struct syncpool *pool, struct pool_recall_round *round)
{
	unsigned int cpu = nr_cpu_ids;
	struct syncpool_core *core;

	rcu_read_lock();
	core = READ_ONCE(pool->core);
	if (pool_core_caches(core) && (round->all || pool_recall_allowed(core)))
		cpu = pool_recall_step(core, round);
	if (cpu < nr_cpu_ids) {
		WRITE_ONCE(core->recall_cpu, cpu);
		if (round->first >= nr_cpu_ids)
			round->first = cpu;
		round->last = cpu;
	}
	rcu_read_unlock();
	return cpu < nr_cpu_ids;
}

/**
 * pool_recall() - take an object from other CPUs' magazines
 * @pool: the pool
 * @all: the pool cannot build: ask every CPU that may hold something, this one
 *	and isolated ones included
 * @asked: set if any was asked
 *
 * Context: Task context, interrupts on. May sleep, and waits for other CPUs.
 * Return: an object, or NULL. Others may be in the chains afterwards.
 */
void *pool_recall(struct syncpool *pool, bool all, bool *asked)
{
	struct pool_recall_round round = {
		.first = nr_cpu_ids, .last = nr_cpu_ids, .all = all,
	};
	void *obj = NULL;

	while (!obj && pool_recall_pick(pool, &round)) {
		obj = pool_recall_from(pool, round.last);
		cond_resched();
	}
	*asked = round.last < nr_cpu_ids;
	return obj;
}

/*
 * Take what @cpu holds outside its chain, in several calls, for want of memory. @objs has
 * room for POOL_PCP_MAX. They count as freed. Returns how many.
 */
unsigned int pool_recall_take(struct syncpool_core *core, unsigned int cpu, void **objs)
{
	struct pool_recall_all r = { .core = core, .objs = objs };
	unsigned int i;

	if (!pool_limit_excess(core) ||
	    (!cpumask_test_cpu(cpu, READ_ONCE(core->active)->opened) &&
	     !cpumask_test_cpu(cpu, READ_ONCE(core->victim)->opened)))
		return 0;
	for (i = 0; i < POOL_RECALL_TRIES; i++) {
		r.busy = false;
		if (smp_call_function_single(cpu, pool_recall_all_here, &r, 1) || !r.busy)
			break;
	}
	return r.n;
}

/*
 * Is something out of reach for a while: held by a CPU that goes offline, which the
 * hotplug callback flushes, or in a generation that is about to be settled?
 */
bool pool_recall_is_pending(struct syncpool *pool)
{
	struct syncpool_core *core;
	bool pending = false;

	rcu_read_lock();
	core = READ_ONCE(pool->core);
	if (pool_core_caches(core))
		/* to miss a bit is the same as to look before it was set */
		pending = data_race(!cpumask_subset(READ_ONCE(core->active)->opened,
						    cpu_online_mask)) ||
			  atomic_read(&READ_ONCE(core->old)->nr_opened) > 0;
	rcu_read_unlock();
	return pending;
}

/*
 * Begin a recall that nobody waits for. One CPU in a tick is looked at. Returns which,
 * if it is to be asked; the caller has recall_busy then.
 */
static unsigned int pool_recall_begin_async(struct syncpool_core *core)
{
	const struct pool_generation *active = READ_ONCE(core->active);
	unsigned long now = jiffies;
	unsigned int cpu;

	if (READ_ONCE(core->recall_tick) == now || READ_ONCE(core->recall_busy))
		return nr_cpu_ids;
	/* if the last one is over, its handler has released recall_busy */
	if (xchg(&core->recall_busy, 1))
		return nr_cpu_ids;
	WRITE_ONCE(core->recall_tick, now);
	/* to miss a bit is the same as to look before it was set */
	cpu = data_race(cpumask_next(READ_ONCE(core->recall_cpu), active->opened));
	/* likewise */
	cpu = cpu < nr_cpu_ids ? cpu : data_race(cpumask_first(active->opened));
	if (cpu < nr_cpu_ids) {
		WRITE_ONCE(core->recall_cpu, cpu);
		if (pool_recall_may_ask(cpu) && pool_recall_promises(active, cpu))
			return cpu;
	}
	/* as its handler does */
	smp_store_release(&core->recall_busy, 0);
	return nr_cpu_ids;
}

/* The ring that the chain of the CPU that was asked last needed; or NULL. */
static struct pool_ring *pool_recall_ring(struct syncpool *pool)
{
	struct syncpool_core *core;
	unsigned int need = 0;

	rcu_read_lock();
	core = READ_ONCE(pool->core);
	if (core)
		need = READ_ONCE(core->recall_need);
	rcu_read_unlock();
	return need ? pool_ring_alloc_nowait(need) : NULL;
}

/*
 * Have another CPU flush its magazine, and do not wait for it. If its chain had no
 * room, the next time brings a ring. Any context; in NMI does nothing.
 */
void pool_recall_async(struct syncpool *pool)
{
	struct syncpool_core *core;
	struct pool_ring *ring;
	unsigned int cpu;

	if (in_nmi())
		return;
	ring = pool_recall_ring(pool);
	preempt_disable();
	core = READ_ONCE(pool->core);
	cpu = pool_core_caches(core) ? pool_recall_begin_async(core) : nr_cpu_ids;
	if (cpu < nr_cpu_ids) {
		if (!ring && READ_ONCE(core->recall_need))
			ring = pool_ring_take_spare();
		swap(core->recall_ring, ring);
		atomic_long_inc(&core->recalls);
		if (smp_call_function_single_async(cpu, &core->recall_csd))
			/* as its handler does: the CPU is offline */
			smp_store_release(&core->recall_busy, 0);
	}
	preempt_enable();
	pool_ring_release(ring);
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
	kfree(core->recall_ring);
}
