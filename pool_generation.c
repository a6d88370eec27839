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
 * Conventions: @gen is the generation, @start the CPU where a search begins, @among
 * the CPUs at some distance, or NULL for all.
 */
#include <linux/bitops.h>
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

/* a theft of so many is large */
#define POOL_MANY	16U

/* The chain of @cpu. A thief may come to an old generation that is given other parts. */
static __always_inline struct pool_chain *
pool_generation_chain(struct pool_generation *gen, unsigned int cpu)
{
	return &per_cpu_ptr(READ_ONCE(gen->pcps), cpu)->chain;
}

/* The chain of @cpu was found empty. */
static noinline void pool_generation_unmark(struct pool_generation *gen,
					    unsigned int cpu)
{
	/*
	 * pool_generation_unmark:A: fully ordered, pairs with
	 * pool_generation_mark:A; litmus/mask. The CPU that changes a bit counts
	 * it; litmus/mask-summary.
	 */
	if (!cpumask_test_and_clear_cpu(cpu, gen->mask))
		return;
	/*
	 * Two thieves: litmus/mask-thieves. Looked up after the bit is cleared, since
	 * the generation may have been given other parts before it was set.
	 */
	if (!pool_chain_is_empty(pool_generation_chain(gen, cpu)))
		pool_generation_mark(gen, cpu);
	/* last, so that a chain that holds something is counted throughout */
	atomic_dec(&gen->nonempty);
}

/* Add to the sum of this CPU's node what this CPU has counted since. */
noinline void pool_generation_tell(struct pool_generation *gen)
{
	long chained;

	pool_assert_pinned();
	/* the next operation outside NMI does */
	if (in_nmi())
		return;
	chained = this_cpu_read(gen->counters->chained);
	this_cpu_sub(gen->counters->chained, chained);
	pool_node_add(gen->nodes, numa_mem_id(), chained);
}

/* @n objects were taken from the chain of @cpu. */
static __always_inline void pool_stolen(struct pool_generation *gen,
					unsigned int cpu, unsigned int n)
{
	/* NMI may count for the wrong node */
	if (likely(nr_node_ids == 1 || cpu_to_mem(cpu) == numa_mem_id() || in_nmi()))
		pool_generation_chained(gen, -(long)n);
	else
		pool_node_add(gen->nodes, cpu_to_mem(cpu), -(long)n);
}

/* Steal up to @n objects from the chain of @cpu. */
static __always_inline unsigned int pool_steal_from(struct pool_generation *gen,
						    unsigned int cpu, void **objs,
						    unsigned int n)
{
	struct pool_chain *chain = pool_generation_chain(gen, cpu);
	unsigned int taken;
	void *obj;

	if (n == 1) {
		obj = pool_chain_pop_tail_one(chain);
		taken = obj ? 1 : 0;
		/* else it may be a guard */
		if (likely(obj))
			WRITE_ONCE(*objs, obj);
	} else {
		taken = pool_chain_pop_tail(chain, objs, n);
	}
	if (likely(taken))
		pool_stolen(gen, cpu, taken);
	/*
	 * A thief that takes many is likely to come back for what @cpu goes on to
	 * push. Else the next thief need not look.
	 */
	if (taken < POOL_MANY && pool_chain_is_empty(chain))
		pool_generation_unmark(gen, cpu);
	return taken;
}

/* The first CPU from @cpu on in the mask and in @among, if that is not NULL. */
static __always_inline unsigned int pool_next_chain(struct pool_generation *gen,
						    const struct cpumask *among,
						    unsigned int cpu)
{
	unsigned long bits;

	if (among)
		/* to miss a bit is the same as to look before it was set */
		return data_race(cpumask_next_and((int)cpu - 1, gen->mask, among));
	if (nr_cpu_ids > BITS_PER_LONG || cpu >= BITS_PER_LONG)
		/* likewise */
		return data_race(cpumask_next((int)cpu - 1, gen->mask));
	/* in a word, without two calls for each theft */
	bits = READ_ONCE(*cpumask_bits(gen->mask)) & (~0UL << cpu);
	return bits ? __ffs(bits) : nr_cpu_ids;
}

