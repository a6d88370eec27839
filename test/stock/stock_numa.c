// SPDX-License-Identifier: GPL-2.0
/*
 * stock_numa - which chains a thief visits first
 *
 * Every CPU in turn is the thief: the others fill their chains, and the thief
 * gets until the pool is empty. Each object records which CPU put it. Objects
 * of the thief's own node must come first and those of other nodes afterwards,
 * both from the active generation and from the victim. The module fails to load
 * if they do not, or if there are no two nodes with two CPUs each. Pools must
 * not age meanwhile (age_secs=0).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/workqueue.h>

#include "syncpool.h"
#include "stock_plain.h"

/* per CPU: enough for several steals beside what its magazine keeps */
#define NUMA_OBJECTS	100U

enum numa_from {
	NUMA_NEAR,	/* put by a CPU of the thief's node */
	NUMA_FAR,
	NUMA_FROM,
};

/**
 * struct numa_thief - a CPU that gets what others have put
 * @cpu: the thief
 * @limit: most objects that it gets
 * @got: objects, by where they came from
 * @thefts: steals and gets from the victim, likewise
 * @late: objects of its own node that came after one of another node
 */
struct numa_thief {
	unsigned int	cpu;
	unsigned int	limit;
	unsigned int	got[NUMA_FROM];
	unsigned int	thefts[NUMA_FROM];
	unsigned int	late;
};

static struct syncpool numa_pool;
static struct pool_stamp **numa_objs;	/* what the test holds */
static unsigned int numa_held;		/* how many */
static unsigned int numa_thefts[MAX_NUMNODES][NUMA_FROM];

static void numa_hold(struct pool_stamp *obj)
{
	tort_take(obj, &numa_pool, 0);
	numa_objs[numa_held++] = obj;
}

static void numa_put_one(void)
{
	struct pool_stamp *obj = numa_objs[--numa_held];

	/* record the CPU that puts it */
	tort_pass(obj, smp_processor_id());
	tort_give(obj, &numa_pool, smp_processor_id());
	syncpool_put(&numa_pool, obj);
}

/* Runs on the CPU that fills its chain. */
static long numa_fill(void *unused)
{
	unsigned int i;

	for (i = 0; i < NUMA_OBJECTS; i++)
		numa_put_one();
	return 0;
}

/* Fill the chains of all CPUs at distance @from, except the thief. */
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

/* Get one object. False if there is none. */
static bool numa_steal(struct numa_thief *t)
{
	unsigned long thefts = numa_count_thefts();
	struct pool_stamp *obj = syncpool_try_get(&numa_pool);
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

/* Runs on the thief's CPU. */
static long numa_steal_all(void *data)
{
	struct numa_thief *t = data;
	unsigned int n = 0;

	while (n < t->limit && numa_steal(t))
		n++;
	return 0;
}

/* Let @t get up to @limit objects, and check that near ones come first. */
static void numa_run(struct numa_thief *t, unsigned int limit)
{
	int node = cpu_to_node(t->cpu);
	unsigned int from;

	*t = (struct numa_thief){ .cpu = t->cpu, .limit = limit };
	work_on_cpu(t->cpu, numa_steal_all, t);
	if (t->late)
		tort_error("CPU %u got %u objects of its own node after some of the %u of others\n",
			   t->cpu, t->late, t->got[NUMA_FAR]);
	for (from = 0; from < NUMA_FROM; from++)
		numa_thefts[node][from] += t->thefts[from];
}

/* There must be steals of both kinds; numa_run() checks their order. */
static void numa_expect_both(const struct numa_thief *t, const char *what)
{
	if (!t->thefts[NUMA_NEAR] || !t->thefts[NUMA_FAR])
		tort_error("CPU %u, %s: %u objects of its node in %u steals, %u of others in %u\n",
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

/* After far chains have been visited, near chains are filled again. */
static void numa_test_return(struct numa_thief *t)
{
	struct syncpool_stats stats;

	numa_fill_all(t, NUMA_FAR);
	numa_run(t, 1);
	syncpool_read_stats(&numa_pool, &stats);
	numa_run(t, stats.stolen - 1);
	if (t->got[NUMA_FAR] != stats.stolen - 1 || t->thefts[NUMA_FAR])
		tort_error("CPU %u stole %lu from other nodes, then got %u in %u steals\n",
			   t->cpu, stats.stolen, t->got[NUMA_FAR],
			   t->thefts[NUMA_FAR]);
	numa_fill_all(t, NUMA_NEAR);
	numa_run(t, UINT_MAX);
	numa_expect_both(t, "near chains full again");
}

/* The same from the victim. */
static void numa_test_victim(struct numa_thief *t)
{
	numa_fill_all(t, NUMA_NEAR);
	numa_fill_all(t, NUMA_FAR);
	syncpool_cleanup(&numa_pool);
	numa_run(t, UINT_MAX);
	numa_expect_both(t, "victim");
}

/* Build as many objects as all CPUs are to put. The pool is empty. */
static bool numa_build(void)
{
	unsigned int n = num_online_cpus() * NUMA_OBJECTS;
	struct pool_stamp *obj;

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
		.obj_size = sizeof(struct pool_stamp),
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

/* The number of nodes on which a thief has a neighbour. */
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
		tort_error("needs two nodes with two CPUs each, found %u\n",
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
		pr_info("node %d: %u steals from its own CPUs before %u from others\n",
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
