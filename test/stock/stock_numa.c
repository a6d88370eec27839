// SPDX-License-Identifier: GPL-2.0
/*
 * stock_numa - whose chains a thief visits first
 *
 * Every CPU in turn is the thief: the others fill their chains, and it gets
 * until nothing comes. Each object says which CPU put it. What the thief's own
 * node has must come first, what other nodes have after that and not never;
 * of the generation that is filled, and of the one before. Does not load if
 * that does not hold, nor where there are not two nodes with two CPUs each.
 * Pools must not age meanwhile (age_secs=0).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/workqueue.h>

#include "syncpool.h"
#include "stock_plain.h"

/* Of each CPU: enough for several thefts beside what its array keeps. */
#define NUMA_OBJECTS	100U

enum numa_from {
	NUMA_NEAR,	/* put by a CPU of the thief's node */
	NUMA_FAR,
	NUMA_FROM,
};

/**
 * struct numa_thief - a CPU that gets what others have put
 * @cpu: the thief
 * @limit: how many objects it wants at most
 * @got: objects by where they came from
 * @thefts: thefts, or gets from the generation before, likewise
 * @late: objects of its own node that came after one of another
 */
struct numa_thief {
	unsigned int	cpu;
	unsigned int	limit;
	unsigned int	got[NUMA_FROM];
	unsigned int	thefts[NUMA_FROM];
	unsigned int	late;
};

static struct syncpool numa_pool;
static struct tort_stamp **numa_objs;	/* what the test holds */
static unsigned int numa_held;		/* how many */
static unsigned int numa_thefts[MAX_NUMNODES][NUMA_FROM];

static void numa_hold(struct tort_stamp *obj)
{
	tort_take(obj, &numa_pool, 0);
	numa_objs[numa_held++] = obj;
}

static void numa_put_one(void)
{
	struct tort_stamp *obj = numa_objs[--numa_held];

	/* says who put it */
	tort_pass(obj, smp_processor_id());
	tort_give(obj, &numa_pool, smp_processor_id());
	syncpool_put(&numa_pool, obj);
}

/* On the CPU that fills its chain. */
static long numa_fill(void *unused)
{
	unsigned int i;

	for (i = 0; i < NUMA_OBJECTS; i++)
		numa_put_one();
	return 0;
}

/* Fill the chains of all CPUs but the thief that are @from there. */
static void numa_fill_all(struct numa_thief *t, enum numa_from from)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		bool far = cpu_to_node(cpu) != cpu_to_node(t->cpu);

		if (cpu != t->cpu && from == (far ? NUMA_FAR : NUMA_NEAR))
			work_on_cpu(cpu, numa_fill, NULL);
	}
}

static unsigned long numa_count_thefts(void)
{
	struct syncpool_stats stats;

	syncpool_read_stats(&numa_pool, &stats);
	return stats.steals + stats.victim_hits;
}

/* One object. False if there is none. */
static bool numa_rob(struct numa_thief *t)
{
	unsigned long thefts = numa_count_thefts();
	struct tort_stamp *obj = syncpool_try_get(&numa_pool);
	bool far;

	if (!obj)
		return false;
	far = cpu_to_node(obj->holder) != cpu_to_node(t->cpu);
	t->got[far]++;
	t->late += !far && t->got[NUMA_FAR];
	t->thefts[far] += numa_count_thefts() - thefts;
	numa_hold(obj);
	return true;
}

/* On the thief's CPU. */
static long numa_rob_all(void *data)
{
	struct numa_thief *t = data;
	unsigned int n = 0;

	while (n < t->limit && numa_rob(t))
		n++;
	return 0;
}

/* Let it get up to @limit objects, from now on near ones before far ones. */
static void numa_run(struct numa_thief *t, unsigned int limit)
{
	int node = cpu_to_node(t->cpu);
	unsigned int from;

	*t = (struct numa_thief){ .cpu = t->cpu, .limit = limit };
	work_on_cpu(t->cpu, numa_rob_all, t);
	if (t->late)
		tort_error("CPU %u got %u of its own node after some of the %u of others\n",
			   t->cpu, t->late, t->got[NUMA_FAR]);
	for (from = 0; from < NUMA_FROM; from++)
		numa_thefts[node][from] += t->thefts[from];
}

/* Thefts of both kinds; numa_run() has seen to their order. */
static void numa_expect_both(const struct numa_thief *t, const char *what)
{
	if (!t->thefts[NUMA_NEAR] || !t->thefts[NUMA_FAR])
		tort_error("CPU %u, %s: %u objects of its node by %u thefts, %u of others by %u\n",
			   t->cpu, what, t->got[NUMA_NEAR],
			   t->thefts[NUMA_NEAR], t->got[NUMA_FAR],
			   t->thefts[NUMA_FAR]);
}

