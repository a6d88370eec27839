// SPDX-License-Identifier: GPL-2.0
/*
 * pool_pressure - an idle pool full of large objects, for reclaim to find
 *
 * Each object carries an ownership stamp, so a second free of it is counted as
 * an error. When the module is unloaded, it prints how many objects were never
 * freed.
 */
#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "pool_stamp.h"
#include "syncpool.h"

static unsigned int objects = 2500;
module_param(objects, uint, 0444);
MODULE_PARM_DESC(objects, "objects to cache");

static unsigned int obj_size = 65536;
module_param(obj_size, uint, 0444);
MODULE_PARM_DESC(obj_size, "bytes of each");

static unsigned int errors;
module_param(errors, uint, 0444);
MODULE_PARM_DESC(errors, "errors of the ownership stamp");

static struct syncpool *pressure_pool;
static unsigned long pressure_built;
static atomic_long_t pressure_freed = ATOMIC_LONG_INIT(0);

static bool pressure_check(const struct pool_stamp *obj,
			   enum pool_stamp_error err)
{
	if (!err)
		return true;
	errors++;
	pr_alert("pool_pressure: %p: %s\n", obj, pool_stamp_error_name(err));
	return false;
}

static void *pressure_alloc(gfp_t gfp, void *data)
{
	struct pool_stamp *obj;

	if (pressure_built >= objects)
		return NULL;
	obj = kmalloc(obj_size, gfp);
	if (!obj)
		return NULL;
	pool_stamp_init(obj);
	pressure_check(obj, pool_stamp_build(obj, &pressure_pool));
	pressure_built++;
	return obj;
}

/* May run inside reclaim. */
static void pressure_free(void *obj, void *data)
{
	if (!pressure_check(obj, pool_stamp_free(obj, &pressure_pool)))
		return;
	atomic_long_inc(&pressure_freed);
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

	if (obj_size < sizeof(struct pool_stamp))
		return -EINVAL;
	pressure_pool = syncpool_create(&params);
	if (IS_ERR(pressure_pool))
		return PTR_ERR(pressure_pool);
	err = syncpool_prefill(pressure_pool, objects, GFP_KERNEL);
	if (err)
		syncpool_destroy(pressure_pool);
	return err;
}

static void __exit pressure_exit(void)
{
	syncpool_destroy(pressure_pool);
	pr_info("pool_pressure: %lu built, %ld not freed, %u errors\n",
		pressure_built,
		(long)pressure_built - atomic_long_read(&pressure_freed), errors);
}

module_init(pressure_init);
module_exit(pressure_exit);
MODULE_DESCRIPTION("An idle syncpool for memory reclaim to shrink");
MODULE_LICENSE("GPL");
