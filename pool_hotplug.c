// SPDX-License-Identifier: GPL-2.0
/*
 * pool_hotplug - what a dead CPU leaves behind
 *
 * No other CPU can reach a dead CPU's magazine and nested slots. What they hold in
 * the active generation goes to the CPU's own chain, which stays open to thieves,
 * or is freed if there is no memory for a ring. The victim's are open to every CPU
 * after a grace period, and a generation that is being drained is left to the
 * drain.
 */
#include <linux/cpuhotplug.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include "pool_free.h"
#include "pool_hotplug.h"
#include "pool_recall.h"

static int pool_cpuhp_state;

/* As pool_recall_flush(). */
static int pool_hotplug_flush(struct pool_generation *gen, unsigned int cpu,
			      struct pool_ring *ring)
{
	int need;

	preempt_disable();
	need = pool_recall_flush(gen, cpu, &ring, NULL);
	preempt_enable();
	return need;
}

/* Move what @cpu held outside its chain there, or free it. */
static void pool_flush_dead_cpu(struct syncpool_core *core, unsigned int cpu)
{
	struct pool_generation *gen;
	struct pool_ring *ring = NULL;
	void *objs[POOL_PCP_MAX];
	int need;

	mutex_lock(&core->reclaim_lock);
	gen = core->active;
	while ((need = pool_hotplug_flush(gen, cpu, ring)) > 0) {
		ring = pool_ring_alloc(need, GFP_NOWAIT | __GFP_NOWARN);
		if (!ring)
			pool_free_cached(core, objs,
					 pool_pcp_flush(per_cpu_ptr(gen->pcps, cpu), objs));
	}
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