/*
 * Steal from the first CPU, from @start on and around the end, that is in the mask
 * and in @among and has something. Tries one chain, or in NMI all of them: NMI cannot
 * continue in another section. Returns 0 if none is left, or POOL_AGAIN.
 */
static __always_inline int pool_steal_among(struct pool_generation *gen,
					    const struct cpumask *among,
					    unsigned int start, void **objs,
					    unsigned int n)
{
	unsigned int cpu = pool_next_chain(gen, among, start), k;
	bool wrapped = false;

	for (;;) {
		if (cpu >= nr_cpu_ids && !wrapped) {
			wrapped = true;
			cpu = pool_next_chain(gen, among, 0);
		}
		if (cpu >= nr_cpu_ids || (wrapped && cpu >= start))
			return 0;
		k = pool_steal_from(gen, cpu, objs, n);
		if (likely(k))
			return k;
		/* NMI unlinks no rings, and would find the same ones again */
		if (!in_nmi())
			return POOL_AGAIN;
		cpu = pool_next_chain(gen, among, cpu + 1);
	}
}

/* pool_steal_among(), the CPUs of near nodes first. */
static noinline int pool_steal_numa(struct pool_generation *gen,
				    unsigned int start, void **objs, unsigned int n)
{
	const struct cpumask *among;
	unsigned int step;
	int k = 0;

	rcu_read_lock();
	for (step = 0; !k; step++) {
		among = pool_hop_mask(numa_mem_id(), step);
		if (IS_ERR(among))
			among = NULL;
		k = pool_steal_among(gen, among, start, objs, n);
		if (!among)
			break;
	}
	rcu_read_unlock();
	return k;
}

/* pool_generation_steal(), which has seen that there is something to visit. */
int __pool_generation_steal(struct pool_generation *gen, unsigned int start,
			    void **objs, unsigned int n)
{
	if (nr_node_ids > 1)
		return pool_steal_numa(gen, start + 1, objs, n);
	return pool_steal_among(gen, NULL, start + 1, objs, n);
}

/* The first CPU in @mask whose memory is on node @nid, if that is one; or nr_cpu_ids. */
static unsigned int pool_first_on_node(const struct cpumask *mask, int nid)
{
	unsigned int cpu = -1;

	do {
		/* to miss a bit is the same as to look before it was set */
		cpu = data_race(cpumask_next((int)cpu, mask));
	} while (cpu < nr_cpu_ids && nid != NUMA_NO_NODE &&
		 pool_node_with_memory(cpu_to_mem(cpu)) != nid);
	return cpu;
}

/* A CPU of node @nid, or of any for NUMA_NO_NODE, whose chain may hold something. */
unsigned int pool_generation_next_chain(const struct pool_generation *gen, int nid)
{
	return pool_first_on_node(gen->mask, nid);
}

/* Likewise, a CPU that may hold something outside its chain. */
unsigned int pool_generation_next_magazine(const struct pool_generation *gen, int nid)
{
	return pool_first_on_node(gen->opened, nid);
}

/* Steal up to @n objects from the chain of @cpu. Returns as pool_generation_steal(). */
int pool_generation_steal_from(struct pool_generation *gen, unsigned int cpu,
			       void **objs, unsigned int n)
{
	pool_assert_pinned();
	return pool_steal_from(gen, cpu, objs, n) ?: POOL_AGAIN;
}

/* @cpu holds nothing outside its chain. */
void pool_generation_close(struct pool_generation *gen, unsigned int cpu)
{
	/*
	 * pool_generation_close:A: full barrier between the bit and the count,
	 * pairs with pool_generation_may_hold:A. A flush has counted the chain
	 * before; litmus/recall.
	 */
	if (cpumask_test_and_clear_cpu(cpu, gen->opened))
		atomic_dec(&gen->nr_opened);
}

/*
 * @gen has become the victim, and nobody finds it active any more. Sections that did
 * end with a grace period that begins after this.
 */
