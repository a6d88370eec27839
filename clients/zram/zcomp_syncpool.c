// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zcomp_syncpool - compression streams from a pool
 *
 * One stream is built with the device and stays, so a page always finds its way out to swap
 * and back. Others are built when several tasks need one at once, two for each CPU at most,
 * since a task that holds one can be preempted. They go when nobody needs them or memory
 * is short. CPUs come and go without anybody being told.
 */
#include <linux/cpumask.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <syncpool.h>

#include "zcomp.h"

static void *zcomp_stream_alloc(gfp_t gfp, void *data)
{
	struct zcomp *comp = data;
	/*
	 * The backends allocate with GFP_KERNEL, and this may be the way out to swap, where
	 * reserves are used as zsmalloc does.
	 */
	unsigned int noio = memalloc_noio_save();
	struct zcomp_strm *zstrm = kzalloc(sizeof(*zstrm), GFP_KERNEL);

	if (zstrm && zcomp_strm_init(comp, zstrm)) {
		kfree(zstrm);
		zstrm = NULL;
	}
	memalloc_noio_restore(noio);
	if (zstrm)
		zstrm->comp = comp;
	return zstrm;
}

static void zcomp_stream_free(void *zstrm, void *comp)
{
	zcomp_strm_free(comp, zstrm);
	kfree(zstrm);
}

int zcomp_init(struct zcomp *comp, struct zcomp_params *params)
{
	const struct syncpool_params pool = {
		.name = "zram",
		.alloc = zcomp_stream_alloc,
		.free = zcomp_stream_free,	/* vfree() */
		.flags = SYNCPOOL_FREE_SLEEPS,
		.data = comp,
		.footprint = 28 * SZ_1K,	/* lz4's; others take more */
		.min = 1,
		.max = 2 * num_possible_cpus(),
	};
	int ret;

	comp->params = params;
	ret = comp->ops->setup_params(params);
	if (!ret)
		ret = syncpool_init(&comp->streams, &pool);
	if (ret)
		comp->ops->release_params(params);
	return ret;
}

void zcomp_destroy(struct zcomp *comp)
{
	syncpool_exit(&comp->streams);
	comp->ops->release_params(comp->params);
	kfree(comp);
}

struct zcomp_strm *zcomp_stream_get(struct zcomp *comp)
{
	return syncpool_get(&comp->streams, GFP_NOIO);
}

void zcomp_stream_put(struct zcomp_strm *zstrm)
{
	syncpool_put(&zstrm->comp->streams, zstrm);
}
