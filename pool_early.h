/* SPDX-License-Identifier: GPL-2.0 */
/* pool_early_*(): pools of DEFINE_SYNCPOOL() that are to become active; see pool_early.c. */
#ifndef _POOL_EARLY_H
#define _POOL_EARLY_H

#include "syncpool.h"

/* objects that a pool builds before it is active, about; half of one CPU's table */
#define POOL_EARLY_BUILT	32U

bool pool_early_store(struct syncpool *pool, void *obj);
void *pool_early_take(struct syncpool *pool);
void pool_early_remove(struct syncpool *pool);
void pool_early_end(struct syncpool *pool);
void pool_early_resume(void);
void pool_early_flush(const struct module *owner);
int pool_early_init(void);
void pool_early_exit(void);

#endif /* _POOL_EARLY_H */