void pool_generation_end_owners(struct pool_generation *gen)
{
	gen->gp = start_poll_synchronize_rcu();
	/*
	 * pool_generation_end_owners:A: release, pairs with
	 * pool_generation_is_open:A; litmus/victim-open
	 */
	smp_store_release(&gen->owners, POOL_OWNERS_END);
}

/* A grace period has passed since pool_generation_end_owners(). */
void pool_generation_disown(struct pool_generation *gen)
{
	/*
	 * pool_generation_disown:A: release, pairs with
	 * pool_generation_is_open:A; litmus/victim-open-late
	 */
	smp_store_release(&gen->owners, POOL_NO_OWNERS);
}

/* Has @gen, the victim, no owners any more? */
static bool pool_generation_is_open(struct pool_generation *gen)
{
	/*
	 * pool_generation_is_open:A: acquire, pairs with
	 * pool_generation_end_owners:A, and with pool_generation_disown:A, by
	 * which another CPU says that the grace period is over;
	 * litmus/victim-open, litmus/victim-open-late
	 */
	enum pool_owners owners = smp_load_acquire(&gen->owners);

	if (likely(owners == POOL_NO_OWNERS))
		return true;
	/*
	 * pool_generation_is_open:B: grace period, pairs with
	 * pool_assert_pinned:A; litmus/victim-open, litmus/victim-guard
	 */
	if (owners == POOL_OWNED || !poll_state_synchronize_rcu(gen->gp))
		return false;
	pool_generation_disown(gen);
	return true;
}

/*
 * Take what an interrupted operation may have left above top, or in a nested slot, of
 * this CPU's locked part of the victim.
 */
static struct pool_found pool_take_hidden(struct pool_generation *gen,
					  struct pool_pcp *pcp)
{
	struct pool_found found = pool_pcp_take_shared(pcp, pcp->magazine.last);

	if (!found.obj)
		found.obj = pool_pcp_nested_take_shared(pcp);
	if (!found.obj && pool_generation_is_open(gen))
		pool_generation_close(gen, smp_processor_id());
	return found;
}

/* The rest of pool_generation_take_rest(). */
void *__pool_generation_take_rest(struct pool_generation *gen)
{
	struct pool_pcp *pcp = this_cpu_ptr(gen->pcps);
	u32 top = pool_pcp_trylock(pcp);
	struct pool_found found;

	if (unlikely(top == SYNCPOOL_TOP_BUSY))
		return NULL;
	found = pool_pcp_take_shared(pcp, top);
	if (!found.obj && pcp->chain.head) {
		found.obj = pool_chain_pop_near(&pcp->chain) ?:
			    __pool_chain_pop_tail_one(&pcp->chain);
		if (found.obj)
			pool_generation_chained(gen, -1);
	}
	if (!found.obj && cpumask_test_cpu(smp_processor_id(), gen->opened))
		found = pool_take_hidden(gen, pcp);
	pool_pcp_unlock(pcp, found.top);
	if (found.obj)
		this_cpu_inc(gen->counters->victim_hits);
	return found.obj;
}

/*
 * Take an object that @cpu left outside its chain in the victim. Returns 1; 0 if it may
 * not be taken; or POOL_AGAIN.
 */
int pool_generation_take_from(struct pool_generation *gen, unsigned int cpu, void **obj)
{
	struct pool_pcp *pcp = per_cpu_ptr(gen->pcps, cpu);

	pool_assert_pinned();
	if (!pool_generation_is_open(gen))
		return 0;
	*obj = pool_pcp_take_shared(pcp, U8_MAX).obj ?: pool_pcp_nested_take_shared(pcp);
	if (*obj)
		return 1;
	pool_generation_close(gen, cpu);
	return POOL_AGAIN;
}

/* pool_generation_take_from() any CPU. */
int pool_generation_take_other(struct pool_generation *gen, void **obj)
{
	unsigned int cpu;
	int k;

	if (atomic_read(&gen->nr_opened) <= 0)
		return 0;
	do {
		/* to miss a bit is the same as to look before it was set */
		cpu = data_race(cpumask_first(gen->opened));
		if (cpu >= nr_cpu_ids)
			return 0;
		k = pool_generation_take_from(gen, cpu, obj);
		/* NMI cannot continue in another section */
	} while (k == POOL_AGAIN && in_nmi());
	return k;
}

