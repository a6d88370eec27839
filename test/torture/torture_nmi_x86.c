// SPDX-License-Identifier: GPL-2.0
/*
 * torture_nmi_x86 - the load from NMIs, which come from outside, such as from QEMU's
 * monitor (scripts/vm/vm --nmi)
 */
#include <asm/nmi.h>

#include "pool_torture.h"

static bool tort_nmi_on;

static int tort_nmi(unsigned int type, struct pt_regs *regs)
{
	tort_irq_nmi();
	return NMI_HANDLED;
}

int tort_nmi_start(void)
{
	int err = register_nmi_handler(NMI_LOCAL, tort_nmi, 0, "pool_torture");

	tort_nmi_on = !err;
	return err;
}

/* When this returns, no handler runs. */
void tort_nmi_stop(void)
{
	if (tort_nmi_on)
		unregister_nmi_handler(NMI_LOCAL, "pool_torture");
	tort_nmi_on = false;
}
