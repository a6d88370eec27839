/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool_stamp_*(): the ownership stamp of an object under test
 *
 *	        build             take                  give, then put
 *	FREED ---------> POOLED --------> HELD by one ----------------> POOLED
 *	  ^                |                |  ^
 *	  +----- free -----+                +--+ pass
 *
 * @state says who owns the object and changes by compare-and-swap at each
 * hand-over, so an object that is handed out, put or freed twice is caught the
 * second time. The other fields are plain memory of the holder, sealed before
 * each hand-over. A pool that orders put and get too weakly, or lets two callers
 * hold one object, breaks the seal, and KCSAN and ThreadSanitizer see a data
 * race.
 *
 * The compare-and-swaps are relaxed on purpose: the stamp must not lend the
 * pool an ordering that the pool does not provide.
 *
 * Each function returns the first error that it finds; how to count and report
 * errors is up to the user. Any context. Runs in the kernel and, with
 * bench/native/shim.h, in user space.
 */
#ifndef _POOL_STAMP_H
#define _POOL_STAMP_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/types.h>

enum pool_stamp_state {
	POOL_STAMP_FREED	= 0x0f2eed,
	POOL_STAMP_POOLED	= 0x9001ed,
	POOL_STAMP_HELD		= 0x4e000000,	/* or'ed with the holder */
};

enum pool_stamp_error {
	POOL_STAMP_OK,
	POOL_STAMP_SMASHED,
	POOL_STAMP_STRANGER,
	POOL_STAMP_SEAL,
	POOL_STAMP_BUILT_USED,
	POOL_STAMP_GOT_HELD,
	POOL_STAMP_GOT_FREED,
	POOL_STAMP_NOT_HELD,
	POOL_STAMP_FREED_HELD,
	POOL_STAMP_FREED_TWICE,
	POOL_STAMP_ERRORS,
};

static inline const char *pool_stamp_error_name(enum pool_stamp_error err)
{
	static const char *const names[POOL_STAMP_ERRORS] = {
		[POOL_STAMP_OK]		= "no error",
		[POOL_STAMP_SMASHED]	= "canary overwritten",
		[POOL_STAMP_STRANGER]	= "not an object of this pool",
		[POOL_STAMP_SEAL]	= "broken seal: overwritten, or a write is not visible",
		[POOL_STAMP_BUILT_USED]	= "alloc returned memory that is in use",
		[POOL_STAMP_GOT_HELD]	= "get returned an object that is held",
		[POOL_STAMP_GOT_FREED]	= "get returned an object that was freed",
		[POOL_STAMP_NOT_HELD]	= "given back or passed on by one that does not hold it",
		[POOL_STAMP_FREED_HELD]	= "freed while it is held",
		[POOL_STAMP_FREED_TWICE] = "freed twice",
	};

	return names[err];
}

/**
 * struct pool_stamp - the first words of every object under test
 * @reserved: for the pool, while the object waits to be freed
 * @canary: constant for an address
 * @state: enum pool_stamp_state
 * @holder: who holds the object, or held it last; less than 1 << 24
 * @seq: hand-overs so far
 * @owner: the pool that the object was built for
 * @seal: function of the other plain fields; last, so that a write to either end
 *	of the object breaks it or @canary
 */
struct pool_stamp {
	void		*reserved[2];
	unsigned long	canary;
	atomic_t	state;
	u32		holder;
	unsigned long	seq;
	const void	*owner;
	unsigned long	seal;
};

static inline unsigned long pool_stamp_canary(const struct pool_stamp *s)
{
	return (~0UL / 7) ^ (unsigned long)s;
}

static inline unsigned long pool_stamp_seal(const struct pool_stamp *s)
{
	return (s->seq * 0x9e3779b1UL) ^ s->holder ^ pool_stamp_canary(s);
}

static inline void pool_stamp_sign(struct pool_stamp *s, u32 holder)
{
	s->holder = holder;
	s->seq++;
	s->seal = pool_stamp_seal(s);
}

/* Is @s intact, and an object of @owner? True from build to free. */
static inline enum pool_stamp_error
pool_stamp_check_owner(const struct pool_stamp *s, const void *owner)
{
	if (unlikely(s->canary != pool_stamp_canary(s)))
		return POOL_STAMP_SMASHED;
	if (unlikely(s->owner != owner))
		return POOL_STAMP_STRANGER;
	return POOL_STAMP_OK;
}

