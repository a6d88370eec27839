// SPDX-License-Identifier: GPL-2.0
/*
 * pool_earn - how large a magazine is
 *
 * Other CPUs cannot reach what lies in a magazine. So a magazine is as large as
 * its own CPU's use justifies, and at first it has no room at all: puts go to the
 * chain, where everybody finds them, and gets take from there.
 *
 *	earn	The owner gets from its chain, and nobody has stolen from that
 *		since the last push: the capacity becomes 1, 2, 4 and so on. A
 *		user that wanders over the CPUs earns nothing, since on each CPU
 *		it steals what it pushed on the one before.
 *	produce	The owner only puts, and other CPUs steal: the same, after
 *		POOL_STREAK such pushes, so that they find whole blocks.
 *	borrow	Thefts in a row take 2, 8, 32 objects, and the guard is raised
 *		to make room for all of them but one. The put that finds the
 *		magazine full pushes all that exceeds what was earned, itself
 *		included, and lowers the guard: a task that stole K objects and
 *		puts K back leaves nothing behind.
 *
 * What was earned lasts until a recall closes the magazine or the generation is
 * rotated. Objects that are expensive to hold (len is 0) never earn a place.
 *
 * Gets and puts come here on each way between magazine and chain, with the part
 * locked.
 *
 * Conventions: "A slow get" is one that takes from a chain. What is returned for
 * top is where the caller unlocks the part.
 */
#include <linux/irq_work.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/smp.h>

#include "pool_core.h"
#include "pool_debug.h"
#include "pool_earn.h"
#include "pool_trace.h"

/* pushes without a slow get between them that make a producer */
#define POOL_STREAK	4U
/* by how much a loan grows with each theft in a row */
#define POOL_LOAN_GROWS	4U

static void pool_earn_set_capacity(struct pool_pcp *pcp, unsigned int n)
{
	if (n)
		pool_generation_open(pcp->gen, smp_processor_id());
	pool_pcp_set_capacity(pcp, n);
}

/* The magazine is empty, and has no room. */
static void pool_earn_close(struct pool_pcp *pcp)
{
	pool_generation_close(pcp->gen, smp_processor_id());
	/* a put that interrupted this */
	if (unlikely(READ_ONCE(pcp->magazine.nested_used)))
		pool_generation_open(pcp->gen, smp_processor_id());
}

/* Double what has been earned. */
static void pool_earn(struct pool_pcp *pcp)
{
	struct syncpool_core *core = pcp->gen->core;

	pcp->earned = clamp(2U * pcp->earned, 1U, (unsigned int)pcp->len);
	pool_earn_set_capacity(pcp, max_t(unsigned int, pcp->earned,
					  pool_pcp_capacity(pcp)));
	/* from here on the pool's other generations need room, too */
	if (pcp->earned >= POOL_MAGAZINE_SMALL &&
	    core->len > POOL_MAGAZINE_SMALL && !READ_ONCE(core->wide)) {
		WRITE_ONCE(core->wide, true);
		irq_work_queue(&core->widen_irq);
	}
}

/* Has nobody stolen what this CPU pushed, which is still there? */
static bool pool_earn_untouched(const struct pool_pcp *pcp)
{
	unsigned long head_tail = atomic_long_read(&pcp->chain.head->d.head_tail);

	return pool_dequeue_span(head_tail) &&
	       pool_dequeue_tail(head_tail) == pcp->pushed_tail;
}

/* The rest of pool_earn_get(). */
struct pool_found __pool_earn_get(struct pool_pcp *pcp)
{
	struct pool_found found = { NULL, SYNCPOOL_TOP_EMPTY };
	u32 top = pool_pcp_find_top(pcp);

	if (unlikely(top != SYNCPOOL_TOP_EMPTY))
		return pool_pcp_take_top(pcp, top);
	/* room that was borrowed for nested slots, where there is none to earn */
	if (unlikely(!pcp->len && pool_pcp_capacity(pcp)))
		pool_pcp_set_capacity(pcp, 0);
	found.obj = pool_pcp_nested_get(pcp);
	if (unlikely(found.obj) || pool_chain_is_drained(&pcp->chain))
		return found;
	pool_hook(POOL_HOOK_REFILL);
	pcp->streak = 0;
	if (pcp->earned < pcp->len && pool_earn_untouched(pcp))
		pool_earn(pcp);
	if (!pcp->magazine.block) {
		pool_generation_pop(pcp->gen, pcp, &found.obj, 1);
		return found;
	}
	top += pool_generation_refill(pcp->gen, pcp);
	return top == SYNCPOOL_TOP_EMPTY ? found : pool_pcp_take_top(pcp, top);
}

