/* SPDX-License-Identifier: GPL-2.0 */
/*
 * syncpool - per-CPU pools of ready-made objects (Go's sync.Pool for the kernel)
 *
 * A pool keeps objects that are dear to build. syncpool_get() takes one from
 * the cache of the CPU it runs on, from another CPU's, or builds one with the
 * pool's alloc callback; syncpool_put() gives it back. The pool returns its
 * memory by itself, under memory pressure and with age, through the free
 * callback, which sees every object that the pool drops exactly once.
 *
 * Who may call what:
 *
 *                             task   softirq  hardirq  NMI
 *   get, try_get, get_bulk    yes    yes      yes      cached objects only
 *   put, put_bulk             yes    yes      yes      yes
 *   count, outstanding,
 *   read_stats                yes    yes      yes      no
 *   init, exit, create,
 *   destroy, cleanup,
 *   wait_idle                 may sleep: task context only
 *   prefill                   as its gfp flags say
 *
 * PREEMPT_RT: the same table; with preemption or interrupts disabled get gives
 * cached objects only, a ring does not grow, and free runs from a work item.
 *
 * NMI: where this_cpu_cmpxchg() is one instruction or disables nothing, as on
 * x86 and arm64.
 *
 * The free callback takes leaf locks only and never allocates with GFP_KERNEL:
 * it may run inside memory reclaim, inside put() and, unless the pool says
 * SYNCPOOL_FREE_SLEEPS, in whatever context put() was called in. The first two
 * words of an object that it is handed may have been overwritten: objects are
 * two pointers large, and what free needs to know lies behind these.
 */
#ifndef _SYNCPOOL_H
#define _SYNCPOOL_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "compat.h"

struct device;
struct pool_core;

/*
 * Flags of struct syncpool_params.
 *
 * SYNCPOOL_FREE_SLEEPS: the free callback may sleep (it unmaps, or takes a
 *	mutex). What put() has to drop is then freed from a work item, queued
 *	through the object's own first two words.
 * SYNCPOOL_DEBUG: debug mode for this pool, as syncpool.debug=1 for all.
 * SYNCPOOL_POISON: the bytes of a cached object may be overwritten. In debug
 *	mode they are poisoned by put() and checked by get(). Needs obj_size.
 */
#define SYNCPOOL_FREE_SLEEPS	BIT(0)
#define SYNCPOOL_DEBUG		BIT(1)
#define SYNCPOOL_POISON		BIT(2)

/**
 * struct syncpool_params - what a pool is made of
 * @name: unique name; debugfs, the shrinker, trace events and reports show it.
 *	Copied.
 * @alloc: builds an object, as mempool's callback of this type; called with
 *	nothing pinned, in the context and with the gfp flags of the get.
 *	NULL: an empty pool gives NULL.
 * @free: takes an object apart. Required. See the rule at the top of this file.
 * @data: handed to both callbacks.
 * @obj_size: bytes that an object stands for; 0 if unknown.
 * @flags: SYNCPOOL_* or'ed together.
 */
struct syncpool_params {
	const char	*name;
	mempool_alloc_t	*alloc;
	mempool_free_t	*free;
	void		*data;
	size_t		obj_size;
	unsigned int	flags;
};

/**
 * struct syncpool_stats - what a pool has done since it was made
 * @allocs: objects built by the alloc callback.
 * @frees: objects dropped, each given to the free callback once.
 * @alloc_fails: times the alloc callback gave NULL.
 * @refills: times private[] was refilled from the CPU's own chain.
 * @spills: times private[] was spilled to the CPU's own chain.
 * @steals: thefts from another CPU's chain.
 * @stolen: objects taken by these.
 * @victim_hits: objects that came from the victim cache.
 * @rotations: generations turned, by pressure, by age or by cleanup.
 * @grows: rings added to chains.
 * @nested: operations that met a busy owner on their own CPU.
 */
struct syncpool_stats {
	unsigned long allocs;
	unsigned long frees;
	unsigned long alloc_fails;
	unsigned long refills;
	unsigned long spills;
	unsigned long steals;
	unsigned long stolen;
	unsigned long victim_hits;
	unsigned long rotations;
	unsigned long grows;
	unsigned long nested;
};

/*
 * private: a CPU's LIFO array, which the inlined fast path works on. Whoever
 * takes or fills a slot does so by compare-and-swap on this CPU, so an
 * interrupt or NMI in between can take nothing twice and overwrite nothing;
 * @top only says where to look. The guard slots end the array for both sides:
 *
 *	slots:	G  G  a  b  c  .  .  .  G
 *		0  1        ^top     ^last
 *		^SYNCPOOL_TOP_BUSY: neither get nor put
 *		   ^SYNCPOOL_TOP_EMPTY
 */
#define SYNCPOOL_GUARD		((void *)1)
#define SYNCPOOL_TOP_BUSY	0
#define SYNCPOOL_TOP_EMPTY	1
#define SYNCPOOL_SLOTS		30

