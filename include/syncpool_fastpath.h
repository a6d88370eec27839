/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The inlined part of get and put: <syncpool.h> includes it, nobody else.
 *
 * A magazine is a LIFO of one CPU. An entry of @objs changes by
 * compare-and-swap on its own CPU, so an interrupt or NMI in between can take
 * nothing twice and overwrite nothing. @top only says where to look. The guards
 * end the magazine for both sides, and every entry above @last is one, so that
 * @last may move:
 *
 *	objs:	G  G  a  b  c  .  .  .  G  G  G
 *		0  1        ^top     ^last
 *		^SYNCPOOL_TOP_BUSY: neither get nor put
 *		   ^SYNCPOOL_TOP_EMPTY
 *
 * Entries are reached by a pointer and not by an index, so that a kernel with
 * UBSAN's checks of indexes, as Debian builds Linux 7, has none of them here.
 */
#ifndef _SYNCPOOL_FASTPATH_H
#define _SYNCPOOL_FASTPATH_H

#include <linux/compiler.h>
#include <linux/hardirq.h>
#include <linux/kconfig.h>
#include <linux/percpu.h>
#include <linux/types.h>

#define SYNCPOOL_GUARD		((void *)1)
#define SYNCPOOL_TOP_BUSY	0
#define SYNCPOOL_TOP_EMPTY	1

/* private: see struct pool_pcp in the module for what each field means */
struct syncpool_magazine {
	u32	top;
	u8	last;
	u8	block;
	u8	nested_used;
	void	*objs[];
};

/*
 * A module does not load into a kernel whose pool was built with another value of this
 * option: what the one poisons the other would use.
 */
#if IS_ENABLED(CONFIG_SYNCPOOL_KASAN)
#define syncpool_closed		syncpool_closed_kasan
#endif

/* A magazine that is busy permanently: what a closed pool works on. */
DECLARE_PER_CPU(struct syncpool_magazine, syncpool_closed);

/* Linux 6.6 and later have it on every architecture; it saves an instruction. */
#ifdef this_cpu_try_cmpxchg
#define __syncpool_try_cmpxchg(pcp, oldp, new)				\
	this_cpu_try_cmpxchg(pcp, oldp, new)
#else
#define __syncpool_try_cmpxchg(pcp, oldp, new) ({			\
	typeof(oldp) __syncpool_oldp = (oldp);				\
	this_cpu_cmpxchg(pcp, *__syncpool_oldp, new) == *__syncpool_oldp; \
})
#endif

/*
 * Elsewhere this_cpu_cmpxchg() is two accesses with interrupts off, which keeps no NMI out:
 * there the pool refuses what it is asked for in NMI.
 */
#define SYNCPOOL_NMI_SAFE						\
	(IS_ENABLED(CONFIG_X86) || IS_ENABLED(CONFIG_ARM64) || IS_ENABLED(CONFIG_S390))

static __always_inline bool __syncpool_may_use_magazine(void)
{
	return SYNCPOOL_NMI_SAFE || !in_nmi();
}

/* The newest object, or NULL: @mag is empty or busy, or @top is out of date. */
static __always_inline void *
__syncpool_magazine_get(struct syncpool_magazine __percpu *mag)
{
	u32 top = this_cpu_read(mag->top);
	void *obj = this_cpu_read(*(mag->objs + top));

	if (unlikely(!__syncpool_may_use_magazine()))
		return NULL;
	if (unlikely((unsigned long)obj <= (unsigned long)SYNCPOOL_GUARD))
		return NULL;
	if (unlikely(!__syncpool_try_cmpxchg(*(mag->objs + top), &obj, NULL)))
		return NULL;
	this_cpu_write(mag->top, top - 1);
	return obj;
}

/*
 * False: @mag is full or busy, or @top is out of date. A NULL is stored like any
 * object; a get skips the hole that it leaves.
 */
static __always_inline bool
__syncpool_magazine_put(struct syncpool_magazine __percpu *mag, void *obj)
{
	u32 top = this_cpu_read(mag->top) + 1;
	void *old = NULL;

	if (unlikely(!__syncpool_may_use_magazine()))
		return false;
	if (unlikely(!__syncpool_try_cmpxchg(*(mag->objs + top), &old, obj)))
		return false;
	this_cpu_write(mag->top, top);
	return true;
}

#endif /* _SYNCPOOL_FASTPATH_H */
