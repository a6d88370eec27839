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
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include "pool_hook.h"
#include "pool_node.h"
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
	unsigned long	hits;		/* while they are counted */
	unsigned long	misses;		/* likewise */
	long		chained;	/* to and from chains, not in @nodes yet */
};

/**
 * enum pool_owners - may each CPU act as the owner of its part?
 * @POOL_OWNED: yes: the generation is active, or was a moment ago
 * @POOL_OWNERS_END: sections that found it active may still be pinned
 * @POOL_NO_OWNERS: none is: every CPU takes what it finds, by compare-and-swap
 */
enum pool_owners {
	POOL_OWNED,
	POOL_OWNERS_END,
	POOL_NO_OWNERS,
};

/**
 * struct pool_generation - the objects cached between two rotations
 * @pcps: each CPU's part
 * @core: the pool, for the layers above
 * @counters: the pool's, per CPU; all its generations count there
 * @nodes: the pool's, likewise: what lies in chains
 * @len: objects that a magazine may hold
 * @batch: of @nodes
 * @mask: CPUs whose chains may hold something
 * @nonempty: bits set in @mask
 * @opened: CPUs that may hold something outside their chains
 * @nr_opened: bits set in @opened
 * @owners: who may act as an owner of @pcps, see enum pool_owners
 * @since: jiffies when it ceased to be active
 * @gp: while @owners is POOL_OWNERS_END: cookie of the grace period after which
 *	there are none
 */
struct pool_generation {
	struct pool_pcp __percpu	*pcps;
	struct syncpool_core		*core;
	struct pool_counters __percpu	*counters;
	struct pool_nodes		*nodes;
	unsigned int			len;
	int				batch;
	cpumask_var_t			mask;
	cpumask_var_t			opened;
	enum pool_owners		owners;
	atomic_t			nonempty ____cacheline_aligned_in_smp;
	atomic_t			nr_opened;
	unsigned long			since;
	unsigned long			gp;
} ____cacheline_aligned_in_smp;

int pool_generation_init(struct pool_generation *gen,
			 struct syncpool_core *core,
			 struct pool_counters __percpu *counters,
			 struct pool_nodes *nodes, unsigned int len);
void pool_generation_destroy(struct pool_generation *gen);
struct pool_pcp __percpu *pool_generation_alloc(unsigned int len);
struct pool_pcp __percpu *
pool_generation_replace(struct pool_generation *gen,
			struct pool_pcp __percpu *pcps, unsigned int len);
void pool_generation_end_owners(struct pool_generation *gen);
void pool_generation_disown(struct pool_generation *gen);
int pool_generation_take_from(struct pool_generation *gen, unsigned int cpu, void **obj);
void *__pool_generation_take_rest(struct pool_generation *gen);
int pool_generation_take_other(struct pool_generation *gen, void **obj);
unsigned int pool_generation_take_all(struct pool_generation *gen, void **objs);
void pool_generation_close(struct pool_generation *gen, unsigned int cpu);
unsigned int pool_generation_flush(struct pool_generation *gen,
				   unsigned int cpu, void **obj);
int __pool_generation_steal(struct pool_generation *gen, unsigned int start,
			    void **objs, unsigned int n);
unsigned int pool_generation_next_chain(const struct pool_generation *gen, int nid);
unsigned int pool_generation_next_magazine(const struct pool_generation *gen, int nid);
int pool_generation_steal_from(struct pool_generation *gen, unsigned int cpu,
			       void **objs, unsigned int n);
unsigned int pool_generation_drain(struct pool_generation *gen, unsigned int cpu,
				   void **objs, unsigned int n);
unsigned int pool_generation_drain_magazine(struct pool_generation *gen,
					    unsigned int cpu, void **objs);
bool pool_generation_retire(struct pool_generation *gen);
void pool_generation_own(struct pool_generation *gen);
void pool_generation_tell(struct pool_generation *gen);

/* pool_generation_steal(): continue in another pinned section */
#define POOL_AGAIN	(-EAGAIN)

/*
 * Objects outside the chain of @cpu; may be out of date. An RCU reader asks.
 *
 * pool_generation_count:A: address dependency, pairs with
 * pool_generation_replace:A; litmus/activate. RCU reader, pairs with
 * pool_widen_work:A; litmus/ring-reclaim.
 */
static inline unsigned int
pool_generation_count(const struct pool_generation *gen, unsigned int cpu)
{
	return pool_pcp_count(per_cpu_ptr(READ_ONCE(gen->pcps), cpu));
}

/*
 * May @gen hold anything? An object that moves from a magazine to its chain is seen
 * here or there: a flush marks the chain before it closes the magazine.
 *
 * pool_generation_may_hold:A: acquire, pairs with pool_generation_close:A;
 * litmus/recall
 */
static inline bool pool_generation_may_hold(const struct pool_generation *gen)
{
	return atomic_read_acquire(&gen->nr_opened) > 0 ||
	       atomic_read(&gen->nonempty) > 0;
}

/* Has @gen, not the active one, been that for @age jiffies? */
static inline bool pool_generation_is_aged(const struct pool_generation *gen,
					   unsigned long age)
{
	return time_after_eq(jiffies, READ_ONCE(gen->since) + age);
}

/*
 * @cpu may hold something outside its chain. Called before it does, or before the put
 * returns that stored it.
 */
