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
 * interrupted its owner, and returns before the owner goes on. A grace period
 * after a rotation the victim has no owners any more: then any CPU takes from its
 * magazines and nested slots, by locked compare-and-swap.
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
 * How the upper guard moves. The holder of the try-lock alone moves it, and every
 * entry above @last is a guard. So whatever was interrupted before its
 * compare-and-swap is safe: a put meets a guard and fails, or a free entry, which
 * is one still; a get finds its object gone and fails. Only the top that it may
 * write next can lie above @last, and searches begin at @last then. Other CPUs
 * find the guard where the last owner left it, since they come a grace period
 * later; litmus/victim-guard.
 *
 * Conventions: @pcp is a CPU's part, @top an index into its magazine.
 */
#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/math.h>

#include "pool_hook.h"
#include "pool_pcp.h"

/* what the drawing of struct pool_pcp promises, where a line is 64 bytes */
static_assert(SMP_CACHE_BYTES != 64 || BITS_PER_LONG != 64 ||
	      offsetof(struct pool_pcp, chain.head) == SMP_CACHE_BYTES);
static_assert(POOL_FIRST + POOL_MAGAZINE_MAX <= U8_MAX);

/*
 * Make room for @n objects, up to the magazine's length. The entries above hold
 * nothing, or just now stolen objects that have to fit.
 *
 * A block is about three quarters of the capacity, so that whatever the pattern of
 * gets and puts, a quarter of the magazine lies between two moves.
 */
void pool_pcp_set_capacity(struct pool_pcp *pcp, unsigned int n)
{
	struct syncpool_magazine *mag = &pcp->magazine;
	void **was = &mag->objs[mag->last + 1], **entry;
	u32 last = SYNCPOOL_TOP_EMPTY + n;
	void **end = &mag->objs[last + 1];

	if (last == mag->last)
		return;
	pool_hook(POOL_HOOK_GUARD);
	if (last < mag->last)
		pool_entries_set(end, was, SYNCPOOL_GUARD);
	/* from above, since stolen objects are the lowest ones */
	for (entry = end; entry > was && entry[-1] == SYNCPOOL_GUARD; entry--)
		WRITE_ONCE(entry[-1], NULL);
	WRITE_ONCE(mag->last, last);
	mag->block = n < 16 ? (n + 1) / 2 : round_down(n * 3 / 4 + 2, 4);
}

/* Nothing has been earned. The magazine is empty; it is locked or unreachable. */
void pool_pcp_reset(struct pool_pcp *pcp)
{
	pcp->earned = 0;
	pcp->loan = pool_pcp_first_loan(pcp);
	pcp->streak = 0;
	pool_pcp_set_capacity(pcp, 0);
}

/* @pcp is zeroed and has pool_pcp_size() bytes for @len or more. */
void pool_pcp_init(struct pool_pcp *pcp, unsigned int len)
{
	struct syncpool_magazine *mag = &pcp->magazine;
	unsigned int i;

	pcp->len = len;
	mag->top = SYNCPOOL_TOP_EMPTY;
	mag->last = SYNCPOOL_TOP_EMPTY;
	for (i = 0; i < max(len, POOL_MAGAZINE_SMALL) + POOL_GUARDS; i++)
		mag->objs[i] = SYNCPOOL_GUARD;
	pool_pcp_reset(pcp);
}

/*
 * Take what lies outside the chain, after a grace period. @objs has room for
 * POOL_PCP_MAX.
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

/* Close the holes in the magazine. Returns how many objects it holds. */
unsigned int pool_pcp_compact(struct pool_pcp *pcp)
{
	void **objs = pcp->magazine.objs;
	u32 i, to = POOL_FIRST;

	while (to <= pcp->magazine.last && objs[to])
		to++;
	for (i = to + 1; i <= pcp->magazine.last; i++) {
		if (!objs[i])
			continue;
		WRITE_ONCE(objs[to++], objs[i]);
		WRITE_ONCE(objs[i], NULL);
	}
	return to - POOL_FIRST;
}

/* Take the first object at @top or below, while other CPUs may do the same. */
struct pool_found pool_pcp_take_shared(struct pool_pcp *pcp, u32 top)
{
	struct pool_found found = { NULL, min_t(u32, top, READ_ONCE(pcp->magazine.last)) };

	while (found.top > SYNCPOOL_TOP_EMPTY && !found.obj)
		found.obj = pool_shared_take(&pcp->magazine.objs[found.top--]);
	return found;
}

/* Take an object from a nested slot, likewise. */
void *pool_pcp_nested_take_shared(struct pool_pcp *pcp)
{
	void *obj = NULL;
	unsigned int i;

	for (i = 0; !obj && i < POOL_NESTED; i++)
		obj = pool_shared_take(&pcp->nested[i]);
	return obj;
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
		obj = pool_shared_take(&pcp->nested[i]);
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
	void *obj;

	if (!READ_ONCE(pcp->magazine.nested_used))
		return NULL;
	WRITE_ONCE(pcp->magazine.nested_used, 0);
	/* a put that interrupts from here on sets it again */
	barrier();
	obj = pool_pcp_nested_take_shared(pcp);
	if (obj)
		WRITE_ONCE(pcp->magazine.nested_used, 1);
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
