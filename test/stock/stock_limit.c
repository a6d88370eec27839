// SPDX-License-Identifier: GPL-2.0
/*
 * stock_limit - a pool with min serves everybody while nothing can be built
 *
 * 12 tasks get 5,000 times each from 4 objects, with flags that may sleep, while alloc is
 * dead. The module fails to load if one get returns NULL, or none has waited. The objects
 * are still there when it is unloaded, whatever reclaim has asked for meanwhile: then
 * four cleanups leave them, too.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "syncpool.h"
#include "stock_plain.h"

#define LIMIT_TASKS	12U
#define LIMIT_GETS	5000U
#define LIMIT_MIN	4U

static struct syncpool limit_pool;
static bool limit_dead;
static atomic_t limit_left, limit_nulls;
static DECLARE_COMPLETION(limit_done);

static void *limit_alloc(gfp_t gfp, void *data)
{
	return READ_ONCE(limit_dead) ? NULL : plain_alloc(gfp, data);
}

static int limit_task(void *arg)
{
	static const gfp_t gfps[] = { GFP_KERNEL, GFP_NOFS, GFP_NOIO };
	u32 holder = (unsigned long)arg + 1;
	struct pool_stamp *obj;
	unsigned int i;

	for (i = 0; i < LIMIT_GETS; i++) {
		obj = syncpool_get(&limit_pool, gfps[i % ARRAY_SIZE(gfps)]);
		if (!obj) {
			atomic_inc(&limit_nulls);
			continue;
		}
		tort_take(obj, &limit_pool, holder);
		/* others come, and find none left */
		cond_resched();
		if (i % 64 == 0)
			schedule_timeout_uninterruptible(1);
		tort_give(obj, &limit_pool, holder);
		syncpool_put(&limit_pool, obj);
	}
	if (atomic_dec_and_test(&limit_left))
		complete(&limit_done);
	return 0;
}

static int limit_run(void)
{
	struct syncpool_stats s;
	unsigned long i;

	atomic_set(&limit_left, LIMIT_TASKS);
	for (i = 0; i < LIMIT_TASKS; i++)
		if (IS_ERR(kthread_run(limit_task, (void *)i, "stock_limit/%lu", i)) &&
		    atomic_dec_and_test(&limit_left))
			complete(&limit_done);
	wait_for_completion(&limit_done);
	syncpool_read_stats(&limit_pool, &s);
	pr_info("%u gets, %lu waited, %d returned NULL, alloc failed %lu times\n",
		LIMIT_TASKS * LIMIT_GETS, s.waits, atomic_read(&limit_nulls), s.alloc_fails);
	if (atomic_read(&limit_nulls) || !s.waits)
		tort_error("gets returned NULL, or none waited\n");
	return plain_errors ? -EIO : 0;
}

static int __init limit_init(void)
{
	const struct syncpool_params params = {
		.name = "stock_limit",
		.alloc = limit_alloc,
		.free = plain_free,
		.data = &limit_pool,
		.obj_size = sizeof(struct pool_stamp),
		.min = LIMIT_MIN,
	};
	int err = syncpool_init(&limit_pool, &params);

	if (err)
		return err;
	WRITE_ONCE(limit_dead, true);
	err = limit_run();
	if (err)
		syncpool_exit(&limit_pool);
	return err;
}

static void __exit limit_exit(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		syncpool_cleanup(&limit_pool);
	if (syncpool_count(&limit_pool) != LIMIT_MIN)
		tort_error("%lu objects are left, not %u\n", syncpool_count(&limit_pool),
			   LIMIT_MIN);
	syncpool_exit(&limit_pool);
}

module_init(limit_init);
module_exit(limit_exit);
MODULE_DESCRIPTION("A pool with min while nothing can be built");
MODULE_LICENSE("GPL");
