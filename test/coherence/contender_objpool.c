// SPDX-License-Identifier: GPL-2.0
/* contender_objpool - the kernel's objpool; its source is Linux's own, unchanged */
#include <linux/objpool.h>

#include "coherence.h"

static struct objpool_head *pool;

static void pool_make(const struct contender_params *params)
{
	pool = shim_zalloc(sizeof(*pool), "objpool_head");
	if (objpool_init(pool, params->objs, sizeof(long), GFP_KERNEL, NULL, NULL, NULL))
		exit(2);
	while (objpool_pop(pool))
		;
}

static void *pool_get(bool sleeps)
{
	return objpool_pop(pool);
}

static void pool_put(void *obj)
{
	if (objpool_push(obj, pool))
		exit(2);
}

static const struct contender pool_contender = {
	.name = "objpool",
	.make = pool_make,
	.get = pool_get,
	.put = pool_put,
};

CONTENDER(pool_contender);
