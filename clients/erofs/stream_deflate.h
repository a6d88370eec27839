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

/* For new streams alone: all mounts have the same window. */
static bool z_erofs_deflate_resize(void *obj, unsigned int dict_size, gfp_t gfp)
{
	struct z_erofs_deflate *strm = obj;

	strm->z.workspace = __vmalloc(zlib_inflate_workspacesize(), gfp);
	return strm->z.workspace;
}

static struct z_erofs_streams z_erofs_deflate_streams = {
	.params = {
		.name = "erofs-deflate",
		.free = z_erofs_deflate_free,
	},
	.size = sizeof(struct z_erofs_deflate),
	.resize = z_erofs_deflate_resize,
};

module_param_named(deflate_streams, z_erofs_deflate_streams.params.max, uint, 0444);
