// SPDX-License-Identifier: GPL-2.0
/*
 * nmi_sink - handle NMIs that arrive while no test handles them
 *
 * The sender does not know when a test begins and ends, and the kernel warns about
 * an NMI without a handler.
 */
#include <linux/module.h>
#include <asm/nmi.h>

static int nmi_sink(unsigned int type, struct pt_regs *regs)
{
	return NMI_HANDLED;
}

static int __init nmi_sink_init(void)
{
	return register_nmi_handler(NMI_LOCAL, nmi_sink, 0, "nmi_sink");
}

static void __exit nmi_sink_exit(void)
{
	unregister_nmi_handler(NMI_LOCAL, "nmi_sink");
}

module_init(nmi_sink_init);
module_exit(nmi_sink_exit);
MODULE_DESCRIPTION("Handles NMIs outside of tests");
MODULE_LICENSE("GPL");
