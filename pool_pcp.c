// SPDX-License-Identifier: GPL-2.0
/*
 * pool_pcp - one CPU's part of a generation
 *
 * A magazine, which gets and puts serve themselves from inline, a chain behind
 * it, and a few slots for puts that interrupt the owner.
 *
 * Rule (owner): nothing but its own CPU touches any of this except chain.tail,
 * save a drain after a grace period, and the hotplug callback after the CPU is
 * dead. So the try-lock needs no locked instruction: whatever finds it taken has
 * interrupted its owner, and returns before the owner goes on.
 *
 * Which operations may meet on one part, the column by interrupting the row or
 * from another CPU:
 *
 *	                      fast get,  holder of     another
 *	                      fast put   the try-lock  CPU
 *	fast get, fast put    E          E             -
 *	holder of the lock    B          B             T
 *
 * E: the interrupted operation finds its entry changed, and takes the slow path
 * B: top says busy, so a get takes from nested slots and from the tails, those of
 *    its own CPU included, and a put uses a nested slot, which the owner empties
 *    later
 * T: thieves take from the chain's tail
 * -: cannot happen, by the owner rule
 *
 * Conventions: @pcp is a CPU's part, @top an index into its magazine.
 */
#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/math.h>

#include "pool_pcp.h"

/* what the drawing of struct pool_pcp promises, where a line is 64 bytes */
static_assert(SMP_CACHE_BYTES != 64 || BITS_PER_LONG != 64 ||
	      offsetof(struct pool_pcp, chain.tail) == 4 * SMP_CACHE_BYTES);

/*
 * @capacity: objects in the magazine, 2..POOL_MAGAZINE_MAX. A block is three
 * quarters of that, so that whatever the pattern of gets and puts, a quarter of
 * the magazine lies between two moves.
 */
void pool_pcp_init(struct pool_pcp *pcp, struct pool_generation *gen,
		   unsigned int capacity)
{
	struct syncpool_magazine *mag = &pcp->magazine;

	pcp->gen = gen;
	mag->last = POOL_FIRST + capacity - 1;
	mag->block = capacity < 8 ? (capacity + 1) / 2 :
				    round_down(capacity * 3 / 4, 4);
	mag->top = SYNCPOOL_TOP_EMPTY;
	mag->objs[SYNCPOOL_TOP_BUSY] = SYNCPOOL_GUARD;
	mag->objs[SYNCPOOL_TOP_EMPTY] = SYNCPOOL_GUARD;
	mag->objs[mag->last + 1] = SYNCPOOL_GUARD;
}

/*
 * Take what lies outside the chain, after a grace period or with the CPU dead.
 * @objs has room for POOL_PCP_MAX.
 */
unsigned int pool_pcp_flush(struct pool_pcp *pcp, void **objs)
{
	unsigned int i, n = 0;

	for (i = POOL_FIRST; i <= pcp->magazine.last; i++) {
		objs[n] = pcp->magazine.objs[i];
		if (objs[n])
			n++;
		WRITE_ONCE(pcp->magazine.objs[i], NULL);
	}
	for (i = 0; i < POOL_NESTED; i++) {
		objs[n] = pcp->nested[i];
		if (objs[n])
			n++;
		WRITE_ONCE(pcp->nested[i], NULL);
	}
	pcp->magazine.nested_used = 0;
	WRITE_ONCE(pcp->magazine.top, SYNCPOOL_TOP_EMPTY);
	return n;
}

/* Take what is in a nested slot, unless an interrupt does so first. */
static void *pool_nested_take(void **slot)
{
	void *obj = READ_ONCE(*slot);

	pool_assert_pinned();
	if (obj && cmpxchg_local(slot, obj, NULL) == obj)
		return obj;
	return NULL;
}

/* Move the nested slots into the magazine, as far as it has room: the new top. */
u32 pool_pcp_collect_nested(struct pool_pcp *pcp, u32 top)
{
	unsigned int i;
	void *obj;
	u32 to;

	WRITE_ONCE(pcp->magazine.nested_used, 0);
	/* a put that interrupts from here on sets it again */
	barrier();
	for (i = 0; i < POOL_NESTED; i++) {
		to = pool_pcp_find_up(pcp, top);
		if (to > pcp->magazine.last) {
			WRITE_ONCE(pcp->magazine.nested_used, 1);
			break;
		}
		obj = pool_nested_take(&pcp->nested[i]);
		if (!obj)
			continue;
		pool_pcp_store(pcp, to, obj);
		top = to;
	}
	return top;
}

/* Take an object from a nested slot. NULL if there is none. */
void *pool_pcp_nested_get(struct pool_pcp *pcp)
{
	void *obj = NULL;
	unsigned int i;

	for (i = 0; !obj && i < POOL_NESTED; i++)
		obj = pool_nested_take(&pcp->nested[i]);
	return obj;
}

/* False if all nested slots are in use. */
bool pool_pcp_nested_put(struct pool_pcp *pcp, void *obj)
{
	unsigned int i;

	pool_assert_pinned();
	for (i = 0; i < POOL_NESTED; i++) {
		/* orders nothing: the drain has its grace period; litmus/nested */
		if (cmpxchg_local(&pcp->nested[i], NULL, obj))
			continue;
		WRITE_ONCE(pcp->magazine.nested_used, 1);
		return true;
	}
	return false;
}
