// SPDX-License-Identifier: GPL-2.0
/*
 * pool_main - get and put
 *
 * get:	own array -> own chain -> other CPUs' chains -> the victim's array and
 *	chains -> unpin -> alloc()
 * put:	own array, whose newer part goes to the own chain when it is full
 *
 * The array is served inline (include/syncpool.h), without a lock: each slot
 * changes by compare-and-swap on its own CPU, and top is a hint. An operation
 * that is interrupted between the two leaves a hint that is wrong, so that an
 * object lies above it or a hole below: nothing is lost by that, and whoever
 * meets it puts it right, here, under the try-lock.
 *
 *	             get, put      under the try-lock   other CPU
 *	get, put     yes (1)       no (2)               never (3)
 *	under the
 *	try-lock     yes (1)       no (2)               tails only (3)
 *
 * (1) one interrupts the other: the interrupted one finds its slot changed
 * (2) top says busy: get takes from the tails, its own CPU's too, and put uses
 *     the nested slots, which the owner empties on its next way through here
 * (3) the rule of struct pool_local
 *
 * A pool that is shut (not activated yet, waiting for idle, closed, in debug
 * mode) looks busy, and comes here for everything.
 *
 * One pinned section is bounded: one block from or to the own chain, and at
 * most POOL_VISITS other chains. get goes on in another section while there
 * are chains left to try, and looks into the victim in one of its own.
 */
#include <linux/bug.h>
#include <linux/export.h>
#include <linux/hardirq.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "pool.h"
#include "pool_debug.h"
#include "pool_trace.h"

/* chains of other CPUs that one pinned section tries */
#define POOL_VISITS	1U

/* from pool_steal() upwards: go on in another pinned section */
#define POOL_AGAIN	ERR_PTR(-EAGAIN)

DEFINE_PER_CPU(struct syncpool_cache, syncpool_shut) = {
	.top = SYNCPOOL_TOP_BUSY,
	.slots = { SYNCPOOL_GUARD, SYNCPOOL_GUARD },
};

EXPORT_PER_CPU_SYMBOL_GPL(syncpool_shut);

/* what pool_local's drawing promises, where a line is 64 bytes */
static_assert(SMP_CACHE_BYTES != 64 || BITS_PER_LONG != 64 ||
	      offsetof(struct pool_local, chain.tail) == 4 * SMP_CACHE_BYTES);

/* @capacity: objects in the array, 2..POOL_PRIVATE */
void pool_local_init(struct pool_local *l, struct pool_set *set,
		     unsigned int capacity)
{
	l->set = set;
	l->cache.last = POOL_FIRST + capacity - 1;
	l->cache.block = capacity < 8 ? (capacity + 1) / 2 :
					round_down(capacity * 3 / 4, 4);
	l->cache.top = SYNCPOOL_TOP_EMPTY;
	l->cache.slots[SYNCPOOL_TOP_BUSY] = SYNCPOOL_GUARD;
	l->cache.slots[SYNCPOOL_TOP_EMPTY] = SYNCPOOL_GUARD;
	l->cache.slots[l->cache.last + 1] = SYNCPOOL_GUARD;
}

/*
 * Take what lies on one CPU outside its chain. After a grace period, or with
 * the CPU dead. @objs has room for POOL_LOCAL_MAX.
 */
unsigned int pool_local_strip(struct pool_local *l, void **objs)
{
	unsigned int i, n = 0;

	for (i = POOL_FIRST; i <= l->cache.last; i++) {
		objs[n] = l->cache.slots[i];
		if (objs[n])
			n++;
		WRITE_ONCE(l->cache.slots[i], NULL);
	}
	for (i = 0; i < POOL_NESTED; i++) {
		objs[n] = l->nested[i];
		if (objs[n])
			n++;
		WRITE_ONCE(l->nested[i], NULL);
	}
	l->cache.nested_full = 0;
	WRITE_ONCE(l->cache.top, SYNCPOOL_TOP_EMPTY);
	return n;
}

