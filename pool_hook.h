/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test build (CONFIG_SYNCPOOL_KUNIT_TEST) exports inner functions and lets a test
 * run code between two steps of an operation; see kunit/. In every other build
 * all of this compiles to nothing.
 */
#ifndef _POOL_HOOK_H
#define _POOL_HOOK_H

#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/kconfig.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/time64.h>
#include <linux/types.h>

enum pool_hook_point {
	POOL_HOOK_CLAIMED,	/* thief: ring slot read, not yet cleared */
	POOL_HOOK_EXHAUSTED,	/* thief: ring found empty, not yet unlinked */
	POOL_HOOK_GET,		/* owner: locked, before the magazine is read */
	POOL_HOOK_PUT,		/* owner: locked, before the magazine is written */
	POOL_HOOK_SPILL,	/* owner: block in the chain and the magazine */
	POOL_HOOK_REFILL,	/* owner: about to refill from its chain */
	POOL_HOOK_STEAL,	/* owner: about to steal */
	POOL_HOOK_GUARD,	/* owner: the upper guard is about to move */
	POOL_HOOK_FLUSH,	/* recall: magazine flushed, not yet closed */
	POOL_HOOK_VICTIM,	/* owner: about to look at the victim */
	POOL_HOOK_NR,
};

/* ns that a get waits at most before nobody may overtake it: a time slice */
#define POOL_WAIT_PATIENCE	(4 * NSEC_PER_MSEC)

#if IS_ENABLED(CONFIG_SYNCPOOL_KUNIT_TEST)
extern void (*pool_hook_fn)(enum pool_hook_point point);
extern unsigned long pool_ring_first_index;
extern long pool_wait_again;
extern s64 pool_wait_patience;
extern bool pool_hook_in_nmi;
extern bool pool_hook_no_spare;
extern unsigned int pool_table_bits_max;

/* Does a test stand in for an NMI on an architecture where the pool refuses it? */
static inline bool pool_hook_nmi(void)
{
	return READ_ONCE(pool_hook_in_nmi);
}

/* Does a test want no CPU to have a spare ring? */
static inline bool pool_hook_spare_fails(void)
{
	return READ_ONCE(pool_hook_no_spare);
}

static inline void pool_hook(enum pool_hook_point point)
{
	void (*fn)(enum pool_hook_point point) = READ_ONCE(pool_hook_fn);

	if (fn)
		fn(point);
}

/* The percpu allocator has no fault injection: fail where kmalloc() would. */
static inline bool pool_percpu_fails(void)
{
	void *p = kmalloc(1, GFP_KERNEL);

	kfree(p);
	return !p;
}

#define pool_alloc_percpu(size, align)	\
	(pool_percpu_fails() ? NULL : __alloc_percpu(size, align))
#define EXPORT_SYMBOL_FOR_TEST(symbol)	EXPORT_SYMBOL_GPL(symbol)
#else
#define pool_alloc_percpu(size, align)	__alloc_percpu(size, align)
#define pool_ring_first_index		0UL
/* jiffies until a get that waits tries again to build, in case memory has come back */
#define pool_wait_again		((long)HZ)
#define pool_wait_patience	POOL_WAIT_PATIENCE
/* bits of the largest hash table of debug mode */
#define pool_table_bits_max	22U
static inline void pool_hook(enum pool_hook_point point)
{
}

static inline bool pool_hook_nmi(void)
{
	return false;
}

static inline bool pool_hook_spare_fails(void)
{
	return false;
}

#define EXPORT_SYMBOL_FOR_TEST(symbol)
#endif

#endif /* _POOL_HOOK_H */
