/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream_lzma.h - MicroLZMA's streams, for decompressor_lzma.c */
#include <linux/slab.h>

#include "stream_pool.h"

struct z_erofs_lzma {
	struct z_erofs_stream	head;
	struct xz_dec_microlzma	*state;
};

static void z_erofs_lzma_free(void *obj, void *streams)
{
	struct z_erofs_lzma *strm = obj;

	xz_dec_microlzma_end(strm->state);
	kfree(strm);
}

/* The library allocates with GFP_KERNEL. */
static bool z_erofs_lzma_resize(void *obj, unsigned int dict_size, gfp_t gfp)
{
	struct z_erofs_lzma *strm = obj;
	struct xz_dec_microlzma *state = xz_dec_microlzma_alloc(XZ_PREALLOC, dict_size);

	if (!state)
		return false;
	if (strm->state)
		xz_dec_microlzma_end(strm->state);
	strm->state = state;
	return true;
}

static struct z_erofs_streams z_erofs_lzma_streams = {
	.params = {
		.name = "erofs-lzma",
		.free = z_erofs_lzma_free,
	},
	.most = CONFIG_EROFS_FS_ZIP_LZMA_DEFAULT_MAX_STREAMS,
	.size = sizeof(struct z_erofs_lzma),
	.resize = z_erofs_lzma_resize,
};

module_param_named(lzma_streams, z_erofs_lzma_streams.params.max, uint, 0444);