/*
 * Lock @l, and say where top was; SYNCPOOL_TOP_BUSY: not locked. An interrupt
 * between the two accesses is done when the second happens, and what it found
 * and left is read only after that; the return value is but a hint. Pinned.
 */
static __always_inline u32 pool_trylock(struct pool_local *l)
{
	u32 top = READ_ONCE(l->cache.top);

	if (likely(top != SYNCPOOL_TOP_BUSY))
		WRITE_ONCE(l->cache.top, SYNCPOOL_TOP_BUSY);
	barrier();
	return top;
}

static __always_inline void pool_unlock(struct pool_local *l, u32 top)
{
	barrier();
	WRITE_ONCE(l->cache.top, top);
}

/*
 * What is moved at once: three quarters of the array, so that whatever the
 * pattern of gets and puts, a quarter of it lies between two moves.
 */
static __always_inline unsigned int pool_block(const struct pool_local *l)
{
	return l->cache.block;
}

/* objects that the array has room for */
static __always_inline unsigned int pool_capacity(const struct pool_local *l)
{
	return l->cache.last - SYNCPOOL_TOP_EMPTY;
}

static __always_inline struct pool_local *pool_this_local(struct syncpool *pool)
{
	return container_of(this_cpu_ptr(syncpool_cache(pool)),
			    struct pool_local, cache);
}

/* In debug mode the fast path alone is shut. Pinned. */
static noinline struct pool_local *pool_shut_local(struct syncpool *pool)
{
	struct pool_core *core = READ_ONCE(pool->core);

	if (!core || !core->debug || READ_ONCE(core->mode) != POOL_NORMAL)
		return NULL;
	return this_cpu_ptr(READ_ONCE(core->local)->locals);
}

/* Lock this CPU's part of @pool, or give NULL. Pinned. */
static __always_inline struct pool_local *pool_lock(struct syncpool *pool,
						    u32 *top)
{
	struct pool_local *l;

	l = pool_this_local(pool);
	*top = pool_trylock(l);
	if (likely(*top != SYNCPOOL_TOP_BUSY))
		return l;
	l = pool_shut_local(pool);
	if (!l)
		return NULL;
	*top = pool_trylock(l);
	return *top != SYNCPOOL_TOP_BUSY ? l : NULL;
}

/* Take what is in @slot of this CPU; an interrupt may be faster. Pinned. */
static void *pool_slot_take(void **slot)
{
	void *obj = READ_ONCE(*slot);

	if (obj && cmpxchg_local(slot, obj, NULL) == obj)
		return obj;
	return NULL;
}

/*
 * The mask of non-empty chains. An owner sets its bit after a push, a thief
 * clears the bit of a chain that it found empty and then looks again. Each has
 * a full barrier between its write and its read, so at least one of them sees
 * the other's; with less, a chain might wait unvisited until its next push.
 */

/* L: pairs with M in pool_mask_clear(), after a push, itself a full barrier */
static __always_inline void pool_mask_set(struct pool_set *set,
					  unsigned int cpu)
{
	/* litmus/mask */
	if (likely(cpumask_test_cpu(cpu, set->mask)))
		return;
	/* litmus/mask-summary: counts what really changed */
	if (!cpumask_test_and_set_cpu(cpu, set->mask))
		atomic_inc(&set->nonempty);
}

static void pool_mask_clear(struct pool_set *set, unsigned int cpu)
{
	struct pool_chain *chain = &per_cpu_ptr(set->locals, cpu)->chain;

	if (!pool_chain_is_empty(chain))
		return;
	/*
	 * M: fully ordered, pairs with L in pool_mask_set(); litmus/mask.
	 * litmus/mask-summary: nonempty counts what really changed.
	 */
	if (!cpumask_test_and_clear_cpu(cpu, set->mask))
		return;
	atomic_dec(&set->nonempty);
	/* between thieves: litmus/mask-thieves */
	if (!pool_chain_is_empty(chain))
		pool_mask_set(set, cpu);
}

