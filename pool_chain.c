// SPDX-License-Identifier: GPL-2.0
/*
 * pool_chain - a list of rings, as a rule each twice as large as the one before
 *
 *	        tail                                   head
 *	         v                                      v
 *	       [ 8 ] --next--> [ 16 ] --next--> ... [ a page ]
 *	thieves empty          full                 the owner pushes and pops
 *
 * The owner pushes to the ring at the head and adds a larger one when that is
 * full. It pops the head ring, too; when that is empty it takes from the tail
 * of its own chain, as thieves do. (Go's owner walks back over prev pointers
 * instead. Rings have a largest size, so that walk has no bound: a million
 * objects are 4,000 rings, all walked with preemption off. Rings between tail
 * and head are full, so the next object is at most a few rings from the tail.)
 * A CPU that finds the tail ring exhausted, which is empty with a ring after
 * it, moves @tail on and frees the exhausted one after a grace period.
 *
 *	               grow, push, pop_head     pop_tail
 *	grow, push,
 *	pop_head       never (owner only)       yes
 *	pop_tail       yes                      yes
 *
 * Why an exhausted ring stays empty: pushes go to the head alone, and a ring
 * that has a next is not the head. A thief reads next before it finds the ring
 * empty, so every push to that ring is older than the next that it has read.
 *
 * Conventions: @chain is a CPU's chain, @ring an element of it.
 */
#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/export.h>
#include <linux/minmax.h>

#include "pool_chain.h"
#include "pool_hook.h"

/**
 * pool_chain_next_size() - size of the ring to add next
 * @chain: the chain
 *
 * Context: The owner only, pinned.
 * Return: slots, POOL_RING_MIN..POOL_RING_MAX.
 */
unsigned int pool_chain_next_size(const struct pool_chain *chain)
{
	if (!chain->head)
		return POOL_RING_MIN;
	return min(chain->head->d.size * 2, POOL_RING_MAX);
}
EXPORT_SYMBOL_FOR_TEST(pool_chain_next_size);

/**
 * pool_chain_grow() - add a ring at the head
 * @chain: the chain
 * @ring: an empty ring, which belongs to the chain from here on
 *
 * Context: The owner only, pinned.
 */
void pool_chain_grow(struct pool_chain *chain, struct pool_ring *ring)
{
	struct pool_ring *old = chain->head;
	struct pool_ring **link = old ? &old->next : &chain->tail;

	chain->head = ring;
	/*
	 * pool_chain_grow:A: release, pairs with pool_chain_pop_tail:B and with
	 * the address dependency from pool_chain_pop_tail:A, also through the
	 * swap at pool_chain_pop_tail:C. A CPU that sees @ring sees it
	 * initialized, and sees every push that went to @old;
	 * litmus/chain-link, litmus/ring-init.
	 */
	smp_store_release(link, ring);
}
EXPORT_SYMBOL_FOR_TEST(pool_chain_grow);

/**
 * pool_chain_pop_tail() - take the oldest objects
 * @chain: the chain
 * @objs: filled, oldest first
 * @n: room in @objs
 *
 * An exhausted ring that it passes is unlinked and freed after a grace period.
 * It passes one at most, which bounds the time of a pinned section.
 *
 * Context: Any, on any CPU, pinned: the rings are protected by RCU.
 * Return: how many were taken, all from one ring; 0 if none was found, which
 * pool_chain_is_empty() tells from an empty chain.
 */
unsigned int pool_chain_pop_tail(struct pool_chain *chain, void **objs,
				 unsigned int n)
{
	/*
	 * pool_chain_pop_tail:A: address dependency, pairs with pool_chain_grow:A
	 * and pool_chain_pop_tail:C; litmus/ring-init, litmus/tail-publish
	 */
	struct pool_ring *ring = READ_ONCE(chain->tail), *next;

	if (!ring)
		return 0;
	/*
	 * pool_chain_pop_tail:B: acquire, pairs with pool_chain_grow:A;
	 * litmus/chain-link
	 */
	next = smp_load_acquire(&ring->next);
	/* if others empty it meanwhile, the next operation unlinks it */
	if (!next || pool_dequeue_len(&ring->d))
		return pool_dequeue_pop_tail(&ring->d, objs, n);
	pool_hook(POOL_HOOK_EXHAUSTED);
	/*
	 * pool_chain_pop_tail:C: atomic, so that one CPU wins and frees the ring;
	 * litmus/tail-unlink. Release, passes pool_chain_grow:A on to
	 * pool_chain_pop_tail:A of another CPU; litmus/tail-publish.
	 *
	 * pool_chain_pop_tail:D: grace period, pairs with pool_assert_pinned:A.
	 * The ring is neither freed nor reused in this chain under a reader;
	 * litmus/ring-reclaim, litmus/tail-aba.
	 */
	if (cmpxchg(&chain->tail, ring, next) == ring)
		pool_ring_retire(ring);
	/* may be unlinked by now, but is not freed; litmus/ring-walk */
	return pool_dequeue_pop_tail(&next->d, objs, n);
}
EXPORT_SYMBOL_FOR_TEST(pool_chain_pop_tail);

/* The rest of pool_chain_pop_tail_one() and _pop_near(): the tail ring was empty. */
void *__pool_chain_pop_tail_one(struct pool_chain *chain)
{
	void *obj = NULL;

	pool_chain_pop_tail(chain, &obj, 1);
	return obj;
}

/**
 * pool_chain_retire() - free the rings of an empty chain
 * @chain: the chain, empty, without an owner; thieves may look into it
 *
 * The chain is as good as new then.
 *
 * Context: Task context, pinned.
 */
void pool_chain_retire(struct pool_chain *chain)
{
	struct pool_ring *ring = chain->head;
	void *obj;

	if (!ring)
		return;
	/* exhausted rings before it */
	while (!pool_chain_is_empty(chain))
		if (WARN_ON_ONCE(pool_chain_pop_tail(chain, &obj, 1)))
			return;
	chain->head = NULL;
	WRITE_ONCE(chain->tail, NULL);
	/*
	 * pool_chain_retire:A: grace period, pairs with pool_assert_pinned:A. Thieves
	 * may be in the ring, also while the chain gets another one; litmus/retire.
	 */
	pool_ring_retire(ring);
}
EXPORT_SYMBOL_FOR_TEST(pool_chain_retire);
