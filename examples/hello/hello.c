// SPDX-License-Identifier: GPL-2.0
/*
 * hello - the smallest driver that uses a syncpool
 *
 * Copy this file as a starting point. The pool caches scratch buffers. It calls
 * hello_alloc() when it has none, and passes every buffer that it drops, under
 * memory pressure or at exit, to hello_free() exactly once.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>

#include <syncpool.h>

struct hello_buf {
	unsigned int	used;		/* times it was taken from the pool */
	char		text[240];
};

/* The expensive part of setup: called only when nothing is cached. */
static void *hello_alloc(gfp_t gfp, void *data)
{
	return kzalloc(sizeof(struct hello_buf), gfp);
}

/* May run inside memory reclaim: take leaf locks only, allocate nothing. */
static void hello_free(void *obj, void *data)
{
	kfree(obj);
}

/* Allocates nothing before its first use. */
static DEFINE_SYNCPOOL_PARAMS(hello, .alloc = hello_alloc, .free = hello_free,
			      .obj_size = sizeof(struct hello_buf));

/* May be called in any context: task, softirq or interrupt handler. */
static int hello_greet(const char *whom, gfp_t gfp)
{
	struct hello_buf *buf = syncpool_get(&hello, gfp);

	if (!buf)
		return -ENOMEM;

	/* A cached object is as it was put: reset what must not be stale. */
	scnprintf(buf->text, sizeof(buf->text), "hello, %s", whom);
	pr_info("%s (use %u of this buffer)\n", buf->text, ++buf->used);

	syncpool_put(&hello, buf);
	return 0;
}

static int __init hello_init(void)
{
	int err = hello_greet("world", GFP_KERNEL) ?: hello_greet("pool", GFP_KERNEL);

	if (err)
		syncpool_exit(&hello);
	return err;
}

static void __exit hello_exit(void)
{
	syncpool_exit(&hello);		/* frees what the pool still holds */
}

module_init(hello_init);
module_exit(hello_exit);

MODULE_DESCRIPTION("The smallest driver that uses a syncpool");
MODULE_LICENSE("GPL");
