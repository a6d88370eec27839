// SPDX-License-Identifier: GPL-2.0
/*
 * pool_dequeue - a ring with one owner and many thieves
 *
 * Go's poolDequeue, moving batches. The owner CPU pushes and pops the head;
 * any CPU, the owner's interrupts included, pops the tail. Objects lie in
 * [tail, head), the oldest at the tail:
 *
 *	  slots:   | . | . | a | b | c | d | . | . |
 *	                     ^tail           ^head
 *	  thieves: take a, b, ...            owner: pushes here, takes d, c, ...
 *
 * Both indexes are halves of one word, so that taking a range is one
 * compare-and-swap whatever its length, and an index is never seen without
 * its partner. They run freely; "index & (size - 1)" is the slot.
 *
 *	             push_head     pop_head      pop_tail
 *	push_head    never (1)     never (1)     yes (2)
 *	pop_head     never (1)     never (1)     yes (3)
 *	pop_tail     yes (2)       yes (3)       yes (3)
 *
 * (1) one owner: its CPU's try-lock, see struct pool_local
 * (2) disjoint slots. A slot that a thief has claimed but not cleared yet is
 *     outside [tail, head) and not NULL: the push stops there, ring full
 * (3) both swap the packed word; one wins, the other looks again
 *
 * ABA: a thief that was away while the word went round and came back to its
 * old value wins its compare-and-swap, and rightly so. It reads the slots
 * only then, and the word says that they are there now.
 *
 * Conventions: @d is the ring, @objs an array of the caller's, @n its length.
 * Every operation moves 0..n objects and returns how many.
 */
#include <linux/bug.h>
#include <linux/minmax.h>

#include "compat.h"
#include "pool_dequeue.h"

#define POOL_INDEX_MASK		GENMASK(POOL_DEQUEUE_BITS - 1, 0)

static unsigned long pool_pack(unsigned long head, unsigned long tail)
{
	return head << POOL_DEQUEUE_BITS | (tail & POOL_INDEX_MASK);
}

static unsigned long pool_head(unsigned long head_tail)
{
	return head_tail >> POOL_DEQUEUE_BITS;
}

static unsigned long pool_tail(unsigned long head_tail)
{
	return head_tail & POOL_INDEX_MASK;
}

static unsigned int pool_len(unsigned long head_tail)
{
	return (pool_head(head_tail) - pool_tail(head_tail)) & POOL_INDEX_MASK;
}

static void **pool_slot(struct pool_dequeue *d, unsigned long index)
{
	return &d->slots[index & (d->size - 1)];
}

/**
 * pool_dequeue_init() - make a ring empty
 * @d: the ring, its slots NULL
 * @size: slots, a power of two
 * @index: where head and tail start; 0, or near the wrap to test it
 *
 * Context: Any, before anybody else sees @d.
 */
void pool_dequeue_init(struct pool_dequeue *d, unsigned int size,
		       unsigned long index)
{
	d->size = size;
	atomic_long_set(&d->head_tail, pool_pack(index, index));
}
EXPORT_SYMBOL_IF_KUNIT(pool_dequeue_init);

/**
 * pool_dequeue_len() - objects in the ring at some moment
 * @d: the ring
 *
 * Context: Any.
 * Return: a number that may be out of date, 0..size.
 */
unsigned int pool_dequeue_len(const struct pool_dequeue *d)
{
	return pool_len(atomic_long_read(&d->head_tail));
}
EXPORT_SYMBOL_IF_KUNIT(pool_dequeue_len);

/**
 * pool_dequeue_push_head() - add objects at the head
 * @d: the ring
 * @objs: the objects, oldest first, none of them NULL
 * @n: how many
 *
 * Context: The owner only, pinned.
 * Return: how many found room, from the front of @objs; fewer than @n if the
 * ring is full, or a thief has claimed the next slot and not cleared it yet.
 * If not 0, a full memory barrier.
 */
unsigned int pool_dequeue_push_head(struct pool_dequeue *d, void *const *objs,
				    unsigned int n)
{
	unsigned long head_tail = atomic_long_read(&d->head_tail);
	unsigned long head = pool_head(head_tail);
	unsigned int i;

	n = min(n, d->size - pool_len(head_tail));
	for (i = 0; i < n; i++) {
		void **slot = pool_slot(d, head + i);

		/* A: pairs with B in pool_dequeue_pop_tail(); litmus/handback */
		if (READ_ONCE(*slot))
			break;
		WRITE_ONCE(*slot, objs[i]);
	}
	/*
	 * C: release, pairs with the acquire at D in pool_dequeue_pop_tail();
	 * litmus/publish. Fully ordered, since the mask of non-empty chains
	 * wants a barrier here (M in pool_mask_set()). A carry out of head
	 * leaves the word.
	 */
	if (i)
		atomic_long_add_return(pool_pack(i, 0), &d->head_tail);
	return i;
}
EXPORT_SYMBOL_IF_KUNIT(pool_dequeue_push_head);

/**
 * pool_dequeue_pop_head() - take the newest objects
 * @d: the ring
 * @objs: filled, oldest first
 * @n: room in @objs
 *
 * Context: The owner only, pinned.
 * Return: how many were taken; 0 if the ring is empty.
 */
unsigned int pool_dequeue_pop_head(struct pool_dequeue *d, void **objs,
				   unsigned int n)
{
	long head_tail = atomic_long_read(&d->head_tail);
	unsigned long head;
	unsigned int i, k;

	/*
	 * Relaxed: the slots below head are this CPU's own stores, and the
	 * NULLs below are published by its next push.
	 */
	do {
		k = min(n, pool_len(head_tail));
		if (!k)
			return 0;
		head = pool_head(head_tail) - k;
	} while (!atomic_long_try_cmpxchg_relaxed(&d->head_tail, &head_tail,
						  pool_pack(head, head_tail)));

	for (i = 0; i < k; i++) {
		void **slot = pool_slot(d, head + i);

		objs[i] = *slot;
		WRITE_ONCE(*slot, NULL);
	}
	return k;
}
EXPORT_SYMBOL_IF_KUNIT(pool_dequeue_pop_head);

/**
 * pool_dequeue_pop_tail() - take the oldest objects
 * @d: the ring
 * @objs: filled, oldest first
 * @n: room in @objs
 *
 * Context: Any, on any CPU; @d must not go away meanwhile.
 * Return: how many were taken; 0 if the ring is empty.
 */
unsigned int pool_dequeue_pop_tail(struct pool_dequeue *d, void **objs,
				   unsigned int n)
{
	long head_tail = atomic_long_read(&d->head_tail);
	unsigned long tail;
	unsigned int i, k;

	/* D: acquire, pairs with C in pool_dequeue_push_head(); litmus/publish */
	do {
		k = min(n, pool_len(head_tail));
		if (!k)
			return 0;
		tail = pool_tail(head_tail);
	} while (!atomic_long_try_cmpxchg_acquire(&d->head_tail, &head_tail,
						  pool_pack(pool_head(head_tail), tail + k)));

	for (i = 0; i < k; i++) {
		void **slot = pool_slot(d, tail + i);

		objs[i] = READ_ONCE(*slot);
		pool_hook(POOL_HOOK_CLAIMED);
		/* B: pairs with A in pool_dequeue_push_head(); litmus/handback */
		WRITE_ONCE(*slot, NULL);
	}
	return k;
}
EXPORT_SYMBOL_IF_KUNIT(pool_dequeue_pop_tail);
