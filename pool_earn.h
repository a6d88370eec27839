/* SPDX-License-Identifier: GPL-2.0 */
/* pool_earn_*(): how large a magazine is; see pool_earn.c. */
#ifndef _POOL_EARN_H
#define _POOL_EARN_H

#include "pool_generation.h"

struct pool_found __pool_earn_get(struct pool_pcp *pcp);
struct pool_found pool_earn_steal(struct pool_pcp *pcp);
u32 __pool_earn_put(struct pool_pcp *pcp, void *obj);
unsigned int pool_earn_ring_size(const struct pool_pcp *pcp);
u32 pool_earn_room(struct pool_pcp *pcp, void *obj);

/*
 * An object of this CPU's own, where the magazine has nothing at top or below: what
 * interrupted operations may have left, then the own chain.
 */
static __always_inline struct pool_found pool_earn_get(struct pool_pcp *pcp)
{
	unsigned int capacity = pool_pcp_capacity(pcp);

	/* more room than it may have at all was borrowed for nested slots */
	if (pool_chain_is_drained(&pcp->chain) && capacity <= pcp->len &&
	    !READ_ONCE(pcp->magazine.nested_used) && !pool_pcp_any_low(pcp, capacity))
		return (struct pool_found){ NULL, SYNCPOOL_TOP_EMPTY };
	return __pool_earn_get(pcp);
}

/*
 * Where objects are too expensive for magazines: pop the newest one of this CPU's chain.
 * NULL: not so, or there is more to look at, such as what interrupted operations left.
 */
static __always_inline void *pool_earn_get_closed(struct pool_generation *gen)
{
	struct pool_pcp *pcp;
	void *obj = NULL;
	u32 top;

	if (gen->len)
		return NULL;
	pcp = this_cpu_ptr(gen->pcps);
	top = pool_pcp_trylock(pcp);
	if (unlikely(top == SYNCPOOL_TOP_BUSY))
		return NULL;
	if (likely(top == SYNCPOOL_TOP_EMPTY && !READ_ONCE(pcp->magazine.nested_used))) {
		pool_hook(POOL_HOOK_REFILL);
		obj = pool_generation_pop_near(gen, pcp);
	}
	pool_pcp_unlock(pcp, top);
	if (likely(obj))
		this_cpu_inc(gen->counters->refills);
	return obj;
}

/*
 * Where the magazine has no room at all and the owner is no producer: push one
 * object. False: not so, or the ring is full.
 */
static __always_inline bool pool_earn_put_closed(struct pool_pcp *pcp, void *obj)
{
	struct pool_ring *head = pcp->chain.head;
	unsigned long head_tail;
	u32 tail;

	if (pcp->magazine.last != SYNCPOOL_TOP_EMPTY || !head ||
	    READ_ONCE(pcp->magazine.nested_used))
		return false;
	head_tail = atomic_long_read(&head->d.head_tail);
	tail = pool_dequeue_tail(head_tail);
	if (pcp->streak && tail != pcp->pushed_tail)
		return false;
	pcp->streak |= 1;
	pcp->pushed_tail = tail;
	if (!pool_generation_push_one(pcp->gen, pcp, obj, head_tail))
		return false;
	pool_hook(POOL_HOOK_SPILL);
	return true;
}

/*
 * Cache @obj, for which the magazine has no room at top or above. Returns where top is
 * then, or SYNCPOOL_TOP_BUSY: the chain has no room.
 */
static __always_inline u32 pool_earn_put(struct pool_pcp *pcp, void *obj)
{
	if (likely(pool_earn_put_closed(pcp, obj)))
		return SYNCPOOL_TOP_EMPTY;
	return __pool_earn_put(pcp, obj);
}

#endif /* _POOL_EARN_H */
