// SPDX-License-Identifier: GPL-2.0
/*
 * pool_show - the pools in debugfs
 *
 *	syncpool/pools			a line for each pool; syncpool(4) says what is in it
 *	syncpool/NAME:ID/cached ...	the same values, a file for each
 *	syncpool/NAME:ID/stats		struct syncpool_stats
 *	syncpool/NAME:ID/{min,max}	writable: syncpool_resize()
 *	syncpool/NAME:ID/cleanup	whatever is written: syncpool_cleanup()
 *	syncpool/NAME:ID/count_hits	writable: count hits and misses
 *	syncpool/NAME:ID/holders	in debug mode: who holds what is out
 *
 * A folder is made and removed by a work item, since a pool may be activated under any
 * lock: debugfs has locks that are held while user memory is written, so mmap_lock is
 * inside of them. What is done with a file looks for the pool with the file's id, and
 * keeps its core meanwhile; there may be none any more. Who has read `pools` finds all
 * folders of what it lists.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "pool_debug.h"
#include "pool_holders.h"
#include "pool_reclaim.h"
#include "pool_resize.h"
#include "pool_show.h"
#include "pool_stats.h"

/* in the first line of `pools`; another one if a column gets another meaning */
#define POOL_SHOW_FORMAT	1
/* the longest value, a name, with its NUL */
#define POOL_SHOW_VALUE		64

enum pool_column {
	POOL_COLUMN_ID,
	POOL_COLUMN_NAME,
	POOL_COLUMN_OWNER,
	POOL_COLUMN_CACHED,
	POOL_COLUMN_OUT,
	POOL_COLUMN_PEAK,
	POOL_COLUMN_MIB,
	POOL_COLUMN_MIN,
	POOL_COLUMN_MAX,
	POOL_COLUMN_HITS,
	POOL_COLUMN_MISSES,
	POOL_COLUMN_BUILT,
	POOL_COLUMN_RECLAIMED,
	POOL_COLUMN_AGED,
	POOL_COLUMN_REBUILT,
	POOL_COLUMN_STEALS,
	POOL_COLUMN_WAITS,
	POOL_COLUMN_ROTATED,
	POOL_COLUMNS,
};

/* @width: of the column; text is left-aligned, and its width negative */
static const struct {
	const char *name;
	int width;
} pool_columns[POOL_COLUMNS] = {
	[POOL_COLUMN_ID]	= { "id", 5 },
	[POOL_COLUMN_NAME]	= { "name", -20 },
	[POOL_COLUMN_OWNER]	= { "owner", -12 },
	[POOL_COLUMN_CACHED]	= { "cached", 8 },
	[POOL_COLUMN_OUT]	= { "out", 8 },
	[POOL_COLUMN_PEAK]	= { "peak", 8 },
	[POOL_COLUMN_MIB]	= { "MiB", 8 },
	[POOL_COLUMN_MIN]	= { "min", 6 },
	[POOL_COLUMN_MAX]	= { "max", 6 },
	[POOL_COLUMN_HITS]	= { "hits", 10 },
	[POOL_COLUMN_MISSES]	= { "misses", 10 },
	[POOL_COLUMN_BUILT]	= { "built", 10 },
	[POOL_COLUMN_RECLAIMED]	= { "reclaimed", 10 },
	[POOL_COLUMN_AGED]	= { "aged", 10 },
	[POOL_COLUMN_REBUILT]	= { "rebuilt", 8 },
	[POOL_COLUMN_STEALS]	= { "steals", 10 },
	[POOL_COLUMN_WAITS]	= { "waits", 8 },
	[POOL_COLUMN_ROTATED]	= { "rotated", 8 },
};

/* What is shown of a pool. */
struct pool_view {
	struct syncpool		*pool;
	struct syncpool_core	*core;
	struct syncpool_stats	stats;
	unsigned long		cached;
	long			out;
	struct pool_hits	hits;
};

/* -ENODEV: the module of the pool has forgotten it, and is being unloaded. */
static int pool_view_fill(struct pool_view *view, struct syncpool_core *core)
{
	view->core = core;
	view->pool = READ_ONCE(core->pool);
	if (!view->pool)
		return -ENODEV;
	pool_stats_sum(view->pool, core, &view->stats);
	view->cached = pool_stats_cached(core);
	view->out = pool_stats_outstanding(core);
	pool_stats_hits(core, &view->hits);
	return 0;
}