/* Push what is in the magazine, lowest first. Returns how many may remain in it. */
static unsigned int pool_flush_magazine(struct pool_generation *gen,
					struct pool_pcp *pcp, unsigned int cpu)
{
	u32 i = POOL_FIRST, end = pcp->magazine.last + 1;
	unsigned int k;

	k = pool_generation_push(gen, pcp, cpu, &pcp->magazine.objs[i], end - i);
	/* whole: what is left in the entries is overwritten with guards */
	if (i + k == end)
		return 0;
	pool_pcp_clear(pcp, i, k);
	i += k;
	while (i < end) {
		if (!pcp->magazine.objs[i]) {
			i++;
			continue;
		}
		/* up to a hole, or as far as there is room */
		k = pool_generation_push(gen, pcp, cpu, &pcp->magazine.objs[i], end - i);
		if (!k)
			break;
		pool_pcp_clear(pcp, i, k);
		i += k;
	}
	return end - i;
}

/*
 * Move all that lies outside the chain of @cpu into the chain, and close its
 * magazine. @obj, if it points to a NULL, receives one object. The caller has
 * locked the part, of its own CPU or of one that is dead. Returns how many objects
 * may remain, since the chain has no room; 0 if the magazine is closed.
 */
unsigned int pool_generation_flush(struct pool_generation *gen,
				   unsigned int cpu, void **obj)
{
	struct pool_pcp *pcp = per_cpu_ptr(gen->pcps, cpu);
	unsigned int left;
	u32 top;

	if (obj && !*obj) {
		top = pool_pcp_find_down(pcp, pcp->magazine.last);
		*obj = top == SYNCPOOL_TOP_EMPTY ? pool_pcp_nested_get(pcp) :
						   pool_pcp_take(pcp, top);
	}
	left = pool_pcp_capacity(pcp) ? pool_flush_magazine(gen, pcp, cpu) : 0;
	pool_hook(POOL_HOOK_FLUSH);
	if (!left && READ_ONCE(pcp->magazine.nested_used)) {
		pool_pcp_reset(pcp);
		pool_pcp_set_capacity(pcp, POOL_NESTED);
		pool_pcp_collect_nested(pcp, SYNCPOOL_TOP_EMPTY);
		left = pool_flush_magazine(gen, pcp, cpu);
	}
	if (left)
		return left;
	pool_pcp_reset(pcp);
	pool_generation_close(gen, cpu);
	/* a put that interrupted the flush */
	if (unlikely(READ_ONCE(pcp->magazine.nested_used)))
		pool_generation_open(gen, cpu);
	return 0;
}

/*
 * Take all that lies outside this CPU's chain. The caller has locked the part. @objs has
 * room for POOL_PCP_MAX. Returns how many.
 */
unsigned int pool_generation_take_all(struct pool_generation *gen, void **objs)
{
	struct pool_pcp *pcp = this_cpu_ptr(gen->pcps);
	u32 top = pcp->magazine.last;
	unsigned int n = 0;

	for (;;) {
		top = pool_pcp_find_down(pcp, top);
		if (top == SYNCPOOL_TOP_EMPTY)
			break;
		objs[n++] = pool_pcp_take(pcp, top);
	}
	while (n < POOL_PCP_MAX && (objs[n] = pool_pcp_nested_get(pcp)))
		n++;
	pool_pcp_reset(pcp);
	pool_generation_close(gen, smp_processor_id());
	/* as in pool_generation_flush() */
	if (unlikely(READ_ONCE(pcp->magazine.nested_used)))
		pool_generation_open(gen, smp_processor_id());
	return n;
}

/* @gen is the victim no more: nobody takes from its magazines. */
void pool_generation_own(struct pool_generation *gen)
{
	WRITE_ONCE(gen->owners, POOL_OWNED);
}