/* A thief's share of the chain of @cpu, at most @n. Pinned. */
static unsigned int pool_steal_from(struct pool_set *set, unsigned int cpu,
				    void **objs, unsigned int n)
{
	struct pool_chain *chain = &per_cpu_ptr(set->locals, cpu)->chain;

	n = pool_chain_pop_tail(chain, objs, min(pool_chain_share(chain), n));
	if (n)
		this_cpu_sub(set->core->counters->chained, n);
	else
		pool_mask_clear(set, cpu);
	return n;
}

/* Try the CPUs in [@from, @to) that are in both masks. Pinned. */
static unsigned int pool_steal_range(struct pool_set *set,
				     const struct cpumask *among,
				     unsigned int from, unsigned int to,
				     void **objs, unsigned int n,
				     unsigned int *visits)
{
	unsigned int cpu = from - 1;

	/* bits come and go; who misses one looks as if it came later */
	while ((cpu = data_race(cpumask_next_and(cpu, set->mask, among))) < to) {
		unsigned int k = pool_steal_from(set, cpu, objs, n);

		if (k || !--*visits)
			return k;
	}
	return 0;
}

/*
 * Steal up to @n objects from the chains of @set, near CPUs first, beginning
 * after this CPU so that thieves spread. -EAGAIN: nothing so far, more to
 * visit, in a pinned section of its own. Pinned.
 */
int pool_steal(struct pool_set *set, void **objs, unsigned int n)
{
	/* in NMI there is no other section to go on in */
	unsigned int visits = in_nmi() ? nr_cpu_ids : POOL_VISITS, step, k = 0;
	unsigned int start = pool_steal_start(set->core) + 1;
	const struct cpumask *among;

	if (atomic_read(&set->nonempty) <= 0)
		return 0;
	rcu_read_lock();
	for (step = 0; !k && visits; step++) {
		among = nr_node_ids > 1 ? pool_hop_mask(numa_mem_id(), step) : NULL;
		if (IS_ERR_OR_NULL(among))
			among = cpu_possible_mask;
		k = pool_steal_range(set, among, start, nr_cpu_ids,
				     objs, n, &visits);
		if (!k && visits)
			k = pool_steal_range(set, among, 0, start,
					     objs, n, &visits);
		if (among == cpu_possible_mask)
			break;
	}
	rcu_read_unlock();
	/* in NMI drained rings stay, and another visit would meet them again */
	return k || visits || in_nmi() ? k : -EAGAIN;
}

/* Take what is in slot @i. Locked. */
static __always_inline void *pool_take(struct pool_local *l, u32 i)
{
	void *obj = l->cache.slots[i];

	WRITE_ONCE(l->cache.slots[i], NULL);
	return obj;
}

/* Is anything in the lowest @n slots? Locked. */
static __always_inline bool pool_any_low(struct pool_local *l, unsigned int n)
{
	void **slots = &l->cache.slots[POOL_FIRST];
	unsigned long any = 0;

	for (; n >= 4; n -= 4, slots += 4)
		any |= (unsigned long)slots[0] | (unsigned long)slots[1] |
		       (unsigned long)slots[2] | (unsigned long)slots[3];
	while (n--)
		any |= (unsigned long)*slots++;
	return any;
}

/* The first slot at @top or below that holds an object, or the guard. Locked. */
static __always_inline u32 pool_find_down(struct pool_local *l, u32 top)
{
	while (!l->cache.slots[top])
		top--;
	return top;
}

/* pool_find_down() from the top of the array, which is empty as a rule. Locked. */
static __always_inline u32 pool_find_top(struct pool_local *l)
{
	if (likely(!pool_any_low(l, pool_capacity(l))))
		return SYNCPOOL_TOP_EMPTY;
	return pool_find_down(l, l->cache.last);
}

/* The first slot above @top that is free, or the guard. Locked. */
static __always_inline u32 pool_find_up(struct pool_local *l, u32 top)
{
	do {
		top++;
	} while (l->cache.slots[top] && top <= l->cache.last);
	return top;
}

