/* SPDX-License-Identifier: GPL-2.0 */
/* pool_node_*(): what lies in the chains of each memory node's CPUs; see pool_node.c. */
#ifndef _POOL_NODE_H
#define _POOL_NODE_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/nodemask.h>
#include <linux/types.h>

/**
 * struct pool_node - the chains of one memory node's CPUs
 * @chained: objects in them, less what those CPUs have not told yet
 * @owed: pages that calm reclaim has asked for, and that make no whole object yet
 */
struct pool_node {
	atomic_long_t	chained;
	atomic_long_t	owed;
} ____cacheline_aligned_in_smp;

/**
 * struct pool_nodes - the chains of all CPUs, node by node
 * @footprint: bytes that an object keeps in use; 0 if unknown
 * @batch: objects that a CPU may be ahead of @chained of its node
 * @node: nr_node_ids of them
 */
struct pool_nodes {
	size_t			footprint;
	long			batch;
	struct pool_node	node[];
};

/*
 * @nid, or, if it has CPUs only, a node that has memory: reclaim asks for no other. Any
 * will do, on a machine of that kind.
 */
static inline int pool_node_with_memory(int nid)
{
	return likely(node_state(nid, N_MEMORY)) ? nid : first_memory_node;
}

struct pool_nodes *pool_node_alloc(size_t footprint);
void pool_node_free(struct pool_nodes *nodes);
void pool_node_add(struct pool_nodes *nodes, int nid, long n);
long pool_node_chained(const struct pool_nodes *nodes);
unsigned long pool_node_pages(const struct pool_nodes *nodes, unsigned long n);
unsigned long pool_node_progress(const struct pool_nodes *nodes, unsigned long n);
unsigned long pool_node_objects(struct pool_nodes *nodes, int nid,
				unsigned long pages);

#endif /* _POOL_NODE_H */
