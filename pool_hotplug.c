// SPDX-License-Identifier: GPL-2.0
/*
 * pool_hotplug - what a dead CPU leaves behind
 *
 * No other CPU can reach a dead CPU's magazine and nested slots: what they hold
 * is moved or freed. Its chains stay open to thieves. A generation that is being
 * drained is left to the drain.
 */
#include <linux/cpuhotplug.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include "pool_free.h"
#include "pool_hotplug.h"
#include "pool_main.h"

static int pool_cpuhp_state;

/* Move what @cpu held outside its chain to this CPU, or free it. */
static void pool_flush_dead_cpu(struct syncpool_core *core, unsigned int cpu)
{
	void *objs[POOL_PCP_MAX];
	unsigned int i, n;
	bool kept;

	mutex_lock(&core->reclaim_lock);
	n = pool_pcp_flush(per_cpu_ptr(core->active->pcps, cpu), objs);
	for (i = 0; i < n; i++) {
		preempt_disable();
		kept = pool_core_requeue(core, objs[i]);
		preempt_enable();
		if (!kept)
			pool_free_cached(core, &objs[i], 1);
	}
	n = pool_pcp_flush(per_cpu_ptr(core->victim->pcps, cpu), objs);
	pool_free_cached(core, objs, n);
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

int pool_hotplug_init(void)
{
	int state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
					      "syncpool:dead", NULL,
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
