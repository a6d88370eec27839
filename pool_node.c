// SPDX-License-Identifier: GPL-2.0
/*
 * pool_node - what lies in the chains of each memory node's CPUs
 *
 * Reclaim asks each pool at each pass what it could give back, and MemAvailable should
 * contain that. Neither may read a line of every CPU. So each CPU counts what goes to
 * and from chains in a counter of its own, and adds that to its node's sum when it
 * differs by more than a batch, which stands for 64 pages: as much as a CPU may be
 * ahead in the kernel's own page counters (calculate_normal_threshold(), mm/vmstat.c).
 *
 * The kernel's NR_KERNEL_MISC_RECLAIMABLE follows the sum. Each change adds the
 * difference between two values of one function of the sum, so what the kernel holds is
 * always that function of it, and freeing a pool takes exactly that back.
 *
 * An object counts for the node of the CPU in whose chain it lies, which is where it was
 * put, and as a rule the node whose memory it uses.
 *
 * Conventions: @nodes is a pool's sums, @nid a node, @n a number of objects.
 */
#include <linux/export.h>
#include <linux/hardirq.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/vmstat.h>

#include "pool_hook.h"
#include "pool_node.h"

#define POOL_BATCH_PAGES	64L

/* Pages of @n objects, which may be negative for a moment; 0 if their size is unknown. */
static long pool_node_whole_pages(const struct pool_nodes *nodes, long n)
{
	return ((s64)n * (s64)nodes->footprint) >> PAGE_SHIFT;
}

struct pool_nodes *pool_node_alloc(size_t footprint)
{
	struct pool_nodes *nodes;

	nodes = kzalloc(struct_size(nodes, node, nr_node_ids), GFP_KERNEL);
	if (!nodes)
		return NULL;
	nodes->footprint = footprint;
	nodes->batch = POOL_BATCH_PAGES;
	if (footprint)
		nodes->batch = min_t(size_t, POOL_BATCH_PAGES * PAGE_SIZE / footprint,
				     SHRT_MAX);
	return nodes;
}
EXPORT_SYMBOL_FOR_TEST(pool_node_alloc);

/* What is left in the sums stands for objects that CPUs have not told of. */
void pool_node_free(struct pool_nodes *nodes)
{
	int nid;

	if (!nodes)
		return;
	for_each_node(nid)
		if (atomic_long_read(&nodes->node[nid].chained))
			pool_node_add(nodes, nid,
				      -atomic_long_read(&nodes->node[nid].chained));
	kfree(nodes);
}
EXPORT_SYMBOL_FOR_TEST(pool_node_free);

/* Any context but NMI: not every architecture can change page counters there. */
void pool_node_add(struct pool_nodes *nodes, int nid, long n)
{
	long now, pages;

	nid = pool_node_with_memory(nid);
	if (!nodes->footprint) {
		atomic_long_add(n, &nodes->node[nid].chained);
		return;
	}
	now = atomic_long_add_return(n, &nodes->node[nid].chained);
	pages = pool_node_whole_pages(nodes, now) - pool_node_whole_pages(nodes, now - n);
	if (pages)
		mod_node_page_state(NODE_DATA(nid), NR_KERNEL_MISC_RECLAIMABLE, pages);
}
EXPORT_SYMBOL_FOR_TEST(pool_node_add);

/*
 * Objects in all chains, less what CPUs have not told yet. A get that builds asks as well,
 * and for_each_node() looks through a mask of 1,024 bits.
 */
long pool_node_chained(const struct pool_nodes *nodes)
{
	unsigned int nid;
	long n = 0;

	for (nid = 0; nid < nr_node_ids; nid++)
		n += atomic_long_read(&nodes->node[nid].chained);
	return n;
}
EXPORT_SYMBOL_FOR_TEST(pool_node_chained);

/* Pages that @n objects stand for: one each if their size is unknown. */
unsigned long pool_node_pages(const struct pool_nodes *nodes, unsigned long n)
{
	u64 size = nodes->footprint ?: PAGE_SIZE;

	return (n * size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}
EXPORT_SYMBOL_FOR_TEST(pool_node_pages);

/*
 * Pages that reclaim may count as progress for @n freed objects: whole ones. A few objects
 * of unknown size are none, or one small object that a driver builds and puts all the
 * time would keep the OOM killer away permanently.
 */
unsigned long pool_node_progress(const struct pool_nodes *nodes, unsigned long n)
{
	if (nodes->footprint)
		return pool_node_whole_pages(nodes, n);
	return n >= SWAP_CLUSTER_MAX ? n : 0;
}

/*
 * Objects to free, where @pages are asked for beside what is owed. What makes no whole
 * object stays owed.
 */
unsigned long pool_node_objects(struct pool_nodes *nodes, int nid,
				unsigned long pages)
{
	atomic_long_t *owed = &nodes->node[nid].owed;
	unsigned long each = pool_node_pages(nodes, 1);

	if (nodes->footprint && nodes->footprint < PAGE_SIZE)
		return pages * (PAGE_SIZE / nodes->footprint);
	pages += atomic_long_xchg(owed, 0);
	atomic_long_add(pages % each, owed);
	return pages / each;
}
EXPORT_SYMBOL_FOR_TEST(pool_node_objects);