static __always_inline void pool_generation_open(struct pool_generation *gen,
						 unsigned int cpu)
{
	if (likely(cpumask_test_cpu(cpu, gen->opened)))
		return;
	/* as in pool_generation_mark() */
	atomic_inc(&gen->nr_opened);
	if (cpumask_test_and_set_cpu(cpu, gen->opened))
		atomic_dec(&gen->nr_opened);
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
 * pool_dequeue_push_head:A or pool_dequeue_push_one:B, pairs with
 * pool_generation_unmark:A; litmus/mask
 */
static __always_inline void pool_generation_mark(struct pool_generation *gen,
						 unsigned int cpu)
{
	if (likely(cpumask_test_cpu(cpu, gen->mask)))
		return;
	/* before the bit, so that no bit is set and not counted; litmus/mask-summary */
	atomic_inc(&gen->nonempty);
	if (cpumask_test_and_set_cpu(cpu, gen->mask))
		atomic_dec(&gen->nonempty);
}

/* @n objects went to the chain of a CPU of this CPU's node, or from it if negative. */
static __always_inline void pool_generation_chained(struct pool_generation *gen, long n)
{
	long chained = this_cpu_add_return(gen->counters->chained, n);

	if (unlikely((unsigned long)(chained + gen->batch) > 2UL * gen->batch))
		pool_generation_tell(gen);
}

/*
 * Push up to @n objects, up to a NULL, to the chain of @cpu, which is this CPU or
 * dead. Returns how many found room.
 */
static __always_inline unsigned int
pool_generation_push(struct pool_generation *gen, struct pool_pcp *pcp,
		     unsigned int cpu, void *const *objs, unsigned int n)
{
	pool_assert_pinned();
	n = pool_chain_push_head(&pcp->chain, objs, n);
	if (!n)
		return 0;
	pool_generation_mark(gen, cpu);
	if (likely(cpu == smp_processor_id()))
		pool_generation_chained(gen, n);
	else
		pool_node_add(gen->nodes, cpu_to_mem(cpu), n);
	this_cpu_inc(gen->counters->spills);
	return n;
}

/* As pool_generation_push(), one object to this CPU's head ring, if there is one. */
static __always_inline bool
pool_generation_push_one(struct pool_generation *gen, struct pool_pcp *pcp,
			 void *obj, unsigned long head_tail)
{
	pool_pcp_assert_locked(pcp);
	if (!pool_dequeue_push_one(&pcp->chain.head->d, obj, head_tail))
		return false;
	pool_generation_mark(gen, smp_processor_id());
	pool_generation_chained(gen, 1);
	this_cpu_inc(gen->counters->spills);
	return true;
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
	pool_generation_chained(gen, -(long)n);
	this_cpu_inc(gen->counters->refills);
	return n;
}

/* Move a block from the chain to the empty magazine. Returns its length. */
static __always_inline unsigned int
pool_generation_refill(struct pool_generation *gen, struct pool_pcp *pcp)
{
	return pool_generation_pop(gen, pcp, &pcp->magazine.objs[POOL_FIRST],
				   pcp->magazine.block);
}

/*
 * Pop one object of this CPU's own chain, unless an exhausted ring has to be passed, or
 * pool_generation_tell() called. Calls nothing, so a caller need not save registers.
 */
static __always_inline void *
pool_generation_pop_near(struct pool_generation *gen, struct pool_pcp *pcp)
{
	void *obj;

	pool_pcp_assert_locked(pcp);
	if (!pcp->chain.head ||
	    unlikely(this_cpu_read(gen->counters->chained) <= -gen->batch))
		return NULL;
	obj = pool_chain_pop_near(&pcp->chain);
	if (likely(obj))
		this_cpu_dec(gen->counters->chained);
	return obj;
}

/*
 * Take the newest object of this CPU's part of the victim, if it lies where it is looked
 * for first: the top of the magazine, else a ring. Other CPUs may take from the magazine
 * at the same time. Calls nothing, either: pool_generation_take_rest() looks further.
 */
static __always_inline void *
pool_generation_take_near(struct pool_generation *gen)
{
	struct pool_pcp *pcp = this_cpu_ptr(gen->pcps);
	u32 top = pool_pcp_trylock(pcp);
	struct pool_found found = { NULL, top };

	if (unlikely(top == SYNCPOOL_TOP_BUSY))
		return NULL;
	if (top != SYNCPOOL_TOP_EMPTY)
		found = pool_pcp_take_shared_top(pcp, top);
	else
		found.obj = pool_generation_pop_near(gen, pcp);
	pool_pcp_unlock(pcp, found.top);
	if (likely(found.obj))
		this_cpu_inc(gen->counters->victim_hits);
	return found.obj;
}

/* Take an object that pool_generation_take_near() does not see, nested slots included. */
static __always_inline void *
pool_generation_take_rest(struct pool_generation *gen)
{
	if (!this_cpu_read(gen->pcps->chain.head) &&
	    !cpumask_test_cpu(smp_processor_id(), gen->opened))
		return NULL;
	return __pool_generation_take_rest(gen);
}

/* Take an object of this CPU's part of the victim, as above. */
static __always_inline void *
pool_generation_take_own(struct pool_generation *gen)
{
	return pool_generation_take_near(gen) ?: pool_generation_take_rest(gen);
}

#endif /* _POOL_GENERATION_H */
