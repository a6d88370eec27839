/* SPDX-License-Identifier: GPL-2.0 */
/* What the hotplug callback shares with put; the rest is in syncpool.h. */
#ifndef _POOL_MAIN_H
#define _POOL_MAIN_H

#include "pool_core.h"

bool pool_core_requeue(struct syncpool_core *core, void *obj);

#endif /* _POOL_MAIN_H */
