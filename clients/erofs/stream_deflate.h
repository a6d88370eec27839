/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream_deflate.h - DEFLATE's streams, for decompressor_deflate.c */
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "stream_pool.h"

struct z_erofs_deflate {
	struct z_erofs_stream	head;
	struct z_stream_s	z;
};

static void z_erofs_deflate_free(void *obj, void *streams)
{
	struct z_erofs_deflate *strm = obj;

	vfree(strm->z.workspace);
	kfree(strm);
}

static void *z_erofs_deflate_alloc(gfp_t gfp, void *streams)
{
	struct z_erofs_deflate *strm = z_erofs_stream_alloc(streams, sizeof(*strm), gfp);

	if (!strm)
		return NULL;
	/* vmalloc() does not know it */
	strm->z.workspace = __vmalloc(zlib_inflate_workspacesize(), gfp & ~__GFP_NOMEMALLOC);
	if (strm->z.workspace)
		return strm;
	kfree(strm);
	return NULL;
}

static struct z_erofs_streams z_erofs_deflate_streams = {
	.params = {
		.name = "erofs-deflate",
		.alloc = z_erofs_deflate_alloc,
		.free = z_erofs_deflate_free,
	},
};

module_param_named(deflate_streams, z_erofs_deflate_streams.params.max, uint, 0444);
