/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool_generation_*(): what is filled between two rotations; see
 * pool_generation.c. Here is what get and put inline: blocks from and to this
 * CPU's own chain.
 */
#ifndef _POOL_GENERATION_H
#define _POOL_GENERATION_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include "pool_hook.h"
#include "pool_pcp.h"

struct syncpool_core;

/* One CPU's share of struct syncpool_stats: what slow paths count. */
struct pool_counters {
	unsigned long	allocs;
	unsigned long	frees;
	unsigned long	refills;
	unsigned long	spills;
	unsigned long	steals;
	unsigned long	stolen;
	unsigned long	victim_hits;
	long		chained;	/* pushed to chains, less taken from them */
};

/**
 * struct pool_generation - the objects cached between two rotations
 * @pcps: each CPU's part
 * @core: the pool, for the layers above
 * @counters: the pool's, per CPU; all its generations count there
 * @mask: CPUs whose chains may hold something
 * @nonempty: bits set in @mask
 */
struct pool_generation {
	struct pool_pcp __percpu	*pcps;
	struct syncpool_core		*core;
	struct pool_counters __percpu	*counters;
	cpumask_var_t			mask;
	atomic_t			nonempty;
} ____cacheline_aligned_in_smp;

int pool_generation_init(struct pool_generation *gen,
			 struct syncpool_core *core,
			 struct pool_counters __percpu *counters,
			 unsigned int capacity);
void pool_generation_destroy(struct pool_generation *gen);
void *pool_generation_take_own(struct pool_generation *gen);
int __pool_generation_steal(struct pool_generation *gen, unsigned int start,
			    void **objs, unsigned int n);
void pool_generation_reset(struct pool_generation *gen);

/* pool_generation_steal(): continue in another pinned section */
#define POOL_AGAIN	(-EAGAIN)

/* Objects outside the chain of @cpu; may be out of date. */
static inline unsigned int
pool_generation_count(const struct pool_generation *gen, unsigned int cpu)
{
	return pool_pcp_count(per_cpu_ptr(gen->pcps, cpu));
}

/*
 * Steal up to @n objects from the chains of @gen, near CPUs first, from the CPU
 * after @start on, so that thieves spread. POOL_AGAIN: nothing so far, and there
 * are chains left to visit in another pinned section.
 */
static inline int pool_generation_steal(struct pool_generation *gen,
					unsigned int start, void **objs,
					unsigned int n)
{
	pool_assert_pinned();
	if (atomic_read(&gen->nonempty) <= 0)
		return 0;
	return __pool_generation_steal(gen, start, objs, n);
}

/*
 * The chain of @cpu holds something. After a push by @cpu, a full barrier, or after
 * a thief's look at the chain.
 *
 * pool_generation_mark:A: read of the mask, ordered after the push by
 * pool_dequeue_push_head:A, pairs with pool_generation_unmark:A; litmus/mask
 */
static __always_inline void pool_generation_mark(struct pool_generation *gen,
						 unsigned int cpu)
{
	if (likely(cpumask_test_cpu(cpu, gen->mask)))
		return;
	/* counts bits that really changed; litmus/mask-summary */
	if (!cpumask_test_and_set_cpu(cpu, gen->mask))
		atomic_inc(&gen->nonempty);
}

/* Push up to @n objects to this CPU's own chain, up to a NULL. */
static __always_inline unsigned int
pool_generation_push(struct pool_generation *gen, struct pool_pcp *pcp,
		     void *const *objs, unsigned int n)
{
	pool_pcp_assert_locked(pcp);
	n = pool_chain_push_head(&pcp->chain, objs, n);
	if (!n)
		return 0;
	pool_generation_mark(gen, smp_processor_id());
	this_cpu_add(gen->counters->chained, n);
	this_cpu_inc(gen->counters->spills);
	return n;
}

/* Pop up to @n objects from this CPU's own chain. */
static __always_inline unsigned int
pool_generation_pop(struct pool_generation *gen, struct pool_pcp *pcp,
		    void **objs, unsigned int n)
{
	pool_pcp_assert_locked(pcp);
	n = pool_chain_pop_head(&pcp->chain, objs, n);
	if (!n)
		return 0;
	this_cpu_sub(gen->counters->chained, n);
	this_cpu_inc(gen->counters->refills);
	return n;
}

/*
 * Move the newer part of the magazine, or what there is up to a hole in it, to
 * the chain. Returns the entry that is free then, or the guard's index if the
 * chain has no room.
 */
static __always_inline u32 pool_generation_spill(struct pool_generation *gen,
						 struct pool_pcp *pcp)
{
	unsigned int n = pcp->magazine.block;
	u32 middle = pcp->magazine.last + 1 - n;
	void **objs = &pcp->magazine.objs[middle];

	n = pool_generation_push(gen, pcp, objs, n);
	pool_hook(POOL_HOOK_SPILL);
	pool_pcp_clear(pcp, middle, n);
	if (likely(!objs[0]))
		return middle;
	/* top was too high, so there may be room below */
	return pool_pcp_find_up(pcp, SYNCPOOL_TOP_EMPTY);
}

/* Move a block from the chain to the empty magazine. Returns its length. */
static __always_inline unsigned int
pool_generation_refill(struct pool_generation *gen, struct pool_pcp *pcp)
{
	return pool_generation_pop(gen, pcp, &pcp->magazine.objs[POOL_FIRST],
				   pcp->magazine.block);
}

#endif /* _POOL_GENERATION_H */
