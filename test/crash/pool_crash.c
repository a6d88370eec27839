// SPDX-License-Identifier: GPL-2.0
/*
 * pool_crash - pools whose contents are known, in a kernel that crashes
 *
 * Says for each pool what scripts/debug/syncpool.py has to find:
 *
 *	pool_crash: expect NAME: 12 cached, 3 out, 4 deferred
 *
 * Writing to the parameter "crash" panics. A panic notifier then gets, puts and discards, as
 * a driver may that writes a last message, waits for a second, says how many callbacks have
 * run since the crash, and asks scripts/vm/vm for a dump of the memory.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "syncpool.h"

#define SIZE		64U
#define EACH		5U	/* objects that each CPU puts */
#define MANY		300U	/* that one CPU puts */
#define HELD		3U
#define DEFERRED	20U
#define BURST		8U	/* objects that are used at once */
#define BURSTS		100U

static bool crashed;
static atomic_t callbacks;
static struct syncpool plain, holder, limit, sleeps, busy;
static DECLARE_COMPLETION(first_free);
static void *held[HELD], *objs[MANY];

static void *crash_alloc(gfp_t gfp, void *data)
{
	if (READ_ONCE(crashed))
		atomic_inc(&callbacks);
	return kmalloc(SIZE, gfp);
}

static void crash_free(void *obj, void *data)
{
	if (READ_ONCE(crashed))
		atomic_inc(&callbacks);
	kfree(obj);
}

/* It never returns: what comes after it waits. */
static void crash_free_never(void *obj, void *data)
{
	DECLARE_COMPLETION_ONSTACK(never);

	complete(&first_free);
	wait_for_completion(&never);
}

static void crash_expect(struct syncpool *pool, unsigned int deferred)
{
	pr_info("expect %s: %lu cached, %ld out, %u deferred\n", pool->params.name,
		syncpool_count(pool), syncpool_outstanding(pool) - (deferred ? deferred + 1 : 0),
		deferred);
}

/* Often enough for the CPU to earn a magazine. */
static long crash_put_some(void *pool)
{
	void *some[EACH];
	unsigned int i, turns;

	for (turns = 0; turns < 8; turns++) {
		for (i = 0; i < EACH; i++)
			some[i] = syncpool_get(pool, GFP_KERNEL);
		for (i = 0; i < EACH; i++)
			syncpool_put(pool, some[i]);
	}
	return 0;
}

/* In the victim what one CPU has put, then some in the magazine of each CPU. */
static void crash_fill_plain(void)
{
	unsigned int n = syncpool_get_bulk(&plain, GFP_KERNEL, MANY, objs);
	int cpu;

	syncpool_put_bulk(&plain, n, objs);
	for_each_online_cpu(cpu)
		work_on_cpu(cpu, crash_put_some, &plain);
	syncpool_cleanup(&plain);
	n = syncpool_get_bulk(&plain, GFP_KERNEL, MANY / 2, objs);
	syncpool_put_bulk(&plain, n, objs);
	for_each_online_cpu(cpu)
		work_on_cpu(cpu, crash_put_some, &plain);
	crash_expect(&plain, 0);
}

static noinline void crash_hold(void)
{
	unsigned int i;

	for (i = 0; i < HELD; i++)
		held[i] = syncpool_get(&holder, GFP_KERNEL);
}

static void crash_fill_sleeps(void)
{
	unsigned int n = syncpool_get_bulk(&sleeps, GFP_KERNEL, DEFERRED, objs);

	while (n--)
		syncpool_discard(&sleeps, objs[n]);
	wait_for_completion(&first_free);
	crash_expect(&sleeps, DEFERRED - 1);
}

/* Interrupts are off, and the other CPUs have stopped. */
static void crash_burst(void)
{
	void *some[BURST];
	unsigned int i;

	for (i = 0; i < BURST; i++)
		some[i] = syncpool_get(&busy, GFP_ATOMIC);
	for (i = 0; i < BURST; i++) {
		if (i % 4)
			syncpool_put(&busy, some[i]);
		else
			syncpool_discard(&busy, some[i]);
	}
}

static int crash_panicked(struct notifier_block *nb, unsigned long event, void *msg)
{
	unsigned int i;

	WRITE_ONCE(crashed, true);
	for (i = 0; i < BURSTS; i++)
		crash_burst();
	/* more than what the work items would wait for */
	mdelay(1000);
	pr_emerg("since the crash: %u bursts, %d callbacks\n", i, atomic_read(&callbacks));
	pr_emerg("EXPECT-WARN-END\n");
	pr_emerg("GUEST-EXIT: 0\n");
	pr_emerg("DUMP-GO\n");
	return NOTIFY_DONE;
}

static struct notifier_block crash_nb = {
	.notifier_call = crash_panicked,
};

static int crash_set(const char *val, const struct kernel_param *kp)
{
	panic("pool_crash: on purpose");
}

static const struct kernel_param_ops crash_ops = {
	.set = crash_set,
};
module_param_cb(crash, &crash_ops, NULL, 0200);
MODULE_PARM_DESC(crash, "panic when this is written");

static int crash_make(struct syncpool *pool, const char *name, unsigned int flags,
		      unsigned int min)
{
	const struct syncpool_params params = {
		.name = name, .alloc = crash_alloc, .flags = flags, .min = min,
		.free = flags & SYNCPOOL_FREE_SLEEPS ? crash_free_never : crash_free,
	};

	return syncpool_init(pool, &params);
}

/* There is no way to unload it: the kernel is to crash. */
static int __init crash_init(void)
{
	int err = crash_make(&plain, "crash_plain", 0, 0) ?:
		  crash_make(&holder, "crash_holder", SYNCPOOL_DEBUG, 0) ?:
		  crash_make(&limit, "crash_limit", 0, 16) ?:
		  crash_make(&sleeps, "crash_sleeps", SYNCPOOL_FREE_SLEEPS, 0) ?:
		  crash_make(&busy, "crash_busy", 0, 0);

	if (err)
		return err;
	crash_fill_plain();
	crash_hold();
	crash_expect(&holder, 0);
	crash_expect(&limit, 0);
	crash_fill_sleeps();
	/* objects for the bursts, of which the first are discarded */
	err = syncpool_prefill(&busy, MANY, GFP_KERNEL);
	if (err)
		return err;
	return atomic_notifier_chain_register(&panic_notifier_list, &crash_nb);
}

module_init(crash_init);
MODULE_DESCRIPTION("Test of syncpool: a kernel that crashes");
MODULE_LICENSE("GPL");
