// SPDX-License-Identifier: GPL-2.0-only
/*
 * decompressor_syncpool - decompressors from a pool
 *
 * One is built when the file system is mounted and stays, so a read never fails for want of
 * one. Others are built when several reads need one at once, up to the mount's number of
 * threads, and go when nobody needs them or memory is short. Where no more can be built, a
 * read waits for its turn.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <syncpool.h>

#include "squashfs_fs.h"
#include "squashfs_fs_sb.h"
#include "decompressor.h"
#include "squashfs.h"

struct squashfs_stream {
	struct syncpool		pool;
	struct squashfs_sb_info	*msblk;
	void			*comp_opts;
};

static void *squashfs_state_alloc(gfp_t gfp, void *data)
{
	struct squashfs_stream *stream = data;
	void *state = stream->msblk->decompressor->init(stream->msblk, stream->comp_opts);

	return IS_ERR(state) ? NULL : state;
}

static void squashfs_state_free(void *state, void *data)
{
	struct squashfs_stream *stream = data;

	stream->msblk->decompressor->free(state);
}

static void *squashfs_decompressor_create(struct squashfs_sb_info *msblk, void *comp_opts)
{
	struct squashfs_stream *stream = kzalloc(sizeof(*stream), GFP_KERNEL);
	struct syncpool_params params = {
		.name = "squashfs",
		.alloc = squashfs_state_alloc,
		.free = squashfs_state_free,	/* vfree() */
		.flags = SYNCPOOL_FREE_SLEEPS,
		.data = stream,
		/* zlib's window, or buffers or a dictionary for a block */
		.footprint = max_t(size_t, msblk->block_size, SZ_32K),
		.min = 1,
		.max = msblk->max_thread_num,
	};
	int err;

	if (!stream)
		return ERR_PTR(-ENOMEM);
	stream->msblk = msblk;
	stream->comp_opts = comp_opts;
	err = syncpool_init(&stream->pool, &params);
	if (err) {
		kfree(stream);
		return ERR_PTR(err);
	}
	return stream;
}

static void squashfs_decompressor_destroy(struct squashfs_sb_info *msblk)
{
	struct squashfs_stream *stream = msblk->stream;

	if (!stream)
		return;
	syncpool_exit(&stream->pool);
	kfree(stream->comp_opts);
	kfree(stream);
}

static int squashfs_syncpool_decompress(struct squashfs_sb_info *msblk, struct bio *bio,
					int offset, int length,
					struct squashfs_page_actor *output)
{
	struct squashfs_stream *stream = msblk->stream;
	void *state = syncpool_get(&stream->pool, GFP_KERNEL);
	int res = msblk->decompressor->decompress(msblk, state, bio, offset, length, output);

	syncpool_put(&stream->pool, state);
	if (res < 0)
		ERROR("%s decompression failed, data probably corrupt\n",
		      msblk->decompressor->name);
	return res;
}

static int squashfs_max_decompressors(void)
{
	return num_online_cpus() * 2;
}

const struct squashfs_decompressor_thread_ops squashfs_decompressor_syncpool = {
	.create = squashfs_decompressor_create,
	.destroy = squashfs_decompressor_destroy,
	.decompress = squashfs_syncpool_decompress,
	.max_decompressors = squashfs_max_decompressors,
};
