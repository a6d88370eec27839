// SPDX-License-Identifier: GPL-2.0
/*
 * pool_hotplug - what a dead CPU leaves behind, and what a new one needs
 *
 * No other CPU can reach a dead CPU's magazine and nested slots. What they hold in
 * the active generation goes to the CPU's own chain, which stays open to thieves. If
 * there is no memory for a ring, a work item frees it. The victim's are open to every
 * CPU after a grace period, and the old generation's are settled or drained.
 */
#include <linux/cpuhotplug.h>
#include <linux/list.h>
#include <linux/mutex.h>

#include "pool_hotplug.h"
#include "pool_reclaim.h"
#include "pool_ring.h"

static int pool_cpuhp_state;

/* Move what @cpu held outside its chain there. No callback runs under the locks. */
static void pool_flush_dead_cpu(struct syncpool_core *core, unsigned int cpu)
{
	mutex_lock(&core->reclaim_lock);
	pool_reclaim_flush_active(core, cpu);
	mutex_unlock(&core->reclaim_lock);
}

static int pool_cpu_dead(unsigned int cpu)
{
	struct syncpool_core *core;

	mutex_lock(&pool_list_lock);
	list_for_each_entry(core, &pool_list, node)
		pool_flush_dead_cpu(core, cpu);
	mutex_unlock(&pool_list_lock);
	return 0;
}

/* @cpu is about to come online. Never fails: without a ring its chains grow later. */
static int pool_cpu_prepare(unsigned int cpu)
{
	pool_ring_fill_spare(cpu);
	return 0;
}

/* Called for the CPUs that are online, too. */
int pool_hotplug_init(void)
{
	int state = cpuhp_setup_state(CPUHP_BP_PREPARE_DYN, "syncpool:dead", pool_cpu_prepare,
				      pool_cpu_dead);

	if (state < 0)
		return state;
	pool_cpuhp_state = state;
	return 0;
}

void pool_hotplug_exit(void)
{
	cpuhp_remove_state_nocalls(pool_cpuhp_state);
}
