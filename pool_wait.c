// SPDX-License-Identifier: GPL-2.0
/*
 * pool_wait - a get that waits for an object
 *
 * It joins the queue of pool_limit.c, sleeps, and while it is the first there, looks for
 * what is idle and tries to build. It holds nothing while others are before it, so no two
 * gets can wait for each other, whatever number of objects each wants: the first one
 * alone collects, and all that come back come to it.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/math.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "pool_activate.h"
#include "pool_debug.h"
#include "pool_free.h"
#include "pool_hook.h"
#include "pool_limit.h"
#include "pool_new.h"
#include "pool_take.h"
#include "pool_wait.h"

/* until a get tries again to activate its pool, for which memory was short, in jiffies */
#define POOL_WAIT_CORE	DIV_ROUND_UP(HZ, 20)

/* Build *@obj for a pool without a core. False: it could not be built. */
static bool pool_wait_build(struct syncpool *pool, gfp_t gfp, void **obj)
{
	*obj = pool_new(pool, gfp, false);
	if (!IS_ERR_OR_NULL(*obj))
		return true;
	*obj = NULL;
	return false;
}

/*
 * The core of @pool, which pool_core_leave() gives back. NULL: it has ended or cannot be
 * activated, or the caller was killed, or an object could be built: *@obj, which may be
 * NULL.
 */
static struct syncpool_core *pool_wait_core(struct syncpool *pool, gfp_t gfp,
					    unsigned int state, void **obj)
{
	struct syncpool_core *core;

	while (!(core = pool_core_enter(pool))) {
		if (!pool_activate_for_wait(pool, gfp) || signal_pending_state(state, current))
			return NULL;
		if (obj && pool_wait_build(pool, gfp, obj))
			return NULL;
		__set_current_state(state);
		schedule_timeout(POOL_WAIT_CORE);
	}
	return core;
}

/* Give back @objs, which have to be kept if no more exist. */
static void pool_wait_return(struct syncpool *pool, struct syncpool_core *core,
			     void **objs, unsigned int n)
{
	bool kept;

	while (n--) {
		preempt_disable();
		kept = !pool_limit_is_over(pool) && pool_limit_stash(core, objs[n]);
		preempt_enable();
		if (!kept)
			pool_free_or_keep(pool, objs[n]);
	}
}

/*
 * Look for what @w wants. Returns what ended that: NULL: it has all, or alloc gave none;
 * POOL_WAIT: max objects exist.
 */
static void *pool_wait_look(struct syncpool *pool, struct syncpool_core *core,
			    struct pool_waiter *w, gfp_t gfp)
{
	void *obj;

	while (pool_limit_place(core, w) == POOL_PLACE_FIRST) {
		obj = pool_get_in_turn(pool);
		if (!obj) {
			obj = pool_new(pool, gfp, true);
			if (IS_ERR_OR_NULL(obj))
				return obj;
			w->built++;
		}
		if (!pool_limit_give(core, w, obj))
			pool_wait_return(pool, core, &obj, 1);
	}
	return NULL;
}

/*
 * Has @w all that the pool promises, where a look has ended with @last? Without a min that
 * is nothing if alloc fails.
 */
static bool pool_wait_suffices(const struct syncpool *pool, const struct pool_waiter *w,
			       const void *last)
{
	unsigned int got = READ_ONCE(w->got), max = READ_ONCE(pool->params.max);

	if (last == POOL_WAIT)
		return max && got >= max;
	return got >= READ_ONCE(pool->params.min);
}

/*
 * How long @w, the first waiter, sleeps. What is put into a magazine by a section that
 * began before the pool was closed is looked for at each tick, and if it is strict, also
 * what other CPUs seem to hold.
 */
static long pool_wait_timeout(struct syncpool *pool, struct syncpool_core *core,
			      const struct pool_waiter *w)
{
	if (!poll_state_synchronize_rcu(READ_ONCE(core->limit->gp)))
		return 1;
	return w->strict && pool_may_hold(pool) ? 1 : pool_wait_again;
}

static void pool_wait_in_queue(struct syncpool *pool, struct syncpool_core *core,
			       struct pool_waiter *w, gfp_t gfp, unsigned int state)
{
	enum pool_place place;
	long timeout;
	void *last;

	while ((place = pool_limit_place(core, w)) != POOL_PLACE_NONE) {
		timeout = pool_wait_again;
		if (place == POOL_PLACE_FIRST) {
			last = pool_wait_look(pool, core, w, gfp);
			if (pool_wait_suffices(pool, w, last))
				break;
			timeout = pool_wait_timeout(pool, core, w);
		}
		if (signal_pending_state(state, current))
			break;
		pool_limit_sleep(core, w, state, timeout);
	}
}

/**
 * pool_wait() - take objects when it is the caller's turn
 * @pool: the pool
 * @gfp: as for syncpool_get()
 * @n: how many
 * @objs: filled with as many as the return value says
 * @state: TASK_UNINTERRUPTIBLE, or TASK_KILLABLE: a fatal signal ends the wait
 *
 * Context: Task context, where @gfp allows direct reclaim. Sleeps.
 * Return: how many: @n; fewer if the pool does not promise that many, or has ended; 0 if
 * the caller was killed.
 */
unsigned int pool_wait(struct syncpool *pool, gfp_t gfp, unsigned int n, void **objs,
		       unsigned int state)
{
	struct pool_waiter w = { .n = n, .objs = objs };
	struct syncpool_core *core;
	unsigned int got = 0, i;

	objs[0] = NULL;
	/* one is not enough for many, which the pool promises with its min */
	core = pool_wait_core(pool, gfp, state, n == 1 ? &objs[0] : NULL);
	if (!core)
		return !!objs[0];
	if (pool_limit_join(core, &w)) {
		pool_wait_in_queue(pool, core, &w, gfp, state);
		got = pool_limit_leave(core, &w);
	}
	if (got < n && signal_pending_state(state, current)) {
		pool_wait_return(pool, core, objs, got);
		got = 0;
	}
	/* which of them does not matter */
	for (i = 0; i < got; i++)
		if (i < w.built)
			pool_debug_built(pool, objs[i]);
		else
			pool_debug_got(pool, objs[i], 0);
	if (!got)
		pool_debug_got(pool, NULL, 0);
	pool_core_leave(core);
	return got;
}
