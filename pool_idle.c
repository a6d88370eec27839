// SPDX-License-Identifier: GPL-2.0
/*
 * pool_idle - wait until every object is back
 *
 * Go's WaitGroup, for the objects of a pool. While somebody waits, the fast path
 * is closed, gets build and puts free, down to params.min, and both count in one word,
 * syncpool.uncached.out. A grace period after the pool was closed, nobody counts
 * elsewhere any more. What is out is then a constant, the sum of all that was
 * counted before, plus that word. The put that brings the total to zero wakes
 * the waiters through an irq_work, so it may run in any context.
 */
#include <linux/bug.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "pool_activate.h"
#include "pool_age.h"
#include "pool_idle.h"
#include "pool_limit.h"
#include "pool_reclaim.h"
#include "pool_stats.h"

static void pool_idle_set_mode(struct syncpool_core *core, enum pool_mode mode)
{
	pool_reclaim_lock_settled(core);
	pool_core_set_mode(core, mode);
	/* allocs did not arm it while the pool idled */
	if (core->wanted != POOL_ENDED)
		pool_age_arm(core);
	mutex_unlock(&core->reclaim_lock);
}

static void pool_idle_begin(struct syncpool_core *core)
{
	unsigned int cpu;

	WRITE_ONCE(core->idle_base, POOL_IDLE_UNKNOWN);
	pool_idle_set_mode(core, POOL_IDLING);
	/*
	 * pool_idle_begin:A: grace period, pairs with pool_assert_pinned:A and
	 * pool_core_may_reclaim:A. Every operation that counted per CPU or used the
	 * fast path has ended, litmus/wait-count, and so has reclaim that did not see
	 * the pool idle, litmus/wait-reclaim.
	 */
	synchronize_rcu();
	pool_reclaim_lock_settled(core);
	if (core->limit)
		for_each_possible_cpu(cpu)
			pool_reclaim_flush_active(core, cpu);
	WRITE_ONCE(core->idle_base, pool_stats_outstanding_base(core));
	mutex_unlock(&core->reclaim_lock);
	/*
	 * pool_idle_begin:B: full barrier, pairs with pool_stats_uncached:A;
	 * litmus/wait-idle
	 */
	smp_mb();
	/* gets may take what is cached again */
	pool_limit_kick(core);
}

/*
 * The pool has ended. A task that still waits for it would wake up in freed
 * memory, so it is reported and made to return. pool->core is NULL since a grace
 * period, so no further task comes.
 */
void pool_idle_end(struct syncpool_core *core)
{
	pool_report(READ_ONCE(core->idlers), core, "syncpool_exit() during syncpool_wait_idle()");
	/*
	 * pool_idle_end:A: acquire, pairs with pool_core_leave:A; litmus/idle-leave
	 */
	while (atomic_read_acquire(&core->sleepers)) {
		/* in a loop, since the first of the waiters overwrites it */
		WRITE_ONCE(core->idle_base, LONG_MIN / 2);
		wake_up_all(&core->idle_wait);
		schedule_timeout_uninterruptible(1);
	}
}

/* Returns the jiffies left when nothing was out, or 0 on timeout. */
static long pool_idle_sleep(struct syncpool_core *core, struct syncpool *pool,
			    unsigned long timeout)
{
	atomic_long_t *out = &pool->uncached.out;
	long left;

	mutex_lock(&core->idle_lock);
	WRITE_ONCE(core->idlers, core->idlers + 1);
	if (core->idlers == 1)
		pool_idle_begin(core);
	mutex_unlock(&core->idle_lock);

	timeout = min_t(unsigned long, timeout, MAX_SCHEDULE_TIMEOUT);
	left = wait_event_idle_timeout(core->idle_wait,
				       pool_core_is_idle(core, atomic_long_read(out)),
				       timeout);

	mutex_lock(&core->idle_lock);
	WRITE_ONCE(core->idlers, core->idlers - 1);
	if (!core->idlers)
		pool_idle_set_mode(core, POOL_NORMAL);
	mutex_unlock(&core->idle_lock);
	/* gets that could not build */
	pool_limit_kick(core);
	return left;
}

int syncpool_wait_idle(struct syncpool *pool, unsigned long timeout)
{
	struct syncpool_core *core;
	bool gone;
	long left;

	might_sleep();
	core = pool_activate_enter(pool);
	if (IS_ERR(core))
		return PTR_ERR(core);
	left = pool_idle_sleep(core, pool, timeout);
	gone = test_bit(POOL_STATE_GONE, &pool->state);
	pool_core_leave(core);
	if (gone)
		return -ESHUTDOWN;
	return left ? 0 : -ETIMEDOUT;
}
EXPORT_SYMBOL_GPL(syncpool_wait_idle);