struct syncpool_cache {
	u32 top;
	u16 last;		/* the slot before the upper guard */
	u8 block;		/* see struct pool_local in the module */
	u8 nested_full;		/* likewise */
	void *slots[SYNCPOOL_SLOTS];
};

DECLARE_PER_CPU(struct syncpool_cache, syncpool_shut);

/* private: counts what happens while nothing is cached; out: allocs - frees */
struct syncpool_uncached {
	atomic_long_t allocs;
	atomic_long_t out;
	atomic_long_t alloc_fails;
};

#define SYNCPOOL_NAME_LEN	48	/* with the NUL */

/**
 * struct syncpool - a pool
 *
 * Embed it, or let syncpool_create() make one. Its fields are the pool's own.
 * It must not be copied or moved while it is in use.
 */
struct syncpool {
	/* private: read by every operation, written when a pool turns */
	unsigned long			local;	/* see syncpool_cache() */
	struct pool_core		*core;	/* NULL: not activated, or gone */
	struct syncpool_params		params;
	struct module			*owner;
	unsigned long			state;	/* POOL_* bits, one-time reports too */
	struct syncpool_uncached	uncached;
	struct work_struct		activate;
	char				name[SYNCPOOL_NAME_LEN];
};

void __syncpool_activate(struct work_struct *work);

/**
 * DEFINE_SYNCPOOL() - define a pool that is ready and has allocated nothing
 * @_name: the variable, and the pool's name
 * @_alloc: see struct syncpool_params
 * @_free: see struct syncpool_params
 * @_data: see struct syncpool_params
 *
 * The first get with GFP_KERNEL activates it, any other first call does so from
 * a work item; until then objects are built and freed for each use. A module
 * that defines one calls syncpool_exit() on it before it unloads.
 */
#define DEFINE_SYNCPOOL(_name, _alloc, _free, _data)			\
	struct syncpool _name = {					\
		.params = {						\
			.name = #_name,					\
			.alloc = (_alloc),				\
			.free = (_free),				\
			.data = (_data),				\
		},							\
		.owner = THIS_MODULE,					\
		.activate = __WORK_INITIALIZER((_name).activate,	\
					       __syncpool_activate),	\
	}

int __syncpool_init(struct syncpool *pool, const struct syncpool_params *params,
		    struct module *owner);
struct syncpool *__syncpool_create(const struct syncpool_params *params,
				   struct module *owner);
struct syncpool *__devm_syncpool_create(struct device *dev,
					const struct syncpool_params *params,
					struct module *owner);
void *__syncpool_get(struct syncpool *pool, gfp_t gfp);
void *__syncpool_try_get(struct syncpool *pool);
void __syncpool_put(struct syncpool *pool, void *obj);

/**
 * syncpool_init() - make a pool
 * @pool: where, in memory of the caller's that stays put
 * @params: what of; copied
 *
 * Context: Task context. May sleep.
 * Return: 0; -EINVAL: no params, name or free callback, unknown flags,
 * SYNCPOOL_POISON without obj_size, or objects too small to be queued
 * (SYNCPOOL_FREE_SLEEPS and an obj_size below two pointers); -EEXIST: the name
 * is taken; -ENAMETOOLONG: it has SYNCPOOL_NAME_LEN characters or more;
 * -EBUSY: @pool is a pool already; -ENOMEM, with nothing left behind. After
 * an error other than -EBUSY, syncpool_exit() of @pool does nothing.
 */
static inline int syncpool_init(struct syncpool *pool,
				const struct syncpool_params *params)
{
	return __syncpool_init(pool, params, THIS_MODULE);
}

void syncpool_exit(struct syncpool *pool);

/**
 * syncpool_create() - allocate a pool and make it
 * @params: what of; copied
 *
 * Context: Task context. May sleep.
 * Return: the pool, or an ERR_PTR() as syncpool_init() gives.
 */
static inline struct syncpool *
syncpool_create(const struct syncpool_params *params)
{
	return __syncpool_create(params, THIS_MODULE);
}

void syncpool_destroy(struct syncpool *pool);

/**
 * devm_syncpool_create() - syncpool_create() for the life of a driver binding
 * @dev: the device; the pool is destroyed when its driver unbinds, in reverse
 *	order of the device's other resources
 * @params: what of; copied
 *
 * Context: Task context. May sleep.
 * Return: the pool, or an ERR_PTR() as syncpool_init() gives.
 */
static inline struct syncpool *
devm_syncpool_create(struct device *dev, const struct syncpool_params *params)
{
	return __devm_syncpool_create(dev, params, THIS_MODULE);
}

/*
 * The arrays that @pool works on now. Kept as a distance from syncpool_shut, an
 * array that is busy for ever, so that zeroed memory is a pool that is shut.
 */
static __always_inline struct syncpool_cache __percpu *
syncpool_cache(struct syncpool *pool)
{
	return (struct syncpool_cache __percpu *)
	       ((__force unsigned long)&syncpool_shut + READ_ONCE(pool->local));
}

/*
 * The fast path, pinned by preempt_disable(). An array that cannot serve (empty
 * for get, full for put, busy for both, or not as @top says) leads into the
 * module, which is entered pinned and returns unpinned.
 */
