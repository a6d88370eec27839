/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool_pcp_*(): one CPU's part of a generation; see pool_pcp.c. Here is what get
 * and put inline on their way to the chain.
 */
#ifndef _POOL_PCP_H
#define _POOL_PCP_H

#include <linux/align.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/stddef.h>
#include <linux/types.h>

#include "pool_chain.h"
#include "syncpool_fastpath.h"

struct pool_generation;

/* index of the lowest entry that holds objects */
#define POOL_FIRST	(SYNCPOOL_TOP_EMPTY + 1)
/* entries of a magazine that are always guards: two below, one above */
#define POOL_GUARDS	(POOL_FIRST + 1)
/*
 * Objects in a magazine at most: in the first generation of a pool and in one
 * whose magazines have earned it, and in any other.
 */
#define POOL_MAGAZINE_MAX	58U
#define POOL_MAGAZINE_SMALL	10U
/* objects that a spill or a refill moves at most */
#define POOL_BLOCK	44U
/* slots for puts that interrupted the owner */
#define POOL_NESTED	6U
/* objects that one CPU can hold outside its chain */
#define POOL_PCP_MAX	(POOL_NESTED + POOL_MAGAZINE_MAX)

/**
 * struct pool_pcp - one CPU's part of one generation
 * @gen: the generation that this is a part of
 * @nested: slots for puts that found the try-lock taken; filled and emptied by
 *	compare-and-swap on this CPU
 * @chain: @head under the try-lock, @tail for any CPU
 * @pushed_tail: where the tail of the head ring was at the last push
 * @len: objects that the magazine may hold; 0: the objects are too expensive
 *	to lie where other CPUs cannot reach them
 * @earned: objects that the CPU's own use has earned it room for
 * @loan: objects that the next theft may take
 * @streak: pushes since the last get that went to a chain, each of which found
 *	that objects had been stolen
 * @magazine: what the fast path works on. @top is an index into @objs, and
 *	with SYNCPOOL_TOP_BUSY in it the try-lock of all that follows, and of
 *	plain accesses to @objs. @last is the entry below the upper guards,
 *	@block how many objects a spill or a refill moves, and @nested_used says
 *	that @nested may hold something.
 *
 * With lines of 64 bytes:
 *
 *	 0                          64
 *	| gen, nested, chain.tail  | chain.head, earned, magazine ... |
 *	 thieves' line, and what    owner's lines
 *	 the owner seldom writes
 */
struct pool_pcp {
	struct pool_generation		*gen;
	void				*nested[POOL_NESTED];
	struct pool_chain		chain;
	u32				pushed_tail;
	u8				len;
	u8				earned;
	u8				loan;
	u8				streak;
	struct syncpool_magazine	magazine;
} ____cacheline_aligned_in_smp;

/**
 * struct pool_found - an object, and where top is without it
 * @obj: the object; NULL or an ERR_PTR() if none was found
 * @top: for pool_pcp_unlock()
 *
 * Small enough to be returned in registers.
 */
struct pool_found {
	void	*obj;
	u32	top;
};

/* Bytes of a part whose magazine can have room for @len objects. */
static inline size_t pool_pcp_size(unsigned int len)
{
	/* not struct_size(): struct pool_pcp is padded, and the entries begin before */
	return ALIGN(offsetof(struct pool_pcp, magazine.objs) +
		     (len + POOL_GUARDS) * sizeof(void *),
		     __alignof__(struct pool_pcp));
}

void pool_pcp_init(struct pool_pcp *pcp, unsigned int len);
void pool_pcp_reset(struct pool_pcp *pcp);
void pool_pcp_set_capacity(struct pool_pcp *pcp, unsigned int n);
unsigned int pool_pcp_flush(struct pool_pcp *pcp, void **objs);
unsigned int pool_pcp_compact(struct pool_pcp *pcp);
struct pool_found pool_pcp_take_shared(struct pool_pcp *pcp, u32 top);
void *pool_pcp_nested_take_shared(struct pool_pcp *pcp);
u32 pool_pcp_collect_nested(struct pool_pcp *pcp, u32 top);
void *pool_pcp_nested_get(struct pool_pcp *pcp);
bool pool_pcp_nested_put(struct pool_pcp *pcp, void *obj);

/*
 * Pinned: this CPU cannot change, and RCU keeps generations and rings.
 *
 * pool_assert_pinned:A: RCU reader, pairs with the grace periods at
 * pool_chain_pop_tail:D and pool_widen_work:A (litmus/ring-reclaim),
 * pool_chain_retire:A (litmus/retire), pool_reclaim_rotate:A,
 * pool_reclaim_cleanup:A and pool_core_stop:A (litmus/drain), pool_idle_begin:A
 * (litmus/wait-count), and pool_generation_is_open:B (litmus/victim-open,
 * litmus/victim-guard)
 */
#define pool_assert_pinned()	lockdep_assert_preemption_disabled()

/*
 * Lock @pcp. Returns where top was, or SYNCPOOL_TOP_BUSY: not locked. A load and
 * a store are enough: an interrupt between them has returned before the store,
 * and what it has changed is read only after the store. The value returned is
 * therefore a hint alone.
 */
static __always_inline u32 pool_pcp_trylock(struct pool_pcp *pcp)
{
	u32 top;

	pool_assert_pinned();
	top = READ_ONCE(pcp->magazine.top);
	if (likely(top != SYNCPOOL_TOP_BUSY))
		WRITE_ONCE(pcp->magazine.top, SYNCPOOL_TOP_BUSY);
	barrier();
	return top;
}

static __always_inline void pool_pcp_assert_locked(const struct pool_pcp *pcp)
{
	pool_assert_pinned();
	lockdep_assert(READ_ONCE(pcp->magazine.top) == SYNCPOOL_TOP_BUSY);
}

