// SPDX-License-Identifier: GPL-2.0
/*
 * pool_age - rotate a pool that nothing reclaims
 *
 * Go collects garbage at least every two minutes. Here a deferrable work item
 * rotates a pool that nothing has rotated or shrunk for age_secs, so that an
 * idle pool is empty after twice that time, or three times if reclaim comes in
 * between. Reclaim of one node counts for all: while it goes on, what lies idle on
 * other nodes does not age.
 *
 * The work item re-arms itself while objects are cached or out. The next alloc arms
 * it again, and so does wait_idle, since allocs do not while the pool idles. A pool
 * without alloc can receive objects at any time, so its work item always re-arms.
 */
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/kstrtox.h>
#include <linux/list.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "pool_age.h"
#include "pool_context.h"
#include "pool_reclaim.h"
#include "pool_stats.h"

static unsigned int pool_age_secs = 120;

static void pool_age_queue(struct syncpool_core *core, unsigned int secs)
{
	queue_delayed_work(pool_wq, &core->age_work, (unsigned long)secs * HZ);
}

/*
 * Any context but NMI. Queues the work even if it is pending: the full barrier in
 * that orders what the caller has counted against the sums in pool_age(), which
 * the workqueue runs after a full barrier of its own, see
 * set_work_pool_and_clear_pending() in kernel/workqueue.c. With interrupts off an
 * irq_work queues it, since a timer takes a lock; to queue that is a full barrier, too.
 */
void pool_age_arm(struct syncpool_core *core)
{
	unsigned int secs = READ_ONCE(pool_age_secs);

	if (secs && !pool_may_lock())
		irq_work_queue(&core->age_irq);
	else if (secs)
		pool_age_queue(core, secs);
}

static void pool_age(struct work_struct *work)
{
	struct syncpool_core *core = container_of(to_delayed_work(work),
						  struct syncpool_core, age_work);
	unsigned long secs = READ_ONCE(pool_age_secs);
	bool more;

	if (secs && !pool_core_is_suspended(core) &&
	    time_after_eq(jiffies, READ_ONCE(core->reclaimed_at) + secs * HZ) &&
	    pool_stats_cached(core))
		pool_reclaim_age(core);
	/*
	 * Not cached plus out: an object that moves between the two sums would
	 * be counted in neither.
	 */
	more = pool_stats_nr_built(core) || pool_stats_cached(core) ||
	       !core->params.alloc;
	if (more)
		pool_age_arm(core);
}

static void pool_age_irq(struct irq_work *irq)
{
	struct syncpool_core *core = container_of(irq, struct syncpool_core, age_irq);
	unsigned int secs = READ_ONCE(pool_age_secs);

	if (secs)
		pool_age_queue(core, secs);
}

/* The pool has ended, and nobody arms this any more. */
void pool_age_stop(struct syncpool_core *core)
{
	irq_work_sync(&core->age_irq);
	cancel_delayed_work_sync(&core->age_work);
}

void pool_age_init(struct syncpool_core *core)
{
	core->age_irq = IRQ_WORK_INIT_HARD(pool_age_irq);
	INIT_DEFERRABLE_WORK(&core->age_work, pool_age);
	pool_core_own_work(core, &core->age_work.work);
}

/* A new period counts from now, for every pool. */
static int pool_age_set(const char *val, const struct kernel_param *kp)
{
	unsigned int secs;
	struct syncpool_core *core;
	int err = kstrtouint(val, 0, &secs);

	if (err)
		return err;
	if (secs > INT_MAX / HZ)
		return -ERANGE;
	mutex_lock(&pool_list_lock);
	WRITE_ONCE(pool_age_secs, secs);
	list_for_each_entry(core, &pool_list, node) {
		cancel_delayed_work(&core->age_work);
		pool_age_arm(core);
	}
	mutex_unlock(&pool_list_lock);
	return 0;
}

static const struct kernel_param_ops pool_age_ops = {
	.set = pool_age_set,
	.get = param_get_uint,
};

module_param_cb(age_secs, &pool_age_ops, &pool_age_secs, 0644);
MODULE_PARM_DESC(age_secs, "seconds after which a pool that nothing has reclaimed rotates (default 120; 0: never)");