/* What the cached objects take, where a pool has said what one takes. */
static void pool_show_mib(char *buf, const struct pool_view *view)
{
	u64 bytes = (u64)view->cached * view->core->nodes->footprint;

	if (view->core->nodes->footprint)
		sprintf(buf, "%llu.%llu", bytes >> 20, ((bytes & (SZ_1M - 1)) * 10) >> 20);
}

static void pool_show_hits(char *buf, const struct pool_view *view, unsigned long n)
{
	if (view->hits.counted)
		sprintf(buf, "%lu", n);
}

static void pool_show_rotated(char *buf, const struct pool_view *view)
{
	unsigned long at = READ_ONCE(view->core->rotated_at), now = jiffies;

	if (view->stats.rotations)
		sprintf(buf, "%lu", time_after(now, at) ? (now - at) / HZ : 0);
}

/* Of the other columns, which are always a number. */
static unsigned long pool_show_number(const struct pool_view *view, enum pool_column column)
{
	switch (column) {
	case POOL_COLUMN_ID:
		return view->core->id;
	case POOL_COLUMN_CACHED:
		return view->cached;
	case POOL_COLUMN_PEAK:
		return view->stats.peak;
	case POOL_COLUMN_MIN:
		return READ_ONCE(view->pool->params.min);
	case POOL_COLUMN_MAX:
		return READ_ONCE(view->pool->params.max);
	case POOL_COLUMN_BUILT:
		return view->stats.allocs;
	case POOL_COLUMN_RECLAIMED:
		return view->stats.reclaimed;
	case POOL_COLUMN_AGED:
		return view->stats.aged;
	case POOL_COLUMN_REBUILT:
		return view->stats.rebuilt;
	case POOL_COLUMN_STEALS:
		return view->stats.steals;
	case POOL_COLUMN_WAITS:
		return view->stats.waits;
	default:
		return 0;
	}
}

/* The value of @column, in POOL_SHOW_VALUE bytes. */
static void pool_show_value(char *buf, const struct pool_view *view, enum pool_column column)
{
	/* unless there is a value */
	strscpy(buf, "-", POOL_SHOW_VALUE);
	switch (column) {
	case POOL_COLUMN_NAME:
		strscpy(buf, view->core->name, POOL_SHOW_VALUE);
		break;
	case POOL_COLUMN_OWNER:
		strscpy(buf, pool_owner_name(view->core->owner, "-"), POOL_SHOW_VALUE);
		break;
	case POOL_COLUMN_OUT:
		sprintf(buf, "%ld", view->out);
		break;
	case POOL_COLUMN_MIB:
		pool_show_mib(buf, view);
		break;
	case POOL_COLUMN_HITS:
		pool_show_hits(buf, view, view->hits.hits);
		break;
	case POOL_COLUMN_MISSES:
		pool_show_hits(buf, view, view->hits.misses);
		break;
	case POOL_COLUMN_ROTATED:
		pool_show_rotated(buf, view);
		break;
	default:
		sprintf(buf, "%lu", pool_show_number(view, column));
	}
}

static void pool_show_cell(struct seq_file *m, enum pool_column column, const char *text)
{
	seq_printf(m, "%*s%c", pool_columns[column].width, text,
		   column == POOL_COLUMNS - 1 ? '\n' : ' ');
}

static void pool_show_line(struct seq_file *m, struct syncpool_core *core)
{
	char buf[POOL_SHOW_VALUE];
	enum pool_column column;
	struct pool_view view;

	/* on the list it has a pool */
	if (pool_view_fill(&view, core))
		return;
	for (column = 0; column < POOL_COLUMNS; column++) {
		pool_show_value(buf, &view, column);
		pool_show_cell(m, column, buf);
	}
}

static int pools_show(struct seq_file *m, void *unused)
{
	struct syncpool_core *core;
	enum pool_column column;

	seq_printf(m, "# format %u\n", POOL_SHOW_FORMAT);
	for (column = 0; column < POOL_COLUMNS; column++)
		pool_show_cell(m, column, pool_columns[column].name);
	mutex_lock(&pool_list_lock);
	list_for_each_entry(core, &pool_list, node)
		pool_show_line(m, core);
	mutex_unlock(&pool_list_lock);
	/* each of these has its folder then */
	flush_work(&pool_list_work);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pools);

/* A file's private pointer: which pool, and what of it. */
static void *pool_show_key(unsigned int id, enum pool_column column)
{
	return (void *)((unsigned long)id * POOL_COLUMNS + column);
}

