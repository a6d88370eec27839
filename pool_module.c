// SPDX-License-Identifier: GPL-2.0
/*
 * pool_module - syncpool.ko itself
 *
 * The files of the module in the order in which calls go: each calls only what
 * is below it.
 *
 *	pool_module	load, unload, modules that forget their pools
 *	pool_show	the pools in debugfs
 *	pool_pm		suspend, hibernation, shutdown
 *	pool_hotplug	what a dead CPU leaves behind
 *	pool_life	how pools begin and end
 *	pool_resize	another min and max
 *	pool_bulk	many objects in one call
 *	pool_main	get and put
 *	pool_wait	a get that waits for an object
 *	pool_take	where a get looks for an object
 *	pool_build	an object for a get, and a core at first use
 *	pool_holders	who holds the objects that are out, in debug mode
 *	pool_idle	wait until every object is back
 *	pool_activate	a pool's core, at init or first use
 *	pool_new	an object from the alloc callback
 *	pool_age	rotate a pool that nothing reclaims
 *	pool_shrink	what memory reclaim asks for
 *	pool_widen	larger magazines for a pool that has earned them
 *	pool_reclaim	rotation, freeing what is old
 *	pool_free	an object for the free callback, now or later
 *	pool_defer	an object whose free has to wait
 *	pool_recall	what lies in other CPUs' magazines
 *	pool_limit	min, max, the queue of gets that wait
 *	pool_stats	counters
 *	pool_earn	how large a magazine is
 *	pool_debug	debug mode: what an operation has to check
 *	pool_select	the pools that syncpool.debug names
 *	pool_track	where each object of debug mode is
 *	pool_table	the hash tables of that
 *	pool_early	pools that are to become active
 *	pool_core	the list of active pools, a pool's state
 *	pool_generation	all CPUs' parts of a generation, stealing
 *	pool_node	what lies in the chains of each memory node's CPUs
 *	pool_stash	what every CPU reaches
 *	pool_pcp	one CPU's part: try-lock, magazine, nested slots
 *	pool_chain	rings that double
 *	pool_ring	memory for chains
 *	pool_dequeue	one ring
 *	pool_trace	trace events
 *	pool_kasan	KASAN reports the use of what lies in a pool (SYNCPOOL_KASAN)
 */
#include <generated/utsrelease.h>
#include <linux/kconfig.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "pool_compat.h"
#include "pool_core.h"
#include "pool_debug.h"
#include "pool_early.h"
#include "pool_holders.h"
#include "pool_hotplug.h"
#include "pool_life.h"
#include "pool_pm.h"
#include "pool_ring.h"
#include "pool_show.h"
#include "pool_shrink.h"
#include "pool_table.h"

#define POOL_VERSION	"0.1.0"

static int pool_module_event(struct notifier_block *nb, unsigned long state,
			     void *module)
{
	if (pool_module_goes(state))
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
	err = pool_early_init();
	if (err)
		goto err_wq;
	err = pool_hotplug_init();
	if (err)
		goto err_early;
	err = register_module_notifier(&pool_module_nb);
	if (err)
		goto err_hotplug;
	err = pool_shrink_oom_init();
	if (err)
		goto err_notifier;
	err = pool_pm_init();
	if (err)
		goto err_oom;
	pool_show_init();
	pr_info("syncpool: version %s for %s%s%s\n", POOL_VERSION, UTS_RELEASE,
		IS_ENABLED(CONFIG_SYNCPOOL_KASAN) ? ", with KASAN's poison" : "",
		IS_ENABLED(CONFIG_SYNCPOOL_KUNIT_TEST) ? ", with test hooks" : "");
	/* pool_module_init:A: release, pairs with pool_is_ready:A; litmus/ready */
	smp_store_release(&pool_ready, true);
	return 0;

err_oom:
	pool_shrink_oom_exit();
err_notifier:
	unregister_module_notifier(&pool_module_nb);
err_hotplug:
	pool_hotplug_exit();
err_early:
	pool_early_exit();
err_wq:
	destroy_workqueue(pool_wq);
	return err;
}

static void __exit pool_module_exit(void)
{
	pool_show_exit();
	pool_pm_exit();
	pool_shrink_oom_exit();
	unregister_module_notifier(&pool_module_nb);
	pool_hotplug_exit();
	pool_early_exit();
	pool_debug_exit();
	pool_table_exit();
	pool_ring_exit();
	/* wait for the callbacks that free rings */
	rcu_barrier();
	destroy_workqueue(pool_wq);
}

/* built in, before what may use it */
core_initcall(pool_module_init);
module_exit(pool_module_exit);
MODULE_DESCRIPTION("Per-CPU pools of ready-made objects, after Go's sync.Pool");
MODULE_AUTHOR("The syncpool maintainers");
MODULE_VERSION(POOL_VERSION);
MODULE_LICENSE("GPL");
