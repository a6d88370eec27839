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

static bool z_erofs_zstd_resize(void *obj, unsigned int dict_size, gfp_t gfp)
{
	struct z_erofs_zstd *strm = obj;
	unsigned int size = zstd_dstream_workspace_bound(dict_size);
	void *wksp = kvmalloc(size, gfp);

	if (!wksp)
		return false;
	kvfree(strm->wksp);
	strm->wksp = wksp;
	strm->wkspsz = size;
	return true;
}

static struct z_erofs_streams z_erofs_zstd_streams = {
	.params = {
		.name = "erofs-zstd",
		.free = z_erofs_zstd_free,
	},
	.size = sizeof(struct z_erofs_zstd),
	.resize = z_erofs_zstd_resize,
};

module_param_named(zstd_streams, z_erofs_zstd_streams.params.max, uint, 0444);