/* Empty the nested slots into the array, as far as it has room. Locked. */
static u32 pool_collect(struct pool_local *l, u32 top)
{
	unsigned int i;
	u32 to;

	WRITE_ONCE(l->cache.nested_full, 0);
	/* a put that comes now sets it again; litmus/nested */
	barrier();
	for (i = 0; i < POOL_NESTED; i++) {
		to = pool_find_up(l, top);
		if (to > l->cache.last) {
			WRITE_ONCE(l->cache.nested_full, 1);
			break;
		}
		WRITE_ONCE(l->cache.slots[to], pool_slot_take(&l->nested[i]));
		if (l->cache.slots[to])
			top = to;
	}
	return top;
}

static void *pool_nested_take(struct pool_local *l)
{
	void *obj = NULL;
	unsigned int i;

	for (i = 0; !obj && i < POOL_NESTED; i++)
		obj = pool_slot_take(&l->nested[i]);
	return obj;
}

static bool pool_nested_put(struct pool_local *l, void *obj)
{
	unsigned int i;

	for (i = 0; i < POOL_NESTED; i++) {
		if (cmpxchg_local(&l->nested[i], NULL, obj))
			continue;
		WRITE_ONCE(l->cache.nested_full, 1);
		return true;
	}
	return false;
}

/* Up to @n objects from the own chain. Locked. */
static __always_inline unsigned int pool_pop_block(struct pool_local *l,
						   void **objs, unsigned int n)
{
	struct pool_core *core = l->set->core;

	n = pool_chain_pop_head(&l->chain, objs, n);
	if (!n)
		return 0;
	this_cpu_sub(core->counters->chained, n);
	this_cpu_inc(core->counters->refills);
	return n;
}

/* Up to @n objects to the own chain, not past a NULL. Locked. */
static __always_inline unsigned int pool_push_block(struct pool_local *l,
						    void *const *objs,
						    unsigned int n)
{
	struct pool_core *core = l->set->core;

	n = pool_chain_push_head(&l->chain, objs, n);
	if (!n)
		return 0;
	pool_mask_set(l->set, smp_processor_id());
	this_cpu_add(core->counters->chained, n);
	this_cpu_inc(core->counters->spills);
	return n;
}

/* The newest object of this CPU's part of the victim. Pinned. */
static void *pool_victim_own(struct pool_local *v)
{
	u32 top = pool_trylock(v);
	void *obj = NULL;

	if (top == SYNCPOOL_TOP_BUSY)
		return NULL;
	top = pool_find_top(v);
	if (top != SYNCPOOL_TOP_EMPTY)
		obj = pool_take(v, top--);
	else if (pool_chain_pop_head(&v->chain, &obj, 1))
		this_cpu_dec(v->set->core->counters->chained);
	else
		obj = pool_nested_take(v);
	pool_unlock(v, top);
	return obj;
}

/*
 * One object of the generation before. Only what is asked for is taken: the
 * rest goes on ageing. Pinned.
 */
static void *pool_victim_get(struct pool_core *core)
{
	struct pool_set *victim = READ_ONCE(core->victim);
	void *obj;
	int k;

	pool_hook(POOL_HOOK_VICTIM);
	obj = pool_victim_own(this_cpu_ptr(victim->locals));
	if (!obj) {
		k = pool_steal(victim, &obj, 1);
		if (k <= 0)
			return ERR_PTR(k);
	}
	this_cpu_inc(core->counters->victim_hits);
	return obj;
}

/*
 * Steal what the array has room for: it is empty, and a theft costs far more
 * than an object of it. -EAGAIN as pool_steal(). Locked.
 */
static int pool_rob(struct pool_local *l, void **objs)
{
	struct pool_core *core = l->set->core;
	int n;

	pool_hook(POOL_HOOK_STEAL);
	n = pool_steal(l->set, objs, pool_capacity(l));
	if (n > 0) {
		this_cpu_inc(core->counters->steals);
		this_cpu_add(core->counters->stolen, n);
		trace_syncpool_steal(core->params.name, n);
	}
	return n;
}

