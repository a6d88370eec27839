// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stream_pool - decompression streams from a pool
 *
 * Nothing is built before a mount needs the algorithm. From then on one stream stays, so a
 * read never fails for want of one; others are built when several reads need one at once,
 * up to the module parameter of the algorithm, and go when nobody needs them or memory is
 * short.
 *
 * A mount may need a larger dictionary than all before. It collects no streams: those that are
 * too small are discarded by whoever gets or puts them. It waits for one that is large
 * enough, so that reads have one.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/mutex.h>

#include "stream_pool.h"

/* serializes mounts */
static DEFINE_MUTEX(z_erofs_streams_lock);

static bool z_erofs_stream_fits(const struct z_erofs_streams *streams, const void *obj)
{
	const struct z_erofs_stream *strm = obj;

	return strm->dict_size >= READ_ONCE(streams->dict_size);
}

/* The first mount of the algorithm. */
static int z_erofs_streams_init(struct z_erofs_streams *streams, unsigned int dict_size)
{
	if (!streams->params.max)
		streams->params.max = num_possible_cpus();
	streams->params.data = streams;
	streams->params.min = 1;
	streams->params.flags = SYNCPOOL_FREE_SLEEPS;	/* vfree() */
	streams->params.footprint = sizeof(struct z_erofs_stream) + dict_size;
	return syncpool_init(&streams->pool, &streams->params);
}

/* A mount with a larger dictionary: let there be a stream for it. */
static int z_erofs_streams_grow(struct z_erofs_streams *streams)
{
	bool fits;
	void *strm;

	do {
		strm = syncpool_get_killable(&streams->pool, GFP_KERNEL);
		if (!strm)
			return -EINTR;
		fits = z_erofs_stream_fits(streams, strm);
		z_erofs_stream_put(streams, strm);
	} while (!fits);
	return 0;
}

int z_erofs_streams_config(struct z_erofs_streams *streams, unsigned int dict_size)
{
	unsigned int before;
	int err = 0;

	mutex_lock(&z_erofs_streams_lock);
	before = streams->dict_size;
	if (dict_size > before) {
		WRITE_ONCE(streams->dict_size, dict_size);
		err = before ? z_erofs_streams_grow(streams) :
			       z_erofs_streams_init(streams, dict_size);
		if (err)
			WRITE_ONCE(streams->dict_size, before);
	}
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
	void *strm = syncpool_get(&streams->pool, GFP_KERNEL);

	while (!z_erofs_stream_fits(streams, strm)) {
		syncpool_discard(&streams->pool, strm);
		strm = syncpool_get(&streams->pool, GFP_KERNEL);
	}
	return strm;
}

void z_erofs_stream_put(struct z_erofs_streams *streams, void *strm)
{
	if (z_erofs_stream_fits(streams, strm))
		syncpool_put(&streams->pool, strm);
	else
		syncpool_discard(&streams->pool, strm);
}
