/* SPDX-License-Identifier: GPL-2.0 */
/*
 * syncpool - per-CPU pools of ready-made objects (Go's sync.Pool for the kernel)
 *
 * A pool keeps objects that are expensive to build. syncpool_get() takes one
 * from this CPU's part of the pool, from another CPU's, or builds one with the
 * pool's alloc callback; syncpool_put() gives it back. The pool returns its
 * memory by itself, under memory pressure and with age, through the free
 * callback, which sees every object that the pool drops exactly once.
 *
 * Which context may call what:
 *
 *                            task  softirq  interrupts off,    NMI
 *                                           under any lock
 *   get, try_get, get_bulk   yes   yes      yes                cached objects only
 *   put, put_bulk, discard   yes   yes      yes                yes
 *   free inside put          yes   yes      later              later
 *   count, outstanding,
 *   read_stats               yes   yes      yes                no
 *   init, exit, create,
 *   destroy, cleanup,
 *   resize, wait_idle        may sleep: task context only
 *   prefill                  as its gfp flags say
 *
 * Interrupts off: hardirq and irqsave sections included. There get and put take no lock and
 * wake nobody, so a tracer may use the pool in a probe under rq->lock or zone->lock. Only
 * alloc is called with the flags of the get: whether it may run there, the caller of get
 * knows, and GFP_NOWAIT takes the allocator's locks. With preemption disabled on
 * PREEMPT_RT, get returns cached objects only, and free runs later.
 *
 * Later: from a work item. As many objects can wait as the pool has built and not freed, and
 * 64 at least; of a pool of DEFINE_SYNCPOOL() that is not active yet, 64 on a CPU, all such
 * pools together. One that is dropped beyond that is lost, with a report: it was built by
 * others than the pool, or a moment ago with interrupts off. The object itself is not written
 * to.
 *
 * NMI needs an architecture whose this_cpu_cmpxchg() keeps NMIs out: x86, arm64, s390.
 * Elsewhere a get in NMI returns NULL, what is put is freed later, and one report says so.
 *
 * The free callback takes leaf locks only and never allocates with GFP_KERNEL:
 * it may run inside memory reclaim, inside put() and, unless the pool says
 * SYNCPOOL_FREE_SLEEPS, in the context that put() was called in. Reclaim begins
 * in any allocation that may sleep, whatever locks its caller holds, one with
 * GFP_NOFS or GFP_NOIO included. So a lock that free takes is never held over
 * such an allocation, and free does no I/O and waits for none. Of a pool with
 * SYNCPOOL_FREE_SLEEPS reclaim takes objects only where it may use file systems
 * and I/O (GFP_KERNEL): that free may wait for both, but not for memory.
 *
 * No lock of the pool's is held while a callback runs, so both may use other pools, and,
 * within the rules above, create and end them. The end of a pool waits for callbacks that
 * run in work items and on behalf of debugfs, so no lock that one of them takes is held over
 * syncpool_exit(). While the system suspends or hibernates, from before the first device is
 * suspended until all are resumed, and when it shuts down, free runs only on behalf of tasks
 * that sleep in calls of the pool; see pool_pm.c.
 */
#ifndef _SYNCPOOL_H
#define _SYNCPOOL_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "syncpool_fastpath.h"

struct device;
struct syncpool_core;

/*
 * Flags of struct syncpool_params.
 *
 * SYNCPOOL_FREE_SLEEPS: the free callback may sleep (it unmaps, or takes a
 *	mutex). An object that put() has to drop is then freed from a work item.
 *	Reclaim that may not use file systems or I/O leaves the pool alone, and the
 *	OOM notifier, which does not know, has a work item free.
 * SYNCPOOL_DEBUG: debug mode for this pool, as syncpool.debug=1 for all.
 * SYNCPOOL_POISON: the bytes of a cached object may be overwritten. In debug
 *	mode put() poisons them and get() checks them. Needs obj_size.
 */
#define SYNCPOOL_FREE_SLEEPS	BIT(0)
#define SYNCPOOL_DEBUG		BIT(1)
#define SYNCPOOL_POISON		BIT(2)