/* The object at @top, which there is. Locked; unlocks. */
static __always_inline void *pool_take_unlock(struct pool_local *l, u32 top)
{
	void *obj = pool_take(l, top);

	pool_unlock(l, top - 1);
	return obj;
}

/*
 * Neither at top or below nor in the own chain. Objects that an interrupted
 * operation left above top, then others' chains. POOL_AGAIN: there is more to
 * try. Locked; unlocks.
 */
static noinline void *pool_get_far(struct pool_local *l)
{
	u32 top = pool_find_top(l);
	int n = 0;

	if (top == SYNCPOOL_TOP_EMPTY && READ_ONCE(l->cache.nested_full))
		top = pool_collect(l, top);
	if (top == SYNCPOOL_TOP_EMPTY) {
		n = pool_rob(l, &l->cache.slots[POOL_FIRST]);
		top += max(n, 0);
	}
	if (top != SYNCPOOL_TOP_EMPTY)
		return pool_take_unlock(l, top);
	pool_unlock(l, top);
	return ERR_PTR(n);
}

/* Nothing lies at top or below: a block from the own chain. Locked; unlocks. */
static __always_inline void *pool_get_block(struct pool_local *l)
{
	unsigned int n = pool_block(l);

	pool_hook(POOL_HOOK_REFILL);
	if (unlikely(pool_any_low(l, n)))
		return pool_get_far(l);
	n = pool_pop_block(l, &l->cache.slots[POOL_FIRST], n);
	if (unlikely(!n))
		return pool_get_far(l);
	return pool_take_unlock(l, SYNCPOOL_TOP_EMPTY + n);
}

/* Locked; unlocks. */
static __always_inline void *pool_get_locked(struct pool_local *l, u32 top)
{
	pool_hook(POOL_HOOK_GET);
	top = pool_find_down(l, top);
	if (likely(top == SYNCPOOL_TOP_EMPTY))
		return pool_get_block(l);
	return pool_take_unlock(l, top);
}

/* An object for an operation that has interrupted this CPU's owner. Pinned. */
static void *pool_get_nested(struct pool_core *core)
{
	struct pool_set *set = READ_ONCE(core->local);
	void *obj = pool_nested_take(this_cpu_ptr(set->locals));
	int n;

	if (!obj) {
		n = pool_steal(set, &obj, 1);
		if (n <= 0)
			obj = ERR_PTR(n);
	}
	/* once an operation */
	if (obj != POOL_AGAIN)
		atomic_long_inc(&core->nested);
	return obj;
}

/* No lock was to be had: the owner is below, or the pool is shut. Pinned. */
static noinline void *pool_get_busy(struct syncpool *pool)
{
	struct pool_core *core = READ_ONCE(pool->core);

	if (core && READ_ONCE(core->mode) == POOL_NORMAL)
		return pool_get_nested(core);
	return NULL;
}

/* Nothing lies in the generation that is filled. Unpinned. */
static noinline void *pool_get_victim(struct syncpool *pool)
{
	struct pool_core *core;
	void *obj;

	do {
		preempt_disable();
		core = READ_ONCE(pool->core);
		obj = NULL;
		if (core && READ_ONCE(core->mode) == POOL_NORMAL)
			obj = pool_victim_get(core);
		preempt_enable();
	} while (obj == POOL_AGAIN);
	return obj;
}

/* Entered pinned, returns unpinned. */
static __always_inline void *pool_get_cached(struct syncpool *pool)
{
	struct pool_local *l;
	void *obj;
	u32 top;

	for (;;) {
		l = pool_lock(pool, &top);
		obj = l ? pool_get_locked(l, top) : pool_get_busy(pool);
		preempt_enable();
		if (obj != POOL_AGAIN)
			break;
		preempt_disable();
	}
	if (unlikely(!obj))
		obj = pool_get_victim(pool);
	pool_debug_leave(obj);
	return obj;
}

