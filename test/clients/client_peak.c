// SPDX-License-Identifier: GPL-2.0
/*
 * client_peak - how many objects of a client are wanted at once
 *
 * Probes at the entry of the function that the parameter "enter" names, and at the return of
 * the one that "leave" names: the client's get and put, or one function that does both. From
 * one to the other a task needs an object, has it, or is giving it back. "peak" is the most
 * that did so at once; a count of the test's own, since what is tested counts, too. "missed"
 * tells how often no probe could run, which makes the count worthless.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

/* returns that may be awaited at once; tasks in the guests are fewer */
#define PEAK_RETURNS	256

static char *enter;
module_param(enter, charp, 0444);
MODULE_PARM_DESC(enter, "the function that begins it, as [MODULE:]NAME");

static char *leave;
module_param(leave, charp, 0444);
MODULE_PARM_DESC(leave, "the function whose return ends it");

static atomic_t now;
static atomic_t peak;

static int peak_enter(struct kprobe *kp, struct pt_regs *regs)
{
	int n = atomic_inc_return(&now);
	int most = atomic_read(&peak);

	while (n > most && !atomic_try_cmpxchg(&peak, &most, n))
		;
	return 0;
}

static int peak_leave(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	atomic_dec(&now);
	return 0;
}

static struct kprobe at_entry = { .pre_handler = peak_enter };

static struct kretprobe at_return = {
	.handler	= peak_leave,
	.maxactive	= PEAK_RETURNS,
};

static int peak_get(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(&peak));
}

static const struct kernel_param_ops peak_ops = { .get = peak_get };
module_param_cb(peak, &peak_ops, NULL, 0444);
MODULE_PARM_DESC(peak, "the most at once");

static int missed_get(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%lu\n",
			  at_entry.nmissed + at_return.kp.nmissed + at_return.nmissed);
}

static const struct kernel_param_ops missed_ops = { .get = missed_get };
module_param_cb(missed, &missed_ops, NULL, 0444);
MODULE_PARM_DESC(missed, "entries and returns that were not seen");

static int __init peak_init(void)
{
	int err;

	if (!enter || !leave)
		return -EINVAL;
	at_entry.symbol_name = enter;
	at_return.kp.symbol_name = leave;
	err = register_kretprobe(&at_return);
	if (err)
		return err;
	err = register_kprobe(&at_entry);
	if (err)
		unregister_kretprobe(&at_return);
	return err;
}

static void __exit peak_exit(void)
{
	unregister_kprobe(&at_entry);
	unregister_kretprobe(&at_return);
}

module_init(peak_init);
module_exit(peak_exit);
MODULE_DESCRIPTION("count what is wanted at once");
MODULE_LICENSE("GPL");
