// SPDX-License-Identifier: GPL-2.0
/*
 * pool_idle - wait until every object is back
 *
 * Go's WaitGroup, for the objects of a pool. While somebody waits, the fast path
 * is closed, gets build and puts free, and both count in one word,
 * syncpool.uncached.out. A grace period after the pool was closed, nobody counts
 * elsewhere any more. What is out is then a constant, the sum of all that was
 * counted before, plus that word. The put that brings the total to zero wakes
 * the waiters through an irq_work, so it may run in any context.
 */
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/wait.h>

#include "pool_age.h"
#include "pool_idle.h"
#include "pool_reclaim.h"
#include "pool_stats.h"

/* Queued by pool_stats_free(). */
static void pool_idle_irq(struct irq_work *irq)
{
	wake_up_all(&container_of(irq, struct syncpool_core, idle_irq)->idle_wait);
}

void pool_idle_init(struct syncpool_core *core)
{
	mutex_init(&core->idle_lock);
	init_irq_work(&core->idle_irq, pool_idle_irq);
	init_waitqueue_head(&core->idle_wait);
}

static void pool_set_mode(struct syncpool_core *core, enum pool_mode mode)
{
	pool_reclaim_lock(core);
	WRITE_ONCE(core->mode, mode);
	pool_core_publish(core);
	/* for what was built meanwhile */
	pool_age_arm(core);
	pool_reclaim_unlock(core);
}

static void pool_idle_begin(struct syncpool_core *core)
{
	WRITE_ONCE(core->idle_base, LONG_MAX / 2);
	pool_set_mode(core, POOL_IDLING);
	/*
	 * pool_idle_begin:A: grace period, pairs with pool_assert_pinned:A.
	 * Every operation that counted per CPU or used the fast path has ended;
	 * litmus/wait-count.
	 */
	synchronize_rcu();
	pool_reclaim_lock(core);
	WRITE_ONCE(core->idle_base, pool_stats_outstanding_base(core));
	pool_reclaim_unlock(core);
	/*
	 * pool_idle_begin:B: full barrier, pairs with pool_stats_uncached:A;
	 * litmus/wait-idle
	 */
	smp_mb();
}

/*
 * The pool ends. A task that still waits for it would wake up in freed memory,
 * so it is reported and made to return.
 */
void pool_idle_end(struct syncpool_core *core)
{
	if (!atomic_read(&core->sleepers))
		return;
	WARN(1, "syncpool: %s: syncpool_exit() during syncpool_wait_idle()\n",
	     core->params.name);
	do {
		/* in a loop, since a new waiter overwrites it */
		WRITE_ONCE(core->idle_base, LONG_MIN / 2);
		wake_up_all(&core->idle_wait);
		schedule_timeout_uninterruptible(1);
	} while (atomic_read(&core->sleepers));
}

/* Jiffies left when nothing was out; 0: that did not come within @timeout. */
static long pool_idle_sleep(struct syncpool_core *core, struct syncpool *pool,
			    unsigned long timeout)
{
	atomic_long_t *out = &pool->uncached.out;
	long left;

	mutex_lock(&core->idle_lock);
	if (!core->idlers++)
		pool_idle_begin(core);
	mutex_unlock(&core->idle_lock);

	timeout = min_t(unsigned long, timeout, MAX_SCHEDULE_TIMEOUT);
	left = wait_event_idle_timeout(core->idle_wait,
				       pool_core_is_idle(core, atomic_long_read(out)),
				       timeout);

	mutex_lock(&core->idle_lock);
	if (!--core->idlers)
		pool_set_mode(core, POOL_NORMAL);
	mutex_unlock(&core->idle_lock);
	return left;
}

/* syncpool_wait_idle() of an active pool. */
int pool_idle_wait(struct syncpool_core *core, unsigned long timeout)
{
	struct syncpool *pool = core->pool;
	long left;
	bool gone;

	atomic_inc(&core->sleepers);
	left = pool_idle_sleep(core, pool, timeout);
	gone = pool_has_state(pool, POOL_STATE_GONE);
	/* last, since pool and core may be freed once nobody sleeps */
	atomic_dec(&core->sleepers);
	if (gone)
		return -ESHUTDOWN;
	return left ? 0 : -ETIMEDOUT;
}
