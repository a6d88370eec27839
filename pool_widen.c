// SPDX-License-Identifier: GPL-2.0
/*
 * pool_widen - larger magazines for a pool that has earned them
 *
 * Of a new pool's generations the first has long magazines and the others short
 * ones, so that a pool whose use never needs them takes some 1 KiB a CPU. Once a
 * magazine has earned as much as a short one holds, the other generations get long
 * ones, each while it is the old one, settled and empty.
 */
#include <linux/irq_work.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "pool_widen.h"

static void pool_widen_work(struct work_struct *work)
{
	struct syncpool_core *core = container_of(work, struct syncpool_core,
						  widen_work);
	struct pool_pcp __percpu *pcps;

	/* before the lock, which reclaim tries */
	pcps = pool_generation_alloc(core->len);
	if (!pcps)
		return;
	mutex_lock(&core->reclaim_lock);
	/* while it cannot be replaced, each time that it settles comes here again */
	if (core->settled && core->old->len < core->len &&
	    pool_generation_retire(core->old))
		pcps = pool_generation_replace(core->old, pcps, core->len);
	mutex_unlock(&core->reclaim_lock);
	/*
	 * pool_widen_work:A: grace period, pairs with pool_generation_count:A,
	 * which may still look at what was replaced, and with pool_assert_pinned:A,
	 * as thieves may; litmus/ring-reclaim
	 */
	synchronize_rcu();
	free_percpu(pcps);
}

static void pool_widen_irq(struct irq_work *irq)
{
	struct syncpool_core *core = container_of(irq, struct syncpool_core,
						  widen_irq);

	queue_work(pool_wq, &core->widen_work);
}

void pool_widen_init(struct syncpool_core *core)
{
	INIT_WORK(&core->widen_work, pool_widen_work);
	pool_core_own_work(core, &core->widen_work);
	core->widen_irq = IRQ_WORK_INIT_HARD(pool_widen_irq);
}