/* Build an object: nothing is cached, or nothing may be. Unpinned. */
static noinline void *pool_build(struct syncpool *pool, gfp_t gfp)
{
	struct pool_core *core;
	void *obj;

	core = READ_ONCE(pool->core);
	if (in_nmi() || (IS_ENABLED(CONFIG_PREEMPT_RT) && !preemptible())) {
		if (unlikely(!core))
			pool_activate_later(pool);
		return NULL;
	}
	if (core && !pool_is_original(pool, core))
		return NULL;
	if (unlikely(!core) && !pool_get_activate(pool, gfp))
		return NULL;
	if (!pool->params.alloc)
		return NULL;
	might_alloc(gfp);
	obj = pool->params.alloc(gfp, pool->params.data);
	pool_account_alloc(pool, obj);
	return obj;
}

/**
 * __syncpool_get() - the rest of syncpool_get(), whose array had nothing
 * @pool: the pool
 * @gfp: for the alloc callback
 *
 * Context: Any; entered with preemption disabled once, which it undoes.
 * Return: as syncpool_get().
 */
void *__syncpool_get(struct syncpool *pool, gfp_t gfp)
{
	void *obj = pool_get_cached(pool);

	return likely(obj) ? obj : pool_build(pool, gfp);
}
EXPORT_SYMBOL_GPL(__syncpool_get);

/**
 * __syncpool_try_get() - the rest of syncpool_try_get()
 * @pool: the pool
 *
 * Context: Any; entered with preemption disabled once, which it undoes.
 * Return: as syncpool_try_get().
 */
void *__syncpool_try_get(struct syncpool *pool)
{
	void *obj = pool_get_cached(pool);

	if (unlikely(!obj && !READ_ONCE(pool->core)))
		pool_activate_later(pool);
	return obj;
}
EXPORT_SYMBOL_GPL(__syncpool_try_get);

/* Locked. */
static __always_inline void pool_clear(void **slots, unsigned int n)
{
	for (; n >= 4; n -= 4, slots += 4) {
		WRITE_ONCE(slots[0], NULL);
		WRITE_ONCE(slots[1], NULL);
		WRITE_ONCE(slots[2], NULL);
		WRITE_ONCE(slots[3], NULL);
	}
	while (n--)
		WRITE_ONCE(*slots++, NULL);
}

/*
 * Move the newer part of the array, or what there is up to a hole in it, to
 * the own chain. The slot that is free then, or the guard if the chain has no
 * room. Locked.
 */
static __always_inline u32 pool_spill(struct pool_local *l)
{
	unsigned int n = pool_block(l);
	u32 middle = l->cache.last + 1 - n;
	void **slots = &l->cache.slots[middle];

	n = pool_push_block(l, slots, n);
	pool_hook(POOL_HOOK_SPILL);
	pool_clear(slots, n);
	if (likely(!slots[0]))
		return middle;
	/* not full after all, if top was too high */
	return pool_find_up(l, SYNCPOOL_TOP_EMPTY);
}

/* False, and still locked, if the chain has to grow first. Else unlocks. */
static __always_inline bool pool_put_locked(struct pool_local *l, u32 top,
					    void *obj)
{
	pool_hook(POOL_HOOK_PUT);
	top = pool_find_up(l, top);
	if (top > l->cache.last)
		top = pool_spill(l);
	if (unlikely(top > l->cache.last))
		return false;
	WRITE_ONCE(l->cache.slots[top], obj);
	if (unlikely(READ_ONCE(l->cache.nested_full)))
		top = pool_collect(l, top);
	pool_unlock(l, top);
	return true;
}

static void pool_grow(struct pool_local *l, struct pool_ring *ring)
{
	struct pool_core *core = l->set->core;

	pool_chain_grow(&l->chain, ring);
	atomic_long_inc(&core->grows);
	trace_syncpool_grow(core->params.name, ring->d.size);
}

