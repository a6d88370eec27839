/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream_pool.h - the private interface of stream_pool.c */
#ifndef __EROFS_STREAM_POOL_H
#define __EROFS_STREAM_POOL_H

#include <linux/types.h>

#include <syncpool.h>

/**
 * struct z_erofs_stream - what all streams begin with
 * @dict_size: the dictionary that it has room for
 * @bounce: a copy of input that the output overwrites
 */
struct z_erofs_stream {
	unsigned int	dict_size;
	u8		bounce[PAGE_SIZE];
};

/**
 * struct z_erofs_streams - the streams of one algorithm, for all mounts
 * @pool: theirs, once there was a mount
 * @params: its parameters; max of 0 is the number of CPUs, but not above @most
 * @most: 0: no such bound
 * @size: of a stream, in bytes
 * @dict_size: the largest of any mount so far, which streams have to be for; 0: there was none
 * @resize: gives a stream, which may be new and is zeroed then, a dictionary; false: there is
 *	no memory, and the stream is as it was
 */
struct z_erofs_streams {
	struct syncpool		pool;
	struct syncpool_params	params;
	unsigned int		most;
	size_t			size;
	unsigned int		dict_size;
	bool			(*resize)(void *strm, unsigned int dict_size, gfp_t gfp);
};

int z_erofs_streams_config(struct z_erofs_streams *streams, unsigned int dict_size);
void z_erofs_streams_exit(struct z_erofs_streams *streams);
void *z_erofs_stream_get(struct z_erofs_streams *streams);
void z_erofs_stream_put(struct z_erofs_streams *streams, void *strm);

#endif /* __EROFS_STREAM_POOL_H */