static enum pool_column pool_show_column(const void *key)
{
	return (unsigned long)key % POOL_COLUMNS;
}

/*
 * The core of the pool that @key tells, until pool_core_leave(). Or NULL, also once devices
 * are suspended or powered off: what waits to be freed would not wait any more.
 */
static struct syncpool_core *pool_show_enter(const void *key)
{
	if (pool_is_suspended())
		return NULL;
	return pool_core_enter_id((unsigned long)key / POOL_COLUMNS);
}

/* Fill @view with the pool that @key tells, whose core is kept until pool_core_leave(). */
static int pool_view_enter(struct pool_view *view, const void *key)
{
	struct syncpool_core *core = pool_show_enter(key);
	int err;

	if (!core)
		return -ENODEV;
	err = pool_view_fill(view, core);
	if (err)
		pool_core_leave(core);
	return err;
}

static int value_show(struct seq_file *m, void *unused)
{
	char buf[POOL_SHOW_VALUE];
	struct pool_view view;
	int err = pool_view_enter(&view, m->private);

	if (err)
		return err;
	pool_show_value(buf, &view, pool_show_column(m->private));
	pool_core_leave(view.core);
	seq_printf(m, "%s\n", buf);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(value);

static int stats_show(struct seq_file *m, void *unused)
{
	struct pool_view view;
	int err = pool_view_enter(&view, m->private);

	if (err)
		return err;
	seq_printf(m, "obj_size %zu\nfootprint %zu\n", view.core->params.obj_size,
		   view.core->nodes->footprint);
	pool_core_leave(view.core);
	pool_stats_print(m, &view.stats);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int one_holders_show(struct seq_file *m, void *unused)
{
	/* before the core is kept, since reclaim may wait for the end of the pool */
	struct pool_holders *holders = pool_holders_alloc();
	struct syncpool_core *core;

	if (!holders)
		return -ENOMEM;
	core = pool_show_enter(m->private);
	if (core) {
		pool_holders_show(m, holders, core);
		pool_core_leave(core);
	}
	kfree(holders);
	return core ? 0 : -ENODEV;
}
DEFINE_SHOW_ATTRIBUTE(one_holders);

static int pool_show_set_bound(struct syncpool_core *core, enum pool_column column,
			       unsigned int value)
{
	struct syncpool *pool = READ_ONCE(core->pool);
	bool is_min = column == POOL_COLUMN_MIN;

	if (!pool)
		return -ENODEV;
	return pool_resize(pool, core, is_min ? &value : NULL, is_min ? NULL : &value);
}

static ssize_t bound_write(struct file *file, const char __user *user, size_t count, loff_t *pos)
{
	const void *key = file_inode(file)->i_private;
	struct syncpool_core *core;
	unsigned int value;
	int err = kstrtouint_from_user(user, count, 0, &value);

	if (err)
		return err;
	core = pool_show_enter(key);
	if (!core)
		return -ENODEV;
	err = pool_show_set_bound(core, pool_show_column(key), value);
	pool_core_leave(core);
	return err ?: count;
}

static const struct file_operations bound_fops = {
	.owner = THIS_MODULE,
	.open = value_open,
	.read = seq_read,
	.write = bound_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static ssize_t cleanup_write(struct file *file, const char __user *user, size_t count,
			     loff_t *pos)
{
	struct syncpool_core *core = pool_show_enter(file_inode(file)->i_private);

	if (!core)
		return -ENODEV;
	pool_reclaim_cleanup(core);
	pool_core_leave(core);
	return count;
}

static const struct file_operations cleanup_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = cleanup_write,
};

static int count_hits_show(struct seq_file *m, void *unused)
{
	struct syncpool_core *core = pool_show_enter(m->private);

	if (!core)
		return -ENODEV;
	seq_printf(m, "%d\n", READ_ONCE(core->counting));
	pool_core_leave(core);
	return 0;
}

static int count_hits_open(struct inode *inode, struct file *file)
{
	return single_open(file, count_hits_show, inode->i_private);
}

static int pool_show_count_hits(const void *key, bool on)
{
	struct syncpool_core *core;
	bool changed = false;

	if (on)
		pool_debug_hold_key();
	core = pool_show_enter(key);
	if (core) {
		changed = pool_debug_set_counting(core, on);
		pool_core_leave(core);
	}
	if (changed != on)
		pool_debug_release_key();
	return core ? 0 : -ENODEV;
}

static ssize_t count_hits_write(struct file *file, const char __user *user, size_t count,
				loff_t *pos)
{
	bool on;
	int err = kstrtobool_from_user(user, count, &on);

	return err ?: pool_show_count_hits(file_inode(file)->i_private, on) ?: count;
}

static const struct file_operations count_hits_fops = {
	.owner = THIS_MODULE,
	.open = count_hits_open,
	.read = seq_read,
	.write = count_hits_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* The folder of a pool, which may have ended. */
struct pool_folder {
	struct list_head node;
	struct dentry *dentry;
	unsigned int id;
	bool debug;
	char name[SYNCPOOL_NAME_LEN + 12];	/* and ":ID" */
};

static struct dentry *pool_show_root;
static LIST_HEAD(pool_folders);		/* of the work item's own */

static void pool_folder_fill(struct pool_folder *folder)
{
	const struct file_operations *fops;
	enum pool_column column;
	bool writable;

	for (column = 0; column < POOL_COLUMNS; column++) {
		writable = column == POOL_COLUMN_MIN || column == POOL_COLUMN_MAX;
		fops = writable ? &bound_fops : &value_fops;
		debugfs_create_file(pool_columns[column].name, writable ? 0644 : 0444,
				    folder->dentry, pool_show_key(folder->id, column), fops);
	}
	debugfs_create_file("stats", 0444, folder->dentry, pool_show_key(folder->id, 0),
			    &stats_fops);
	debugfs_create_file("cleanup", 0200, folder->dentry, pool_show_key(folder->id, 0),
			    &cleanup_fops);
	debugfs_create_file("count_hits", 0644, folder->dentry, pool_show_key(folder->id, 0),
			    &count_hits_fops);
	if (folder->debug)
		debugfs_create_file("holders", 0444, folder->dentry,
				    pool_show_key(folder->id, 0), &one_holders_fops);
}

/* Name @folder after a pool that has none yet. False: each has one. */
static bool pool_folder_name(struct pool_folder *folder)
{
	struct syncpool_core *core;
	bool found = false;

	mutex_lock(&pool_list_lock);
	list_for_each_entry(core, &pool_list, node) {
		if (core->shown)
			continue;
		core->shown = true;
		folder->id = core->id;
		folder->debug = core->debug;
		snprintf(folder->name, sizeof(folder->name), "%s:%u", core->name, core->id);
		found = true;
		break;
	}
	mutex_unlock(&pool_list_lock);
	return found;
}

/* Make a folder for a pool. False: each has one, or there is no memory. */
static bool pool_folder_make(void)
{
	struct pool_folder *folder = kzalloc(sizeof(*folder), GFP_KERNEL);

	if (!folder)
		return false;
	if (!pool_folder_name(folder)) {
		kfree(folder);
		return false;
	}
	folder->dentry = debugfs_create_dir(folder->name, pool_show_root);
	pool_folder_fill(folder);
	list_add(&folder->node, &pool_folders);
	return true;
}

static void pool_folder_remove(struct pool_folder *folder)
{
	debugfs_remove(folder->dentry);
	list_del(&folder->node);
	kfree(folder);
}

static bool pool_exists(unsigned int id)
{
	bool exists;

	mutex_lock(&pool_list_lock);
	exists = pool_find_id(id);
	mutex_unlock(&pool_list_lock);
	return exists;
}

/* Pools have begun or ended. */
static void pool_show_work(struct work_struct *work)
{
	struct pool_folder *folder, *next;

	list_for_each_entry_safe(folder, next, &pool_folders, node)
		if (!pool_exists(folder->id))
			pool_folder_remove(folder);
	while (pool_folder_make())
		;
}

/* debugfs may be off or fail; a pool does not need it. */
void pool_show_init(void)
{
	INIT_WORK(&pool_list_work, pool_show_work);
	pool_show_root = debugfs_create_dir("syncpool", NULL);
	debugfs_create_file("pools", 0444, pool_show_root, NULL, &pools_fops);
	pool_holders_debugfs_init(pool_show_root);
}

/* No pool is left. */
void pool_show_exit(void)
{
	struct pool_folder *folder, *next;

	cancel_work_sync(&pool_list_work);
	list_for_each_entry_safe(folder, next, &pool_folders, node)
		pool_folder_remove(folder);
	debugfs_remove(pool_show_root);
}