/**
 * struct syncpool_params - the parameters of a pool
 * @name: shown by debugfs, the shrinkers, trace events and reports; at most 47
 *	characters. Need not be unique: all but the trace events show the pool's id
 *	and module, too. Copied; what is not printable is a '_' in the copy, and so
 *	are blanks, '/', '\' and '%'.
 * @alloc: builds an object, as mempool's callback of this type; called with
 *	nothing pinned, in the context and with the gfp flags of the get.
 *	NULL: a get on an empty pool returns NULL.
 * @free: takes an object apart. Required. May run inside memory reclaim: leaf
 *	locks only, no GFP_KERNEL. See the rule at the top of this file.
 * @data: passed to both callbacks.
 * @obj_size: bytes at the pointer, which are the pool's while it has the object:
 *	SYNCPOOL_POISON fills these and no others. 0 if unknown.
 * @footprint: bytes of memory that an object keeps in use, with what it points
 *	to: the length of magazines, reclaim, MemAvailable and debugfs go by it. 0:
 *	obj_size. Objects of 32 KiB and more do not stay where only one CPU can reach
 *	them, but for a few that interrupts put in the middle of another call, and each
 *	get and put of them takes some 100 instructions. Reclaim asks for pages: with
 *	neither size, an object counts as one, and is in no MemAvailable.
 * @flags: SYNCPOOL_* or'ed together.
 * @min: objects that the pool keeps for as long as it lives, those that are out
 *	included; 0: none. Init builds them, or the first use of a pool of
 *	DEFINE_SYNCPOOL_PARAMS(); no reclaim, age or cleanup takes them. A get that may
 *	sleep then never returns NULL: where alloc fails, it waits for an object. So
 *	alloc is called with __GFP_NORETRY, __GFP_NOWARN and __GFP_NOMEMALLOC as
 *	mempool's is; __vmalloc() of Linux 7 knows no __GFP_NOMEMALLOC. Needs alloc.
 * @max: objects that exist at most, out, cached, or on their way from alloc or to
 *	free; 0: no bound. Where so many exist and none is idle, a get that may
 *	sleep waits for one. Not less than @min. Neither is exact in a pool that is
 *	given objects which alloc did not build: they count when they are freed, not
 *	when they are put.
 */
struct syncpool_params {
	const char	*name;
	mempool_alloc_t	*alloc;
	mempool_free_t	*free;
	void		*data;
	size_t		obj_size;
	size_t		footprint;
	unsigned int	flags;
	unsigned int	min;
	unsigned int	max;
};

/**
 * struct syncpool_stats - what a pool has done since it was made
 * @allocs: objects built by the alloc callback.
 * @frees: objects dropped, each passed to the free callback once.
 * @alloc_fails: times the alloc callback returned NULL.
 * @refills: times objects were taken from the CPU's own chain.
 * @spills: times objects were pushed to the CPU's own chain.
 * @steals: thefts from another CPU's chain of the active generation.
 * @stolen: objects taken by these.
 * @victim_hits: objects that came from the victim or the old generation.
 * @rotations: rotations, by pressure, by age or by cleanup.
 * @grows: rings added to chains.
 * @nested: operations that interrupted an operation on the same CPU.
 * @reclaimed: objects freed for memory: by a shrinker, or before a task is killed.
 * @aged: objects freed by age.
 * @rebuilt: objects built within a second of a cached one being freed. Reclaim
 *	should not have taken those.
 * @waits: gets that slept for an object.
 * @recalls: times another CPU was asked for what its magazine held.
 * @peak: most objects out at once, those that gets were waiting for alloc to build
 *	included, as far as gets that built one saw it.
 * @refused: puts that found no memory for a ring, most often with interrupts off. Their
 *	objects were freed, or are about to be.
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
	unsigned long reclaimed;
	unsigned long aged;
	unsigned long rebuilt;
	unsigned long waits;
	unsigned long recalls;
	unsigned long peak;
	unsigned long refused;
};

/* private: counts while nothing is cached; out: allocs less frees */
struct syncpool_uncached {
	atomic_long_t allocs;
	atomic_long_t out;
	atomic_long_t alloc_fails;
};

/* private: what params.min and max are compared with, see pool_limit.c */
struct syncpool_limit {
	atomic_long_t built;
	atomic_long_t existing;
};

#define SYNCPOOL_NAME_LEN	48	/* with the NUL */

/**
 * struct syncpool - a pool
 *
 * Embed it, or let syncpool_create() make one. Its fields are the pool's own.
 * It must not be copied or moved while it is in use.
 */
