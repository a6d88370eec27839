// SPDX-License-Identifier: GPL-2.0
/*
 * pool_generation - all CPUs' parts of one generation, and stealing between them
 *
 * A thief visits only chains that may hold something. The mask has a bit for
 * each of them, and nonempty counts the bits, so a miss costs one load with 2
 * CPUs or with 256. An owner sets its bit after a push, if it is not set yet: in
 * steady use the mask is only read. A thief clears the bit of a chain that it
 * found empty and then looks again. Each side has a full barrier between its
 * write and its read, so at least one sees the other's write; with less, a chain
 * might stay unvisited until its next push.
 *
 *	          mark             unmark
 *	mark      own bit only     yes: one sees the other
 *	unmark    yes              yes: the CPU that changes a bit counts it
 *
 * Conventions: @gen is the generation, @start the CPU after which a search
 * begins, @among the CPUs at some distance.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/hardirq.h>
#include <linux/minmax.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/topology.h>

#include "pool_compat.h"
#include "pool_generation.h"

/* chains of other CPUs that one pinned section tries */
#define POOL_VISITS	1U

/* The chain of @cpu was found empty. */
static void pool_generation_unmark(struct pool_generation *gen,
				   unsigned int cpu)
{
	struct pool_chain *chain = &per_cpu_ptr(gen->pcps, cpu)->chain;

	if (!pool_chain_is_empty(chain))
		return;
	/*
	 * pool_generation_unmark:A: fully ordered, pairs with
	 * pool_generation_mark:A; litmus/mask. The CPU that changes a bit counts
	 * it; litmus/mask-summary.
	 */
	if (!cpumask_test_and_clear_cpu(cpu, gen->mask))
		return;
	atomic_dec(&gen->nonempty);
	/* two thieves: litmus/mask-thieves */
	if (!pool_chain_is_empty(chain))
		pool_generation_mark(gen, cpu);
}

/* Steal a thief's share of the chain of @cpu, at most @n. */
static unsigned int pool_steal_from(struct pool_generation *gen,
				    unsigned int cpu, void **objs,
				    unsigned int n)
{
	struct pool_chain *chain = &per_cpu_ptr(gen->pcps, cpu)->chain;

	n = pool_chain_pop_tail(chain, objs, min(pool_chain_share(chain), n));
	if (n)
		this_cpu_sub(gen->counters->chained, n);
	else
		pool_generation_unmark(gen, cpu);
	return n;
}

/*
 * Steal from the first CPU in [@from, @to) that is in the mask and in @among and
 * has something. Each chain that is tried counts as one of @visits.
 */
static unsigned int pool_steal_range(struct pool_generation *gen,
				     const struct cpumask *among,
				     unsigned int from, unsigned int to,
				     void **objs, unsigned int n,
				     unsigned int *visits)
{
	unsigned int cpu = from - 1;

	/* to miss a bit is the same as to look before it was set */
	while ((cpu = data_race(cpumask_next_and(cpu, gen->mask, among))) < to) {
		unsigned int k = pool_steal_from(gen, cpu, objs, n);

		if (k || !--*visits)
			return k;
	}
	return 0;
}

/* pool_generation_steal(), which has seen that there is something to visit. */
int __pool_generation_steal(struct pool_generation *gen, unsigned int start,
			    void **objs, unsigned int n)
{
	/* NMI cannot continue in another section */
	unsigned int visits = in_nmi() ? nr_cpu_ids : POOL_VISITS, step, k = 0;
	const struct cpumask *among = cpu_possible_mask;

	start++;
	rcu_read_lock();
	for (step = 0; !k && visits; step++) {
		if (nr_node_ids > 1)
			among = pool_hop_mask(numa_mem_id(), step);
		if (IS_ERR(among))
			among = cpu_possible_mask;
		k = pool_steal_range(gen, among, start, nr_cpu_ids,
				     objs, n, &visits);
		if (!k && visits)
			k = pool_steal_range(gen, among, 0, start,
					     objs, n, &visits);
		if (among == cpu_possible_mask)
			break;
	}
	rcu_read_unlock();
	/* NMI unlinks no rings, so another visit would find the same ones */
	return k || visits || in_nmi() ? k : POOL_AGAIN;
}

/* Take the newest object of this CPU's part, chain and nested slots included. */
void *pool_generation_take_own(struct pool_generation *gen)
{
	struct pool_pcp *pcp = this_cpu_ptr(gen->pcps);
	u32 top = pool_pcp_trylock(pcp);
	void *obj = NULL;

	if (top == SYNCPOOL_TOP_BUSY)
		return NULL;
	top = pool_pcp_find_top(pcp);
	if (top != SYNCPOOL_TOP_EMPTY)
		obj = pool_pcp_take(pcp, top--);
	else if (pool_chain_pop_head(&pcp->chain, &obj, 1))
		this_cpu_dec(gen->counters->chained);
	else
		obj = pool_pcp_nested_get(pcp);
	pool_pcp_unlock(pcp, top);
	return obj;
}

/* The generation has been drained. */
void pool_generation_reset(struct pool_generation *gen)
{
	cpumask_clear(gen->mask);
	atomic_set(&gen->nonempty, 0);
}

/*
 * @capacity: objects in each magazine. After an error pool_generation_destroy()
 * frees what was allocated.
 */
int pool_generation_init(struct pool_generation *gen,
			 struct syncpool_core *core,
			 struct pool_counters __percpu *counters,
			 unsigned int capacity)
{
	unsigned int cpu;

	gen->core = core;
	gen->counters = counters;
	if (!zalloc_cpumask_var(&gen->mask, GFP_KERNEL))
		return -ENOMEM;
	gen->pcps = pool_alloc_percpu(struct pool_pcp);
	if (!gen->pcps)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		pool_pcp_init(per_cpu_ptr(gen->pcps, cpu), gen, capacity);
	return 0;
}

/* The generation is empty and unreachable. */
void pool_generation_destroy(struct pool_generation *gen)
{
	free_percpu(gen->pcps);
	free_cpumask_var(gen->mask);
}
