// SPDX-License-Identifier: GPL-2.0
/*
 * zpress - /dev/zpress: write data, read it back as zstd frames
 *
 * A real user of a syncpool. To compress, the kernel's zstd needs a workspace
 * of about a megabyte, which is expensive to build and the same for every
 * request. btrfs, squashfs and zram each keep such workspaces in lists of their
 * own; here they come from a pool.
 *
 * The pool always has %ZPRESS_MIN of them, so a write does not fail for want of one, and
 * never more than the module parameter "max", so a thousand writers do not take a
 * gigabyte: they wait, and are served in order of arrival. A workspace is held for the
 * compression alone. A write does nothing meanwhile that may take long: it copies from
 * user space before, and allocates the frame afterwards.
 *
 * write	compresses up to %ZPRESS_CHUNK bytes into one frame and queues
 *		it for the file; a longer write returns a short count. While
 *		%ZPRESS_QUEUE bytes of frames are queued it sleeps, or returns
 *		-EAGAIN with O_NONBLOCK.
 * read		returns bytes of the oldest frame, up to its end, so that a
 *		large enough buffer gets one frame per call. The next read
 *		continues where a short one ended. Returns 0 when no frame is
 *		queued.
 * errors	-EFAULT: bad buffer; -ENOMEM: no memory for the file's buffer, for
 *		the frame, or with "pooled=0" for a workspace; -EINTR: a signal
 *		(the call is restarted under SA_RESTART), of which only a fatal
 *		one ends the wait for a workspace; -EAGAIN: as above. A write that
 *		fails leaves the queue as it was.
 *
 * Open files are independent: queue, lock and waiters are in struct
 * zpress_file. Consecutive frames are a valid zstd stream, so this works for a file
 * whose frames find room in the queue:
 *
 *	exec 3<>/dev/zpress; cat file >&3; cat <&3 >file.zst
 *
 * Conventions: @zf is an open file, @frame a finished frame in a queue, @ws a
 * workspace, @zp the one device.
 */

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include <linux/zstd.h>

#include <syncpool.h>

#define ZPRESS_CHUNK	SZ_128K		/* most bytes in one frame */
#define ZPRESS_QUEUE	SZ_1M		/* queued bytes that block a writer */
#define ZPRESS_LEVEL	3		/* zstd's own default */
#define ZPRESS_MIN	1		/* workspaces that are always there */

static bool zpress_pooled = true;
module_param_named(pooled, zpress_pooled, bool, 0644);
MODULE_PARM_DESC(pooled, "take workspaces from the pool, not from the allocator (default: Y)");

static unsigned int zpress_prefill;
module_param_named(prefill, zpress_prefill, uint, 0444);
MODULE_PARM_DESC(prefill, "workspaces to build into the pool at load, besides the one that it keeps (default: 0)");

/* Compression keeps a CPU busy, so many more than there are CPUs would only wait for one. */
static unsigned int zpress_max;
module_param_named(max, zpress_max, uint, 0444);
MODULE_PARM_DESC(max, "workspaces that may exist in the pool (default: 0, two for each CPU)");

/* The workspace of one request: the pool's object. */
struct zpress_ws {
	zstd_cctx	*cctx;		/* lives in @mem */
	u8		*out;		/* zp.out_size bytes at the end of @mem */
	u8		mem[] __aligned(8);	/* zstd asks for this alignment */
};

struct zpress_frame {
	struct list_head	list;	/* in zf->frames, under zf->lock */
	size_t			len;
	size_t			pos;	/* bytes already read, under zf->lock */
	u8			data[];
};

struct zpress_file {
	struct mutex		lock;	/* held for a whole read or write */
	struct list_head	frames;	/* oldest first, under @lock */
	size_t			queued;	/* bytes in @frames; written under @lock */
	u8			*buf;	/* data, then its frame: zp.out_size bytes, under @lock */
	wait_queue_head_t	wait;	/* for room, or for a frame */
};

