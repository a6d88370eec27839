/* SPDX-License-Identifier: GPL-2.0 */
/* pool_reclaim_*(): rotation, drains and the shrinker; see pool_reclaim.c. */
#ifndef _POOL_RECLAIM_H
#define _POOL_RECLAIM_H

#include "pool_core.h"

int pool_reclaim_init(struct syncpool_core *core);
void pool_reclaim_unregister(struct syncpool_core *core);
void pool_reclaim_lock_drained(struct syncpool_core *core);
bool pool_reclaim_rotate(struct syncpool_core *core);
void pool_reclaim_drain_all(struct syncpool_core *core);

#endif /* _POOL_RECLAIM_H */
