/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of syncpool share. Conventions, in all of them:
 *
 * @pool	the user's struct syncpool
 * @core	what an activated pool has allocated
 * @set		one of the core's three generations
 * @l		one CPU's part of a set
 * pinned	preemption is off: the caller stays on this CPU, and is an RCU
 *		reader, so that the sets and rings that it sees stay
 */
#ifndef _POOL_H
#define _POOL_H

#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "pool_chain.h"
#include "syncpool.h"

#define POOL_FIRST	(SYNCPOOL_TOP_EMPTY + 1)
/* objects in the array at most; docs/performance.md */
#define POOL_PRIVATE	(SYNCPOOL_SLOTS - POOL_FIRST - 1)
/* moved at once at most; struct syncpool_cache.block */
#define POOL_BLOCK	(POOL_PRIVATE * 3 / 4)
/* what the objects in one array may stand for, if that is known */
#define POOL_PRIVATE_BYTES	SZ_256K
#define POOL_NESTED	4U	/* slots for puts that interrupted the owner */
#define POOL_SETS	3U
/* what one CPU can hold outside its chain */
#define POOL_LOCAL_MAX	(POOL_NESTED + POOL_PRIVATE)

/**
 * struct pool_local - one CPU's part of one set
 * @cache: the array that the fast path works on: private[] of the design.
 *	SYNCPOOL_TOP_BUSY in @cache.top is the try-lock of all that follows, and
 *	of plain accesses to the slots.
 * @chain: @chain.head under the try-lock, @chain.tail for any CPU
 * @set: the set that this is a part of
 * @nested: filled by puts that found the try-lock taken, by compare-and-swap
 *	on this CPU; emptied under the try-lock. @cache.nested_full says that
 *	there may be something in it, @cache.block how much is moved at once.
 *
 * Rule: nothing but its own CPU touches any of this except @chain.tail, and a
 * drain after a grace period, or a hotplug callback after the CPU is dead.
 * That is why the try-lock needs no locked instruction: who finds it taken
 * has interrupted its owner, and is gone before the owner goes on.
 *
 *	 0                                  256
 *	| top, slots[27 + 3], chain.head   | chain.tail, set, nested[]  |
 *	 owner's lines                      thieves' line, and what the
 *	                                    owner hardly ever writes
 */
struct pool_local {
	struct syncpool_cache	cache;
	struct pool_chain	chain;
	struct pool_set		*set;
	void			*nested[POOL_NESTED];
} ____cacheline_aligned_in_smp;

/**
 * struct pool_set - a generation of cached objects
 * @locals: each CPU's part
 * @core: the pool
 * @mask: CPUs whose chains may hold something
 * @nonempty: bits set in @mask
 */
struct pool_set {
	struct pool_local __percpu	*locals;
	struct pool_core		*core;
	cpumask_var_t			mask;
	atomic_t			nonempty;
} ____cacheline_aligned_in_smp;

/* One CPU's part of struct syncpool_stats: what slow paths count. */
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
 * enum pool_mode - what the operations of an activated pool may do
 * @POOL_NORMAL: cache
 * @POOL_IDLING: syncpool_wait_idle() is under way: build and free only
 * @POOL_CLOSED: syncpool_exit() has begun: likewise
 */
enum pool_mode {
	POOL_NORMAL,
	POOL_IDLING,
	POOL_CLOSED,
};

/**
 * struct pool_core - what an activated pool has allocated
 * @pool: its user; not touched once the user's module is going away
 * @params: the pool's, with a copy of the name
 * @owner: the user's module
 * @node: in the list of pools, under pool_list_lock
 * @mode: written under @reclaim_lock, a grace period before it is relied on
 * @debug: debug mode; the fast path stays shut
 * @warned: POOL_WARNED_* bits of debug mode
 * @local: the set that is filled; read pinned, written under @reclaim_lock
 * @victim: the set of the generation before, likewise
 * @spare: an empty set, or NULL while it is drained; under @reclaim_lock
 * @draining: the set that @drain_work frees
 * @reclaim_lock: rotation, drains, the shrinker (which only tries it)
 * @counters: per CPU
 * @alloc_fails: with @grows and @nested, what is too rare for a word per CPU
 * @grows: see struct syncpool_stats
 * @nested: likewise
 * @rotations: under @reclaim_lock
 * @rotated: jiffies of the last rotation or shrink; under @reclaim_lock
 * @drain_work: drains @draining after a grace period
 * @age_work: rotates a pool that nothing reclaims
 * @shrinker: the kernel's handle
 * @idle_lock: the first and the last wait_idle
 * @idlers: callers of wait_idle for whom the pool is idling; under @idle_lock
 * @sleepers: callers of wait_idle; the last they touch of the core
 * @idle_base: while @mode is POOL_IDLING, what is out is this plus
 *	syncpool.uncached.out; huge until it is known
 * @idle_irq: wakes @idle_wait from any context
 * @idle_wait: where wait_idle sleeps
 * @sets: the three sets
 */
