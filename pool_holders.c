// SPDX-License-Identifier: GPL-2.0
/*
 * pool_holders - who holds the objects that are out, of pools in debug mode
 *
 * In debugfs (syncpool/holders), and when such a pool ends while objects are out. Equal
 * stacks are one entry with a count, and the first POOL_HOLDERS_STACKS different ones
 * are told apart, so that what is printed has a bound. Objects that are got or put
 * meanwhile may be missing.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "pool_holders.h"
#include "pool_stats.h"
#include "pool_track.h"

#define POOL_HOLDERS_STACKS	64U
/* of these the report at exit has as many, those with the most objects */
#define POOL_HOLDERS_REPORTED	8U

/* @count objects were got by @stack */
struct pool_holder {
	unsigned long count;
	struct pool_stack stack;
};

/**
 * struct pool_holders - who holds objects of a pool
 * @listed: objects that are out, as far as they found a place in the table
 * @nr: length of @holders
 * @holders: most objects first, once they are sorted
 */
struct pool_holders {
	unsigned long		listed;
	unsigned int		nr;
	struct pool_holder	holders[POOL_HOLDERS_STACKS];
};

static bool pool_stack_equals(const struct pool_stack *a, const struct pool_stack *b)
{
	return a->nr == b->nr && !memcmp(a->addrs, b->addrs, a->nr * sizeof(*a->addrs));
}

static void pool_holders_add(void *arg, const struct pool_stack *stack)
{
	struct pool_holders *holders = arg;
	unsigned int i;

	holders->listed++;
	for (i = 0; i < holders->nr; i++) {
		if (pool_stack_equals(&holders->holders[i].stack, stack)) {
			holders->holders[i].count++;
			return;
		}
	}
	if (i < POOL_HOLDERS_STACKS) {
		holders->holders[i] = (struct pool_holder){ 1, *stack };
		holders->nr++;
	}
}

static int pool_holder_compare(const void *a, const void *b)
{
	unsigned long m = ((const struct pool_holder *)a)->count;
	unsigned long n = ((const struct pool_holder *)b)->count;

	return m < n ? 1 : -(m > n);
}

static void pool_holders_collect(struct pool_holders *holders, const struct syncpool_core *core)
{
	holders->listed = 0;
	holders->nr = 0;
	pool_track_walk_out(core, pool_holders_add, holders);
	sort(holders->holders, holders->nr, sizeof(*holders->holders), pool_holder_compare, NULL);
}

/* A line for @m; NULL: for the log. */
static __printf(2, 3) void pool_holders_print(struct seq_file *m, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	if (m)
		seq_printf(m, "%pV\n", &vaf);
	else
		pr_warn("syncpool: %pV\n", &vaf);
	va_end(args);
}

/* Print up to @max of @holders. */
static void pool_holders_print_some(struct seq_file *m, const struct pool_holders *holders,
				    unsigned int max)
{
	unsigned long rest = holders->listed;
	unsigned int i, j;

	for (i = 0; i < min(holders->nr, max); i++) {
		const struct pool_holder *holder = &holders->holders[i];

		pool_holders_print(m, " %lu got by%s", holder->count,
				   holder->stack.nr ? "" : " an unknown caller");
		for (j = 0; j < holder->stack.nr; j++)
			pool_holders_print(m, "  %pS", (void *)holder->stack.addrs[j]);
		rest -= holder->count;
	}
	if (rest)
		pool_holders_print(m, " %lu got by others", rest);
}

/*
 * Print who holds objects of @core, which is in debug mode. @holders: memory for that, or
 * NULL; @max: how many stacks.
 */
static void pool_holders_print_core(struct seq_file *m, struct pool_holders *holders,
				    struct syncpool_core *core, unsigned int max)
{
	if (holders)
		pool_holders_collect(holders, core);
	pool_holders_print(m, "%s (pool %u of %s): %ld out, %lu listed, %ld times no place",
			   core->name, core->id, pool_owner_name(core->owner, "the kernel"),
			   pool_stats_outstanding(core), holders ? holders->listed : 0,
			   atomic_long_read(&core->untracked));
	if (holders)
		pool_holders_print_some(m, holders, max);
}

/* @core has ended: say who still holds objects of it, if any are out. May sleep. */
void pool_holders_report(struct syncpool_core *core)
{
	struct pool_holders *holders;

	if (!core->debug ||
	    (pool_stats_outstanding(core) <= 0 && !atomic_long_read(&core->untracked)))
		return;
	holders = kmalloc(sizeof(*holders), GFP_KERNEL);
	pool_holders_print_core(NULL, holders, core, POOL_HOLDERS_REPORTED);
	kfree(holders);
}

/* Memory for pool_holders_show(), which kfree() frees; or NULL. */
struct pool_holders *pool_holders_alloc(void)
{
	return kmalloc(sizeof(struct pool_holders), GFP_KERNEL);
}

/* Print who holds objects of @core. */
void pool_holders_show(struct seq_file *m, struct pool_holders *holders,
		       struct syncpool_core *core)
{
	pool_holders_print_core(m, holders, core, POOL_HOLDERS_STACKS);
}

/* Nothing is allocated under this lock, so the memory comes from the open. */
static void *holders_start(struct seq_file *m, loff_t *pos)
{
	mutex_lock(&pool_list_lock);
	return seq_list_start(&pool_list, *pos);
}

static void *holders_next(struct seq_file *m, void *node, loff_t *pos)
{
	return seq_list_next(node, &pool_list, pos);
}

static void holders_stop(struct seq_file *m, void *node)
{
	mutex_unlock(&pool_list_lock);
}

static int holders_show(struct seq_file *m, void *node)
{
	struct syncpool_core *core = list_entry(node, struct syncpool_core, node);

	if (!core->debug)
		return SEQ_SKIP;
	pool_holders_print_core(m, m->private, core, POOL_HOLDERS_STACKS);
	return 0;
}

static const struct seq_operations holders_sops = {
	.start = holders_start,
	.next = holders_next,
	.stop = holders_stop,
	.show = holders_show,
};

static int holders_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, &holders_sops, sizeof(struct pool_holders));
}

static const struct file_operations holders_fops = {
	.owner = THIS_MODULE,
	.open = holders_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

/* @dir: the module's folder in debugfs, which is removed with all that it holds. */
void pool_holders_debugfs_init(struct dentry *dir)
{
	debugfs_create_file("holders", 0444, dir, NULL, &holders_fops);
}
