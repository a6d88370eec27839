/* SPDX-License-Identifier: GPL-2.0 */
/* pool_reclaim_*(): rotation, and freeing what is old; see pool_reclaim.c. */
#ifndef _POOL_RECLAIM_H
#define _POOL_RECLAIM_H

#include "pool_core.h"

void pool_reclaim_init(struct syncpool_core *core);
void pool_reclaim_lock_settled(struct syncpool_core *core);
void pool_reclaim_wait_settled(struct syncpool_core *core, long timeout);
bool pool_reclaim_rotate(struct syncpool_core *core, enum pool_reason reason, int node);
void pool_reclaim_age(struct syncpool_core *core);
unsigned long pool_reclaim_cleanup(struct syncpool_core *core);
unsigned long pool_reclaim_free(struct syncpool_core *core, struct pool_generation **role,
				int node, unsigned long age, unsigned long max);
void pool_reclaim_flush_active(struct syncpool_core *core, unsigned int cpu);
void pool_reclaim_stop(struct syncpool_core *core);
void pool_reclaim_drain_all(struct syncpool_core *core);

#endif /* _POOL_RECLAIM_H */
