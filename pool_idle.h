/* SPDX-License-Identifier: GPL-2.0 */
/* pool_idle_*(): wait until every object is back; see pool_idle.c. */
#ifndef _POOL_IDLE_H
#define _POOL_IDLE_H

#include "pool_core.h"

void pool_idle_end(struct syncpool_core *core);

#endif /* _POOL_IDLE_H */
