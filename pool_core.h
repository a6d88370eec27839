/* SPDX-License-Identifier: GPL-2.0 */
/*
 * struct syncpool_core, the list of active pools, and one-time warnings.
 *
 * Names in all files of syncpool. A function that other files call is named
 * after its first parameter:
 *
 * @pool	the user's struct syncpool; pool_*()
 * @core	what an active pool has allocated; pool_core_*(), and pool_reclaim_*(),
 *		pool_stats_*() and so on for one side of it
 * @gen		one of the core's three generations; pool_generation_*()
 * @pcp		one CPU's part of a generation; pool_pcp_*()
 * @top		an index into a magazine
 * @obj, @objs	an object of the user's, several; @n is how many at most, @k how
 *		many of them were moved
 *
 * owner	the CPU that a part belongs to, with its interrupts
 * thief	a CPU that takes from the tail of another CPU's chain
 * guard	an entry of a magazine that is neither an object nor free
 * nested	of an operation that interrupted another one on its CPU
 * pinned	preemption is off: the caller stays on this CPU, and is an RCU
 *		reader, so the generations and rings that it sees stay
 * closed	of a pool: the fast path finds a magazine that is busy permanently;
 *		of a magazine: it has no room, and the CPU uses its chain alone
 * recall	have another CPU flush its magazine into its chain
 * uncached	counted in struct syncpool, while nothing is cached
 */
#ifndef _POOL_CORE_H
#define _POOL_CORE_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/irq_work.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "pool_generation.h"
#include "syncpool.h"

struct pool_limit;
struct pool_stash;
struct shrinker;

#define POOL_GENERATIONS	3U
/* syncpool_core.idle_base while it is not known; with what is out still positive */
#define POOL_IDLE_UNKNOWN	(LONG_MAX / 2)

/**
 * enum pool_mode - what the operations of an active pool may do
 * @POOL_NORMAL: cache
 * @POOL_WAITED: cache, but on slow paths: gets wait for objects, or did a moment ago,
 *	or more objects exist than may
 * @POOL_IDLING: syncpool_wait_idle() is under way: build and free only
 * @POOL_ENDED: syncpool_exit() has begun: likewise, and for good
 */
enum pool_mode {
	POOL_NORMAL,
	POOL_WAITED,
	POOL_IDLING,
	POOL_ENDED,
};

/**
 * enum pool_reason - why a pool rotates, or gives objects back
 * @POOL_REASON_CALM: reclaim that finds enough elsewhere, too
 * @POOL_REASON_DISTRESS: reclaim that does not
 * @POOL_REASON_OOM: a task would be killed next
 * @POOL_REASON_AGE: nothing has reclaimed it for a long time
 * @POOL_REASON_CLEANUP: syncpool_cleanup()
 */
enum pool_reason {
	POOL_REASON_CALM,
	POOL_REASON_DISTRESS,
	POOL_REASON_OOM,
	POOL_REASON_AGE,
	POOL_REASON_CLEANUP,
};

