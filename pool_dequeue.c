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

/* Where slot @index is, and how many of @n follow before the ring's end. */
static void **pool_run(struct pool_dequeue *d, unsigned long index,
		       unsigned int *n)
{
	unsigned int i = index & (d->size - 1);

	*n = min(*n, d->size - i);
	return &d->slots[i];
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

/*
 * Slots are filled and emptied by fours: half of what moving a block costs is
 * the loop around it, docs/performance.md.
 */
static __always_inline bool pool_fill_four(void **slots, void *const *objs)
{
	void *a = objs[0], *b = objs[1], *c = objs[2], *d = objs[3];

	if (!a || !b || !c || !d)
		return false;
	/* A: pairs with B in pool_empty_one(); litmus/handback */
	if ((unsigned long)READ_ONCE(slots[0]) |
	    (unsigned long)READ_ONCE(slots[1]) |
	    (unsigned long)READ_ONCE(slots[2]) |
	    (unsigned long)READ_ONCE(slots[3]))
		return false;
	WRITE_ONCE(slots[0], a);
	WRITE_ONCE(slots[1], b);
	WRITE_ONCE(slots[2], c);
	WRITE_ONCE(slots[3], d);
	return true;
}

/* Copy up to a NULL in @objs or an object in @slots. */
static __always_inline unsigned int pool_fill(void **slots, void *const *objs,
					      unsigned int n)
{
	void **from = slots;

	for (; n >= 4 && pool_fill_four(slots, objs); n -= 4) {
		slots += 4;
		objs += 4;
	}
	/* A: likewise */
	for (; n && *objs && !READ_ONCE(*slots); n--)
		WRITE_ONCE(*slots++, *objs++);
	return slots - from;
}

/* After the ring's end, from its beginning. */
static noinline unsigned int pool_fill_rest(void **slots, void *const *objs,
					    unsigned int n)
{
	return pool_fill(slots, objs, n);
}

static __always_inline void pool_empty_one(void **slot, void **obj)
{
	/* syncpool_count() may look at @obj: a slot of an array */
	WRITE_ONCE(*obj, READ_ONCE(*slot));
	pool_hook(POOL_HOOK_CLAIMED);
	/* B: pairs with A in pool_fill(); litmus/handback */
	WRITE_ONCE(*slot, NULL);
}

static __always_inline void pool_empty(void **slots, void **objs,
				       unsigned int n)
{
	for (; n >= 4; n -= 4, slots += 4, objs += 4) {
		pool_empty_one(slots, objs);
		pool_empty_one(slots + 1, objs + 1);
		pool_empty_one(slots + 2, objs + 2);
		pool_empty_one(slots + 3, objs + 3);
	}
	while (n--)
		pool_empty_one(slots++, objs++);
}

static noinline void pool_empty_rest(void **slots, void **objs,
				     unsigned int n)
{
	pool_empty(slots, objs, n);
}

/* The slots of [@index, @index + @n), claimed by the caller, into @objs. */
static __always_inline void pool_empty_range(struct pool_dequeue *d,
					     unsigned long index, void **objs,
					     unsigned int n)
{
	unsigned int run = n;
	void **slots = pool_run(d, index, &run);

	pool_empty(slots, objs, run);
	if (unlikely(run < n))
		pool_empty_rest(d->slots, objs + run, n - run);
}

/**
 * pool_dequeue_push_head() - add objects at the head
 * @d: the ring
 * @objs: the objects, oldest first, up to a NULL
 * @n: how many at most
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
	unsigned int run, k;
	void **slots;

	n = min(n, d->size - pool_len(head_tail));
	run = n;
	slots = pool_run(d, pool_head(head_tail), &run);
	k = pool_fill(slots, objs, run);
	if (unlikely(run < n && k == run))
		k += pool_fill_rest(d->slots, objs + run, n - run);
	/*
	 * C: release, pairs with the acquire at D in pool_dequeue_pop_tail();
	 * litmus/publish. Fully ordered, since the mask of non-empty chains
	 * wants a barrier here (L in pool_mask_set()). A carry out of head
	 * leaves the word.
	 */
	if (k)
		atomic_long_add_return(pool_pack(k, 0), &d->head_tail);
	return k;
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
	unsigned long head, next;
	unsigned int k;

	/*
	 * Relaxed: the slots below head are this CPU's own stores, and the
	 * NULLs below are published by its next push; litmus/publish-reuse.
	 */
	do {
		k = min(n, pool_len(head_tail));
		if (!k)
			return 0;
		head = pool_head(head_tail) - k;
		next = pool_pack(head, head_tail);
	} while (!atomic_long_try_cmpxchg_relaxed(&d->head_tail, &head_tail,
						  next));

	pool_empty_range(d, head, objs, k);
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
	unsigned long tail, next;
	unsigned int k;

	/*
	 * D: acquire, pairs with C in pool_dequeue_push_head(), also through
	 * other thieves' swaps; litmus/publish, litmus/publish-chain.
	 */
	do {
		k = min(n, pool_len(head_tail));
		if (!k)
			return 0;
		tail = pool_tail(head_tail);
		next = pool_pack(pool_head(head_tail), tail + k);
	} while (!atomic_long_try_cmpxchg_acquire(&d->head_tail, &head_tail,
						  next));

	pool_empty_range(d, tail, objs, k);
	return k;
}
EXPORT_SYMBOL_IF_KUNIT(pool_dequeue_pop_tail);