struct pool_core {
	struct syncpool		*pool;
	struct syncpool_params	params;
	struct module		*owner;
	struct list_head	node;
	enum pool_mode		mode;
	bool			debug;
	unsigned long		warned;
	struct pool_set		*local;
	struct pool_set		*victim;
	struct pool_set		*spare;
	struct pool_set		*draining;
	struct mutex		reclaim_lock;	/* inside pool_list_lock */
	struct pool_counters __percpu *counters;
	atomic_long_t		alloc_fails;
	atomic_long_t		grows;
	atomic_long_t		nested;
	unsigned long		rotations;
	unsigned long		rotated;
	struct rcu_work		drain_work;
	struct delayed_work	age_work;
	struct shrinker		*shrinker;
	struct mutex		idle_lock;	/* outside reclaim_lock */
	unsigned int		idlers;
	atomic_t		sleepers;
	long			idle_base;
	struct irq_work		idle_irq;
	wait_queue_head_t	idle_wait;
	struct pool_set		sets[POOL_SETS];
};

/* bits of syncpool.state: what the pool is, and which reports it has made */
enum pool_state_bit {
	POOL_STATE_GONE,	/* syncpool_exit() was called */
	POOL_STATE_CREATED,	/* by syncpool_create(), whose memory it is in */
	POOL_STATE_DEVM,	/* its device calls syncpool_destroy() */
	POOL_WARNED_GONE,
	POOL_WARNED_COPY,
	POOL_WARNED_ACTIVATE,
	POOL_WARNED_DESTROY,
	POOL_WARNED_TINY,
	POOL_WARNED_DOUBLE_PUT,
	POOL_WARNED_FOREIGN,
	POOL_WARNED_POISON,
};

/* One WARN a pool and mistake, with the pool's name in front. */
#define pool_warn(pool, bit, fmt, ...) ({				\
	struct syncpool *__pool = (pool);				\
	WARN(!test_and_set_bit(bit, &__pool->state),			\
	     "syncpool: %s: " fmt, __pool->params.name, ##__VA_ARGS__);	\
})
#define pool_core_warn(core, bit, fmt, ...) ({				\
	struct pool_core *__core = (core);				\
	WARN(!test_and_set_bit(bit, &__core->warned),			\
	     "syncpool: %s: " fmt, __core->params.name, ##__VA_ARGS__);	\
})

extern struct workqueue_struct *pool_wq;
extern struct list_head pool_list;
extern struct mutex pool_list_lock;

/* pool_main.c */
void pool_local_init(struct pool_local *l, struct pool_set *set,
		     unsigned int capacity);
unsigned int pool_local_strip(struct pool_local *l, void **objs);
int pool_steal(struct pool_set *set, void **objs, unsigned int n);
bool pool_store(struct pool_core *core, void *obj);

/* pool_account.c */
void pool_account_alloc(struct syncpool *pool, bool built);
void pool_account_free(struct syncpool *pool);
unsigned long pool_cached(struct pool_core *core);
long pool_out_cached(struct pool_core *core);
long pool_live(struct pool_core *core);
long pool_out(struct pool_core *core);
void pool_debugfs_init(void);
void pool_debugfs_exit(void);

/* pool_age.c */
void pool_age_init(struct pool_core *core);
void pool_age_arm(struct pool_core *core);

/* pool_defer.c */
bool pool_may_use_slab(void);
void pool_drop(struct syncpool *pool, void *obj);
void pool_defer_flush(void);
void pool_defer_exit(void);

/* pool_idle.c */
void pool_idle_init(struct pool_core *core);
void pool_idle_wake(struct pool_core *core, long out);
void pool_idle_end(struct pool_core *core);

/* pool_life.c */
bool pool_has_state(const struct syncpool *pool, enum pool_state_bit bit);
bool pool_is_gone(struct syncpool *pool);
bool pool_is_original(struct syncpool *pool, struct pool_core *core);
bool pool_get_activate(struct syncpool *pool, gfp_t gfp);
int pool_activate(struct syncpool *pool);
void pool_activate_later(struct syncpool *pool);
void pool_shutdown_module(const struct module *owner);

/* pool_reclaim.c */
int pool_reclaim_init(struct pool_core *core);
void pool_reclaim_lock(struct pool_core *core);
void pool_publish(struct pool_core *core);
bool pool_rotate_later(struct pool_core *core);
void pool_free_cached(struct pool_core *core, void **objs, unsigned int n);
unsigned long pool_drain(struct pool_core *core, struct pool_set *set);

#endif /* _POOL_H */
