/* SPDX-License-Identifier: GPL-2.0 */
/* pool_ring_*(): memory for chains; see pool_ring.c. */
#ifndef _POOL_RING_H
#define _POOL_RING_H

#include <linux/gfp.h>
#include <linux/llist.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/types.h>

#include "pool_dequeue.h"

/**
 * struct pool_ring - an element of a chain
 * @next: the ring that was added after this one; written once, by the owner
 * @rcu: for call_rcu() after the ring was unlinked
 * @retired: until then, where call_rcu() may not be called
 * @d: the ring itself
 */
struct pool_ring {
	struct pool_ring		*next;
	union {
		struct rcu_head		rcu;
		struct llist_node	retired;
	};
	struct pool_dequeue		d;
};

/* the first ring's size, and the largest that fits a page */
#define POOL_RING_MIN	8U
#define POOL_RING_MAX	\
	((unsigned int)rounddown_pow_of_two((PAGE_SIZE - sizeof(struct pool_ring)) / \
					    sizeof(void *)))

struct pool_ring *pool_ring_alloc(unsigned int size, gfp_t gfp);
struct pool_ring *pool_ring_alloc_nowait(unsigned int size);
struct pool_ring *pool_ring_take_spare(void);
void pool_ring_release(struct pool_ring *ring);
void pool_ring_retire(struct pool_ring *ring);
void pool_ring_fill_spare(unsigned int cpu);
void pool_ring_exit(void);

#endif /* _POOL_RING_H */