/*
 * Steal up to @want objects. What is on its way here is seen by gets that look for it, and
 * a recall waits for it; but for one object, which goes to the caller. Returns as
 * pool_generation_steal().
 *
 * pool_earn_steal_some:A: atomic increment before the theft, pairs with
 * pool_core_may_hold:A; litmus/transit
 */
static int pool_earn_steal_some(struct pool_pcp *pcp, void **objs, unsigned int want)
{
	struct pool_generation *gen = pcp->gen;
	unsigned int start = pool_debug_steal_start(gen->core);
	bool opens = want > 1 && atomic_read(&gen->nonempty) > 0 &&
		     !cpumask_test_cpu(smp_processor_id(), gen->opened);
	int n;

	if (opens)
		pool_generation_open(gen, smp_processor_id());
	n = pool_generation_steal(gen, start, objs, want);
	if (opens && n <= 1)
		pool_earn_close(pcp);
	return n;
}

/*
 * Steal as many as the loan allows, since a theft costs about the same for one object
 * as for many. The magazine is empty. The object may be ERR_PTR(POOL_AGAIN).
 */
struct pool_found pool_earn_steal(struct pool_pcp *pcp)
{
	unsigned int capacity = pool_pcp_capacity(pcp), want = max(pcp->loan, pcp->magazine.block);
	struct pool_found found = { NULL, SYNCPOOL_TOP_EMPTY };
	struct syncpool_core *core = pcp->gen->core;
	void **objs = &pcp->magazine.objs[POOL_FIRST];
	int n;

	pool_pcp_assert_locked(pcp);
	pool_hook(POOL_HOOK_STEAL);
	pcp->streak = 0;
	n = pool_earn_steal_some(pcp, objs, want);
	if (n <= 0) {
		found.obj = ERR_PTR(n);
		return found;
	}
	this_cpu_inc(core->counters->steals);
	this_cpu_add(core->counters->stolen, n);
	trace_syncpool_steal(core->params.name, n);
	/* the last one goes to the caller */
	found.obj = objs[--n];
	found.top += n;
	WRITE_ONCE(objs[n], n < capacity ? NULL : SYNCPOOL_GUARD);
	pcp->loan = min3(POOL_LOAN_GROWS * pcp->loan, (unsigned int)pcp->len, POOL_BLOCK) ?: 1;
	/*
	 * Room for all that was borrowed but one, so that a task that puts it all
	 * back finds the magazine full with the last.
	 */
	if (n) {
		capacity += n + (capacity > pcp->earned);
		pool_earn_set_capacity(pcp, min_t(unsigned int, capacity, pcp->len));
	}
	return found;
}

/* Where the tail of the head ring, which must exist, is. */
static u32 pool_earn_tail(const struct pool_pcp *pcp)
{
	return pool_dequeue_tail(atomic_long_read(&pcp->chain.head->d.head_tail));
}

/* Push up to @n objects to the own chain, and remember where its tail is. */
static unsigned int pool_earn_push(struct pool_pcp *pcp, void *const *objs,
				   unsigned int n)
{
	n = pool_generation_push(pcp->gen, pcp, smp_processor_id(), objs, n);
	if (n)
		pcp->pushed_tail = pool_earn_tail(pcp);
	return n;
}

/* A push: is this CPU one that only puts, for others to steal? */
static bool pool_earn_produces(struct pool_pcp *pcp)
{
	if (!pcp->chain.head || pcp->earned == pcp->len)
		return false;
	if (!pcp->streak)
		pcp->streak = 1;
	else if (pool_earn_tail(pcp) != pcp->pushed_tail)
		pcp->streak++;
	if (pcp->streak <= POOL_STREAK)
		return false;
	pcp->streak = 1;
	return true;
}

/* Push the newer part of the magazine. Returns the lowest entry that was in it. */
static u32 pool_earn_spill(struct pool_pcp *pcp)
{
	unsigned int n = pcp->magazine.block;
	u32 first = pcp->magazine.last + 1 - n;

	n = pool_earn_push(pcp, &pcp->magazine.objs[first], n);
	pool_hook(POOL_HOOK_SPILL);
	pool_pcp_clear(pcp, first, n);
	return first;
}

/* Store @obj in a free entry from @first on. Returns which, or SYNCPOOL_TOP_BUSY. */
static u32 pool_earn_store(struct pool_pcp *pcp, u32 first, void *obj)
{
	u32 to = pool_pcp_find_up(pcp, first - 1);

	if (to > pcp->magazine.last)
		return SYNCPOOL_TOP_BUSY;
	pool_pcp_store(pcp, to, obj);
	return to;
}

