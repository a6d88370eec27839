// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stream_pool - decompression streams from a pool
 *
 * Nothing is built before a mount needs the algorithm. From then on one stream stays, so a
 * read never fails for want of one; others are built when several reads need one at once,
 * up to the module parameter of the algorithm, and go when nobody needs them or memory is
 * short.
 *
 * A mount may need a larger dictionary than all before. It builds one stream for that before
 * others count as too small, and fails if it cannot; until then reads go on with those that
 * there are. Nobody collects these: who gets or puts one that is too small discards it.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "stream_pool.h"

/* serializes mounts */
static DEFINE_MUTEX(z_erofs_streams_lock);

static bool z_erofs_stream_fits(const void *obj, unsigned int dict_size)
{
	const struct z_erofs_stream *strm = obj;

	return strm->dict_size >= dict_size;
}

/* The first mount of the algorithm. */
static int z_erofs_streams_init(struct z_erofs_streams *streams)
{
	if (!streams->params.max)
		streams->params.max = min(num_possible_cpus(), streams->most ?: UINT_MAX);
	streams->params.data = streams;
	streams->params.min = 1;
	streams->params.flags = SYNCPOOL_FREE_SLEEPS;	/* vfree() */
	streams->params.footprint = sizeof(struct z_erofs_stream) + streams->build_size;
	return syncpool_init(&streams->pool, &streams->params);
}

/*
 * A mount with a larger dictionary: let there be a stream for it. If there are as many as may
 * be, one makes room, and no more than one: the others have to stay if none can be built.
 */
static int z_erofs_streams_grow(struct z_erofs_streams *streams)
{
	bool discarded = false, fits;
	void *strm;
	int err;

	while ((err = syncpool_prefill(&streams->pool, 1, GFP_KERNEL)) == -EBUSY) {
		strm = syncpool_get_killable(&streams->pool, GFP_KERNEL);
		if (!strm)
			return -EINTR;
		fits = z_erofs_stream_fits(strm, streams->build_size);
		if (fits || discarded)
			syncpool_put(&streams->pool, strm);
		else
			syncpool_discard(&streams->pool, strm);
		if (fits)
			return 0;
		/* a work item frees it, or somebody who waits builds the larger one */
		discarded = true;
		schedule_timeout_uninterruptible(1);
	}
	return err;
}

int z_erofs_streams_config(struct z_erofs_streams *streams, unsigned int dict_size)
{
	int err = 0;

	if (mutex_lock_killable(&z_erofs_streams_lock))
		return -EINTR;
	if (dict_size > streams->dict_size) {
		WRITE_ONCE(streams->build_size, dict_size);
		err = streams->dict_size ? z_erofs_streams_grow(streams) :
					   z_erofs_streams_init(streams);
		if (err)
			WRITE_ONCE(streams->build_size, streams->dict_size);
		else
			WRITE_ONCE(streams->dict_size, dict_size);
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

/* The memory of a new stream, which begins with a struct z_erofs_stream; zeroed. */
void *z_erofs_stream_alloc(const struct z_erofs_streams *streams, size_t size, gfp_t gfp)
{
	struct z_erofs_stream *strm = kzalloc(size, gfp);

	if (strm)
		strm->dict_size = READ_ONCE(streams->build_size);
	return strm;
}

void *z_erofs_stream_get(struct z_erofs_streams *streams)
{
	void *strm = syncpool_get(&streams->pool, GFP_KERNEL);

	while (!z_erofs_stream_fits(strm, READ_ONCE(streams->dict_size))) {
		syncpool_discard(&streams->pool, strm);
		strm = syncpool_get(&streams->pool, GFP_KERNEL);
	}
	return strm;
}

void z_erofs_stream_put(struct z_erofs_streams *streams, void *strm)
{
	if (z_erofs_stream_fits(strm, READ_ONCE(streams->dict_size)))
		syncpool_put(&streams->pool, strm);
	else
		syncpool_discard(&streams->pool, strm);
}
