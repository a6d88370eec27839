/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream_zstd.h - zstd's streams, for decompressor_zstd.c */
#include <linux/mm.h>
#include <linux/slab.h>

#include "stream_pool.h"

struct z_erofs_zstd {
	struct z_erofs_stream	head;
	void			*wksp;
	unsigned int		wkspsz;
};

static void z_erofs_zstd_free(void *obj, void *streams)
{
	struct z_erofs_zstd *strm = obj;

	kvfree(strm->wksp);
	kfree(strm);
}

static void *z_erofs_zstd_alloc(gfp_t gfp, void *streams)
{
	struct z_erofs_zstd *strm = z_erofs_stream_alloc(streams, sizeof(*strm), gfp);

	if (!strm)
		return NULL;
	strm->wkspsz = zstd_dstream_workspace_bound(strm->head.dict_size);
	/* which vmalloc() does not know */
	strm->wksp = kvmalloc(strm->wkspsz, gfp & ~__GFP_NOMEMALLOC);
	if (strm->wksp)
		return strm;
	kfree(strm);
	return NULL;
}

static struct z_erofs_streams z_erofs_zstd_streams = {
	.params = {
		.name = "erofs-zstd",
		.alloc = z_erofs_zstd_alloc,
		.free = z_erofs_zstd_free,
	},
};

module_param_named(zstd_streams, z_erofs_zstd_streams.params.max, uint, 0444);
