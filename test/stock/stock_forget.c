// SPDX-License-Identifier: GPL-2.0
/*
 * stock_forget - a module that unloads without syncpool_exit()
 *
 * syncpool has to report this, and to free the pools' objects while the code of
 * the callback still exists. The callback logs when it has freed the last
 * object.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>

#include "syncpool.h"

#define FORGET_OBJECTS	100U

static atomic_t forget_built = ATOMIC_INIT(0);

static void *forget_alloc(gfp_t gfp, void *data)
{
	void *obj = kmalloc(64, gfp);

	if (obj)
		atomic_inc(&forget_built);
	return obj;
}

static void forget_free(void *obj, void *data)
{
	kfree(obj);
	if (atomic_dec_and_test(&forget_built))
		pr_info("all freed\n");
}

static struct syncpool forgotten;
static DEFINE_SYNCPOOL(forgotten_lazy, forget_alloc, forget_free, NULL);

static int __init forget_init(void)
{
	const struct syncpool_params params = {
		.name = "forgotten",
		.alloc = forget_alloc,
		.free = forget_free,
		.obj_size = 64,
	};
	int err = syncpool_init(&forgotten, &params);

	if (err)
		return err;
	err = syncpool_prefill(&forgotten, FORGET_OBJECTS, GFP_KERNEL);
	err = err ?: syncpool_prefill(&forgotten_lazy, FORGET_OBJECTS, GFP_KERNEL);
	if (!err)
		return 0;
	syncpool_exit(&forgotten_lazy);
	syncpool_exit(&forgotten);
	return err;
}

static void __exit forget_exit(void)
{
}

module_init(forget_init);
module_exit(forget_exit);
MODULE_DESCRIPTION("Test of syncpool: a user that forgets syncpool_exit()");
MODULE_LICENSE("GPL");