/**
 * struct syncpool_core - what an activated pool has allocated
 * @pool: its user; NULL once the user's module is being unloaded
 * @params: the pool's, with @name; its min is what the owner wants, whatever debugfs has set
 * @owner: the user's module
 * @node: in pool_list, under pool_list_lock
 * @wanted: the mode but for gets that wait; written under @reclaim_lock and @lock
 * @mode: what follows from @wanted and @waited; written under @lock, in force after a
 *	grace period
 * @debug: debug mode; the fast path stays closed
 * @untracked: times an object found no place in debug mode's table
 * @counting: gets count hits and misses; the fast path stays closed; under @reclaim_lock
 * @shown: it has a folder in debugfs; under pool_list_lock
 * @special: it has a @limit, is in debug mode, or was @counting
 * @warned: POOL_WARNED_* bits of debug mode
 * @active: the generation that is filled; read pinned, written under
 *	@reclaim_lock
 * @victim: the generation before, likewise
 * @old: the generation before the victim, likewise
 * @settled: @old may become active; under @reclaim_lock
 * @drain: @settle_work frees all of @old
 * @reclaim_lock: rotation (which reclaim only tries), cleanup, a change of mode
 * @counters: per CPU
 * @nodes: what lies in chains, node by node
 * @alloc_fails: with those below, what is too rare for a word per CPU
 * @grows: see struct syncpool_stats
 * @nested: see struct syncpool_stats
 * @recalls: see struct syncpool_stats
 * @reclaimed: see struct syncpool_stats
 * @aged: see struct syncpool_stats
 * @rebuilt: see struct syncpool_stats
 * @waits: see struct syncpool_stats
 * @peak: see struct syncpool_stats
 * @refused: see struct syncpool_stats
 * @defer_stash: objects whose free has to wait
 * @deferred: how many
 * @defer_irq: queues @defer_work from any context
 * @defer_work: frees them
 * @freed_at: jiffies when a cached object was freed last
 * @len: objects that a magazine may hold when the pool has earned it
 * @wide: some magazine has
 * @widen_irq: queues @widen_work from any context
 * @widen_work: gives the other generations that @len, too
 * @recall_csd: of the recall that nobody waits for, while @recall_busy
 * @recall_busy: see @recall_csd; the CPU that sets it has the two below
 * @recall_need: size of the ring that the chain of the CPU that was asked needed
 * @recall_ring: a ring for the CPU that is asked
 * @recall_cpu: the CPU that was recalled last
 * @recall_tick: jiffies of the last recall that nobody waited for
 * @recall_paid: see pool_recall_allowed(), in ns
 * @rotations: under @reclaim_lock
 * @reclaimed_at: jiffies of the last rotation or shrink
 * @rotated_at: jiffies of the last rotation
 * @settle_work: settles or drains @old after a grace period
 * @age_work: rotates a pool that nothing reclaims
 * @age_irq: queues @age_work where no lock may be taken
 * @settle_waiters: tasks that wait until @settled, to change the mode
 * @calm: the kernel's handle of the shrinker that gives back what is old
 * @distress: of the one that gives back everything
 * @oom_busy: the OOM notifier is here; set under pool_list_lock
 * @oom_seq: the last walk of the OOM notifier that came here; under pool_list_lock
 * @idle_lock: the first and the last caller of wait_idle
 * @idlers: callers of wait_idle that the pool is idling for; under @idle_lock
 * @sleepers: tasks that sleep in a call of this pool; syncpool_exit() waits until
 *	there are none
 * @idle_base: while @mode is POOL_IDLING, this plus syncpool.uncached.out is
 *	what is out; POOL_IDLE_UNKNOWN at first
 * @idle_irq: wakes @idle_wait from any context
 * @idle_wait: where wait_idle sleeps
 * @resize_lock: syncpool_resize()
 * @resizes: how often it has changed the bounds; under @resize_lock
 * @lock: protects @mode, @waited and the queue in @limit; taken with interrupts off, in
 *	hardirq, too, but in no get or put that does not wait
 * @waited: POOL_WAITED while nothing else is wanted; under @lock
 * @work_key: of all its work items: the free of one pool may end another pool
 * @limit: NULL until the pool has a min or max
 * @generations: what @active, @victim and @old point to
 * @name: what pool_copy_name() made of the pool's
 * @id: tells the pool from others of its name
 */
struct syncpool_core {
	struct syncpool		*pool;
	struct syncpool_params	params;
	struct module		*owner;
	struct list_head	node;
	enum pool_mode		wanted;
	enum pool_mode		mode;
	bool			debug;
	bool			counting;
	bool			shown;
	bool			special;
	atomic_long_t		untracked;
	unsigned long		warned;
	struct pool_generation	*active;
	struct pool_generation	*victim;
	struct pool_generation	*old;
	struct pool_counters __percpu *counters;
	struct pool_nodes	*nodes;
	struct pool_limit	*limit;
	bool			settled;
	bool			drain;
	/* from here on, what many CPUs write; the lock is inside pool_list_lock */
	struct mutex		reclaim_lock ____cacheline_aligned_in_smp;
	atomic_long_t		alloc_fails;
	atomic_long_t		grows;
	atomic_long_t		nested;
	atomic_long_t		recalls;
	atomic_long_t		reclaimed;
	atomic_long_t		aged;
	atomic_long_t		rebuilt;
	atomic_long_t		waits;
	atomic_long_t		peak;
	atomic_long_t		refused;
	struct pool_stash	*defer_stash;
	atomic_long_t		deferred;
	struct irq_work		defer_irq;
	struct work_struct	defer_work;
	unsigned long		freed_at;
	unsigned int		len;
	bool			wide;
	struct irq_work		widen_irq;
	struct work_struct	widen_work;
	call_single_data_t	recall_csd;
	int			recall_busy;
	unsigned int		recall_need;
	struct pool_ring	*recall_ring;
	unsigned int		recall_cpu;
	unsigned long		recall_tick;
	s64			recall_paid;
	unsigned long		rotations;
	unsigned long		reclaimed_at;
	unsigned long		rotated_at;
	struct rcu_work		settle_work;
	struct delayed_work	age_work;
	struct irq_work		age_irq;
	atomic_t		settle_waiters;
	struct shrinker		*calm;
	struct shrinker		*distress;
	bool			oom_busy;
	unsigned int		oom_seq;
	struct mutex		idle_lock;	/* outside reclaim_lock */
	unsigned int		idlers;
	atomic_t		sleepers;
	long			idle_base;
	struct irq_work		idle_irq;
	wait_queue_head_t	idle_wait;
	struct mutex		resize_lock;	/* protects @resizes and the bounds */
	unsigned int		resizes;
	raw_spinlock_t		lock;
	bool			waited;
	struct lock_class_key	work_key;
	struct pool_generation	generations[POOL_GENERATIONS];
	char			name[SYNCPOOL_NAME_LEN];
	unsigned int		id;
};

