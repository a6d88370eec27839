/* SPDX-License-Identifier: GPL-2.0 */
/* pool_limit_*(): min, max, and gets that wait; see pool_limit.c. */
#ifndef _POOL_LIMIT_H
#define _POOL_LIMIT_H

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/minmax.h>

#include "pool_core.h"

/* in place of an object: max of them exist, or others wait, so one has to wait for it */
#define POOL_WAIT	ERR_PTR(-EBUSY)
/* alloc gave none, and the pool has a min, so one may wait for it */
#define POOL_WAIT_ALLOC	ERR_PTR(-ENOMEM)

struct pool_stash;

/**
 * struct pool_limit - gets that wait, and objects for them
 * @core: the pool's
 * @waiters: gets that wait, in order of arrival; under core->lock
 * @nr_waiters: how many; written under core->lock
 * @gp: cookie of the grace period after which no section is left that began before
 *	the pool was closed for @waiters
 * @left_at: jiffies when the last of them left
 * @nr_strict: how many of them let nobody overtake; written under core->lock
 * @offered: the first of them was woken for what was put or freed, and has not looked yet;
 *	written under core->lock
 * @kicked: the first of them is to look again
 * @lacks: @fill_work is to run
 * @over: more objects exist than may: the pool is to be closed
 * @irq: serves them, from any context
 * @open_work: ends POOL_WAITED
 * @fill_work: builds what params.min demands
 * @stash: objects that every CPU reaches
 * @stashed: how many, counted while the pool cached
 * @stashed_idle: how many, counted while it waited for idle, when
 *	syncpool.uncached.out changes with it; the sum of both is what there is
 */
struct pool_limit {
	struct syncpool_core	*core;
	struct list_head	waiters;
	atomic_t		nr_waiters;
	unsigned long		gp;
	unsigned long		left_at;
	unsigned int		nr_strict;
	bool			offered;
	bool			kicked;
	bool			lacks;
	bool			over;
	struct irq_work		irq;
	struct delayed_work	open_work;
	struct delayed_work	fill_work;
	struct pool_stash	*stash;
	atomic_long_t		stashed;
	atomic_long_t		stashed_idle;
};

/**
 * struct pool_waiter - a get that waits
 * @node: in limit->waiters, while it is not served; under core->lock
 * @task: who waits
 * @objs: what it is handed, up to @n
 * @n: how many it wants
 * @got: how many it has; under core->lock while it is in the list
 * @built: of these, how many it built itself
 * @patient_until: when it becomes strict
 * @strict: nobody may take what it waits for, unless before it; under core->lock
 * @tried: it looks, or has looked, since it was offered an object; under core->lock
 * @kicked: it has not looked yet, or is to look again; under core->lock
 * @looks: it looks, or did when it was handed what it wants; under core->lock
 * @slept: it is to be counted in syncpool_stats.waits
 * @counted: it is counted there
 */
struct pool_waiter {
	struct list_head	node;
	struct task_struct	*task;
	void			**objs;
	unsigned int		n;
	unsigned int		got;
	unsigned int		built;
	ktime_t			patient_until;
	bool			strict;
	bool			tried;
	bool			kicked;
	bool			looks;
	bool			slept;
	bool			counted;
};

/**
 * enum pool_place - where a waiter is in the queue
 * @POOL_PLACE_NONE: it has been served, or sent away
 * @POOL_PLACE_FIRST: it is served next, and looks for itself
 * @POOL_PLACE_BEHIND: others are before it
 */
enum pool_place {
	POOL_PLACE_NONE,
	POOL_PLACE_FIRST,
	POOL_PLACE_BEHIND,
};

bool pool_limit_reserve_one(struct syncpool *pool, unsigned int max);
void pool_limit_unreserve(struct syncpool *pool, bool known);
void pool_limit_built(struct syncpool *pool, bool reserved);
void pool_limit_freed(struct syncpool *pool);
unsigned int pool_limit_drop(struct syncpool_core *core, unsigned int n);
unsigned long pool_limit_excess(const struct syncpool_core *core);
bool pool_limit_stash(struct syncpool_core *core, void *obj);
void pool_limit_took_idling(struct syncpool_core *core);
bool pool_limit_keep(struct syncpool_core *core, void *obj, bool cached);
unsigned int pool_limit_retain(struct syncpool_core *core, void **objs, unsigned int n);
void *__pool_limit_unstash(struct syncpool_core *core, bool cached);
int pool_limit_make_room(struct syncpool_core *core, unsigned int n, work_func_t fill);
bool pool_limit_join(struct syncpool_core *core, struct pool_waiter *w);
enum pool_place pool_limit_place(struct syncpool_core *core, struct pool_waiter *w);
bool pool_limit_give(struct syncpool_core *core, struct pool_waiter *w, void *obj);
void pool_limit_sleep(struct syncpool_core *core, struct pool_waiter *w,
		      unsigned int state, long timeout);