/*
 * Take up to @n objects that @cpu holds in @gen, which was detached a grace period ago,
 * so that only thieves may still come. Returns how many; 0 if none is left. The part is
 * as good as new then.
 */
unsigned int pool_generation_drain(struct pool_generation *gen, unsigned int cpu,
				   void **objs, unsigned int n)
{
	struct pool_pcp *pcp = per_cpu_ptr(gen->pcps, cpu);
	unsigned int k;

	preempt_disable();
	do {
		k = pool_steal_from(gen, cpu, objs, n);
	} while (!k && !pool_chain_is_empty(&pcp->chain));
	if (!k) {
		pool_generation_unmark(gen, cpu);
		pool_chain_retire(&pcp->chain);
	}
	preempt_enable();
	return k;
}

/* Likewise, but what lies outside the chain. @objs has room for POOL_PCP_MAX. */
unsigned int pool_generation_drain_magazine(struct pool_generation *gen,
					    unsigned int cpu, void **objs)
{
	struct pool_pcp *pcp = per_cpu_ptr(gen->pcps, cpu);
	unsigned int n = pool_pcp_flush(pcp, objs);

	pool_pcp_reset(pcp);
	pool_generation_close(gen, cpu);
	return n;
}

/* Allocate a part for each CPU, with room for @len objects; or NULL. */
struct pool_pcp __percpu *pool_generation_alloc(unsigned int len)
{
	size_t size = pool_pcp_size(max(len, POOL_MAGAZINE_SMALL));
	struct pool_pcp __percpu *pcps;
	unsigned int cpu;

	pcps = (struct pool_pcp __percpu *)
	       pool_alloc_percpu(size, __alignof__(struct pool_pcp));
	if (!pcps)
		return NULL;
	for_each_possible_cpu(cpu)
		pool_pcp_init(per_cpu_ptr(pcps, cpu), len);
	return pcps;
}

/* Free the rings of @gen, which has no owners, if it is empty. False if it is not. */
bool pool_generation_retire(struct pool_generation *gen)
{
	unsigned int cpu;

	if (pool_generation_may_hold(gen))
		return false;
	for_each_possible_cpu(cpu) {
		preempt_disable();
		pool_chain_retire(&per_cpu_ptr(gen->pcps, cpu)->chain);
		preempt_enable();
	}
	return true;
}

/*
 * Give @gen, which is empty and has no owners, other parts. Returns the old ones,
 * which the caller frees after a grace period, for the sake of those who count.
 */
struct pool_pcp __percpu *
pool_generation_replace(struct pool_generation *gen,
			struct pool_pcp __percpu *pcps, unsigned int len)
{
	struct pool_pcp __percpu *old = gen->pcps;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		per_cpu_ptr(pcps, cpu)->gen = gen;
	gen->len = len;
	/*
	 * pool_generation_replace:A: release, pairs with
	 * pool_generation_count:A; litmus/activate
	 */
	smp_store_release(&gen->pcps, pcps);
	return old;
}

/*
 * @len: objects that a magazine may hold. After an error
 * pool_generation_destroy() frees what was allocated.
 */
int pool_generation_init(struct pool_generation *gen,
			 struct syncpool_core *core,
			 struct pool_counters __percpu *counters,
			 struct pool_nodes *nodes, unsigned int len)
{
	struct pool_pcp __percpu *pcps;

	gen->core = core;
	gen->counters = counters;
	gen->nodes = nodes;
	gen->batch = nodes->batch;
	if (!zalloc_cpumask_var(&gen->mask, GFP_KERNEL) ||
	    !zalloc_cpumask_var(&gen->opened, GFP_KERNEL))
		return -ENOMEM;
	pcps = pool_generation_alloc(len);
	if (!pcps)
		return -ENOMEM;
	pool_generation_replace(gen, pcps, len);
	return 0;
}

/* The generation is empty and unreachable. */
void pool_generation_destroy(struct pool_generation *gen)
{
	free_percpu(gen->pcps);
	free_cpumask_var(gen->opened);
	free_cpumask_var(gen->mask);
}
