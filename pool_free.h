/* SPDX-License-Identifier: GPL-2.0 */
/* pool_free_*(): give an object to the free callback; see pool_free.c. */
#ifndef _POOL_FREE_H
#define _POOL_FREE_H

#include <linux/hardirq.h>
#include <linux/kconfig.h>
#include <linux/preempt.h>

#include "pool_core.h"

/*
 * May a user's callback run here, which most often ends in the allocator? Not in
 * NMI, and not where PREEMPT_RT must not sleep on a lock.
 */
static inline bool pool_may_call_user(void)
{
	return !in_nmi() && (!IS_ENABLED(CONFIG_PREEMPT_RT) || preemptible());
}

/*
 * The same for what the pool does of its own accord: free an object, allocate a
 * ring. Where lockdep checks raw locks, it holds hardirq to PREEMPT_RT's rules.
 */
static inline bool pool_may_use_slab(void)
{
	return pool_may_call_user() &&
	       !(IS_ENABLED(CONFIG_PROVE_RAW_LOCK_NESTING) && in_hardirq());
}

void pool_free_one(struct syncpool *pool, void *obj);
void pool_free_or_keep(struct syncpool *pool, void *obj);
void pool_free_taken(struct syncpool_core *core, void **objs, unsigned int n);
unsigned int pool_free_cached(struct syncpool_core *core, void **objs, unsigned int n);
unsigned long pool_free_stashed(struct syncpool_core *core, unsigned long max);
void pool_free_flush(void);
void pool_free_exit(void);

#endif /* _POOL_FREE_H */
