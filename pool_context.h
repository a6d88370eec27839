/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the pool may do where it is called, of its own accord or for its user.
 *
 * With interrupts off the caller may have interrupted, or be part of, the allocator, the
 * scheduler or RCU: a tracer's probe runs under rq->lock or zone->lock. So an operation calls
 * nothing there that takes a lock, and leaves what needs one to an irq_work, which runs
 * when interrupts are on again, and then to a work item.
 */
#ifndef _POOL_CONTEXT_H
#define _POOL_CONTEXT_H

#include <linux/hardirq.h>
#include <linux/irqflags.h>
#include <linux/kconfig.h>
#include <linux/preempt.h>

/*
 * May a user's alloc run here? Not in NMI, and not where PREEMPT_RT must not sleep on
 * a lock. Under which locks the caller's flags allow that, the caller knows.
 */
static inline bool pool_may_call_user(void)
{
	return !in_nmi() && (!IS_ENABLED(CONFIG_PREEMPT_RT) || preemptible());
}

/* May the pool take locks here that others take with interrupts off? Not in NMI. */
static inline bool pool_may_lock(void)
{
	return !irqs_disabled() && !in_nmi();
}

/* May the pool free an object, or use the allocator? */
static inline bool pool_may_use_slab(void)
{
	return pool_may_call_user() && pool_may_lock();
}

#endif /* _POOL_CONTEXT_H */
