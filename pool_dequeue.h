/* SPDX-License-Identifier: GPL-2.0 */
/* pool_dequeue_*(): one ring; see pool_dequeue.c. */
#ifndef _POOL_DEQUEUE_H
#define _POOL_DEQUEUE_H

#include <linux/atomic.h>
#include <linux/types.h>

/* head in the upper half of the word, tail in the lower */
#define POOL_DEQUEUE_BITS	(BITS_PER_LONG / 2)

/**
 * struct pool_dequeue - a ring of objects
 * @head_tail: packed indexes; they run freely and wrap at 2^POOL_DEQUEUE_BITS.
 *	The ring is full when head - tail == size.
 * @size: slots, a power of two, at most 2^(POOL_DEQUEUE_BITS - 2)
 * @slots: the ring; NULL is an empty slot
 */
struct pool_dequeue {
	atomic_long_t	head_tail;
	unsigned int	size;
	void		*slots[];
};

void pool_dequeue_init(struct pool_dequeue *d, unsigned int size,
		       unsigned long index);
unsigned int pool_dequeue_push_head(struct pool_dequeue *d, void *const *objs,
				    unsigned int n);
unsigned int pool_dequeue_pop_head(struct pool_dequeue *d, void **objs,
				   unsigned int n);
unsigned int pool_dequeue_pop_tail(struct pool_dequeue *d, void **objs,
				   unsigned int n);
unsigned int pool_dequeue_len(const struct pool_dequeue *d);

#endif /* _POOL_DEQUEUE_H */