unsigned int pool_limit_leave(struct syncpool_core *core, struct pool_waiter *w);
void pool_limit_kick(struct syncpool_core *core);
void pool_limit_fill_later(struct syncpool_core *core);
void pool_limit_close(struct syncpool_core *core);
void pool_limit_end(struct syncpool_core *core);
void pool_limit_stop(struct syncpool_core *core);
void pool_limit_free(struct syncpool_core *core);

static inline bool pool_limit_is_valid(const struct syncpool_params *params,
				       unsigned int min, unsigned int max)
{
	return (!max || min <= max) && (!min || params->alloc) &&
	       min <= INT_MAX && max <= INT_MAX;
}

/* Does the pool have fewer objects than it keeps? */
static inline bool pool_limit_lacks(const struct syncpool *pool)
{
	unsigned int min = READ_ONCE(pool->params.min);

	/* below 0 if objects were freed that the pool did not build */
	return min && atomic_long_read(&pool->limit.built) < (long)min;
}

/*
 * Does any get wait?
 *
 * pool_limit_has_waiters:A: address dependency, pairs with pool_limit_alloc:A;
 * litmus/activate
 */
static inline bool pool_limit_has_waiters(const struct syncpool_core *core)
{
	const struct pool_limit *limit = READ_ONCE(core->limit);

	return unlikely(limit && atomic_read(&limit->nr_waiters));
}

/* Is all that there is for a get that waits? */
static inline bool pool_limit_is_strict(const struct syncpool_core *core)
{
	const struct pool_limit *limit = READ_ONCE(core->limit);

	return unlikely(limit && READ_ONCE(limit->nr_strict));
}

/* Do gets of @pool wait, or did any a moment ago? Unpinned. */
static inline bool pool_limit_is_closed(const struct syncpool *pool)
{
	const struct syncpool_core *core;
	bool closed;

	rcu_read_lock();
	core = READ_ONCE(pool->core);
	closed = core && READ_ONCE(core->mode) == POOL_WAITED;
	rcu_read_unlock();
	return closed;
}

/* Is all that @pool has for a get that waits? Unpinned. */
static inline bool pool_is_strict(const struct syncpool *pool)
{
	const struct syncpool_core *core;
	bool strict;

	rcu_read_lock();
	core = READ_ONCE(pool->core);
	strict = core && pool_limit_is_strict(core);
	rcu_read_unlock();
	return strict;
}

/*
 * May alloc be called? @in_turn: for the first waiter, or for all of them. With a max, what
 * alloc will return is counted here, and @reserved is true.
 */
static inline bool pool_limit_reserve(struct syncpool *pool, bool in_turn, bool *reserved)
{
	unsigned int max = READ_ONCE(pool->params.max);

	*reserved = max;
	if (!in_turn && pool_is_strict(pool))
		return false;
	return !max || pool_limit_reserve_one(pool, max);
}

/* Objects in the stash; may be out of date. */
static inline long pool_limit_stashed(const struct syncpool_core *core)
{
	const struct pool_limit *limit = READ_ONCE(core->limit);

	if (likely(!limit))
		return 0;
	return atomic_long_read(&limit->stashed) + atomic_long_read(&limit->stashed_idle);
}

/* Has nobody waited since @since? Gets have not needed what was stashed for them then. */
static inline bool pool_limit_is_quiet(const struct syncpool_core *core, unsigned long since)
{
	const struct pool_limit *limit = READ_ONCE(core->limit);

	return limit && !pool_limit_has_waiters(core) &&
	       time_before(READ_ONCE(limit->left_at), since);
}

/* Take an object from the stash, or NULL. Pinned; any context. */
static inline void *pool_limit_unstash(struct syncpool_core *core)
{
	if (likely(pool_limit_stashed(core) <= 0))
		return NULL;
	return __pool_limit_unstash(core, false);
}

/* Do more objects exist than may? */
static inline bool pool_limit_is_over(const struct syncpool *pool)
{
	unsigned int max = READ_ONCE(pool->params.max);

	return max && atomic_long_read(&pool->limit.built) > (long)max;
}

#endif /* _POOL_LIMIT_H */