/* bits of syncpool.state: what the pool is, and which reports it has made */
enum pool_state_bit {
	POOL_STATE_GONE,	/* syncpool_exit() was called */
	POOL_STATE_CREATED,	/* by syncpool_create(), which allocated it */
	POOL_STATE_DEVM,	/* its device calls syncpool_destroy() */
	POOL_WARNED_GONE,
	POOL_WARNED_COPY,
	POOL_WARNED_ACTIVATE,
	POOL_WARNED_DESTROY,
	POOL_WARNED_LOST,
	POOL_WARNED_NMI,
	POOL_WARNED_DOUBLE_PUT,
	POOL_WARNED_FOREIGN,
	POOL_WARNED_POISON,
	POOL_WARNED_GFP,
	POOL_WARNED_SLEEP,
};

/* The name of @owner, or @none if that is the kernel itself. */
static inline const char *pool_owner_name(struct module *owner, const char *none)
{
	return owner ? module_name(owner) : none;
}

/* A WARN about @p, a pool or a core: begins with its name and ends with its id. */
#define pool_report(cond, p, fmt, ...) ({				\
	typeof(p) __p = (p);						\
	WARN(cond, "syncpool: %s: " fmt " (pool %u of %s)\n",		\
	     *__p->name ? __p->name : "(no name)", ##__VA_ARGS__,	\
	     READ_ONCE(__p->id),					\
	     pool_owner_name(__p->owner, "the kernel"));		\
})

/* One WARN for each pool and mistake. */
#define pool_warn(pool, bit, fmt, ...) ({				\
	struct syncpool *__pool = (pool);				\
	pool_report(!test_and_set_bit(bit, &__pool->state), __pool,	\
		    fmt, ##__VA_ARGS__);				\
})
#define pool_core_warn(core, bit, fmt, ...) ({				\
	struct syncpool_core *__core = (core);				\
	pool_report(!test_and_set_bit(bit, &__core->warned), __core,	\
		    fmt, ##__VA_ARGS__);				\
})

extern struct workqueue_struct *pool_wq;
extern bool pool_ready;
extern atomic_t pool_suspended;
extern struct list_head pool_list;
extern struct mutex pool_list_lock;
extern struct work_struct pool_list_work;

/*
 * Has the module's init succeeded? In a kernel that has it built in, others may call before
 * that, and after it failed.
 */
static inline bool pool_is_ready(void)
{
	/* pool_is_ready:A: acquire, pairs with pool_module_init:A; litmus/ready */
	return smp_load_acquire(&pool_ready);
}

void pool_copy_name(char *to, const char *name);
bool pool_is_copy(struct syncpool *pool);
bool pool_is_gone(struct syncpool *pool);
struct syncpool_core *pool_find_core(const struct syncpool *pool);
struct syncpool_core *pool_find_id(unsigned int id);
void pool_list_changed(void);

void pool_core_init(struct syncpool_core *core);
void pool_core_own_work(struct syncpool_core *core, struct work_struct *work);
void pool_core_update(struct syncpool_core *core);
void pool_core_set_mode(struct syncpool_core *core, enum pool_mode mode);
void pool_core_set_waited(struct syncpool_core *core, bool waited);
struct syncpool_core *pool_core_enter(struct syncpool *pool);
struct syncpool_core *pool_core_enter_id(unsigned int id);
void pool_core_leave(struct syncpool_core *core);
void pool_core_wake_idle(struct syncpool_core *core);
void pool_core_grow(struct pool_pcp *pcp, struct pool_ring *ring);
bool pool_core_may_hold(const struct syncpool_core *core);
bool pool_may_hold(const struct syncpool *pool);

/*
 * May @core, which may be NULL, cache now?
 *
 * pool_core_caches:A: address dependency from the caller's read of pool->core,
 * pairs with pool_core_register:A; litmus/activate
 */
