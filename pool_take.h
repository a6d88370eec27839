/* SPDX-License-Identifier: GPL-2.0 */
/* pool_take_*(), pool_get_*(): where a get looks for an object; see pool_take.c. */
#ifndef _POOL_TAKE_H
#define _POOL_TAKE_H

#include <linux/err.h>

#include "pool_core.h"

/* in place of an object: none so far, and more to try in another pinned section */
#define POOL_RETRY	ERR_PTR(POOL_AGAIN)
/* none, but other CPUs' magazines may hold some */
#define POOL_FAR	ERR_PTR(-ENOENT)

void *pool_take_aged(struct pool_generation *victim);
void *pool_take_none(struct syncpool_core *core);
void *pool_get_active(struct syncpool *pool);
void *pool_get_slowpath(struct syncpool *pool);
void *pool_get_recalled(struct syncpool *pool, bool all);
void *pool_get_last(struct syncpool *pool);
void *pool_get_in_turn(struct syncpool *pool);

#endif /* _POOL_TAKE_H */
