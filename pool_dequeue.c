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
 * its partner. They run freely; "index & (size - 1)" is the slot. An index wraps
 * after 2^32 pushes (2^16 on 32-bit machines). A ring has at most a quarter as
 * many slots, so head - tail tells full from empty at every wrap.
 *
 *	             push_head     pop_head      pop_tail
 *	push_head    never (1)     never (1)     yes (2)
 *	pop_head     never (1)     never (1)     yes (3)
 *	pop_tail     yes (2)       yes (3)       yes (3)
 *
 * (1) one owner: its CPU's try-lock, see struct pool_pcp
 * (2) disjoint slots. A slot that a thief has claimed but not cleared yet is
 *     outside [tail, head) and not NULL: the push stops there, ring full
 * (3) both swap the packed word; one wins, the other retries
 *
 * ABA does no harm. A thief may be delayed while the word changes and returns
 * to the value that the thief read; its compare-and-swap then succeeds. It reads
 * the slots only afterwards, and the word says that they hold objects now.
 *
 * Conventions: @d is the ring, @objs are pointers of the caller's, @n is their
 * number. Every operation moves 0..n objects and returns how many.
 */
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/minmax.h>

#include "pool_dequeue.h"
#include "pool_hook.h"

/* The slot of @index. @n is cut to what follows before the ring's end. */
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
	atomic_long_set(&d->head_tail, pool_dequeue_pack(index, index));
}
EXPORT_SYMBOL_FOR_TEST(pool_dequeue_init);

/*
 * Slots are copied four at a time: the loop is half of the cost of moving a
 * block.
 */
static __always_inline bool slots_store_four(void **slots, void *const *objs)
{
	void *a = objs[0], *b = objs[1], *c = objs[2], *d = objs[3];

	if (!a || !b || !c || !d)
		return false;
	/*
	 * slots_store_four:A: pairs with slots_take_one:A and
	 * pool_dequeue_pop_tail_one:B; litmus/handback
	 */
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
static __always_inline unsigned int slots_store(void **slots,
						void *const *objs,
						unsigned int n)
{
	void **from = slots;

	for (; n >= 4 && slots_store_four(slots, objs); n -= 4) {
		slots += 4;
		objs += 4;
	}
	/*
	 * slots_store:A: pairs with slots_take_one:A and
	 * pool_dequeue_pop_tail_one:B; litmus/handback
	 */
	for (; n && *objs && !READ_ONCE(*slots); n--)
		WRITE_ONCE(*slots++, *objs++);
	return slots - from;
}

/* Continues at the ring's beginning. Out of line: one block in many wraps. */
static noinline unsigned int slots_store_rest(void **slots, void *const *objs,
					      unsigned int n)
{
	return slots_store(slots, objs, n);
}

static __always_inline void slots_take_one(void **slot, void **obj)
{
	/* @obj may be an entry of a magazine, which syncpool_count() reads */
	WRITE_ONCE(*obj, READ_ONCE(*slot));
	pool_hook(POOL_HOOK_CLAIMED);
	/*
	 * slots_take_one:A: pairs with slots_store_four:A, slots_store:A and
	 * pool_dequeue_push_one:A; litmus/handback
	 */
	WRITE_ONCE(*slot, NULL);
}

static __always_inline void slots_take(void **slots, void **objs,
				       unsigned int n)
{
	for (; n >= 4; n -= 4, slots += 4, objs += 4) {
		slots_take_one(slots, objs);
		slots_take_one(slots + 1, objs + 1);
		slots_take_one(slots + 2, objs + 2);
		slots_take_one(slots + 3, objs + 3);
	}
	while (n--)
		slots_take_one(slots++, objs++);
}

static noinline void slots_take_rest(void **slots, void **objs,
				     unsigned int n)
{
	slots_take(slots, objs, n);
}

/* Take what lies in [@index, @index + @n), which the caller has claimed. */
static __always_inline void pool_take_range(struct pool_dequeue *d,
					    unsigned long index, void **objs,
					    unsigned int n)
{
	unsigned int run = n;
	void **slots = pool_run(d, index, &run);

	slots_take(slots, objs, run);
	if (unlikely(run < n))
		slots_take_rest(d->slots, objs + run, n - run);
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
 * A result other than 0 implies a full memory barrier.
 */
unsigned int pool_dequeue_push_head(struct pool_dequeue *d, void *const *objs,
				    unsigned int n)
{
	unsigned long head_tail = atomic_long_read(&d->head_tail);
	unsigned int run, k;
	void **slots;

	n = min(n, d->size - pool_dequeue_span(head_tail));
	run = n;
	slots = pool_run(d, pool_dequeue_head(head_tail), &run);
	k = slots_store(slots, objs, run);
	if (unlikely(run < n && k == run))
		k += slots_store_rest(d->slots, objs + run, n - run);
	/*
	 * pool_dequeue_push_head:A: release, pairs with the acquire of
	 * pool_dequeue_pop_tail:A and pool_dequeue_pop_tail_one:A;
	 * litmus/publish. Fully ordered, since the mask of non-empty chains
	 * needs a full barrier between this and pool_generation_mark:A.
	 * Overflow of head is discarded.
	 */
	if (k)
		atomic_long_add_return(pool_dequeue_pack(k, 0), &d->head_tail);
	return k;
}
EXPORT_SYMBOL_FOR_TEST(pool_dequeue_push_head);

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
	 * Relaxed: this CPU itself has stored what lies below head, and its
	 * next push publishes the NULLs; litmus/publish-reuse.
	 */
	do {
		k = min(n, pool_dequeue_span(head_tail));
		if (!k)
			return 0;
		head = pool_dequeue_head(head_tail) - k;
		next = pool_dequeue_pack(head, head_tail);
	} while (!atomic_long_try_cmpxchg_relaxed(&d->head_tail, &head_tail,
						  next));

	pool_take_range(d, head, objs, k);
	return k;
}
EXPORT_SYMBOL_FOR_TEST(pool_dequeue_pop_head);

/**
 * pool_dequeue_pop_tail() - take the oldest objects
 * @d: the ring
 * @objs: filled, oldest first
 * @n: room in @objs
 *
 * Context: Any, on any CPU. @d must not be freed meanwhile.
 * Return: how many were taken; 0 if the ring is empty.
 */
unsigned int pool_dequeue_pop_tail(struct pool_dequeue *d, void **objs,
				   unsigned int n)
{
	long head_tail = atomic_long_read(&d->head_tail);
	unsigned long tail, next;
	unsigned int k;

	/*
	 * pool_dequeue_pop_tail:A: acquire, pairs with
	 * pool_dequeue_push_head:A and pool_dequeue_push_one:B, through other
	 * thieves' swaps as well; litmus/publish, litmus/publish-chain.
	 */
	do {
		k = min(n, pool_dequeue_span(head_tail));
		if (!k)
			return 0;
		tail = pool_dequeue_tail(head_tail);
		next = pool_dequeue_pack(pool_dequeue_head(head_tail), tail + k);
	} while (!atomic_long_try_cmpxchg_acquire(&d->head_tail, &head_tail,
						  next));

	pool_take_range(d, tail, objs, k);
	return k;
}
EXPORT_SYMBOL_FOR_TEST(pool_dequeue_pop_tail);
