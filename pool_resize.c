// SPDX-License-Identifier: GPL-2.0
/*
 * pool_resize - change params.min and params.max
 *
 * No lock is held while objects are built or freed. So two calls at once may both change
 * the bounds, and the later one holds; one that fails undoes its own change only.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "pool_activate.h"
#include "pool_limit.h"
#include "pool_new.h"
#include "pool_reclaim.h"
#include "pool_resize.h"
#include "pool_shrink.h"

/* Free what is idle and exceeds params.max; puts free the rest. */
static void pool_resize_trim(struct syncpool *pool, struct syncpool_core *core)
{
	long excess;

	if (!pool_limit_is_over(pool))
		return;
	/* nobody reaches what lies in old magazines before */
	pool_reclaim_wait_settled(core, MAX_SCHEDULE_TIMEOUT);
	excess = atomic_long_read(&pool->limit.built) - (long)READ_ONCE(pool->params.max);
	if (excess > 0)
		pool_shrink_trim(core, excess);
}

/* The bounds of a pool. @seq: of the change that led to them. */
struct pool_bounds {
	unsigned int min;
	unsigned int max;
	unsigned int seq;
};

/*
 * Change the bounds of @pool to @to, whose seq is set, and return what they were in @was.
 * -ENOMEM: there cannot be room for min objects. No callback runs under the lock.
 */
static int pool_resize_set(struct syncpool *pool, struct syncpool_core *core,
			   struct pool_bounds *to, struct pool_bounds *was)
{
	int err;

	lockdep_assert_held(&core->resize_lock);
	err = pool_new_make_room(core, to->min, to->max);
	if (err)
		return err;
	/* a reader that sees the new bounds sees core->limit */
	synchronize_rcu();
	*was = (struct pool_bounds){ pool->params.min, pool->params.max };
	to->seq = ++core->resizes;
	WRITE_ONCE(pool->params.max, to->max);
	WRITE_ONCE(pool->params.min, to->min);
	/*
	 * pool_resize_set:B: full barrier, pairs with pool_limit_place:A;
	 * litmus/wait-resize. Either a waiter sees the new max, or it is seen here.
	 */
	smp_mb();
	pool_limit_kick(core);
	if (pool_limit_is_over(pool))
		pool_limit_close(core);
	/*
	 * pool_resize_set:A: grace period, pairs with pool_limit_drop:A; litmus/resize-min.
	 * What is freed from here on leaves the new min, and every put finds the pool
	 * closed.
	 */
	synchronize_rcu();
	return 0;
}

/* Undo a change to @from, unless another one has come since. */
static void pool_resize_undo(struct syncpool *pool, struct syncpool_core *core,
			     const struct pool_bounds *from, struct pool_bounds *was)
{
	struct pool_bounds unused;

	mutex_lock(&core->resize_lock);
	if (core->resizes == from->seq)
		pool_resize_set(pool, core, was, &unused);
	mutex_unlock(&core->resize_lock);
	/* what was built meanwhile */
	pool_resize_trim(pool, core);
}

/*
 * Set @to to the bounds that are asked for, as for pool_resize(): 0 or an errno.
 *
 * A pool with a min promises that a get that may sleep returns an object, so its users do not
 * look for NULL. Only its owner, who gives both bounds, takes that back.
 */
static int pool_resize_ask(struct syncpool *pool, struct syncpool_core *core,
			   const unsigned int *min, const unsigned int *max,
			   struct pool_bounds *to)
{
	lockdep_assert_held(&core->resize_lock);
	to->min = min ? *min : pool->params.min;
	to->max = max ? *max : pool->params.max;
	if (!pool_limit_is_valid(&pool->params, to->min, to->max))
		return -EINVAL;
	if (min && max)
		core->params.min = *min;
	else if (core->params.min && !to->min)
		return -EPERM;
	return 0;
}

/*
 * As syncpool_resize(), of a pool whose core stays. NULL in place of a bound leaves it as it
 * is.
 */
int pool_resize(struct syncpool *pool, struct syncpool_core *core, const unsigned int *min,
		const unsigned int *max)
{
	struct pool_bounds to, was;
	int err;

	mutex_lock(&core->resize_lock);
	err = pool_resize_ask(pool, core, min, max, &to);
	if (!err)
		err = pool_resize_set(pool, core, &to, &was);
	mutex_unlock(&core->resize_lock);
	if (err)
		return err;
	pool_resize_trim(pool, core);
	err = pool_new_fill(pool, core);
	if (err)
		pool_resize_undo(pool, core, &to, &was);
	return err;
}

int syncpool_resize(struct syncpool *pool, unsigned int min, unsigned int max)
{
	struct syncpool_core *core;
	int err;

	might_sleep();
	core = pool_activate_enter(pool);
	if (IS_ERR(core))
		return PTR_ERR(core);
	err = pool_resize(pool, core, &min, &max);
	pool_core_leave(core);
	return err;
}
EXPORT_SYMBOL_GPL(syncpool_resize);
