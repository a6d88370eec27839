/* SPDX-License-Identifier: GPL-2.0 */
/* pool_widen_*(): larger magazines; see pool_widen.c. */
#ifndef _POOL_WIDEN_H
#define _POOL_WIDEN_H

#include "pool_core.h"

void pool_widen_init(struct syncpool_core *core);

#endif /* _POOL_WIDEN_H */
