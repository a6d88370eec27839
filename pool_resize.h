/* SPDX-License-Identifier: GPL-2.0 */
/* pool_resize*(): change params.min and params.max; see pool_resize.c. */
#ifndef _POOL_RESIZE_H
#define _POOL_RESIZE_H

struct syncpool;
struct syncpool_core;

int pool_resize(struct syncpool *pool, struct syncpool_core *core, const unsigned int *min,
		const unsigned int *max);

#endif /* _POOL_RESIZE_H */
