// SPDX-License-Identifier: GPL-2.0
/*
 * calls - get and put for nested.c, with the fast path that the header inlines, compiled as
 * the pool is: an interrupt comes before each of its accesses, too
 */
#include "nested.h"
#include <syncpool.h>

void *model_get(struct syncpool *pool)
{
	return syncpool_try_get(pool);
}

void model_put(struct syncpool *pool, void *obj)
{
	syncpool_put(pool, obj);
}
