// SPDX-License-Identifier: GPL-2.0
/*
 * stock_offline - what a CPU leaves behind when it goes offline
 *
 * Fills a pool on one CPU, takes that CPU down on the first, and gets there
 * until the pool is empty. This must return all objects, or, from the victim,
 * all that were not freed when the CPU died. Otherwise the module fails to
 * load. Pools must not age meanwhile (age_secs=0).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "syncpool.h"
#include "stock_plain.h"

#define OFFLINE_OBJECTS	100U

static struct pool_stamp *offline_objs[OFFLINE_OBJECTS];
static struct syncpool offline_pool;

static unsigned int offline_get(bool build)
{
	struct pool_stamp *obj;
	unsigned int n;

	for (n = 0; n < OFFLINE_OBJECTS; n++) {
		obj = build ? syncpool_get(&offline_pool, GFP_KERNEL)
			    : syncpool_try_get(&offline_pool);
		if (!obj)
			break;
		tort_take(obj, &offline_pool, 1);
		offline_objs[n] = obj;
	}
	return n;
}

static void offline_put(unsigned int n)
{
	while (n--) {
		tort_give(offline_objs[n], &offline_pool, 1);
		syncpool_put(&offline_pool, offline_objs[n]);
	}
}

/* Runs on the CPU that will go offline. */
static long offline_fill(void *unused)
{
	offline_put(offline_get(true));
	return 0;
}

/* @rotate: the CPU's objects are in the victim when it goes offline. */
static void offline_test(unsigned int cpu, bool rotate)
{
	unsigned long freed, cached, got;
	int err;

	work_on_cpu(cpu, offline_fill, NULL);
	if (rotate)
		syncpool_cleanup(&offline_pool);
	cached = syncpool_count(&offline_pool);
	freed = plain_frees;
	err = remove_cpu(cpu);
	freed = plain_frees - freed;
	got = offline_get(false);
	if (err || cached != OFFLINE_OBJECTS || got + freed != cached ||
	    (freed && !rotate) || syncpool_count(&offline_pool))
		tort_error("CPU %u down (%d), %s: %lu were cached, %lu freed, %lu got, %lu left\n",
			   cpu, err, rotate ? "victim" : "active", cached, freed,
			   got, syncpool_count(&offline_pool));
	err = add_cpu(cpu);
	offline_put(got);
	if (err || syncpool_count(&offline_pool) != got)
		tort_error("CPU %u up (%d): %lu put, %lu cached\n", cpu, err,
			   got, syncpool_count(&offline_pool));
	syncpool_cleanup(&offline_pool);
	syncpool_cleanup(&offline_pool);
}

static int __init offline_init(void)
{
	const struct syncpool_params params = {
		.name = "offline",
		.alloc = plain_alloc,
		.free = plain_free,
		.data = &offline_pool,
		.obj_size = sizeof(struct pool_stamp),
	};
	unsigned int cpu = cpumask_last(cpu_online_mask);
	int err = syncpool_init(&offline_pool, &params);

	if (err)
		return err;
	/* the hotplug callback moves the dead CPU's objects to its own CPU */
	set_cpus_allowed_ptr(current, cpumask_of(0));
	offline_test(cpu, false);
	offline_test(cpu, true);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	syncpool_exit(&offline_pool);
	if (plain_allocs != plain_frees)
		tort_error("%lu built, %lu freed\n", plain_allocs,
			   plain_frees);
	return plain_errors ? -EINVAL : 0;
}

static void __exit offline_exit(void)
{
}

module_init(offline_init);
module_exit(offline_exit);
MODULE_DESCRIPTION("Test of syncpool: what a dead CPU leaves behind");
MODULE_LICENSE("GPL");
