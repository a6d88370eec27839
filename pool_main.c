// SPDX-License-Identifier: GPL-2.0
/*
 * pool_main - get and put
 *
 * get:	slot -> private[] -> own chain -> other CPUs' chains -> the victim's
 *	slot, private[], chains -> unpin -> alloc()
 * put:	slot -> private[], the older half spilled to the own chain when full
 *
 * The slot is served inline (include/syncpool.h). The rest is here, entered
 * pinned, under the CPU's try-lock. An operation that finds the try-lock taken
 * has interrupted its owner: get then takes from the tails, its own CPU's
 * too, and put uses the nested slots, which the owner empties on its next way
 * through here.
 *
 * A pool whose slot is shut (not activated yet, waiting for idle, closed, in
 * debug mode) comes here for everything.
 *
 * One pinned section is bounded: one block from or to the own chain, at most
 * POOL_VISITS other chains, then the victim. get goes on in another section
 * while there are chains left to try.
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

/* chains of other CPUs that one pinned section tries */
#define POOL_VISITS	4U

DEFINE_PER_CPU(struct syncpool_slot, syncpool_shut) = {
	.obj = SYNCPOOL_SLOT_SHUT,
	.busy = 1,
};
EXPORT_PER_CPU_SYMBOL_GPL(syncpool_shut);

/* what pool_local's drawing promises, where a line is 64 bytes */
static_assert(SMP_CACHE_BYTES != 64 || BITS_PER_LONG != 64 ||
	      offsetof(struct pool_local, chain.tail) == 3 * SMP_CACHE_BYTES);

/* Only an operation that interrupts the owner can fail. Pinned. */
static __always_inline bool pool_trylock(struct pool_local *l)
{
	if (READ_ONCE(l->slot.busy))
		return false;
	/*
	 * An interrupt here takes and releases the lock before this goes on,
	 * so nothing that the lock covers may be read above.
	 */
	WRITE_ONCE(l->slot.busy, 1);
	barrier();
	return true;
}

static __always_inline void pool_unlock(struct pool_local *l)
{
	barrier();
	WRITE_ONCE(l->slot.busy, 0);
}

static __always_inline struct pool_local *pool_this_local(struct syncpool *pool)
{
	return container_of(this_cpu_ptr(READ_ONCE(pool->local)),
			    struct pool_local, slot);
}

/* The lock that @pool's operations on this CPU go through, or NULL. Pinned. */
static struct pool_local *pool_lock_shut(struct syncpool *pool)
{
	struct pool_core *core = READ_ONCE(pool->core);
	struct pool_local *l;

	if (!core || !core->debug || READ_ONCE(core->mode) != POOL_NORMAL)
		return NULL;
	l = this_cpu_ptr(READ_ONCE(core->local)->locals);
	return pool_trylock(l) ? l : NULL;
}

