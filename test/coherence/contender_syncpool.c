// SPDX-License-Identifier: GPL-2.0
/* contender_syncpool - the pool */
#include "coherence.h"
#include "pool_core.h"
#include "pool_reclaim.h"

static struct syncpool *pool;

static void *pool_alloc_none(gfp_t gfp, void *data)
{
	return NULL;
}

static void *pool_alloc_one(gfp_t gfp, void *data)
{
	return COHERENCE_OBJ;
}

static void pool_free_nothing(void *obj, void *data)
{
}

static bool pool_spent;

/* For params.min: gives nothing once the pool is made. */
static void *pool_alloc_first(gfp_t gfp, void *data)
{
	return pool_spent ? NULL : COHERENCE_OBJ;
}

static mempool_alloc_t *pool_alloc_for(const struct contender_params *wanted)
{
	if (wanted->min)
		return pool_alloc_first;
	return wanted->builds ? pool_alloc_one : pool_alloc_none;
}

static void pool_make(const struct contender_params *wanted)
{
	const struct syncpool_params params = {
		.name = "coherence",
		.alloc = pool_alloc_for(wanted),
		.free = pool_free_nothing,
		.obj_size = 256,
		.min = wanted->min,
	};

	pool = shim_zalloc(sizeof(*pool), "syncpool");
	pool_ready = true;
	if (syncpool_init(pool, &params))
		exit(2);
	pool_spent = true;
}

static void *pool_get(bool sleeps)
{
	return syncpool_get(pool, sleeps ? GFP_KERNEL : GFP_ATOMIC);
}

static void *pool_try_get(void)
{
	return syncpool_try_get(pool);
}

static void pool_put(void *obj)
{
	syncpool_put(pool, obj);
}

static void pool_discard(void *obj)
{
	syncpool_discard(pool, obj);
}

static unsigned int pool_get_bulk(unsigned int n, void **objs)
{
	return syncpool_get_bulk(pool, GFP_ATOMIC, n, objs);
}

static void pool_put_bulk(unsigned int n, void **objs)
{
	syncpool_put_bulk(pool, n, objs);
}

static void pool_rotate(void)
{
	struct syncpool_core *core = pool->core;

	mutex_lock(&core->reclaim_lock);
	if (!pool_reclaim_rotate(core, POOL_REASON_CALM, NUMA_NO_NODE))
		exit(2);
	mutex_unlock(&core->reclaim_lock);
}

static unsigned long pool_count(void)
{
	return syncpool_count(pool);
}

static const struct contender pool_contender = {
	.name = "syncpool",
	.make = pool_make,
	.get = pool_get,
	.put = pool_put,
	.try_get = pool_try_get,
	.discard = pool_discard,
	.get_bulk = pool_get_bulk,
	.put_bulk = pool_put_bulk,
	.rotate = pool_rotate,
	.count = pool_count,
};

CONTENDER(pool_contender);
