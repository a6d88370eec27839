// SPDX-License-Identifier: GPL-2.0
/* node_test - sums of what lies in chains: exact in the kernel's counters, pages, debts */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>

#include "pool_node.h"
#include "test_pool.h"

#define BATCH_PAGES	64UL	/* see pool_node.c */
#define ROUNDS		10000U

static const size_t footprints[] = {
	0, 1, 8, 100, 256, 3000, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE - 7,
	SZ_64K, SZ_1M, SZ_1M + 1,
};

static void node_desc(const size_t *footprint, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%zu", *footprint);
}

KUNIT_ARRAY_PARAM(node, footprints, node_desc);

static struct pool_nodes *node_make(struct kunit *test, size_t footprint)
{
	struct pool_nodes *nodes = pool_node_alloc(footprint);

	KUNIT_ASSERT_NOT_NULL(test, nodes);
	return nodes;
}

/* What the kernel counts as reclaimable on @nid, with what CPUs hold back. */
static long node_counted(int nid)
{
	struct pglist_data *node = NODE_DATA(nid);
	long n = atomic_long_read(&node->vm_stat[NR_KERNEL_MISC_RECLAIMABLE]);
	unsigned int cpu;

	for_each_online_cpu(cpu)
		n += per_cpu_ptr(node->per_cpu_nodestats,
				 cpu)->vm_node_stat_diff[NR_KERNEL_MISC_RECLAIMABLE];
	return n;
}

/* A CPU that hands over what it holds back is between the two for a moment. */
static bool node_counts(int nid, long want)
{
	unsigned int tries;

	for (tries = 0; tries < 100; tries++) {
		if (node_counted(nid) == want)
			return true;
		usleep_range(100, 200);
	}
	return false;
}

/* The kernel holds a function of the sum, whatever the steps; in the end nothing. */
static void node_exact(struct kunit *test)
{
	size_t footprint = *(const size_t *)test->param_value;
	int nid = first_online_node;
	long before, sum = 0, step, pages;
	struct pool_nodes *nodes;
	unsigned int i;
	u32 seed = 1;

	/* one CPU holds nothing back */
	if (IS_ENABLED(CONFIG_SMP)) {
		test_need_shell(test);
		KUNIT_ASSERT_EQ(test, test_shell("echo 1 > /proc/sys/vm/stat_refresh"), 0);
	}
	nodes = node_make(test, footprint);
	before = node_counted(nid);
	for (i = 0; i < ROUNDS; i++) {
		/* below zero, too: a thief may tell before the owner does */
		step = (long)(test_random(&seed) % 200) - (i < ROUNDS / 2 ? 110 : 90);
		sum += step;
		pool_node_add(nodes, nid, step);
		if (i % 100)
			continue;
		KUNIT_ASSERT_EQ(test, pool_node_chained(nodes), sum);
		pages = ((s64)sum * (s64)footprint) >> PAGE_SHIFT;
		KUNIT_ASSERT_TRUE(test, node_counts(nid, before + pages));
	}
	pool_node_free(nodes);
	KUNIT_EXPECT_TRUE(test, node_counts(nid, before));
}

/* Objects as pages, and how far a CPU may be ahead. */
static void node_pages(struct kunit *test)
{
	size_t footprint = *(const size_t *)test->param_value, size = footprint ?: PAGE_SIZE;
	struct pool_nodes *nodes = node_make(test, footprint);
	unsigned long n;

	for (n = 0; n < 1000; n++)
		KUNIT_ASSERT_EQ(test, pool_node_pages(nodes, n), DIV_ROUND_UP(n * size, PAGE_SIZE));
	KUNIT_EXPECT_LE(test, (unsigned long)nodes->batch * size, BATCH_PAGES * PAGE_SIZE);
	KUNIT_EXPECT_LE(test, nodes->batch, (long)SHRT_MAX);
	if (nodes->batch < SHRT_MAX)
		KUNIT_EXPECT_GT(test, (nodes->batch + 1) * size, BATCH_PAGES * PAGE_SIZE);
	pool_node_free(nodes);
}

/* Of what is asked for nothing is lost, and no page is asked for twice. */
static void node_owed(struct kunit *test)
{
	size_t footprint = *(const size_t *)test->param_value;
	struct pool_nodes *nodes = node_make(test, footprint);
	unsigned long each = pool_node_pages(nodes, 1), asked = 0, objects = 0, i;

	for (i = 0; i < ROUNDS; i++) {
		asked += i % 10;
		objects += pool_node_objects(nodes, 0, i % 10);
		if (footprint && footprint < PAGE_SIZE)
			KUNIT_ASSERT_EQ(test, objects, asked * (PAGE_SIZE / footprint));
		else
			KUNIT_ASSERT_EQ(test, objects, asked / each);
	}
	pool_node_free(nodes);
}

static struct kunit_case node_cases[] = {
	KUNIT_CASE_PARAM(node_exact, node_gen_params),
	KUNIT_CASE_PARAM(node_pages, node_gen_params),
	KUNIT_CASE_PARAM(node_owed, node_gen_params),
	{}
};

static struct kunit_suite node_suite = {
	.name = "pool_node",
	.test_cases = node_cases,
};

kunit_test_suite(node_suite);
