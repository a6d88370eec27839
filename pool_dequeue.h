/* SPDX-License-Identifier: GPL-2.0 */
/* pool_dequeue_*(): one ring; see pool_dequeue.c. */
#ifndef _POOL_DEQUEUE_H
#define _POOL_DEQUEUE_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/compiler.h>
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

/* The halves of @head_tail; overflow of the head is discarded. */
static inline unsigned long pool_dequeue_pack(unsigned long head,
					      unsigned long tail)
{
	return head << POOL_DEQUEUE_BITS |
	       (tail & GENMASK(POOL_DEQUEUE_BITS - 1, 0));
}

static inline unsigned long pool_dequeue_head(unsigned long head_tail)
{
	return head_tail >> POOL_DEQUEUE_BITS;
}

static inline unsigned long pool_dequeue_tail(unsigned long head_tail)
{
	return head_tail & GENMASK(POOL_DEQUEUE_BITS - 1, 0);
}

static inline unsigned int pool_dequeue_span(unsigned long head_tail)
{
	return (pool_dequeue_head(head_tail) - pool_dequeue_tail(head_tail)) &
	       GENMASK(POOL_DEQUEUE_BITS - 1, 0);
}

/**
 * pool_dequeue_len() - objects in the ring
 * @d: the ring
 *
 * Context: Any.
 * Return: 0..size; may be out of date.
 */
static inline unsigned int pool_dequeue_len(const struct pool_dequeue *d)
{
	return pool_dequeue_span(atomic_long_read(&d->head_tail));
}

/**
 * pool_dequeue_push_one() - pool_dequeue_push_head() of one object
 * @d: the ring
 * @obj: the object
 * @head_tail: what the packed word was just before
 *
 * Context: The owner only, pinned.
 * Return: true if @obj found room. Implies a full memory barrier then.
 */
static __always_inline bool pool_dequeue_push_one(struct pool_dequeue *d,
						  void *obj,
						  unsigned long head_tail)
{
	void **slot = &d->slots[pool_dequeue_head(head_tail) & (d->size - 1)];

	if (pool_dequeue_span(head_tail) == d->size)
		return false;
	/*
	 * pool_dequeue_push_one:A: pairs with slots_take_one:A and
	 * pool_dequeue_pop_tail_one:B; litmus/handback
	 */
	if (READ_ONCE(*slot))
		return false;
	WRITE_ONCE(*slot, obj);
	/*
	 * pool_dequeue_push_one:B: release, pairs with pool_dequeue_pop_tail:A and
	 * pool_dequeue_pop_tail_one:A; litmus/publish. Fully ordered for the sake of
	 * pool_generation_mark:A; litmus/mask.
	 */
	atomic_long_add_return(pool_dequeue_pack(1, 0), &d->head_tail);
	return true;
}

/**
 * pool_dequeue_pop_one() - pool_dequeue_pop_head() of one object
 * @d: the ring
 *
 * Context: The owner only, pinned.
 * Return: the newest object, or NULL.
 */
static __always_inline void *pool_dequeue_pop_one(struct pool_dequeue *d)
{
	long head_tail = atomic_long_read(&d->head_tail);
	unsigned long head;
	void **slot, *obj;

	/* relaxed: see pool_dequeue_pop_head() */
	do {
		if (!pool_dequeue_span(head_tail))
			return NULL;
		head = pool_dequeue_head(head_tail) - 1;
	} while (!atomic_long_try_cmpxchg_relaxed(&d->head_tail, &head_tail,
						  pool_dequeue_pack(head, head_tail)));
	slot = &d->slots[head & (d->size - 1)];
	obj = READ_ONCE(*slot);
	WRITE_ONCE(*slot, NULL);
	return obj;
}

/**
 * pool_dequeue_pop_tail_one() - pool_dequeue_pop_tail() of one object
 * @d: the ring
 *
 * Context: Any, on any CPU. @d must not be freed meanwhile.
 * Return: the oldest object, or NULL.
 */
static __always_inline void *pool_dequeue_pop_tail_one(struct pool_dequeue *d)
{
	long head_tail = atomic_long_read(&d->head_tail);
	unsigned long tail;
	void **slot, *obj;

	/*
	 * pool_dequeue_pop_tail_one:A: acquire, pairs with pool_dequeue_push_head:A
	 * and pool_dequeue_push_one:B; litmus/publish
	 */
	do {
		if (!pool_dequeue_span(head_tail))
			return NULL;
		tail = pool_dequeue_tail(head_tail);
	} while (!atomic_long_try_cmpxchg_acquire(&d->head_tail, &head_tail,
			pool_dequeue_pack(pool_dequeue_head(head_tail), tail + 1)));
	slot = &d->slots[tail & (d->size - 1)];
	obj = READ_ONCE(*slot);
	/*
	 * pool_dequeue_pop_tail_one:B: pairs with slots_store:A,
	 * slots_store_four:A and pool_dequeue_push_one:A; litmus/handback
	 */
	WRITE_ONCE(*slot, NULL);
	return obj;
}

void pool_dequeue_init(struct pool_dequeue *d, unsigned int size,
		       unsigned long index);
unsigned int pool_dequeue_push_head(struct pool_dequeue *d, void *const *objs,
				    unsigned int n);
unsigned int pool_dequeue_pop_head(struct pool_dequeue *d, void **objs,
				   unsigned int n);
unsigned int pool_dequeue_pop_tail(struct pool_dequeue *d, void **objs,
				   unsigned int n);

#endif /* _POOL_DEQUEUE_H */
