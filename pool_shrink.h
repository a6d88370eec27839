/* SPDX-License-Identifier: GPL-2.0 */
/* pool_shrink_*(): what memory reclaim asks of a pool; see pool_shrink.c. */
#ifndef _POOL_SHRINK_H
#define _POOL_SHRINK_H

#include "pool_core.h"

int pool_shrink_register(struct syncpool_core *core);
void pool_shrink_unregister(struct syncpool_core *core);
void pool_shrink_trim(struct syncpool_core *core, unsigned long max);
void pool_shrink_end_oom(struct syncpool_core *core);
unsigned long pool_shrink_oom(void);
int pool_shrink_oom_init(void);
void pool_shrink_oom_exit(void);

#endif /* _POOL_SHRINK_H */
