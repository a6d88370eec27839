/* SPDX-License-Identifier: GPL-2.0 */
/* pool_chain_*(): a list of rings that grows at the head; see pool_chain.c. */
#ifndef _POOL_CHAIN_H
#define _POOL_CHAIN_H

#include <linux/types.h>

#include "pool_dequeue.h"
#include "pool_ring.h"

/**
 * struct pool_chain - a list of rings
 * @tail: the oldest ring, which thieves empty first; any CPU
 * @head: the newest ring, which takes the pushes; owner CPU only
 *
 * Not aligned: struct pool_pcp places it so that @tail ends the thieves' cache
 * line and @head begins the owner's.
 */
struct pool_chain {
	struct pool_ring *tail;
	struct pool_ring *head;
};

unsigned int pool_chain_next_size(const struct pool_chain *chain);
void pool_chain_grow(struct pool_chain *chain, struct pool_ring *ring);
unsigned int pool_chain_pop_tail(struct pool_chain *chain, void **objs,
				 unsigned int n);
void *__pool_chain_pop_tail_one(struct pool_chain *chain);
void pool_chain_retire(struct pool_chain *chain);

/**
 * pool_chain_push_head() - add objects at the head
 * @chain: the chain
 * @objs: the objects, oldest first
 * @n: how many
 *
 * Context: The owner only, pinned.
 * Return: how many found room in the head ring; for the rest the chain has to
 * grow. A result other than 0 implies a full memory barrier.
 */
static inline unsigned int pool_chain_push_head(struct pool_chain *chain,
						void *const *objs,
						unsigned int n)
{
	if (unlikely(!chain->head))
		return 0;
	return pool_dequeue_push_head(&chain->head->d, objs, n);
}

/**
 * pool_chain_pop_head() - take objects as the owner does
 * @chain: the chain
 * @objs: filled, oldest first
 * @n: room in @objs
 *
 * Context: The owner only, pinned.
 * Return: how many were taken: the newest ones, or the oldest if the head ring
 * is empty; 0 if the chain is empty.
 */
static inline unsigned int pool_chain_pop_head(struct pool_chain *chain,
					       void **objs, unsigned int n)
{
	unsigned int k;

	if (!chain->head)
		return 0;
	k = pool_dequeue_pop_head(&chain->head->d, objs, n);
	if (k)
		return k;
	return pool_chain_pop_tail(chain, objs, n);
}

/**
 * pool_chain_pop_tail_one() - pool_chain_pop_tail() of one object
 * @chain: the chain
 *
 * Context: Any, on any CPU, pinned: the rings are protected by RCU.
 * Return: the object, or NULL if none was found.
 */
static __always_inline void *pool_chain_pop_tail_one(struct pool_chain *chain)
{
	struct pool_ring *ring = READ_ONCE(chain->tail);

	/* retired */
	if (unlikely(!ring))
		return NULL;
	return pool_dequeue_pop_tail_one(&ring->d) ?: __pool_chain_pop_tail_one(chain);
}

/**
 * pool_chain_pop_near() - take an object without passing an exhausted ring
 * @chain: the chain, which has a ring
 *
 * Context: The owner only, pinned.
 * Return: the newest object, or the oldest if the head ring is empty; NULL if the
 * tail ring is empty, too.
 */
static __always_inline void *pool_chain_pop_near(struct pool_chain *chain)
{
	return pool_dequeue_pop_one(&chain->head->d) ?:
	       pool_dequeue_pop_tail_one(&READ_ONCE(chain->tail)->d);
}

/**
 * pool_chain_is_empty() - would a thief find nothing?
 * @chain: the chain
 *
 * Context: Any, pinned.
 * Return: true if the chain is empty; false if it may not be.
 */
static __always_inline bool pool_chain_is_empty(const struct pool_chain *chain)
{
	const struct pool_ring *ring = READ_ONCE(chain->tail);

	return !ring || (!READ_ONCE(ring->next) && !pool_dequeue_len(&ring->d));
}

/**
 * pool_chain_is_full() - has a push to wait for another ring?
 * @chain: the chain
 *
 * Context: The owner only, pinned.
 * Return: true if there is no room.
 */
static __always_inline bool pool_chain_is_full(const struct pool_chain *chain)
{
	return !chain->head ||
	       pool_dequeue_len(&chain->head->d) == chain->head->d.size;
}

/**
 * pool_chain_is_drained() - is the chain empty, for its owner?
 * @chain: the chain
 *
 * Context: The owner only, pinned.
 * Return: true if no pop would find anything.
 */
static __always_inline bool pool_chain_is_drained(const struct pool_chain *chain)
{
	return !chain->head || (READ_ONCE(chain->tail) == chain->head &&
				!pool_dequeue_len(&chain->head->d));
}

#endif /* _POOL_CHAIN_H */
