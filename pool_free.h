/* SPDX-License-Identifier: GPL-2.0 */
/* pool_free_*(): give an object to the free callback; see pool_free.c. */
#ifndef _POOL_FREE_H
#define _POOL_FREE_H

#include "pool_core.h"

void pool_free_now(struct syncpool *pool, void *obj);
void pool_free_one(struct syncpool *pool, void *obj);
void pool_free_or_keep(struct syncpool *pool, void *obj);
void pool_free_taken(struct syncpool_core *core, void **objs, unsigned int n);
unsigned int pool_free_cached(struct syncpool_core *core, void **objs, unsigned int n);
void pool_free_cached_later(struct syncpool_core *core, void **objs, unsigned int n);
unsigned long pool_free_stashed(struct syncpool_core *core, unsigned long max);

#endif /* _POOL_FREE_H */
