// SPDX-License-Identifier: GPL-2.0
/*
 * pool_module - syncpool.ko itself, and what it hears of: CPUs that die and
 * modules that go
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/module.h>
#include <linux/notifier.h>

#define CREATE_TRACE_POINTS
#include "pool_trace.h"

#include "pool.h"
#include "pool_debug.h"

struct workqueue_struct *pool_wq;

static int pool_cpuhp_state;

/* Move to this CPU what a dead one held outside its chain, or free it. */
static void pool_rescue(struct pool_core *core, unsigned int cpu)
{
	void *objs[POOL_LOCAL_MAX];
	unsigned int i, n;
	bool kept;

	mutex_lock(&core->reclaim_lock);
	n = pool_local_strip(per_cpu_ptr(core->local->locals, cpu), objs);
	for (i = 0; i < n; i++) {
		preempt_disable();
		kept = pool_store(core, objs[i]);
		preempt_enable();
		if (!kept)
			pool_free_cached(core, &objs[i], 1);
	}
	n = pool_local_strip(per_cpu_ptr(core->victim->locals, cpu), objs);
	pool_free_cached(core, objs, n);
	mutex_unlock(&core->reclaim_lock);
}

/*
 * @cpu is dead, so what was its own is nobody's; its chains stay open to
 * thieves. A set that is being drained is the drain's.
 */
static int pool_cpu_dead(unsigned int cpu)
{
	struct pool_core *core;

	mutex_lock(&pool_list_lock);
	list_for_each_entry(core, &pool_list, node)
		pool_rescue(core, cpu);
	mutex_unlock(&pool_list_lock);
	return 0;
}

static int pool_module_event(struct notifier_block *nb, unsigned long state,
			     void *module)
{
	if (state == MODULE_STATE_GOING)
		pool_shutdown_module(module);
	return NOTIFY_OK;
}

static struct notifier_block pool_module_nb = {
	.notifier_call = pool_module_event,
};

static int __init pool_module_init(void)
{
	int err;

	pool_wq = alloc_workqueue("syncpool", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!pool_wq)
		return -ENOMEM;
	err = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "syncpool:dead",
					NULL, pool_cpu_dead);
	if (err < 0)
		goto err_wq;
	pool_cpuhp_state = err;
	err = register_module_notifier(&pool_module_nb);
	if (err)
		goto err_cpuhp;
	pool_debugfs_init();
	pr_info("syncpool: loaded\n");
	return 0;

err_cpuhp:
	cpuhp_remove_state_nocalls(pool_cpuhp_state);
err_wq:
	destroy_workqueue(pool_wq);
	return err;
}

static void __exit pool_module_exit(void)
{
	pool_debugfs_exit();
	unregister_module_notifier(&pool_module_nb);
	cpuhp_remove_state_nocalls(pool_cpuhp_state);
	pool_defer_exit();
	/* pool_ring_free() */
	rcu_barrier();
	destroy_workqueue(pool_wq);
	pool_debug_exit();
	pr_info("syncpool: unloaded\n");
}

module_init(pool_module_init);
module_exit(pool_module_exit);
MODULE_DESCRIPTION("Per-CPU pools of ready-made objects, after Go's sync.Pool");
MODULE_LICENSE("GPL");