struct syncpool {
	/* private: */
	unsigned long			magazine;	/* see __syncpool_magazine() */
	struct syncpool_core		*core;	/* NULL: not active, or ended */
	struct syncpool_params		params;
	struct module			*owner;
	unsigned long			state;	/* enum pool_state_bit */
	struct syncpool_uncached	uncached;
	struct work_struct		activate;
	char				name[SYNCPOOL_NAME_LEN];
	unsigned int			id;	/* 0: never active */
	struct syncpool_limit		limit;
};

void __syncpool_activate(struct work_struct *work);

/**
 * DEFINE_SYNCPOOL_PARAMS() - define a pool that is ready and has allocated nothing
 * @_name: the variable, and the pool's name unless .name is given; at most 47
 *	characters
 * @...: designated initializers of struct syncpool_params, such as
 *	.alloc = ws_alloc, .free = ws_free, .obj_size = 4096
 *
 * The first get or prefill with all of GFP_KERNEL, syncpool_wait_idle() and
 * syncpool_resize() activate it, any other get, put, prefill or discard does so from a
 * work item; until then objects are built and freed for each use, 32 of them at a
 * time, and any further get returns NULL. If its parameters are invalid, see
 * syncpool_init(), that is reported, and the pool never caches. A module that defines one
 * calls syncpool_exit() on it before it unloads.
 *
 * Context: Outside of functions; may be static.
 */
