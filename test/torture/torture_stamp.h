/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ownership stamp of an object under test.
 *
 *	          alloc            take             give, then put
 *	FREED ------------> POOLED -----> HELD ---------------> POOLED
 *	  ^                    |
 *	  +--------- free -----+
 *
 * @state says who has the object and changes by compare-and-swap at each
 * hand-over, so an object that is given twice, put twice or freed twice is
 * caught at the second. The rest is plain memory of the holder's, sealed
 * before each hand-over: a pool that orders put and get too weakly, or lets
 * two hold one object, shows as a broken seal.
 *
 * The compare-and-swaps are relaxed on purpose: the stamp must not lend the
 * pool an ordering that the pool does not give.
 *
 * A module that uses this defines tort_error(), which counts and reports.
 */
#ifndef _TORTURE_STAMP_H
#define _TORTURE_STAMP_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/types.h>

enum tort_state {
	TORT_FREED = 0x0f2eed,
	TORT_POOLED = 0x9001ed,
	TORT_HELD = 0x4e1d00,
};

#define TORT_CANARY	(~0UL / 7)

/**
 * struct tort_stamp - the first words of every object under test
 * @reserved: the pool's, while the object waits to be freed
 * @canary: constant for an address
 * @state: enum tort_state
 * @holder: who has it, or had it last
 * @seq: hand-overs so far
 * @owner: the pool that it was built for
 * @seal: function of @holder and @seq, by the one who changed them
 */
struct tort_stamp {
	void		*reserved[2];
	unsigned long	canary;
	atomic_t	state;
	u32		holder;
	unsigned long	seq;
	const void	*owner;
	unsigned long	seal;
};

__printf(1, 2) void tort_error(const char *fmt, ...);

static inline unsigned long tort_canary(const struct tort_stamp *s)
{
	return TORT_CANARY ^ (unsigned long)s;
}

static inline unsigned long tort_seal(const struct tort_stamp *s)
{
	return (s->seq * 0x9e3779b1UL) ^ s->holder ^ tort_canary(s);
}

static inline bool tort_change(struct tort_stamp *s, enum tort_state from,
			       enum tort_state to, const char *doing)
{
	int was = atomic_cmpxchg_relaxed(&s->state, from, to);

	if (likely(was == from))
		return true;
	tort_error("%s %p: state %#x, not %#x; last holder %#x, seq %lu\n",
		   doing, s, was, from, s->holder, s->seq);
	return false;
}

static inline void tort_check(const struct tort_stamp *s, const void *owner,
			      const char *doing)
{
	if (unlikely(s->canary != tort_canary(s)))
		tort_error("%s %p: canary %#lx is overwritten\n", doing, s,
			   s->canary);
	else if (unlikely(s->owner != owner))
		tort_error("%s %p: of another pool\n", doing, s);
	else if (unlikely(s->seal != tort_seal(s)))
		tort_error("%s %p: broken seal; holder %#x, seq %lu\n",
			   doing, s, s->holder, s->seq);
}

static inline void tort_sign(struct tort_stamp *s, u32 holder)
{
	s->holder = holder;
	s->seq++;
	s->seal = tort_seal(s);
}

/* In the alloc callback; @s->state is TORT_FREED. */
static inline void tort_make(struct tort_stamp *s, const void *owner)
{
	s->canary = tort_canary(s);
	s->owner = owner;
	tort_sign(s, 0);
	tort_change(s, TORT_FREED, TORT_POOLED, "alloc");
}

/* After a get. */
static inline void tort_take(struct tort_stamp *s, const void *owner, u32 holder)
{
	tort_change(s, TORT_POOLED, TORT_HELD, "get");
	tort_check(s, owner, "get");
	tort_sign(s, holder);
}

/* Between two holders, by the new one. */
static inline void tort_pass(struct tort_stamp *s, u32 holder)
{
	tort_check(s, s->owner, "pass");
	tort_sign(s, holder);
}

/* Before a put. */
static inline void tort_give(struct tort_stamp *s, const void *owner, u32 holder)
{
	if (unlikely(s->holder != holder))
		tort_error("put %p: held by %#x, and by %#x\n", s, holder,
			   s->holder);
	tort_check(s, owner, "put");
	tort_sign(s, holder);
	tort_change(s, TORT_HELD, TORT_POOLED, "put");
}

/* In the free callback, before the memory goes. */
static inline void tort_end(struct tort_stamp *s, const void *owner)
{
	tort_change(s, TORT_POOLED, TORT_FREED, "free");
	tort_check(s, owner, "free");
}

#endif /* _TORTURE_STAMP_H */
