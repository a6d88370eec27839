// SPDX-License-Identifier: GPL-2.0
/*
 * nmi_sink - takes the NMIs that come while no test waits for them
 *
 * Who sends them does not know when a test begins and ends, and the kernel
 * complains of one that nobody wants.
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
MODULE_DESCRIPTION("Takes unclaimed NMIs");
MODULE_LICENSE("GPL");
