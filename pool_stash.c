// SPDX-License-Identifier: GPL-2.0
/*
 * pool_stash - objects that every CPU reaches
 *
 * Slots that change by compare-and-swap, in any context: storing and taking
 * are fully ordered against each other. A search begins at a hint and goes once around,
 * so at worst it takes as long as there are slots. It may miss a slot that changes behind
 * it. A stash grows by a larger one in front; none is freed before the pool is.
 *
 * Operations, the column while the row is under way:
 *
 *	        store          take
 *	store   other slots    finds the object, or not
 *	take    other slots    each object once
 */
#include <linux/atomic.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "pool_pcp.h"
#include "pool_stash.h"

/* slots of one stash, at least and at most */
#define POOL_STASH_MIN	64U
#define POOL_STASH_MAX	SZ_64M

/* A stash of @size or more. NULL: no memory. */
struct pool_stash *pool_stash_alloc(unsigned int size, gfp_t gfp)
{
	struct pool_stash *stash;

	if (size > POOL_STASH_MAX)
		return NULL;
	size = roundup_pow_of_two(max(size, POOL_STASH_MIN));
	stash = kvzalloc(struct_size(stash, slots, size), gfp | __GFP_NOWARN);
	if (!stash)
		return NULL;
	stash->size = size;
	stash->room = size;
	return stash;
}

/* Put @stash, which nobody has found yet, in front of @next, which may be NULL. */
void pool_stash_push(struct pool_stash *stash, struct pool_stash *next)
{
	stash->next = next;
	stash->room = stash->size + (next ? next->room : 0);
}

/* Free @stash and those behind it, which are empty. It may be NULL. */
void pool_stash_free(struct pool_stash *stash)
{
	struct pool_stash *next;

	for (; stash; stash = next) {
		next = stash->next;
		kvfree(stash);
	}
}

static bool pool_stash_store_in(struct pool_stash *stash, void *obj)
{
	unsigned int top = READ_ONCE(stash->top), i;

	if (atomic_read(&stash->used) >= (int)stash->size)
		return false;
	/* before it can be found */
	atomic_inc(&stash->used);
	for (i = 0; i < stash->size; i++, top++) {
		void **slot = &stash->slots[top & (stash->size - 1)];

		if (READ_ONCE(*slot) || cmpxchg(slot, NULL, obj))
			continue;
		WRITE_ONCE(stash->top, top + 1);
		return true;
	}
	atomic_dec(&stash->used);
	return false;
}

static void *pool_stash_take_from(struct pool_stash *stash)
{
	unsigned int top = READ_ONCE(stash->top), i;
	void *obj;

	if (atomic_read(&stash->used) <= 0)
		return NULL;
	for (i = 0; i < stash->size; i++) {
		obj = pool_shared_take(&stash->slots[--top & (stash->size - 1)]);
		if (!obj)
			continue;
		WRITE_ONCE(stash->top, top);
		atomic_dec(&stash->used);
		return obj;
	}
	return NULL;
}

/* Store @obj in @stash or one behind it. False: no free slot was found. Pinned. */
bool pool_stash_store(struct pool_stash *stash, void *obj)
{
	for (; stash; stash = stash->next)
		if (pool_stash_store_in(stash, obj))
			return true;
	return false;
}

/* Take an object from @stash or one behind it. NULL: none was found. Pinned. */
void *pool_stash_take(struct pool_stash *stash)
{
	void *obj = NULL;

	for (; stash && !obj; stash = stash->next)
		obj = pool_stash_take_from(stash);
	return obj;
}
