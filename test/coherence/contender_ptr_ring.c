// SPDX-License-Identifier: GPL-2.0
/* contender_ptr_ring - the kernel's ptr_ring; its source is Linux's own, unchanged */
#include "shim.h"

#include <linux/ptr_ring.h>

#include "coherence.h"

static struct ptr_ring *pool;

static void pool_make(const struct contender_params *params)
{
	pool = shim_zalloc(sizeof(*pool), "ptr_ring");
	if (ptr_ring_init(pool, 2 * params->objs, GFP_KERNEL))
		exit(2);
}

static void *pool_get(bool sleeps)
{
	return ptr_ring_consume(pool);
}

static void pool_put(void *obj)
{
	if (ptr_ring_produce(pool, obj))
		exit(2);	/* never: the ring holds twice the objects */
}

static const struct contender pool_contender = {
	.name = "ptr_ring",
	.make = pool_make,
	.get = pool_get,
	.put = pool_put,
};

CONTENDER(pool_contender);
