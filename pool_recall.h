/* SPDX-License-Identifier: GPL-2.0 */
/* pool_recall_*(): what lies in other CPUs' magazines; see pool_recall.c. */
#ifndef _POOL_RECALL_H
#define _POOL_RECALL_H

#include <linux/irqflags.h>
#include <linux/preempt.h>

#include "pool_core.h"

void pool_recall_init(struct syncpool_core *core);
void pool_recall_end(struct syncpool_core *core);
int pool_recall_flush(struct pool_generation *gen, unsigned int cpu,
		      struct pool_ring **ring, void **obj);
void *pool_recall(struct syncpool *pool, bool all, bool *asked);
unsigned int pool_recall_take(struct syncpool_core *core, unsigned int cpu, void **objs);
bool pool_recall_is_pending(struct syncpool *pool);
void pool_recall_async(struct syncpool *pool);

/* May the caller wait for other CPUs, if it may sleep? */
static inline bool pool_may_wait(void)
{
	return in_task() && !irqs_disabled();
}

#endif /* _POOL_RECALL_H */
