// SPDX-License-Identifier: GPL-2.0
/*
 * client_fault - let one function of a client fail, as if there were no memory
 *
 * A kprobe at the entry of the function that the parameter "symbol" names, which returns a
 * pointer or a bool: while "active" is set, the function returns NULL, or false, at once. "hits"
 * counts how often it did. Stock kernels have no fault injection.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

static char *symbol;
module_param(symbol, charp, 0444);
MODULE_PARM_DESC(symbol, "the function, as [MODULE:]NAME");

static bool active;
module_param(active, bool, 0644);
MODULE_PARM_DESC(active, "let it fail (default: N)");

static unsigned int hits;
module_param(hits, uint, 0444);
MODULE_PARM_DESC(hits, "how often it failed");

static noinline void *fault_null(void)
{
	return NULL;
}

/* The stack is as at the entry of the function, so its caller is whom fault_null() returns to. */
static int fault_hit(struct kprobe *kp, struct pt_regs *regs)
{
	if (!READ_ONCE(active))
		return 0;
	WRITE_ONCE(hits, hits + 1);
	instruction_pointer_set(regs, (unsigned long)fault_null);
	return 1;
}

/* keeps the kernel from optimizing the probe into a jump, which returns to the function */
static void fault_after(struct kprobe *kp, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe fault = {
	.pre_handler = fault_hit,
	.post_handler = fault_after,
};

static int __init fault_init(void)
{
	if (!symbol)
		return -EINVAL;
	fault.symbol_name = symbol;
	return register_kprobe(&fault);
}

static void __exit fault_exit(void)
{
	unregister_kprobe(&fault);
}

module_init(fault_init);
module_exit(fault_exit);
MODULE_DESCRIPTION("let a function fail");
MODULE_LICENSE("GPL");
