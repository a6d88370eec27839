// SPDX-License-Identifier: GPL-2.0
/*
 * pool_pressure - an idle pool full of large objects, for reclaim to find
 *
 * Each object has a number, and each number a state, so that a second free of
 * it is seen, and so is one that was never freed, when the module goes.
 */
#include <linux/bitops.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "syncpool.h"

static unsigned int objects = 2500;
module_param(objects, uint, 0444);
MODULE_PARM_DESC(objects, "objects to cache");

static unsigned int obj_size = 65536;
module_param(obj_size, uint, 0444);
MODULE_PARM_DESC(obj_size, "bytes of each");

static unsigned int errors;
module_param(errors, uint, 0444);
MODULE_PARM_DESC(errors, "objects freed twice, or smashed");

struct pressure_obj {
	unsigned long number;
	unsigned long check;
};

static struct syncpool *pressure_pool;
static unsigned long *pressure_alive;
static unsigned long pressure_built;

static void *pressure_alloc(gfp_t gfp, void *data)
{
	struct pressure_obj *obj;

	if (pressure_built >= objects)
		return NULL;
	obj = kmalloc(obj_size, gfp);
	if (!obj)
		return NULL;
	obj->number = pressure_built++;
	obj->check = ~obj->number;
	set_bit(obj->number, pressure_alive);
	return obj;
}

/* may run inside reclaim */
static void pressure_free(void *ptr, void *data)
{
	struct pressure_obj *obj = ptr;

	if (obj->check != ~obj->number || obj->number >= objects ||
	    !test_and_clear_bit(obj->number, pressure_alive)) {
		errors++;
		return;
	}
	kfree(obj);
}

static int __init pressure_init(void)
{
	struct syncpool_params params = {
		.name = "pressure",
		.alloc = pressure_alloc,
		.free = pressure_free,
		.obj_size = obj_size,
	};
	int err;

	if (obj_size < sizeof(struct pressure_obj))
		return -EINVAL;
	pressure_alive = vzalloc(BITS_TO_LONGS(objects) * sizeof(long));
	if (!pressure_alive)
		return -ENOMEM;
	pressure_pool = syncpool_create(&params);
	if (IS_ERR(pressure_pool)) {
		err = PTR_ERR(pressure_pool);
		goto err_alive;
	}
	err = syncpool_prefill(pressure_pool, objects, GFP_KERNEL);
	if (err)
		goto err_pool;
	return 0;

err_pool:
	syncpool_destroy(pressure_pool);
err_alive:
	vfree(pressure_alive);
	return err;
}

static void __exit pressure_exit(void)
{
	unsigned long left;

	syncpool_destroy(pressure_pool);
	left = bitmap_weight(pressure_alive, objects);
	pr_info("pool_pressure: %lu built, %lu not freed, %u errors\n",
		pressure_built, left, errors);
	vfree(pressure_alive);
}

module_init(pressure_init);
module_exit(pressure_exit);
MODULE_DESCRIPTION("An idle syncpool for memory reclaim to shrink");
MODULE_LICENSE("GPL");
