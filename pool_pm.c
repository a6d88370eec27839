// SPDX-License-Identifier: GPL-2.0
/*
 * pool_pm - no free runs while devices are suspended
 *
 * An object may belong to a device, and its free may touch that device. From
 * PM_SUSPEND_PREPARE until everything has been resumed,
 *
 * - work items free nothing: what puts have to drop waits (pool_defer.c), what is old
 *   stays cached, and PM_POST_SUSPEND continues;
 * - reclaim frees only where it may start I/O. The kernel forbids that to all allocations
 *   between the first device's suspend and the last one's resume
 *   (pm_restrict_gfp_mask()), and kswapd is frozen by then. Before, reclaim has to work:
 *   hibernation makes room for its image that way.
 *
 * What a driver asks for in its own callbacks is done: syncpool_exit(), and while a task
 * sleeps in another call of a pool (cleanup, resize, wait_idle, a get that waits), puts and
 * work items of that pool free as ever.
 *
 * Suspend begins when all callbacks that work items run have returned. So free must not wait
 * for suspend's locks (lock_system_sleep()), or for a task.
 *
 * A system that halts, restarts or starts another kernel (kexec) shuts its devices down, and
 * none comes back. From the reboot notifier on, nothing is freed but for a driver that ends
 * its pool, or sleeps in a call of it. A free that runs already, and the few objects that were
 * taken together with its own, are not waited for: a free that hangs must not keep the system
 * from restarting.
 *
 * A work queue that freezes would not do: a driver that ends a pool in its suspend
 * callback would wait for the queue until resume.
 */
#include <linux/atomic.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/suspend.h>
#include <linux/workqueue.h>

#include "pool_core.h"
#include "pool_defer.h"
#include "pool_early.h"
#include "pool_pm.h"

/*
 * Counted, since a snapshot for user space is prepared long before its end, and the system
 * may suspend in between. The kernel holds system_transition_mutex.
 */
static void pool_pm_suspend(void)
{
	atomic_inc(&pool_suspended);
	/* those that did not see it */
	flush_workqueue(pool_wq);
}

static void pool_pm_resume(void)
{
	struct syncpool_core *core;

	/* this module may have been loaded in between */
	if (!(atomic_read(&pool_suspended) & ~POOL_SHUTDOWN) ||
	    !atomic_dec_and_test(&pool_suspended))
		return;
	pool_early_resume();
	mutex_lock(&pool_list_lock);
	list_for_each_entry(core, &pool_list, node)
		pool_defer_kick(core);
	mutex_unlock(&pool_list_lock);
}

static int pool_pm_notify(struct notifier_block *nb, unsigned long event, void *unused)
{
	switch (event) {
	case PM_HIBERNATION_PREPARE:
	case PM_SUSPEND_PREPARE:
	case PM_RESTORE_PREPARE:
		pool_pm_suspend();
		break;
	case PM_POST_HIBERNATION:
	case PM_POST_SUSPEND:
	case PM_POST_RESTORE:
		pool_pm_resume();
		break;
	}
	return NOTIFY_OK;
}

static struct notifier_block pool_pm_nb = {
	.notifier_call = pool_pm_notify,
};

/* The system ends, and may do so from any task: there is nothing to wait for. */
static int pool_pm_shutdown(struct notifier_block *nb, unsigned long event, void *unused)
{
	atomic_or(POOL_SHUTDOWN, &pool_suspended);
	return NOTIFY_OK;
}

/* first: a driver may stop its device in such a notifier of its own */
static struct notifier_block pool_reboot_nb = {
	.notifier_call = pool_pm_shutdown,
	.priority = INT_MAX,
};

int pool_pm_init(void)
{
	int err = register_pm_notifier(&pool_pm_nb);

	if (err)
		return err;
	err = register_reboot_notifier(&pool_reboot_nb);
	if (err)
		unregister_pm_notifier(&pool_pm_nb);
	return err;
}

void pool_pm_exit(void)
{
	unregister_reboot_notifier(&pool_reboot_nb);
	unregister_pm_notifier(&pool_pm_nb);
}
