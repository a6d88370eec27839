// SPDX-License-Identifier: GPL-2.0
/*
 * pool_leaks - objects that lie in pools, and objects that are lost
 *
 * For kmemleak, which has to find the latter and none of the former: in magazines, chains,
 * the victim, a stash, or waiting to be freed; and with debug mode, whose
 * table has them all. kmemleak takes for a reference whatever looks like one, also in memory
 * that was not cleared since it held one; so it may miss some of those that are lost, but
 * hardly all of a pool's. Objects of each pool have a size of their own. Parameter "lost" says
 * how many each pool has lost. The module keeps their addresses inverted, and frees them when
 * it is unloaded.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "syncpool.h"

#define CACHED		400U	/* objects in each pool */
#define DEFERRED	40U
#define LOST_EACH	8U

enum {
	LEAKS_PLAIN,
	LEAKS_DEBUG,
	LEAKS_LIMIT,
	LEAKS_SLEEPS,
	LEAKS_POOLS,
};

static struct syncpool pools[LEAKS_POOLS];
static unsigned long hidden[LEAKS_POOLS][LOST_EACH];
static DECLARE_COMPLETION(ready);
static DECLARE_COMPLETION(may_free);
static void *objs[CACHED];

static unsigned int lost = LOST_EACH;
module_param(lost, uint, 0444);
MODULE_PARM_DESC(lost, "objects of each pool that kmemleak may find");

/* Zeroed: where it was free, an object still has the allocator's pointer to another one. */
static void *leaks_alloc(gfp_t gfp, void *data)
{
	return kzalloc((unsigned long)data, gfp);
}

/* the first object holds up the others */
static void leaks_free_late(void *obj, void *data)
{
	wait_for_completion(&may_free);
	kfree(obj);
}

static const struct syncpool_params params[LEAKS_POOLS] = {
	[LEAKS_PLAIN]	= { .name = "leaks_plain", .free = mempool_kfree, .data = (void *)64 },
	[LEAKS_DEBUG]	= { .name = "leaks_debug", .free = mempool_kfree, .data = (void *)96,
			    .flags = SYNCPOOL_DEBUG },
	[LEAKS_LIMIT]	= { .name = "leaks_limit", .free = mempool_kfree, .data = (void *)128,
			    .min = 16 },
	[LEAKS_SLEEPS]	= { .name = "leaks_sleeps", .free = leaks_free_late,
			    .data = (void *)192, .flags = SYNCPOOL_FREE_SLEEPS },
};

static int leaks_make(unsigned int i)
{
	struct syncpool_params p = params[i];

	p.alloc = leaks_alloc;
	return syncpool_init(&pools[i], &p);
}

static unsigned int leaks_get(struct syncpool *pool, unsigned int n)
{
	return syncpool_get_bulk(pool, GFP_KERNEL, n, objs);
}

/* Fill two generations. */
static void leaks_fill(struct syncpool *pool)
{
	unsigned int n = leaks_get(pool, CACHED);

	syncpool_put_bulk(pool, n / 2, objs);
	if (pool != &pools[LEAKS_SLEEPS])
		syncpool_cleanup(pool);
	syncpool_put_bulk(pool, n - n / 2, objs + n / 2);
}

/* Lose some objects, which the pool has held. */
static void leaks_lose(struct syncpool *pool, unsigned long *to)
{
	unsigned int i;

	for (i = 0; i < LOST_EACH; i++)
		to[i] = ~(unsigned long)syncpool_get(pool, GFP_KERNEL);
}

static void leaks_defer(struct syncpool *pool)
{
	unsigned int n = leaks_get(pool, DEFERRED);
	unsigned long flags;

	local_irq_save(flags);
	while (n--)
		syncpool_discard(pool, objs[n]);
	local_irq_restore(flags);
}

/* What the calls above have left on the stack, which may serve as another task's. */
static noinline void leaks_wipe_stack(unsigned int kib)
{
	u8 stack[1024];

	memzero_explicit(stack, sizeof(stack));
	if (kib > 1)
		leaks_wipe_stack(kib - 1);
	/* no tail call */
	barrier_data(stack);
}

/* In a task of its own. */
static int leaks_thread(void *unused)
{
	unsigned int i;

	for (i = 0; i < LEAKS_POOLS; i++) {
		leaks_fill(&pools[i]);
		leaks_lose(&pools[i], hidden[i]);
	}
	leaks_defer(&pools[LEAKS_SLEEPS]);
	memset(objs, 0, sizeof(objs));
	leaks_wipe_stack(6);
	kthread_complete_and_exit(&ready, 0);
}

/* End the first @n pools. */
static void leaks_end(unsigned int n)
{
	unsigned int i, j;

	complete_all(&may_free);
	for (i = 0; i < n; i++) {
		for (j = 0; j < LOST_EACH; j++)
			if (hidden[i][j])
				syncpool_put(&pools[i], (void *)~hidden[i][j]);
		syncpool_exit(&pools[i]);
	}
}

static int __init leaks_init(void)
{
	struct task_struct *task;
	unsigned int i;
	int err;

	for (i = 0; i < LEAKS_POOLS; i++) {
		err = leaks_make(i);
		if (err)
			goto fail;
	}
	task = kthread_run(leaks_thread, NULL, "pool_leaks");
	if (IS_ERR(task)) {
		err = PTR_ERR(task);
		goto fail;
	}
	wait_for_completion(&ready);
	for (i = 0; i < LEAKS_POOLS; i++)
		pr_info("%s: %lu cached, %ld out\n", params[i].name, syncpool_count(&pools[i]),
			syncpool_outstanding(&pools[i]));
	return 0;
fail:
	leaks_end(i);
	return err;
}

static void __exit leaks_exit(void)
{
	leaks_end(LEAKS_POOLS);
}

module_init(leaks_init);
module_exit(leaks_exit);
MODULE_DESCRIPTION("Test of syncpool: what kmemleak finds");
MODULE_LICENSE("GPL");