static void numa_test_order(struct numa_thief *t)
{
	numa_fill_all(t, NUMA_NEAR);
	numa_fill_all(t, NUMA_FAR);
	numa_run(t, UINT_MAX);
	numa_expect_both(t, "all chains full");
}

/* Far chains have been visited; then there is something near again. */
static void numa_test_return(struct numa_thief *t)
{
	struct syncpool_stats stats;

	numa_fill_all(t, NUMA_FAR);
	numa_run(t, 1);
	syncpool_read_stats(&numa_pool, &stats);
	numa_run(t, stats.stolen - 1);
	if (t->got[NUMA_FAR] != stats.stolen - 1 || t->thefts[NUMA_FAR])
		tort_error("CPU %u stole %lu of other nodes, then got %u by %u thefts\n",
			   t->cpu, stats.stolen, t->got[NUMA_FAR],
			   t->thefts[NUMA_FAR]);
	numa_fill_all(t, NUMA_NEAR);
	numa_run(t, UINT_MAX);
	numa_expect_both(t, "near chains full again");
}

/* From the generation before. */
static void numa_test_victim(struct numa_thief *t)
{
	numa_fill_all(t, NUMA_NEAR);
	numa_fill_all(t, NUMA_FAR);
	syncpool_cleanup(&numa_pool);
	numa_run(t, UINT_MAX);
	numa_expect_both(t, "generation before");
}

/* Hold as many objects as all CPUs are to put. The pool is empty. */
static bool numa_build(void)
{
	unsigned int n = num_online_cpus() * NUMA_OBJECTS;
	struct tort_stamp *obj;

	while (numa_held < n) {
		obj = syncpool_get(&numa_pool, GFP_KERNEL);
		if (!obj)
			return false;
		numa_hold(obj);
	}
	return true;
}

static int numa_test(unsigned int cpu, void (*test)(struct numa_thief *t))
{
	const struct syncpool_params params = {
		.name = "numa",
		.alloc = plain_alloc,
		.free = plain_free,
		.data = &numa_pool,
		.obj_size = sizeof(struct tort_stamp),
	};
	struct numa_thief thief = { .cpu = cpu };
	int err = syncpool_init(&numa_pool, &params);

	if (err)
		return err;
	if (numa_build())
		test(&thief);
	else
		err = -ENOMEM;
	migrate_disable();
	while (numa_held)
		numa_put_one();
	migrate_enable();
	syncpool_exit(&numa_pool);
	if (plain_allocs != plain_frees)
		tort_error("%lu built, %lu freed\n", plain_allocs, plain_frees);
	return err;
}

static int numa_test_all(void)
{
	unsigned int cpu;
	int err = 0;

	for_each_online_cpu(cpu) {
		err = err ?: numa_test(cpu, numa_test_order);
		err = err ?: numa_test(cpu, numa_test_return);
		err = err ?: numa_test(cpu, numa_test_victim);
	}
	return err;
}

/* Nodes on which a thief has a neighbour. */
static unsigned int numa_nodes(void)
{
	unsigned int nodes = 0, cpus, cpu;
	int node;

	for_each_online_node(node) {
		cpus = 0;
		for_each_online_cpu(cpu)
			cpus += cpu_to_node(cpu) == node;
		nodes += cpus >= 2;
	}
	return nodes;
}

static int __init numa_init(void)
{
	int node, err;

	if (numa_nodes() < 2) {
		tort_error("needs two nodes with two CPUs each, there are %u\n",
			   numa_nodes());
		return -ENODEV;
	}
	numa_objs = kvmalloc_array(num_online_cpus(),
				   NUMA_OBJECTS * sizeof(*numa_objs),
				   GFP_KERNEL);
	if (!numa_objs)
		return -ENOMEM;
	err = numa_test_all();
	kvfree(numa_objs);
	if (err || plain_errors)
		return err ?: -EINVAL;
	for_each_online_node(node)
		pr_info("node %d: %u thefts from its own CPUs before %u from others\n",
			node, numa_thefts[node][NUMA_NEAR],
			numa_thefts[node][NUMA_FAR]);
	return 0;
}

static void __exit numa_exit(void)
{
}

module_init(numa_init);
module_exit(numa_exit);
MODULE_DESCRIPTION("Test of syncpool: near chains before far ones");
MODULE_LICENSE("GPL");