static inline bool pool_core_caches(const struct syncpool_core *core)
{
	return core && READ_ONCE(core->mode) <= POOL_WAITED;
}

/* Are the fast path, and what else looks for objects out of turn, open? Likewise. */
static inline bool pool_core_is_open(const struct syncpool_core *core)
{
	return core && READ_ONCE(core->mode) == POOL_NORMAL;
}

/*
 * May reclaim take objects? Not while syncpool_wait_idle() adds up what is out: an object
 * that is taken and freed meanwhile would count as out. Pinned, and what is taken counts
 * as freed in the same section.
 *
 * pool_core_may_reclaim:A: RCU reader, pairs with pool_idle_begin:A; litmus/wait-reclaim
 */
static inline bool pool_core_may_reclaim(const struct syncpool_core *core)
{
	pool_assert_pinned();
	return READ_ONCE(core->mode) != POOL_IDLING ||
	       READ_ONCE(core->idle_base) != POOL_IDLE_UNKNOWN;
}

/* Set in pool_suspended when the system shuts down; below is a count of suspends. */
#define POOL_SHUTDOWN	BIT(30)

/* Are devices suspended, or after their shutdown? See pool_pm.c. */

static inline bool pool_is_suspended(void)
{
	return unlikely(atomic_read(&pool_suspended));
}

/*
 * Must free wait until devices are resumed? Not while somebody sleeps in a call of the pool,
 * who may wait for that, or ends it.
 */
static inline bool pool_core_is_suspended(const struct syncpool_core *core)
{
	return pool_is_suspended() && !atomic_read(&core->sleepers) &&
	       READ_ONCE(core->mode) != POOL_ENDED;
}

/* Must free wait without end? */
static inline bool pool_core_is_shut_down(const struct syncpool_core *core)
{
	return pool_core_is_suspended(core) && (atomic_read(&pool_suspended) & POOL_SHUTDOWN);
}

/* Is nothing out, with @out in syncpool.uncached.out? For a pool that idles. */
static inline bool pool_core_is_idle(const struct syncpool_core *core, long out)
{
	return READ_ONCE(core->idle_base) + out <= 0;
}

/* A user's free is about to run, for @core if that is not NULL: with no lock of the pool's. */
static inline void pool_assert_may_free(const struct syncpool_core *core)
{
	/* an interrupt has nothing to do with what its task holds */
	if (!in_task())
		return;
	lockdep_assert_not_held(&pool_list_lock);
	if (core)
		lockdep_assert_not_held(&core->reclaim_lock);
}

/* Likewise, where free may end other pools, though few ever do: lockdep is to see each time. */
static inline void pool_assert_may_end_pools(const struct syncpool_core *core)
{
	pool_assert_may_free(core);
	might_lock(&pool_list_lock);
}

/* Is this NMI, and keeps the architecture none out of a magazine? Reports that. */
static inline bool pool_refuses_nmi(struct syncpool *pool)
{
	if (likely(__syncpool_may_use_magazine() && !pool_hook_nmi()))
		return false;
	pool_warn(pool, POOL_WARNED_NMI,
		  "used in NMI, where this_cpu_cmpxchg() keeps no NMI out on this architecture");
	return true;
}

/* Is @pool the one that @core was made for? Reports a copy. */
static inline bool pool_is_original(struct syncpool *pool,
				    struct syncpool_core *core)
{
	return likely(core->pool == pool) || !pool_is_copy(pool);
}

/*
 * This CPU's part of the active generation.
 *
 * pool_core_pcp:A: address dependency, pairs with pool_rotate:B; litmus/activate
 */
static inline struct pool_pcp *pool_core_pcp(const struct syncpool_core *core)
{
	pool_assert_pinned();
	return this_cpu_ptr(READ_ONCE(core->active)->pcps);
}

/*
 * Lock this CPU's part of @pool; pool_pcp_unlock() unlocks it. Returns NULL if
 * this operation interrupted the owner, or the pool is closed. @top is set as by
 * pool_pcp_trylock().
 */
static __always_inline struct pool_pcp *
pool_trylock_pcp(struct syncpool *pool, u32 *top)
{
	struct pool_pcp *pcp;

	pcp = container_of(this_cpu_ptr(__syncpool_magazine(pool)),
			   struct pool_pcp, magazine);
	*top = pool_pcp_trylock(pcp);
	return likely(*top != SYNCPOOL_TOP_BUSY) ? pcp : NULL;
}

#endif /* _POOL_CORE_H */