static struct {
	struct syncpool		pool;
	zstd_parameters		params;		/* the same for every request */
	size_t			ctx_size;	/* bytes zstd needs for a context */
	size_t			out_size;	/* bytes of the largest frame */
	struct dentry		*debugfs;
	atomic_long_t		requests;	/* writes that made a frame */
	atomic_long_t		pooled;		/* of these, through the pool */
	atomic_long_t		built;		/* workspaces */
	atomic_long_t		freed;		/* workspaces */
} zp;

static size_t zpress_ws_size(void)
{
	return sizeof(struct zpress_ws) + zp.ctx_size + zp.out_size;
}

/*
 * The pool's alloc callback, and what a driver without a pool does for each
 * request. vmalloc, as in squashfs and zram: no need to search for 512
 * contiguous pages, of which 225 would stay unused.
 */
static void *zpress_ws_build(gfp_t gfp, void *data)
{
	/* the flag comes with a pool's min; vmalloc of Linux 7 warns of it */
	struct zpress_ws *ws = __vmalloc(zpress_ws_size(), gfp & ~__GFP_NOMEMALLOC);

	if (!ws)
		return NULL;
	ws->out = ws->mem + zp.ctx_size;
	ws->cctx = zstd_init_cctx(ws->mem, zp.ctx_size);
	if (!ws->cctx) {
		vfree(ws);
		return NULL;
	}
	atomic_long_inc(&zp.built);
	return ws;
}

/* The pool's free callback. It may sleep, hence SYNCPOOL_FREE_SLEEPS below. */
static void zpress_ws_free(void *obj, void *data)
{
	atomic_long_inc(&zp.freed);
	vfree(obj);
}

static struct zpress_ws *zpress_ws_get(bool pooled)
{
	struct zpress_ws *ws;

	if (pooled) {
		/* the pool has a min, so only a fatal signal ends this with NULL */
		ws = syncpool_get_killable(&zp.pool, GFP_KERNEL);
		return ws ?: ERR_PTR(-EINTR);
	}
	ws = zpress_ws_build(GFP_KERNEL, NULL);
	return ws ?: ERR_PTR(-ENOMEM);
}

static void zpress_ws_put(struct zpress_ws *ws, bool pooled)
{
	if (pooled)
		syncpool_put(&zp.pool, ws);
	else
		zpress_ws_free(ws, NULL);
}

/* Compress @len bytes of @zf->buf in place. Returns the frame's length or an errno. */
static ssize_t zpress_ws_run(struct zpress_ws *ws, struct zpress_file *zf, size_t len)
{
	size_t size = zstd_compress_cctx(ws->cctx, ws->out, zp.out_size, zf->buf, len,
					 &zp.params);

	if (zstd_is_error(size))
		return -EIO;
	memcpy(zf->buf, ws->out, size);
	return size;
}

/* The same, with a workspace from the pool or one that is built for it. */
static ssize_t zpress_compress(struct zpress_file *zf, size_t len)
{
	/* Read once: the workspace must go back where it came from. */
	const bool pooled = READ_ONCE(zpress_pooled);
	struct zpress_ws *ws = zpress_ws_get(pooled);
	ssize_t size;

	if (IS_ERR(ws))
		return PTR_ERR(ws);
	size = zpress_ws_run(ws, zf, len);
	zpress_ws_put(ws, pooled);
	if (size > 0) {
		atomic_long_inc(&zp.requests);
		if (pooled)
			atomic_long_inc(&zp.pooled);
	}
	return size;
}

/* Bring @len bytes from user space to @zf->buf. Call under zf->lock. */
static int zpress_copy(struct zpress_file *zf, const char __user *buf, size_t len)
{
	if (!zf->buf)
		zf->buf = kvmalloc(zp.out_size, GFP_KERNEL_ACCOUNT);
	if (!zf->buf)
		return -ENOMEM;
	return copy_from_user(zf->buf, buf, len) ? -EFAULT : 0;
}

