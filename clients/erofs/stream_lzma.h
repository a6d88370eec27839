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

static void *z_erofs_lzma_alloc(gfp_t gfp, void *streams)
{
	struct z_erofs_lzma *strm = z_erofs_stream_alloc(streams, sizeof(*strm), gfp);

	if (!strm)
		return NULL;
	strm->state = xz_dec_microlzma_alloc(XZ_PREALLOC, strm->head.dict_size);
	if (strm->state)
		return strm;
	kfree(strm);
	return NULL;
}

static struct z_erofs_streams z_erofs_lzma_streams = {
	.params = {
		.name = "erofs-lzma",
		.alloc = z_erofs_lzma_alloc,
		.free = z_erofs_lzma_free,
	},
	.most = CONFIG_EROFS_FS_ZIP_LZMA_DEFAULT_MAX_STREAMS,
};

module_param_named(lzma_streams, z_erofs_lzma_streams.params.max, uint, 0444);