/*
 * Push what lies in [@first, @end) and @obj, which is stored at @end meanwhile, if need
 * be where the guard is. Returns false if something remains, then without @obj.
 */
static bool pool_earn_push_with(struct pool_pcp *pcp, u32 first, u32 end, void *obj)
{
	void **objs = pcp->magazine.objs;
	u32 n = end - first, k;

	WRITE_ONCE(objs[end], obj);
	k = pool_earn_push(pcp, &objs[first], n + 1);
	pool_hook(POOL_HOOK_SPILL);
	WRITE_ONCE(objs[end], end > pcp->magazine.last ? SYNCPOOL_GUARD : NULL);
	if (k > n)
		return true;
	pool_pcp_clear(pcp, first, k);
	return false;
}

/*
 * Push @obj and what lies above half of what was earned, and take back the room that
 * was borrowed. Returns as pool_earn_put(); @obj is not cached if the chain has no room
 * for all.
 */
static u32 pool_earn_repay(struct pool_pcp *pcp, void *obj)
{
	u32 first = POOL_FIRST + pcp->earned / 2, end = pcp->magazine.last + 1;
	bool compact = false;

	while (!pool_earn_push_with(pcp, first, end, obj)) {
		if (compact)
			return SYNCPOOL_TOP_BUSY;
		/* the push may have ended at a hole */
		end = POOL_FIRST + pool_pcp_compact(pcp);
		first = min(first, end);
		compact = true;
	}
	pcp->loan = pool_pcp_first_loan(pcp);
	/* the entries above become guards */
	if (pcp->earned)
		pool_pcp_clear(pcp, first, POOL_FIRST + pcp->earned - first);
	pool_pcp_set_capacity(pcp, pcp->earned);
	if (!pcp->earned)
		pool_earn_close(pcp);
	return first - 1;
}

/* Size of the ring that a put needs, which takes what pool_earn_repay() pushes, too. */
unsigned int pool_earn_ring_size(const struct pool_pcp *pcp)
{
	unsigned int size = pool_chain_next_size(&pcp->chain);

	if (pool_pcp_capacity(pcp) == pcp->earned)
		return size;
	return max_t(unsigned int, size,
		     roundup_pow_of_two(pool_pcp_capacity(pcp) + 1));
}

/* Borrow room for what is in the nested slots, and move it there. */
static void pool_earn_collect_nested(struct pool_pcp *pcp)
{
	unsigned int most = max_t(unsigned int, pcp->len, POOL_MAGAZINE_SMALL);

	pool_earn_set_capacity(pcp, min(pool_pcp_capacity(pcp) + POOL_NESTED, most));
	pool_pcp_collect_nested(pcp, SYNCPOOL_TOP_EMPTY);
}

/* The rest of pool_earn_put(). */
u32 __pool_earn_put(struct pool_pcp *pcp, void *obj)
{
	u32 first = POOL_FIRST, top;

	pool_pcp_assert_locked(pcp);
	if (unlikely(READ_ONCE(pcp->magazine.nested_used)))
		pool_earn_collect_nested(pcp);
	if (pool_earn_produces(pcp))
		pool_earn(pcp);
	else if (pool_pcp_capacity(pcp) > pcp->earned)
		return pool_earn_repay(pcp, obj);
	else if (pcp->earned)
		first = pool_earn_spill(pcp);
	top = pool_earn_store(pcp, first, obj);
	if (top != SYNCPOOL_TOP_BUSY)
		return top;
	/* searches begin below the guard */
	return pool_earn_push(pcp, &obj, 1) ? pcp->magazine.last : SYNCPOOL_TOP_BUSY;
}

/*
 * Cache @obj, though the chain has no room and cannot grow: in a hole that an
 * interrupted operation left, or in a borrowed entry. Returns which, or
 * SYNCPOOL_TOP_BUSY.
 */
u32 pool_earn_room(struct pool_pcp *pcp, void *obj)
{
	unsigned int capacity = pool_pcp_capacity(pcp);
	u32 top = SYNCPOOL_TOP_BUSY;

	if (pcp->len)
		top = pool_earn_store(pcp, POOL_FIRST, obj);
	if (top != SYNCPOOL_TOP_BUSY || capacity >= pcp->len)
		return top;
	pool_earn_set_capacity(pcp, capacity + 1);
	return pool_earn_store(pcp, POOL_FIRST, obj);
}
