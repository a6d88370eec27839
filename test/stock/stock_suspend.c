// SPDX-License-Identifier: GPL-2.0
/*
 * stock_suspend - no free runs while devices are suspended
 *
 * A timer gets, puts and discards in hardirq, so that there is always something to be
 * freed later; a task cleans up. A device of the module's says from its callbacks when
 * devices are suspended. In its suspend callback it also waits until a pool of its
 * own is idle, cleans it up and ends it, as a driver does, and none of that waits for
 * resume. The guest suspends and hibernates, as far as pm_test goes. If the module is still
 * there when the guest shuts down, the device does the same for good, and stays 3 seconds.
 * Violations are reported.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/freezer.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/slab.h>

#include "pool_compat.h"
#include "syncpool.h"

#define OWN	40U	/* objects of the driver's own pool */
#define BURST	8U	/* objects that the timer uses at once */

static unsigned int tick_ms = 2;
module_param(tick_ms, uint, 0444);
MODULE_PARM_DESC(tick_ms, "milliseconds between two bursts of the timer; what it discards waits while the system suspends");

static bool suspended;		/* from the first suspend callback to the last resume */
static unsigned long suspends;
static atomic_t frees, late;
static struct syncpool busy_pool, own_pool;
static struct platform_device *device;
static struct task_struct *cleaner;
static struct hrtimer timer;
static void *own[OWN];

#define complain(fmt, ...)	pr_alert("!!! " fmt, ##__VA_ARGS__)

static void busy_free(void *obj, void *data)
{
	if (READ_ONCE(suspended) && !atomic_fetch_inc(&late))
		complain("free ran while devices were suspended\n");
	atomic_inc(&frees);
	kfree(obj);
}

static enum hrtimer_restart tick(struct hrtimer *t)
{
	void *objs[BURST];
	unsigned int i;

	for (i = 0; i < BURST; i++)
		objs[i] = syncpool_get(&busy_pool, GFP_ATOMIC);
	for (i = 0; i < BURST; i++) {
		if (i % 4)
			syncpool_put(&busy_pool, objs[i]);
		else
			syncpool_discard(&busy_pool, objs[i]);
	}
	hrtimer_forward_now(t, ms_to_ktime(tick_ms));
	return HRTIMER_RESTART;
}

static int clean(void *unused)
{
	set_freezable();
	while (!kthread_should_stop()) {
		syncpool_prefill(&busy_pool, 64, GFP_KERNEL);
		syncpool_cleanup(&busy_pool);
		schedule_timeout_interruptible(HZ / 50);
		try_to_freeze();
	}
	return 0;
}

static void own_make(void)
{
	struct syncpool_params params = {
		.name = "stock_own", .alloc = mempool_kmalloc, .free = mempool_kfree,
		.data = (void *)64, .flags = SYNCPOOL_FREE_SLEEPS,
	};

	if (syncpool_init(&own_pool, &params) ||
	    syncpool_get_bulk(&own_pool, GFP_KERNEL, OWN, own) != OWN)
		complain("the device has no pool\n");
}

/* Give all objects back, some of them to be freed later, and wait for that. */
static void own_end(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < OWN; i++) {
		if (i % 2)
			syncpool_put(&own_pool, own[i]);
		else
			syncpool_discard(&own_pool, own[i]);
	}
	err = syncpool_wait_idle(&own_pool, 20 * HZ);
	if (err)
		complain("wait_idle in a suspend callback: %d\n", err);
	syncpool_cleanup(&own_pool);
	syncpool_exit(&own_pool);
}

static int device_suspend(struct device *dev)
{
	WRITE_ONCE(suspended, true);
	suspends++;
	own_end();
	return 0;
}

static int device_resume(struct device *dev)
{
	own_make();
	WRITE_ONCE(suspended, false);
	return 0;
}

static void device_shutdown_late(struct platform_device *pdev)
{
	int before;

	/* nothing freezes it, and a cleanup frees whatever happens */
	kthread_stop(cleaner);
	device_suspend(&pdev->dev);
	before = atomic_read(&frees);
	/* the timer goes on, and what is cached grows old */
	ssleep(3);
	pr_info("shutdown: %d frees before, %d in the 3 seconds after\n", before,
		atomic_read(&frees) - before);
}

static const struct dev_pm_ops device_ops = {
	.suspend = device_suspend, .resume = device_resume,
	.freeze = device_suspend, .thaw = device_resume, .restore = device_resume,
};

static struct platform_driver driver = {
	.shutdown = device_shutdown_late,
	.driver = { .name = KBUILD_MODNAME, .pm = &device_ops },
};

static int __init suspend_init(void)
{
	struct syncpool_params params = {
		.name = "stock_busy", .alloc = mempool_kmalloc, .free = busy_free,
		.data = (void *)64,
	};
	int err = syncpool_init(&busy_pool, &params);

	if (err)
		return err;
	own_make();
	err = platform_driver_register(&driver);
	if (err)
		return err;
	device = platform_device_register_simple(KBUILD_MODNAME, -1, NULL, 0);
	cleaner = kthread_run(clean, NULL, "stock_suspend");
	if (IS_ERR(device) || IS_ERR(cleaner))
		complain("no device or no task\n");
	pool_hrtimer_setup(&timer, tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	hrtimer_start(&timer, ms_to_ktime(tick_ms), HRTIMER_MODE_REL_HARD);
	return 0;
}

static void __exit suspend_exit(void)
{
	hrtimer_cancel(&timer);
	kthread_stop(cleaner);
	platform_device_unregister(device);
	platform_driver_unregister(&driver);
	own_end();
	if (syncpool_outstanding(&busy_pool))
		msleep(100);
	if (syncpool_outstanding(&busy_pool))
		complain("%ld objects never came back\n", syncpool_outstanding(&busy_pool));
	syncpool_exit(&busy_pool);
	pr_info("%lu suspends, %d frees, %d of them late\n", suspends,
		atomic_read(&frees), atomic_read(&late));
}

module_init(suspend_init);
module_exit(suspend_exit);
MODULE_DESCRIPTION("Test of syncpool: suspend and hibernation");
MODULE_LICENSE("GPL");
