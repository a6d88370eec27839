// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stream_pool - decompression streams from a pool
 *
 * Nothing is built before a mount needs the algorithm. From then on one stream stays, so a
 * read never fails for want of one; others are built when several reads need one at once,
 * up to the module parameter of the algorithm, and go when nobody needs them or memory is
 * short.
 *
 * A mount may need a larger dictionary than all before. It has the pool shrink to one stream,
 * makes that one larger, and fails if it cannot. Reads wait meanwhile. Streams that they
 * hold come back too small, and nobody gets those any more. The bounds are then those of the
 * module parameter, whatever debugfs has set.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "stream_pool.h"

/* serializes mounts */
static DEFINE_MUTEX(z_erofs_streams_lock);

static bool z_erofs_stream_fits(const struct z_erofs_streams *streams, const void *obj)
{
	const struct z_erofs_stream *strm = obj;

	return strm->dict_size >= READ_ONCE(streams->dict_size);
}

static bool z_erofs_stream_resize(const struct z_erofs_streams *streams, void *obj,
				  unsigned int dict_size, gfp_t gfp)
{
	struct z_erofs_stream *strm = obj;

	/* min comes with __GFP_NOMEMALLOC, which vmalloc() does not know */
	if (!streams->resize(obj, dict_size, gfp & ~__GFP_NOMEMALLOC))
		return false;
	strm->dict_size = dict_size;
	return true;
}

static void *z_erofs_stream_alloc(gfp_t gfp, void *data)
{
	const struct z_erofs_streams *streams = data;
	void *strm = kzalloc(streams->size, gfp);

	if (!strm || z_erofs_stream_resize(streams, strm, READ_ONCE(streams->dict_size), gfp))
		return strm;
	kfree(strm);
	return NULL;
}

/* The first mount of the algorithm. */
static int z_erofs_streams_init(struct z_erofs_streams *streams, unsigned int dict_size)
{
	int err;

	if (!streams->params.max)
		streams->params.max = min(num_possible_cpus(), streams->most ?: UINT_MAX);
	streams->params.alloc = z_erofs_stream_alloc;
	streams->params.data = streams;
	streams->params.min = 1;
	streams->params.flags = SYNCPOOL_FREE_SLEEPS;	/* vfree() */
	streams->params.footprint = streams->size + dict_size;
	streams->dict_size = dict_size;
	err = syncpool_init(&streams->pool, &streams->params);
	if (err)
		streams->dict_size = 0;
	return err;
}

/* A mount with a larger dictionary; see the head of this file. */
static int z_erofs_streams_grow(struct z_erofs_streams *streams, unsigned int dict_size)
{
	int err = syncpool_resize(&streams->pool, 1, 1), late;
	void *strm = NULL;

	if (!err) {
		strm = syncpool_get_killable(&streams->pool, GFP_KERNEL);
		if (!strm)
			err = -EINTR;
		/* others wait for this one, so better fail than wait for memory */
		else if (z_erofs_stream_resize(streams, strm, dict_size,
					       GFP_KERNEL | __GFP_NORETRY))
			WRITE_ONCE(streams->dict_size, dict_size);
		else
			err = -ENOMEM;
	}
	/*
	 * Nothing else may exist before no put is left that has not seen the size, and until
	 * then this one is out, or it might be the one that is freed.
	 */
	late = syncpool_resize(&streams->pool, 1, streams->params.max);
	if (strm)
		syncpool_put(&streams->pool, strm);
	return err ?: late;
}

int z_erofs_streams_config(struct z_erofs_streams *streams, unsigned int dict_size)
{
	int err = 0;

	if (mutex_lock_killable(&z_erofs_streams_lock))
		return -EINTR;
	if (!streams->dict_size)
		err = z_erofs_streams_init(streams, dict_size);
	else if (dict_size > streams->dict_size)
		err = z_erofs_streams_grow(streams, dict_size);
	mutex_unlock(&z_erofs_streams_lock);
	return err;
}

void z_erofs_streams_exit(struct z_erofs_streams *streams)
{
	if (streams->dict_size)
		syncpool_exit(&streams->pool);
	streams->dict_size = 0;
}

void *z_erofs_stream_get(struct z_erofs_streams *streams)
{
	void *strm;

	/* one may have been built for the former size */
	while (!z_erofs_stream_fits(streams, strm = syncpool_get(&streams->pool, GFP_KERNEL)))
		syncpool_discard(&streams->pool, strm);
	return strm;
}

void z_erofs_stream_put(struct z_erofs_streams *streams, void *strm)
{
	/* z_erofs_streams_grow() waits for this section */
	rcu_read_lock();
	if (z_erofs_stream_fits(streams, strm))
		syncpool_put(&streams->pool, strm);
	else
		syncpool_discard(&streams->pool, strm);
	rcu_read_unlock();
}