/* A ring for @l, which is full. Unlocks and unpins. */
static struct pool_ring *pool_grow_alloc(struct pool_local *l)
{
	unsigned int size = pool_chain_next_size(&l->chain);

	pool_unlock(l, l->cache.last);
	preempt_enable();
	if (!pool_may_use_slab())
		return NULL;
	return pool_ring_alloc(size, GFP_NOWAIT | __GFP_NOWARN | __GFP_NOMEMALLOC);
}

/* No lock was to be had. Entered pinned, returns unpinned. */
static noinline void pool_put_busy(struct syncpool *pool, void *obj)
{
	struct pool_core *core = READ_ONCE(pool->core);
	bool kept = false;

	if (core && READ_ONCE(core->mode) == POOL_NORMAL) {
		atomic_long_inc(&core->nested);
		kept = pool_nested_put(this_cpu_ptr(READ_ONCE(core->local)->locals),
				       obj);
	}
	preempt_enable();
	if (kept)
		return;
	if (!core)
		pool_activate_later(pool);
	pool_drop(pool, obj);
}

/*
 * The chain of @l, which is locked, has to grow. A ring is allocated unpinned,
 * after which this may be another CPU, or the pool shut. Entered pinned,
 * returns unpinned.
 */
static noinline void pool_put_grow(struct syncpool *pool, struct pool_local *l,
				   void *obj)
{
	struct pool_ring *ring = pool_grow_alloc(l);
	u32 top;

	if (!ring) {
		pool_drop(pool, obj);
		return;
	}
	preempt_disable();
	l = pool_lock(pool, &top);
	if (!l) {
		pool_put_busy(pool, obj);
	} else {
		if (!pool_put_locked(l, top, obj)) {
			pool_grow(l, ring);
			ring = NULL;
			/* an empty ring takes a block */
			pool_put_locked(l, l->cache.last, obj);
		}
		preempt_enable();
	}
	kfree(ring);
}

/* True, and unpinned, if debug mode disposed of @obj. Pinned. */
static noinline bool pool_put_debug(struct syncpool *pool, void *obj,
				    unsigned long caller)
{
	enum pool_debug_verdict verdict = __pool_debug_put(pool, obj, caller);

	if (verdict == POOL_DEBUG_KEEP)
		return false;
	preempt_enable();
	if (verdict == POOL_DEBUG_DROP)
		pool_drop(pool, obj);
	return true;
}

/**
 * __syncpool_put() - the rest of syncpool_put(), whose array had no room
 * @pool: the pool
 * @obj: the object; NULL does nothing
 *
 * Context: Any; entered with preemption disabled once, which it undoes.
 */
void __syncpool_put(struct syncpool *pool, void *obj)
{
	struct pool_local *l;
	u32 top;

	if (unlikely(!obj)) {
		preempt_enable();
		return;
	}
	if (static_branch_unlikely(&pool_debug_key) &&
	    pool_put_debug(pool, obj, _RET_IP_))
		return;
	l = pool_lock(pool, &top);
	if (unlikely(!l))
		pool_put_busy(pool, obj);
	else if (unlikely(!pool_put_locked(l, top, obj)))
		pool_put_grow(pool, l, obj);
	else
		preempt_enable();
}
EXPORT_SYMBOL_GPL(__syncpool_put);

/*
 * Keep @obj, which is cached already, on this CPU instead of where it was.
 * False if there is no room without growing. Pinned.
 */
bool pool_store(struct pool_core *core, void *obj)
{
	struct pool_local *l = this_cpu_ptr(READ_ONCE(core->local)->locals);
	u32 top = pool_trylock(l);

	if (top == SYNCPOOL_TOP_BUSY)
		return pool_nested_put(l, obj);
	if (pool_put_locked(l, top, obj))
		return true;
	pool_unlock(l, l->cache.last);
	return false;
}