static inline enum pool_stamp_error
pool_stamp_check_seal(const struct pool_stamp *s)
{
	if (unlikely(s->seal != pool_stamp_seal(s)))
		return POOL_STAMP_SEAL;
	return POOL_STAMP_OK;
}

/* Does @holder hold @s, with nobody else having written to it? */
static inline enum pool_stamp_error
pool_stamp_check_held(const struct pool_stamp *s, const void *owner, u32 holder)
{
	enum pool_stamp_error err = pool_stamp_check_owner(s, owner);

	if (unlikely(err))
		return err;
	if (unlikely(atomic_read(&s->state) != (POOL_STAMP_HELD | holder) ||
		     s->holder != holder))
		return POOL_STAMP_NOT_HELD;
	return pool_stamp_check_seal(s);
}

static inline bool pool_stamp_is_held(const struct pool_stamp *s)
{
	return (atomic_read(&s->state) & POOL_STAMP_HELD) == POOL_STAMP_HELD;
}

/* @s is memory that was never an object. */
static inline void pool_stamp_init(struct pool_stamp *s)
{
	atomic_set(&s->state, POOL_STAMP_FREED);
	s->seq = 0;
}

/* In the alloc callback. */
static inline __must_check enum pool_stamp_error
pool_stamp_build(struct pool_stamp *s, const void *owner)
{
	if (unlikely(atomic_cmpxchg_relaxed(&s->state, POOL_STAMP_FREED,
					    POOL_STAMP_POOLED) != POOL_STAMP_FREED))
		return POOL_STAMP_BUILT_USED;
	s->canary = pool_stamp_canary(s);
	s->owner = owner;
	pool_stamp_sign(s, 0);
	return POOL_STAMP_OK;
}

/* After a get. */
static inline __must_check enum pool_stamp_error
pool_stamp_take(struct pool_stamp *s, const void *owner, u32 holder)
{
	enum pool_stamp_error err = pool_stamp_check_owner(s, owner);
	int was;

	if (unlikely(err))
		return err;
	was = atomic_cmpxchg_relaxed(&s->state, POOL_STAMP_POOLED,
				     POOL_STAMP_HELD | holder);
	if (unlikely(was != POOL_STAMP_POOLED))
		return was == POOL_STAMP_FREED ? POOL_STAMP_GOT_FREED :
						 POOL_STAMP_GOT_HELD;
	err = pool_stamp_check_seal(s);
	pool_stamp_sign(s, holder);
	return err;
}

/* From @holder, which holds @s, to the state @to. */
static inline enum pool_stamp_error
__pool_stamp_release(struct pool_stamp *s, const void *owner, u32 holder,
		     u32 next, int to)
{
	enum pool_stamp_error err = pool_stamp_check_held(s, owner, holder);
	int from = POOL_STAMP_HELD | holder;

	if (unlikely(err))
		return err;
	pool_stamp_sign(s, next);
	if (unlikely(atomic_cmpxchg_relaxed(&s->state, from, to) != from))
		return POOL_STAMP_NOT_HELD;
	return POOL_STAMP_OK;
}

/* From one holder to another, without the pool. */
static inline __must_check enum pool_stamp_error
pool_stamp_pass(struct pool_stamp *s, const void *owner, u32 from, u32 to)
{
	return __pool_stamp_release(s, owner, from, to, POOL_STAMP_HELD | to);
}

/* Before a put. */
static inline __must_check enum pool_stamp_error
pool_stamp_give(struct pool_stamp *s, const void *owner, u32 holder)
{
	return __pool_stamp_release(s, owner, holder, holder, POOL_STAMP_POOLED);
}

/* In the free callback, before the memory is freed. */
static inline __must_check enum pool_stamp_error
pool_stamp_free(struct pool_stamp *s, const void *owner)
{
	enum pool_stamp_error err = pool_stamp_check_owner(s, owner);
	int was;

	if (unlikely(err))
		return err;
	was = atomic_cmpxchg_relaxed(&s->state, POOL_STAMP_POOLED,
				     POOL_STAMP_FREED);
	if (unlikely(was != POOL_STAMP_POOLED))
		return was == POOL_STAMP_FREED ? POOL_STAMP_FREED_TWICE :
						 POOL_STAMP_FREED_HELD;
	return pool_stamp_check_seal(s);
}

#endif /* _POOL_STAMP_H */