/* Charged to the writer: the frame stays until it is read. */
static struct zpress_frame *zpress_frame_of(const struct zpress_file *zf, size_t size)
{
	struct zpress_frame *frame;

	frame = kvmalloc(struct_size(frame, data, size), GFP_KERNEL_ACCOUNT);
	if (!frame)
		return NULL;
	frame->len = size;
	frame->pos = 0;
	memcpy(frame->data, zf->buf, size);
	return frame;
}

static bool zpress_has_room(const struct zpress_file *zf)
{
	return READ_ONCE(zf->queued) < ZPRESS_QUEUE;
}

/* Add @delta bytes, which may be negative. Call under zf->lock. */
static void zpress_account(struct zpress_file *zf, ssize_t delta)
{
	WRITE_ONCE(zf->queued, zf->queued + delta);
	wake_up_interruptible_all(&zf->wait);
}

/* Compress and queue; -EAGAIN if the queue is full. Call under zf->lock. */
static ssize_t zpress_queue(struct zpress_file *zf, const char __user *buf,
			    size_t len)
{
	struct zpress_frame *frame;
	ssize_t size;

	if (!zpress_has_room(zf))
		return -EAGAIN;
	size = zpress_copy(zf, buf, len) ?: zpress_compress(zf, len);
	if (size < 0)
		return size;
	frame = zpress_frame_of(zf, size);
	if (!frame)
		return -ENOMEM;
	list_add_tail(&frame->list, &zf->frames);
	zpress_account(zf, frame->len);
	return len;
}

static ssize_t zpress_write(struct file *file, const char __user *buf,
			    size_t len, loff_t *ppos)
{
	struct zpress_file *zf = file->private_data;
	ssize_t ret;

	if (!len)
		return 0;
	len = min_t(size_t, len, ZPRESS_CHUNK);

	for (;;) {
		if (mutex_lock_interruptible(&zf->lock))
			return -ERESTARTSYS;
		ret = zpress_queue(zf, buf, len);
		mutex_unlock(&zf->lock);

		if (ret != -EAGAIN || file->f_flags & O_NONBLOCK)
			return ret;
		/* In a loop, since another writer may be faster. */
		if (wait_event_interruptible(zf->wait, zpress_has_room(zf)))
			return -ERESTARTSYS;
	}
}

/* Copy from the oldest frame, drop it at its end. Call under zf->lock. */
static ssize_t zpress_dequeue(struct zpress_file *zf, char __user *buf,
			      size_t len)
{
	struct zpress_frame *frame;
	size_t done;

	frame = list_first_entry_or_null(&zf->frames, struct zpress_frame, list);
	if (!frame)
		return 0;
	len = min(len, frame->len - frame->pos);
	done = len - copy_to_user(buf, frame->data + frame->pos, len);
	if (len && !done)
		return -EFAULT;

	frame->pos += done;
	if (frame->pos == frame->len) {
		list_del(&frame->list);
		zpress_account(zf, -(ssize_t)frame->len);
		kvfree(frame);
	}
	return done;
}

static ssize_t zpress_read(struct file *file, char __user *buf, size_t len,
			   loff_t *ppos)
{
	struct zpress_file *zf = file->private_data;
	ssize_t ret;

	if (mutex_lock_interruptible(&zf->lock))
		return -ERESTARTSYS;
	ret = zpress_dequeue(zf, buf, len);
	mutex_unlock(&zf->lock);
	return ret;
}

static __poll_t zpress_poll(struct file *file, poll_table *wait)
{
	struct zpress_file *zf = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &zf->wait, wait);
	if (READ_ONCE(zf->queued))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (zpress_has_room(zf))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

static int zpress_open(struct inode *inode, struct file *file)
{
	struct zpress_file *zf = kzalloc(sizeof(*zf), GFP_KERNEL_ACCOUNT);

	if (!zf)
		return -ENOMEM;
	mutex_init(&zf->lock);
	INIT_LIST_HEAD(&zf->frames);
	init_waitqueue_head(&zf->wait);
	file->private_data = zf;
	return stream_open(inode, file);
}