/* Up to @n objects of this CPU's own, by the block. Pinned. */
static unsigned int pool_get_many(struct syncpool *pool, void **objs,
				  unsigned int n)
{
	unsigned int k = 0;
	struct pool_local *l;
	u32 top;

	l = pool_lock(pool, &top);
	if (!l)
		return 0;
	top = pool_find_down(l, top);
	while (k < n && top != SYNCPOOL_TOP_EMPTY) {
		objs[k++] = pool_take(l, top);
		top = pool_find_down(l, top);
	}
	if (!k)
		k = pool_pop_block(l, objs, n);
	pool_unlock(l, top);
	return k;
}

/**
 * syncpool_get_bulk() - take many objects, or build them
 * @pool: the pool
 * @gfp: for the alloc callback, once nothing is cached
 * @n: how many
 * @objs: filled with as many as the return value says
 *
 * Context: As syncpool_get().
 * Return: the number of objects, fewer than @n if alloc gave no more.
 */
unsigned int syncpool_get_bulk(struct syncpool *pool, gfp_t gfp,
			       unsigned int n, void **objs)
{
	unsigned int got = 0, k, i;

	while (got < n) {
		preempt_disable();
		k = pool_get_many(pool, objs + got, min(n - got, POOL_BLOCK));
		preempt_enable();
		for (i = 0; i < k; i++)
			pool_debug_leave(objs[got + i]);
		if (!k) {
			objs[got] = syncpool_get(pool, gfp);
			k = !!objs[got];
		}
		if (!k)
			break;
		got += k;
	}
	return got;
}
EXPORT_SYMBOL_GPL(syncpool_get_bulk);

/* As many of @objs as fit without growing, up to a NULL. Pinned. */
static unsigned int pool_put_many(struct syncpool *pool, void **objs,
				  unsigned int n)
{
	unsigned int k = 0;
	struct pool_local *l;
	u32 top, to;

	l = pool_lock(pool, &top);
	if (!l)
		return 0;
	to = pool_find_up(l, top);
	for (; k < n && objs[k] && to <= l->cache.last; to = pool_find_up(l, top)) {
		WRITE_ONCE(l->cache.slots[to], objs[k++]);
		top = to;
	}
	if (!k)
		k = pool_push_block(l, objs, n);
	pool_unlock(l, top);
	return k;
}

/**
 * syncpool_put_bulk() - give many objects to the pool
 * @pool: the pool
 * @n: how many
 * @objs: the objects; NULLs among them are passed over
 *
 * Context: As syncpool_put().
 */
void syncpool_put_bulk(struct syncpool *pool, unsigned int n, void **objs)
{
	unsigned int put = 0, k = 0;

	while (put < n) {
		if (!static_branch_unlikely(&pool_debug_key)) {
			preempt_disable();
			k = pool_put_many(pool, objs + put,
					  min(n - put, POOL_BLOCK));
			preempt_enable();
		}
		if (!k) {
			syncpool_put(pool, objs[put]);
			k = 1;
		}
		put += k;
		k = 0;
	}
}
EXPORT_SYMBOL_GPL(syncpool_put_bulk);

/**
 * syncpool_prefill() - build objects ahead of need
 * @pool: the pool
 * @n: how many to add
 * @gfp: for the alloc callback
 *
 * Context: As @gfp says. Activates a pool of DEFINE_SYNCPOOL() if @gfp may
 * sleep.
 * Return: 0, also if a put found no room; -EINVAL: the pool has no alloc
 * callback; -ENOMEM: it gave fewer, which stay cached; -EAGAIN: the pool is not
 * active yet and @gfp may not sleep.
 */
int syncpool_prefill(struct syncpool *pool, unsigned int n, gfp_t gfp)
{
	void *obj;

	if (!pool->params.alloc)
		return -EINVAL;
	while (n--) {
		obj = pool_build(pool, gfp);
		if (!obj)
			return -ENOMEM;
		if (!READ_ONCE(pool->core)) {
			pool_drop(pool, obj);
			return -EAGAIN;
		}
		syncpool_put(pool, obj);
	}
	return 0;
}
EXPORT_SYMBOL_GPL(syncpool_prefill);