static __always_inline void *syncpool_cache_get(struct syncpool *pool)
{
	struct syncpool_cache __percpu *cache = syncpool_cache(pool);
	u32 top = this_cpu_read(cache->top);
	void *obj = this_cpu_read(cache->slots[top]);

	if (unlikely((unsigned long)obj <= (unsigned long)SYNCPOOL_GUARD))
		return NULL;
	if (unlikely(!pool_this_cpu_try_cmpxchg(cache->slots[top], &obj, NULL)))
		return NULL;
	this_cpu_write(cache->top, top - 1);
	return obj;
}

/* NULL finds room like any object; get passes over the hole that it leaves */
static __always_inline bool syncpool_cache_put(struct syncpool *pool, void *obj)
{
	struct syncpool_cache __percpu *cache = syncpool_cache(pool);
	u32 top = this_cpu_read(cache->top) + 1;
	void *old = NULL;

	if (unlikely(!pool_this_cpu_try_cmpxchg(cache->slots[top], &old, obj)))
		return false;
	this_cpu_write(cache->top, top);
	return true;
}

/**
 * syncpool_get() - take an object from the pool, or build one
 * @pool: the pool
 * @gfp: for the alloc callback, if nothing is cached
 *
 * Context: Any; in NMI, cached objects only. Sleeps only if @gfp lets the alloc
 * callback sleep.
 * Return: an object, which belongs to the caller until it is put back; NULL if
 * nothing is cached and alloc gave none.
 */
static __always_inline __attribute__((nonnull)) void *
syncpool_get(struct syncpool *pool, gfp_t gfp)
{
	void *obj;

	preempt_disable();
	obj = syncpool_cache_get(pool);
	if (unlikely(!obj))
		return __syncpool_get(pool, gfp);
	preempt_enable();
	return obj;
}

/**
 * syncpool_try_get() - take a cached object
 * @pool: the pool
 *
 * Context: Any. Never sleeps, never calls alloc.
 * Return: an object, or NULL if nothing is cached where this CPU can reach it.
 */
static __always_inline __attribute__((nonnull)) void *
syncpool_try_get(struct syncpool *pool)
{
	void *obj;

	preempt_disable();
	obj = syncpool_cache_get(pool);
	if (unlikely(!obj))
		return __syncpool_try_get(pool);
	preempt_enable();
	return obj;
}

/**
 * syncpool_put() - give an object to the pool
 * @pool: the pool
 * @obj: the object, the pool's from here on; NULL does nothing
 *
 * What one CPU wrote to the object before the put, another sees after the get
 * that returns it (release and acquire, as Go's memory model has it for
 * sync.Pool).
 *
 * Context: Any. Never fails, never sleeps. An object that finds no room is
 * dropped: given to the free callback here, or from a work item where free may
 * not run (SYNCPOOL_FREE_SLEEPS, NMI, atomic sections of PREEMPT_RT); to be
 * queued so, an object has to be two pointers large. Under a raw spinlock, where
 * CONFIG_PROVE_RAW_LOCK_NESTING knows of it, lockdep reports outside hardirq
 * that a ring is allocated or an object freed there.
 */
static __always_inline __attribute__((nonnull(1))) void
syncpool_put(struct syncpool *pool, void *obj)
{
	preempt_disable();
	if (unlikely(!syncpool_cache_put(pool, obj))) {
		__syncpool_put(pool, obj);
		return;
	}
	preempt_enable();
}

unsigned int syncpool_get_bulk(struct syncpool *pool, gfp_t gfp,
			       unsigned int n, void **objs);
void syncpool_put_bulk(struct syncpool *pool, unsigned int n, void **objs);
int syncpool_prefill(struct syncpool *pool, unsigned int n, gfp_t gfp);

unsigned long syncpool_cleanup(struct syncpool *pool);
unsigned long syncpool_count(struct syncpool *pool);
long syncpool_outstanding(struct syncpool *pool);
int syncpool_wait_idle(struct syncpool *pool, unsigned long timeout);
void syncpool_read_stats(struct syncpool *pool, struct syncpool_stats *stats);

/*
 * For code in the manner of <linux/cleanup.h>:
 *
 *	CLASS(syncpool_obj, ws)(&pool, GFP_KERNEL);
 *	if (!ws.obj)
 *		return -ENOMEM;
 *	...			// ws.obj goes back at the end of the scope
 *
 *	struct syncpool *pool __free(syncpool_destroy) = syncpool_create(&params);
 */
struct syncpool_guard {
	struct syncpool *pool;
	void *obj;
};

DEFINE_CLASS(syncpool_obj, struct syncpool_guard, syncpool_put(_T.pool, _T.obj),
	     ((struct syncpool_guard){ pool, syncpool_get(pool, gfp) }),
	     struct syncpool *pool, gfp_t gfp)

DEFINE_FREE(syncpool_destroy, struct syncpool *, syncpool_destroy(_T))

#endif /* _SYNCPOOL_H */