static __always_inline struct pool_local *pool_lock(struct syncpool *pool)
{
	struct pool_local *l = pool_this_local(pool);

	if (likely(pool_trylock(l)))
		return l;
	return pool_lock_shut(pool);
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
static void pool_mask_set(struct pool_set *set, unsigned int cpu)
{
	/* litmus/mask */
	if (!cpumask_test_cpu(cpu, set->mask) &&
	    !cpumask_test_and_set_cpu(cpu, set->mask))
		atomic_inc(&set->nonempty);
}

static void pool_mask_clear(struct pool_set *set, unsigned int cpu)
{
	struct pool_chain *chain = &per_cpu_ptr(set->locals, cpu)->chain;

	if (!pool_chain_is_empty(chain))
		return;
	/* M: fully ordered, pairs with L in pool_mask_set(); litmus/mask */
	if (!cpumask_test_and_clear_cpu(cpu, set->mask))
		return;
	atomic_dec(&set->nonempty);
	if (!pool_chain_is_empty(chain))
		pool_mask_set(set, cpu);
}

/* Half of what the chain of @cpu shows at its tail, at most @n. Pinned. */
static unsigned int pool_steal_from(struct pool_set *set, unsigned int cpu,
				    void **objs, unsigned int n)
{
	struct pool_chain *chain = &per_cpu_ptr(set->locals, cpu)->chain;
	unsigned int half = (pool_chain_tail_len(chain) + 1) / 2;

	n = pool_chain_pop_tail(chain, objs, clamp(half, 1U, n));
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

	while ((cpu = cpumask_next_and(cpu, set->mask, among)) < to) {
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
	unsigned int visits = POOL_VISITS, step, k = 0;
	unsigned int start = pool_steal_start(set->core) + 1;
	const struct cpumask *among;

	if (atomic_read(&set->nonempty) <= 0)
		return 0;
	rcu_read_lock();
	for (step = 0; !k && visits; step++) {
		among = pool_hop_mask(numa_mem_id(), step);
		if (IS_ERR(among))
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
	return k || visits ? k : -EAGAIN;
}

/* Under @l's try-lock. */
static void *pool_pop(struct pool_local *l)
{
	unsigned int nr = l->slot.nr - 1;

	WRITE_ONCE(l->slot.nr, nr);
	return l->private[nr];
}

/* Empty the nested slots into private[], as far as it has room. Locked. */
static void pool_collect(struct pool_local *l)
{
	unsigned int i, nr = l->slot.nr;

	WRITE_ONCE(l->slot.nested_full, 0);
	/* a put that comes now sets it again; litmus/nested */
	barrier();
	for (i = 0; i < POOL_NESTED && nr < POOL_PRIVATE; i++) {
		l->private[nr] = pool_slot_take(&l->nested[i]);
		if (l->private[nr])
			nr++;
	}
	if (i < POOL_NESTED)
		WRITE_ONCE(l->slot.nested_full, 1);
	WRITE_ONCE(l->slot.nr, nr);
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
		WRITE_ONCE(l->slot.nested_full, 1);
		return true;
	}
	return false;
}

/* The newest object of this CPU's part of the victim. Pinned. */
static void *pool_victim_own(struct pool_local *v)
{
	void *obj = pool_slot_take(&v->slot.obj);

	if (obj || !pool_trylock(v))
		return obj;
	if (!v->slot.nr)
		pool_collect(v);
	if (v->slot.nr) {
		obj = pool_pop(v);
	} else if (pool_chain_pop_head(&v->chain, &obj, 1)) {
		this_cpu_dec(v->set->core->counters->chained);
	}
	pool_unlock(v);
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
	int k = 1;

	pool_hook(POOL_HOOK_VICTIM);
	obj = pool_victim_own(this_cpu_ptr(victim->locals));
	if (!obj)
		k = pool_steal(victim, &obj, 1);
	if (k < 0)
		return ERR_PTR(k);
	if (obj)
		pool_stat_inc(core, victim_hits);
	return obj;
}

/* Fill the empty private[] by a block. -EAGAIN as pool_steal(). Locked. */
static int pool_refill(struct pool_local *l)
{
	struct pool_core *core = l->set->core;
	int n;

	pool_hook(POOL_HOOK_REFILL);
	n = pool_chain_pop_head(&l->chain, l->private, POOL_BLOCK);
	if (n) {
		this_cpu_sub(core->counters->chained, n);
		pool_stat_inc(core, refills);
	} else {
		pool_hook(POOL_HOOK_STEAL);
		n = pool_steal(l->set, l->private, POOL_BLOCK);
		if (n > 0) {
			pool_stat_inc(core, steals);
			pool_stat_add(core, stolen, n);
		}
	}
	if (n > 0)
		WRITE_ONCE(l->slot.nr, n);
	return n;
}

/* private[] is empty: look further. -EAGAIN as pool_steal(). Locked. */
static noinline void *pool_get_more(struct pool_local *l)
{
	int n;

	if (READ_ONCE(l->slot.nested_full))
		pool_collect(l);
	if (l->slot.nr)
		return pool_pop(l);
	n = pool_refill(l);
	if (n > 0)
		return pool_pop(l);
	if (n < 0)
		return ERR_PTR(n);
	return pool_victim_get(l->set->core);
}

/* An object for an operation that has interrupted this CPU's owner. Pinned. */
static void *pool_get_nested(struct pool_core *core)
{
	struct pool_set *set = READ_ONCE(core->local);
	struct pool_local *l = this_cpu_ptr(set->locals);
	void *obj = pool_nested_take(l);
	int n;

	pool_stat_inc(core, nested);
	if (obj)
		return obj;
	n = pool_steal(set, &obj, 1);
	if (n)
		return n < 0 ? ERR_PTR(n) : obj;
	return pool_victim_get(core);
}

/* No lock was to be had: the owner is below, or the pool is shut. Pinned. */
static noinline void *pool_get_busy(struct syncpool *pool)
{
	struct pool_core *core = READ_ONCE(pool->core);

	if (core && READ_ONCE(core->mode) == POOL_NORMAL)
		return pool_get_nested(core);
	return NULL;
}

/* Entered pinned, returns unpinned. */
static __always_inline void *pool_get_cached(struct syncpool *pool)
{
	struct pool_local *l;
	void *obj;

	for (;;) {
		l = pool_lock(pool);
		if (likely(l)) {
			pool_hook(POOL_HOOK_GET);
			obj = likely(l->slot.nr) ? pool_pop(l) : pool_get_more(l);
			pool_unlock(l);
		} else {
			obj = pool_get_busy(pool);
		}
		preempt_enable();
		if (likely(!IS_ERR(obj)))
			break;
		preempt_disable();
	}
	pool_debug_leave(obj);
	return obj;
}

/* Build an object: nothing is cached, or nothing may be. Unpinned. */
static noinline void *pool_build(struct syncpool *pool, gfp_t gfp)
{
	void *obj;

	if (in_nmi())
		return NULL;
	if (unlikely(!READ_ONCE(pool->core))) {
		if (!pool_get_activate(pool, gfp))
			return NULL;
	}
	if (!pool->params.alloc)
		return NULL;
	might_alloc(gfp);
	obj = pool->params.alloc(gfp, pool->params.data);
	pool_account_alloc(pool, obj);
	return obj;
}

/**
 * __syncpool_get() - the rest of syncpool_get(), whose slot had nothing
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

/* Under @l's try-lock, with room. */
static __always_inline void pool_push(struct pool_local *l, void *obj)
{
	unsigned int nr = l->slot.nr;

	l->private[nr] = obj;
	WRITE_ONCE(l->slot.nr, nr + 1);
}

/* Push up to @n objects to the own chain, and say so. Locked. */
static unsigned int pool_push_block(struct pool_local *l, void *const *objs,
				    unsigned int n)
{
	struct pool_core *core = l->set->core;

	n = pool_chain_push_head(&l->chain, objs, n);
	if (!n)
		return 0;
	pool_mask_set(l->set, smp_processor_id());
	this_cpu_add(core->counters->chained, n);
	pool_stat_inc(core, spills);
	return n;
}

/* Move the older half of private[] to the own chain. Locked. */
static bool pool_spill(struct pool_local *l)
{
	unsigned int n = pool_push_block(l, l->private, POOL_BLOCK);

	if (!n)
		return false;
	pool_hook(POOL_HOOK_SPILL);
	memmove(l->private, l->private + n, (l->slot.nr - n) * sizeof(void *));
	WRITE_ONCE(l->slot.nr, l->slot.nr - n);
	if (READ_ONCE(l->slot.nested_full) && l->slot.nr < POOL_PRIVATE - 1)
		pool_collect(l);
	return true;
}

static void pool_grow(struct pool_local *l, struct pool_ring *ring)
{
	pool_chain_grow(&l->chain, ring);
	pool_stat_inc(l->set->core, grows);
}

/* No lock was to be had. Entered pinned, returns unpinned. */
static noinline void pool_put_busy(struct syncpool *pool, void *obj)
{
	struct pool_core *core = READ_ONCE(pool->core);
	bool kept = false;

	if (core && READ_ONCE(core->mode) == POOL_NORMAL) {
		pool_stat_inc(core, nested);
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
 * private[] is full: spill, and grow the chain if that has no room either. A
 * ring is allocated unpinned, after which this may be another CPU. Entered
 * pinned and locked, returns neither.
 */
static noinline void pool_put_full(struct syncpool *pool, struct pool_local *l,
				   void *obj)
{
	struct pool_ring *ring = NULL;
	unsigned int size;

	while (l && l->slot.nr == POOL_PRIVATE && !pool_spill(l)) {
		if (ring) {
			pool_grow(l, ring);
			ring = NULL;
			continue;
		}
		size = pool_chain_next_size(&l->chain);
		pool_unlock(l);
		preempt_enable();
		if (pool_may_use_slab())
			ring = pool_ring_alloc(size, GFP_NOWAIT | __GFP_NOWARN);
		if (!ring) {
			pool_drop(pool, obj);
			return;
		}
		preempt_disable();
		l = pool_lock(pool);
	}
	if (l) {
		pool_push(l, obj);
		pool_unlock(l);
		preempt_enable();
	} else {
		pool_put_busy(pool, obj);
	}
	if (ring)
		kfree(ring);
}

/* True if debug mode disposed of @obj. Pinned. */
static noinline bool pool_put_debug(struct syncpool *pool, void *obj,
				    unsigned long caller)
{
	switch (__pool_debug_put(pool, obj, caller)) {
	case POOL_DEBUG_DROP:
		pool_drop(pool, obj);
		return true;
	case POOL_DEBUG_REFUSE:
		return true;
	case POOL_DEBUG_KEEP:
		break;
	}
	return false;
}

/**
 * __syncpool_put() - the rest of syncpool_put(), whose slot had no room
 * @pool: the pool
 * @obj: the object; NULL does nothing
 *
 * Context: Any; entered with preemption disabled once, which it undoes.
 */
void __syncpool_put(struct syncpool *pool, void *obj)
{
	struct pool_local *l;

	if (unlikely(!obj) ||
	    (static_branch_unlikely(&pool_debug_key) &&
	     pool_put_debug(pool, obj, _RET_IP_))) {
		preempt_enable();
		return;
	}
	l = pool_lock(pool);
	if (unlikely(!l)) {
		pool_put_busy(pool, obj);
		return;
	}
	pool_hook(POOL_HOOK_PUT);
	if (unlikely(l->slot.nr == POOL_PRIVATE)) {
		pool_put_full(pool, l, obj);
		return;
	}
	pool_push(l, obj);
	pool_unlock(l);
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
	bool kept;

	if (!pool_trylock(l))
		return pool_nested_put(l, obj);
	kept = l->slot.nr < POOL_PRIVATE || pool_spill(l);
	if (kept)
		pool_push(l, obj);
	pool_unlock(l);
	return kept;
}

/* Up to @n objects of this CPU's own, by the block. Pinned. */
static unsigned int pool_get_block(struct syncpool *pool, void **objs,
				   unsigned int n)
{
	struct pool_local *l = pool_lock(pool);
	unsigned int k;

	if (!l)
		return 0;
	if (l->slot.nr) {
		k = min(n, l->slot.nr);
		memcpy(objs, l->private + l->slot.nr - k, k * sizeof(void *));
		WRITE_ONCE(l->slot.nr, l->slot.nr - k);
	} else {
		k = pool_chain_pop_head(&l->chain, objs, n);
		if (k) {
			this_cpu_sub(l->set->core->counters->chained, k);
			pool_stat_inc(l->set->core, refills);
		}
	}
	pool_unlock(l);
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
		k = pool_get_block(pool, objs + got, min(n - got, POOL_BLOCK));
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
static unsigned int pool_put_block(struct syncpool *pool, void **objs,
				   unsigned int n)
{
	struct pool_local *l;
	unsigned int k;

	for (k = 0; k < n && objs[k]; k++)
		;
	l = k ? pool_lock(pool) : NULL;
	if (!l)
		return 0;
	if (l->slot.nr < POOL_PRIVATE) {
		k = min(k, POOL_PRIVATE - l->slot.nr);
		memcpy(l->private + l->slot.nr, objs, k * sizeof(void *));
		WRITE_ONCE(l->slot.nr, l->slot.nr + k);
	} else {
		k = pool_push_block(l, objs, k);
	}
	pool_unlock(l);
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
			k = pool_put_block(pool, objs + put,
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
 * Return: 0; -EINVAL: the pool has no alloc callback; -ENOMEM: it gave fewer,
 * which stay cached; -EAGAIN: the pool is not active yet and @gfp may not
 * sleep.
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