#define DEFINE_SYNCPOOL_PARAMS(_name, ...)				\
	struct syncpool _name = {					\
		.params = { __VA_ARGS__ },				\
		.owner = THIS_MODULE,					\
		.state = BUILD_BUG_ON_ZERO(sizeof(#_name) > SYNCPOOL_NAME_LEN), \
		.activate = __WORK_INITIALIZER((_name).activate,	\
					       __syncpool_activate),	\
		.name = #_name,						\
	}

/**
 * DEFINE_SYNCPOOL() - DEFINE_SYNCPOOL_PARAMS() with the callbacks alone
 * @_name: the variable, and the pool's name
 * @_alloc: see struct syncpool_params
 * @_free: see struct syncpool_params
 * @_data: see struct syncpool_params
 *
 * Context: Outside of functions; may be static.
 */
#define DEFINE_SYNCPOOL(_name, _alloc, _free, _data)			\
	DEFINE_SYNCPOOL_PARAMS(_name, .alloc = (_alloc), .free = (_free), \
			       .data = (_data))

int __syncpool_init(struct syncpool *pool, const struct syncpool_params *params,
		    struct module *owner);
struct syncpool *__syncpool_create(const struct syncpool_params *params,
				   struct module *owner);
struct syncpool *__devm_syncpool_create(struct device *dev,
					const struct syncpool_params *params,
					struct module *owner);
void *__syncpool_get(struct syncpool *pool, gfp_t gfp);
void *__syncpool_try_get(struct syncpool *pool);
void *__syncpool_get_killable(struct syncpool *pool, gfp_t gfp);
void __syncpool_put(struct syncpool *pool, void *obj);
void __syncpool_poison(struct syncpool *pool, void *obj);
void __syncpool_unpoison(const struct syncpool_params *params, void *obj);

/* What a pool holds may not be used, see pool_kasan.c: a user gives @obj to it, or gets it. */
static __always_inline void __syncpool_take(struct syncpool *pool, void *obj)
{
	if (IS_ENABLED(CONFIG_SYNCPOOL_KASAN))
		__syncpool_poison(pool, obj);
}

static __always_inline void *__syncpool_give(const struct syncpool_params *params, void *obj)
{
	if (IS_ENABLED(CONFIG_SYNCPOOL_KASAN))
		__syncpool_unpoison(params, obj);
	return obj;
}

/**
 * syncpool_init() - make a pool
 * @pool: memory of the caller's that stays where it is
 * @params: parameters, copied
 *
 * Context: Task context. May sleep.
 * Return: 0; -EINVAL: no params, name or free callback, unknown flags,
 * SYNCPOOL_POISON without obj_size, min without alloc or above max, or either above
 * INT_MAX; -ENAMETOOLONG: the name has SYNCPOOL_NAME_LEN characters or more; -EBUSY: @pool
 * is a pool already; -ENOMEM, also if min objects cannot be built, with nothing left
 * behind; -EAGAIN: in a kernel that has syncpool built in, before postcore_initcall().
 * After an error other than -EBUSY, syncpool_exit() of @pool does nothing.
 */
static inline int syncpool_init(struct syncpool *pool,
				const struct syncpool_params *params)
{
	return __syncpool_init(pool, params, THIS_MODULE);
}

/**
 * syncpool_exit() - end a pool
 * @pool: the pool
 *
 * Frees what is cached. When it returns, no callback of the pool runs or will
 * run, so the caller's module may unload. Objects still out are reported by
 * number; the pool cannot know where they are.
 *
 * Context: Task context. Sleeps. Nobody else uses @pool any more.
 */
void syncpool_exit(struct syncpool *pool);

/**
 * syncpool_create() - allocate a pool and make it
 * @params: parameters, copied
 *
 * Context: Task context. May sleep.
 * Return: the pool, or an ERR_PTR() of the errors of syncpool_init().
 */
static inline struct syncpool *
syncpool_create(const struct syncpool_params *params)
{
	return __syncpool_create(params, THIS_MODULE);
}

/**
 * syncpool_destroy() - end a pool of syncpool_create() and free it
 * @pool: the pool; NULL or an ERR_PTR() does nothing
 *
 * A pool that syncpool_create() did not make is ended and its memory left to the
 * caller. A pool of devm_syncpool_create() is left to its device. Both are
 * reported.
 *
 * Context: As syncpool_exit().
 */
void syncpool_destroy(struct syncpool *pool);

/**
 * devm_syncpool_create() - syncpool_create() for as long as a driver is bound
 * @dev: the device; the pool is destroyed when its driver unbinds, in reverse
 *	order of the device's other resources
 * @params: parameters, copied
 *
 * Context: Task context. May sleep.
 * Return: the pool, or an ERR_PTR() of the errors of syncpool_init().
 */
static inline struct syncpool *
devm_syncpool_create(struct device *dev, const struct syncpool_params *params)
{
	return __devm_syncpool_create(dev, params, THIS_MODULE);
}

/*
 * The magazines that @pool works on now. Stored as the distance from
 * syncpool_closed, so that zeroed memory is a closed pool.
 *
 * __syncpool_magazine:A: address dependency, pairs with pool_core_publish:A;
 * litmus/activate
 */
static __always_inline struct syncpool_magazine __percpu *
__syncpool_magazine(struct syncpool *pool)
{
	return (struct syncpool_magazine __percpu *)
	       ((__force unsigned long)&syncpool_closed +
		READ_ONCE(pool->magazine));
}

/*
 * Where the magazine cannot serve, __syncpool_get(), __syncpool_get_killable(),
 * __syncpool_try_get() and __syncpool_put() do. They are called with preemption
 * disabled and enable it, which keeps the inlined code short.
 */

/**
 * syncpool_get() - take an object from the pool, or build one
 * @pool: the pool
 * @gfp: passed to the alloc callback if nothing is cached
 *
 * If @gfp allows direct reclaim, the get takes what is cached on any CPU, sleeping
 * ones included: before it builds, it has the CPUs interrupted whose magazines
 * hold objects, at a bounded rate and none that nohz_full= isolates; before it
 * returns NULL, all of them. Otherwise it does not wait for other CPUs, and an
 * object that lies in another CPU's magazine is out of its reach: at most one on
 * each CPU, unless that CPU's own use has earned its magazine more room, or its thefts
 * have borrowed some. It has such a magazine flushed for the gets that follow.
 *
 * A pool with params.min or max may have to wait, if @gfp allows direct reclaim, with
 * GFP_NOIO and GFP_NOFS as well: with max while so many objects exist, and with min
 * while alloc fails. It sleeps until an object is put, or can be built; signals do not
 * end that, see syncpool_get_killable(). Gets that wait are served in order of arrival. A
 * put wakes the first of them, and gets that run before it does may be faster. Once it has
 * looked in vain, or one of them has slept for 4 ms, puts hand their objects over, and no
 * other get is given one. So a caller that holds an object while it waits for another must
 * know that those that exist suffice.
 *
 * Context: Any; in NMI, cached objects only. Sleeps only if @gfp allows direct
 * reclaim.
 * Return: an object, which belongs to the caller until it is put back; NULL if
 * nothing is cached within reach and alloc returned none, or may not be called
 * because max objects exist or others wait, or 32 while a pool of DEFINE_SYNCPOOL() is
 * not active yet. Never NULL if @gfp allows direct reclaim and the pool has a min, unless
 * syncpool_exit() has begun.
 */
static __always_inline __attribute__((nonnull)) void *
syncpool_get(struct syncpool *pool, gfp_t gfp)
{
	void *obj;

	preempt_disable();
	obj = __syncpool_magazine_get(__syncpool_magazine(pool));
	if (unlikely(!obj))
		return __syncpool_give(&pool->params, __syncpool_get(pool, gfp));
	preempt_enable();
	return __syncpool_give(&pool->params, obj);
}

/**
 * syncpool_get_killable() - syncpool_get() that a fatal signal ends
 * @pool: the pool
 * @gfp: as for syncpool_get()
 *
 * Context: As syncpool_get().
 * Return: as syncpool_get(); NULL also if the caller had to wait and was killed.
 */
static __always_inline __attribute__((nonnull)) void *
syncpool_get_killable(struct syncpool *pool, gfp_t gfp)
{
	void *obj;

	preempt_disable();
	obj = __syncpool_magazine_get(__syncpool_magazine(pool));
	if (unlikely(!obj))
		return __syncpool_give(&pool->params, __syncpool_get_killable(pool, gfp));
	preempt_enable();
	return __syncpool_give(&pool->params, obj);
}

/**
 * syncpool_try_get() - take a cached object
 * @pool: the pool
 *
 * Reaches what syncpool_get() reaches with GFP_NOWAIT.
 *
 * Context: Any. Never sleeps, never calls alloc.
 * Return: an object, or NULL if nothing is cached where this CPU can reach it.
 */
static __always_inline __attribute__((nonnull)) void *
syncpool_try_get(struct syncpool *pool)
{
	void *obj;

	preempt_disable();
	obj = __syncpool_magazine_get(__syncpool_magazine(pool));
	if (unlikely(!obj))
		return __syncpool_give(&pool->params, __syncpool_try_get(pool));
	preempt_enable();
	return __syncpool_give(&pool->params, obj);
}

/**
 * syncpool_put() - give an object to the pool
 * @pool: the pool
 * @obj: the object, which belongs to the pool from here on; NULL does nothing
 *
 * What one CPU wrote to the object before the put, another sees after the get
 * that returns it: release and acquire, as Go's memory model promises for
 * sync.Pool.
 *
 * Never fails. An object that finds no room is dropped: passed to the free
 * callback here, or from a work item where free may not run: interrupts off, NMI,
 * atomic sections of PREEMPT_RT, or a pool with SYNCPOOL_FREE_SLEEPS. With
 * interrupts off it finds room in a magazine, in the rings that are there, and in one
 * spare ring of the CPU, of 256 slots with pages of 4 KiB, for all pools; a work item
 * replaces that. What finds none is counted as syncpool_stats.refused.
 *
 * Context: Any. Never sleeps.
 */
static __always_inline __attribute__((nonnull(1))) void
syncpool_put(struct syncpool *pool, void *obj)
{
	__syncpool_take(pool, obj);
	preempt_disable();
	if (unlikely(!__syncpool_magazine_put(__syncpool_magazine(pool), obj))) {
		__syncpool_put(pool, obj);
		return;
	}
	preempt_enable();
}

/**
 * syncpool_discard() - free an object instead of putting it
 * @pool: the pool
 * @obj: the object, which is not fit for use any more; NULL does nothing
 *
 * It counts as freed, whatever params.min says; a pool with a min builds another one
 * from a work item. The free callback runs here or later, as for an object that
 * syncpool_put() drops.
 *
 * Context: Any. Never sleeps.
 */
void syncpool_discard(struct syncpool *pool, void *obj);

/**
 * syncpool_get_bulk() - take many objects, or build them
 * @pool: the pool
 * @gfp: passed to the alloc callback once nothing is cached
 * @n: how many
 * @objs: filled with as many as the return value says
 *
 * Waits as syncpool_get() does, and holds nothing while others are before it: it gives
 * back what it has taken, and collects @n objects when it is the first of those that
 * wait. So two of these calls cannot wait for each other's objects. Where it waits, it
 * ends with min or max objects, if @n is more than the pool can promise.
 *
 * Context: As syncpool_get().
 * Return: the number of objects in @objs. Fewer than @n means that nothing more
 * was cached, and that alloc returned NULL or max objects exist; the caller keeps
 * those it got.
 */
unsigned int syncpool_get_bulk(struct syncpool *pool, gfp_t gfp,
			       unsigned int n, void **objs);

/**
 * syncpool_put_bulk() - give many objects to the pool
 * @pool: the pool
 * @n: length of @objs
 * @objs: the objects; NULLs among them are skipped
 *
 * Context: As syncpool_put().
 */
void syncpool_put_bulk(struct syncpool *pool, unsigned int n, void **objs);

/**
 * syncpool_prefill() - build objects ahead of need
 * @pool: the pool
 * @n: how many to add
 * @gfp: passed to the alloc callback
 *
 * Reserves nothing: what it adds is cached as any other object is, and may be
 * reclaimed before it is used. To keep objects, use params.min.
 *
 * Context: As @gfp says. Activates a pool of DEFINE_SYNCPOOL() if @gfp has all of
 * GFP_KERNEL.
 * Return: 0, also if a put found no room; -EINVAL: the pool has no alloc
 * callback; -ENOMEM: alloc built fewer than @n, which stay cached; -EBUSY: likewise,
 * since max objects exist, or gets wait for one; -EAGAIN: the pool is not active yet
 * and @gfp has less than GFP_KERNEL, or as syncpool_init().
 */
int syncpool_prefill(struct syncpool *pool, unsigned int n, gfp_t gfp);

/**
 * syncpool_resize() - change params.min and params.max
 * @pool: the pool
 * @min: see struct syncpool_params
 * @max: likewise
 *
 * With a larger @max gets that wait go on. If more than a smaller @max exist, those
 * that are idle are freed now, and of those that are out so many as exceed it as they
 * come back.
 *
 * Context: Task context. Sleeps for grace periods. Calls alloc and free.
 * Return: 0; -EINVAL: @min is above @max, or without alloc, or one of them above INT_MAX;
 * -ENOMEM: @min objects cannot be built, so both are as before, or a pool of
 * DEFINE_SYNCPOOL() could not be activated; -ESHUTDOWN after syncpool_exit();
 * -EINVAL for a copy of a pool; -EAGAIN as syncpool_init().
 */
int syncpool_resize(struct syncpool *pool, unsigned int min, unsigned int max);

/**
 * syncpool_cleanup() - one cycle of garbage collection
 * @pool: the pool
 *
 * Frees what was cached before the last rotation and not asked for since, down to
 * params.min objects, and makes what is cached now the victim. Memory reclaim and age
 * need no call of it.
 *
 * Context: Task context. Sleeps for a grace period.
 * Return: the number of objects freed.
 */
unsigned long syncpool_cleanup(struct syncpool *pool);

/**
 * syncpool_count() - objects cached now
 * @pool: the pool
 *
 * Context: Any but NMI.
 * Return: the number; exact while nobody gets or puts.
 */
unsigned long syncpool_count(struct syncpool *pool);

/**
 * syncpool_outstanding() - objects out with callers now
 * @pool: the pool
 *
 * Context: Any but NMI.
 * Return: allocs - frees - cached; exact while nobody gets or puts, negative
 * if more objects were put than the pool built.
 */
long syncpool_outstanding(struct syncpool *pool);

/**
 * syncpool_wait_idle() - sleep until every object is back
 * @pool: the pool
 * @timeout: in jiffies; MAX_SCHEDULE_TIMEOUT and more: no limit. It covers the
 *	sleep alone: a grace period before, and a drain that is under way, add
 *	to it.
 *
 * Meanwhile puts free their objects instead of caching them, down to params.min, and
 * a get of a pool with min or max takes what is cached before it builds or waits. Other
 * cached objects stay cached, and afterwards
 * the pool works as before, whatever was returned. A caller that wants to tear down
 * what the objects depend on calls syncpool_exit() next.
 *
 * Context: Task context. Sleeps.
 * Return: 0: nothing was out at some moment; -ETIMEDOUT; -ENOMEM, -EINVAL
 * or -ENAMETOOLONG if a pool of DEFINE_SYNCPOOL() could not be activated;
 * -ESHUTDOWN after or during syncpool_exit(); -EINVAL for a copy of a pool; -EAGAIN as
 * syncpool_init().
 */
int syncpool_wait_idle(struct syncpool *pool, unsigned long timeout);

/**
 * syncpool_read_stats() - what the pool has done since it was made
 * @pool: the pool
 * @stats: filled; each counter is exact while nobody uses the pool
 *
 * Context: Any but NMI.
 */
void syncpool_read_stats(struct syncpool *pool, struct syncpool_stats *stats);

/*
 * For code in the style of <linux/cleanup.h>:
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
