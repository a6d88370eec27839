// SPDX-License-Identifier: GPL-2.0
/*
 * probe_nmi - bursts in NMI, which come from outside (scripts/vm/vm --nmi), in place of
 * perf's and the watchdog's: an emulated PC has no counters that could send them
 */
#include <asm/nmi.h>

#include "pool_probe.h"

static bool probe_nmi_on;

static int probe_nmi(unsigned int type, struct pt_regs *regs)
{
	struct probe_cpu *c = this_cpu_ptr(&probe_cpus);

	probe_check_hang(c);
	c->seen[PROBE_NMI]++;
	probe_burst(c, PROBE_NMI);
	return NMI_HANDLED;
}

int probe_nmi_start(void)
{
	int err = register_nmi_handler(NMI_LOCAL, probe_nmi, 0, "pool_probe");

	probe_nmi_on = !err;
	return err;
}

/* When this returns, no handler runs. */
void probe_nmi_stop(void)
{
	if (probe_nmi_on)
		unregister_nmi_handler(NMI_LOCAL, "pool_probe");
	probe_nmi_on = false;
}