static int zpress_release(struct inode *inode, struct file *file)
{
	struct zpress_file *zf = file->private_data;
	struct zpress_frame *frame, *next;

	list_for_each_entry_safe(frame, next, &zf->frames, list)
		kvfree(frame);
	kvfree(zf->buf);
	kfree(zf);
	return 0;
}

static const struct file_operations zpress_fops = {
	.owner		= THIS_MODULE,
	.open		= zpress_open,
	.release	= zpress_release,
	.read		= zpress_read,
	.write		= zpress_write,
	.poll		= zpress_poll,
};

static struct miscdevice zpress_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "zpress",
	.fops	= &zpress_fops,
};

/* A hit is a request through the pool for which nothing was built. */
static int zpress_stats_show(struct seq_file *m, void *unused)
{
	struct syncpool_stats st;
	long pooled = atomic_long_read(&zp.pooled);

	syncpool_read_stats(&zp.pool, &st);
	seq_printf(m, "requests %ld\n", atomic_long_read(&zp.requests));
	seq_printf(m, "pooled %ld\n", pooled);
	seq_printf(m, "built %ld\n", atomic_long_read(&zp.built));
	seq_printf(m, "freed %ld\n", atomic_long_read(&zp.freed));
	seq_printf(m, "cached %lu\n", syncpool_count(&zp.pool));
	seq_printf(m, "outstanding %ld\n", syncpool_outstanding(&zp.pool));
	seq_printf(m, "allocs %lu\n", st.allocs);
	seq_printf(m, "steals %lu\n", st.steals);
	seq_printf(m, "stolen %lu\n", st.stolen);
	seq_printf(m, "victim_hits %lu\n", st.victim_hits);
	seq_printf(m, "rotations %lu\n", st.rotations);
	seq_printf(m, "waits %lu\n", st.waits);
	seq_printf(m, "workspace_bytes %zu\n", zpress_ws_size());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(zpress_stats);

static int __init zpress_pool_init(void)
{
	const zstd_compression_parameters *cparams;
	struct syncpool_params params = {
		.name	= "zpress",
		.alloc	= zpress_ws_build,
		.free	= zpress_ws_free,
		.flags	= SYNCPOOL_FREE_SLEEPS,
		.min	= ZPRESS_MIN,
	};
	int err;

	/*
	 * A workspace serves any request, so it is built for the largest, and
	 * every request uses the parameters of the largest.
	 */
	zp.params = zstd_get_params(ZPRESS_LEVEL, ZPRESS_CHUNK);
	cparams = (const void *)&zp.params;	/* its first member */
	zp.ctx_size = ALIGN(zstd_cctx_workspace_bound(cparams), 8);
	zp.out_size = zstd_compress_bound(ZPRESS_CHUNK);
	params.obj_size = zpress_ws_size();
	if (!zpress_max)
		zpress_max = 2 * num_online_cpus();
	params.max = zpress_max;

	err = syncpool_init(&zp.pool, &params);
	if (err)
		return err;
	err = syncpool_prefill(&zp.pool, zpress_prefill, GFP_KERNEL);
	if (err < 0)
		syncpool_exit(&zp.pool);
	return err < 0 ? err : 0;
}

static int __init zpress_init(void)
{
	int err = zpress_pool_init();

	if (err)
		return err;
	err = misc_register(&zpress_misc);
	if (err) {
		syncpool_exit(&zp.pool);
		return err;
	}
	zp.debugfs = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("stats", 0444, zp.debugfs, NULL, &zpress_stats_fops);
	return 0;
}

static void __exit zpress_exit(void)
{
	debugfs_remove(zp.debugfs);
	misc_deregister(&zpress_misc);
	syncpool_exit(&zp.pool);
}

module_init(zpress_init);
module_exit(zpress_exit);

MODULE_DESCRIPTION("zstd as a character device, with workspaces from a syncpool");
MODULE_LICENSE("GPL");