static __always_inline void pool_pcp_unlock(struct pool_pcp *pcp, u32 top)
{
	pool_pcp_assert_locked(pcp);
	barrier();
	WRITE_ONCE(pcp->magazine.top, top);
}

static __always_inline bool pool_is_object(const void *entry)
{
	return (unsigned long)entry > (unsigned long)SYNCPOOL_GUARD;
}

/* Objects outside the chain. Any CPU may ask; the answer may be out of date. */
static inline unsigned int pool_pcp_count(const struct pool_pcp *pcp)
{
	unsigned int i, n = 0;

	for (i = POOL_FIRST; i <= READ_ONCE(pcp->magazine.last); i++)
		n += pool_is_object(READ_ONCE(pcp->magazine.objs[i]));
	for (i = 0; i < POOL_NESTED; i++)
		n += !!READ_ONCE(pcp->nested[i]);
	return n;
}

/* objects that the magazine has room for now */
static __always_inline unsigned int
pool_pcp_capacity(const struct pool_pcp *pcp)
{
	return pcp->magazine.last - SYNCPOOL_TOP_EMPTY;
}

/* What the first theft may take: one for the caller, and one if it may stay. */
static inline unsigned int pool_pcp_first_loan(const struct pool_pcp *pcp)
{
	return pcp->len ? 2 : 1;
}

/* Take what is in @slot, unless somebody else does so first. */
static __always_inline void *pool_shared_take(void **slot)
{
	void *obj = READ_ONCE(*slot);

	pool_assert_pinned();
	if (pool_is_object(obj) && cmpxchg(slot, obj, NULL) == obj)
		return obj;
	return NULL;
}

/* pool_pcp_take_shared() that looks into one entry. */
static __always_inline struct pool_found
pool_pcp_take_shared_top(struct pool_pcp *pcp, u32 top)
{
	top = min_t(u32, top, READ_ONCE(pcp->magazine.last));
	return (struct pool_found){ pool_shared_take(&pcp->magazine.objs[top]),
				    max_t(u32, top - 1, SYNCPOOL_TOP_EMPTY) };
}

/* Take what is in entry @i. */
static __always_inline void *pool_pcp_take(struct pool_pcp *pcp, u32 i)
{
	void *obj;

	pool_pcp_assert_locked(pcp);
	obj = pcp->magazine.objs[i];
	WRITE_ONCE(pcp->magazine.objs[i], NULL);
	return obj;
}

static __always_inline void pool_pcp_store(struct pool_pcp *pcp, u32 i,
					   void *obj)
{
	pool_pcp_assert_locked(pcp);
	WRITE_ONCE(pcp->magazine.objs[i], obj);
}

/* Take what is in entry @i, the highest one that holds anything. */
static __always_inline struct pool_found
pool_pcp_take_top(struct pool_pcp *pcp, u32 i)
{
	return (struct pool_found){ pool_pcp_take(pcp, i), i - 1 };
}

/* Is anything in the lowest @n entries? */
static __always_inline bool pool_pcp_any_low(const struct pool_pcp *pcp,
					     unsigned int n)
{
	void *const *objs = &pcp->magazine.objs[POOL_FIRST];
	unsigned long any = 0;

	pool_pcp_assert_locked(pcp);
	for (; n >= 4; n -= 4, objs += 4)
		any |= (unsigned long)objs[0] | (unsigned long)objs[1] |
		       (unsigned long)objs[2] | (unsigned long)objs[3];
	while (n--)
		any |= (unsigned long)*objs++;
	return any;
}

/*
 * The first entry at @top or below that holds an object, or the guard. An
 * operation that was interrupted before the upper guard moved down may have left
 * a top above it.
 */
static __always_inline u32 pool_pcp_find_down(const struct pool_pcp *pcp,
					      u32 top)
{
	pool_pcp_assert_locked(pcp);
	top = min_t(u32, top, pcp->magazine.last);
	while (!pcp->magazine.objs[top])
		top--;
	return top;
}

/* pool_pcp_find_down() from the upper end of a magazine that is likely empty. */
static __always_inline u32 pool_pcp_find_top(const struct pool_pcp *pcp)
{
	if (likely(!pool_pcp_any_low(pcp, pool_pcp_capacity(pcp))))
		return SYNCPOOL_TOP_EMPTY;
	return pool_pcp_find_down(pcp, pcp->magazine.last);
}

/* The first free entry above @top, or the guard. */
static __always_inline u32 pool_pcp_find_up(const struct pool_pcp *pcp,
					    u32 top)
{
	pool_pcp_assert_locked(pcp);
	top = min_t(u32, top, pcp->magazine.last);
	do {
		top++;
	} while (pcp->magazine.objs[top] && top <= pcp->magazine.last);
	return top;
}

/* Store @entry in what lies in [@from, @end), if that is not before @from. */
static __always_inline void pool_entries_set(void **from, void **end, void *entry)
{
	for (; from + 4 <= end; from += 4) {
		WRITE_ONCE(from[0], entry);
		WRITE_ONCE(from[1], entry);
		WRITE_ONCE(from[2], entry);
		WRITE_ONCE(from[3], entry);
	}
	while (end > from)
		WRITE_ONCE(*--end, entry);
}

/* Empty the @n entries from @i on. */
static __always_inline void pool_pcp_clear(struct pool_pcp *pcp, u32 i,
					   unsigned int n)
{
	void **objs = &pcp->magazine.objs[i];

	pool_pcp_assert_locked(pcp);
	pool_entries_set(objs, objs + n, NULL);
}

#endif /* _POOL_PCP_H */
