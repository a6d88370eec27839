// SPDX-License-Identifier: GPL-2.0
/*
 * pool_idle - wait until every object is back
 *
 * What Go's WaitGroup does, for the objects of a pool. While somebody waits,
 * the fast path is shut, gets build and puts free, and both count in one
 * word, syncpool.uncached.out. A grace period after the shutting, what is out
 * is a constant, the sum of all that was counted before, plus that word: the
 * put that brings it to nothing wakes the waiters, through an irq_work, so
 * that it may come from anywhere.
 */
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/wait.h>

#include "pool.h"

static bool pool_is_idle(struct pool_core *core, long out)
{
	return READ_ONCE(core->idle_base) + out <= 0;
}

/* A put left @out in syncpool.uncached.out. Pinned, any context. */
void pool_idle_wake(struct pool_core *core, long out)
{
	if (pool_is_idle(core, out))
		irq_work_queue(&core->idle_irq);
}

static void pool_idle_irq(struct irq_work *irq)
{
	wake_up_all(&container_of(irq, struct pool_core, idle_irq)->idle_wait);
}

void pool_idle_init(struct pool_core *core)
{
	mutex_init(&core->idle_lock);
	init_irq_work(&core->idle_irq, pool_idle_irq);
	init_waitqueue_head(&core->idle_wait);
}

static void pool_set_mode(struct pool_core *core, enum pool_mode mode)
{
	pool_reclaim_lock(core);
	WRITE_ONCE(core->mode, mode);
	pool_publish(core);
	/* for what was built meanwhile */
	pool_age_arm(core);
	mutex_unlock(&core->reclaim_lock);
}

static void pool_idle_begin(struct pool_core *core)
{
	WRITE_ONCE(core->idle_base, LONG_MAX / 2);
	pool_set_mode(core, POOL_IDLING);
	/*
	 * Who counted per CPU, or got or put on the fast path, is done;
	 * litmus/wait-count.
	 */
	synchronize_rcu();
	pool_reclaim_lock(core);
	WRITE_ONCE(core->idle_base, pool_out_cached(core));
	mutex_unlock(&core->reclaim_lock);
	/* K: pairs with J in pool_account_uncached(); litmus/wait-idle */
	smp_mb();
}

/*
 * The pool ends: who still waits for it is reported and sent away, since it
 * would wake up in memory that is gone.
 */
void pool_idle_end(struct pool_core *core)
{
	if (!atomic_read(&core->sleepers))
		return;
	WARN(1, "syncpool: %s: syncpool_exit() during syncpool_wait_idle()\n",
	     core->params.name);
	do {
		/* again and again: who has just come sets it, too */
		WRITE_ONCE(core->idle_base, LONG_MIN / 2);
		wake_up_all(&core->idle_wait);
		schedule_timeout_uninterruptible(1);
	} while (atomic_read(&core->sleepers));
}

/* 0 if @core was idle at some moment within @timeout jiffies. */
static int pool_idle_sleep(struct syncpool *pool, struct pool_core *core,
			   unsigned long timeout)
{
	long left;

	mutex_lock(&core->idle_lock);
	if (!core->idlers++)
		pool_idle_begin(core);
	mutex_unlock(&core->idle_lock);

	left = wait_event_idle_timeout(core->idle_wait,
				       pool_is_idle(core, atomic_long_read(&pool->uncached.out)),
				       min_t(unsigned long, timeout, MAX_SCHEDULE_TIMEOUT));

	mutex_lock(&core->idle_lock);
	if (!--core->idlers)
		pool_set_mode(core, POOL_NORMAL);
	mutex_unlock(&core->idle_lock);
	if (pool_has_state(pool, POOL_STATE_GONE))
		return -ESHUTDOWN;
	return left ? 0 : -ETIMEDOUT;
}

/**
 * syncpool_wait_idle() - sleep until every object is back
 * @pool: the pool
 * @timeout: jiffies; MAX_SCHEDULE_TIMEOUT and more: without end. A grace
 *	period before and a drain that is under way come on top.
 *
 * Meanwhile puts free their objects instead of caching them. What is cached
 * stays so, and the pool works on as before in either case: who wants to tear
 * down what the objects depend on calls syncpool_exit() next.
 *
 * Context: Task context. Sleeps.
 * Return: 0: nothing was out at some moment; -ETIMEDOUT; -ENOMEM or -EEXIST if
 * a pool of DEFINE_SYNCPOOL() could not be activated; -ESHUTDOWN after
 * syncpool_exit(), or if that came meanwhile; -EINVAL for a copy of a pool.
 */
int syncpool_wait_idle(struct syncpool *pool, unsigned long timeout)
{
	struct pool_core *core;
	int err;

	might_sleep();
	err = pool_activate(pool);
	if (err)
		return err;
	core = pool->core;
	atomic_inc(&core->sleepers);
	err = pool_idle_sleep(pool, core, timeout);
	atomic_dec(&core->sleepers);
	return err;
}
EXPORT_SYMBOL_GPL(syncpool_wait_idle);
