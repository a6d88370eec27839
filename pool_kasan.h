/* SPDX-License-Identifier: GPL-2.0 */
/* pool_kasan_*(): KASAN reports the use of what lies in a pool; see pool_kasan.c. */
#ifndef _POOL_KASAN_H
#define _POOL_KASAN_H

#include "syncpool.h"

/* Free @obj, which lay in a pool of @params, or was given to it. */
static inline void pool_kasan_free(const struct syncpool_params *params, void *obj)
{
	__syncpool_give(params, obj);
	params->free(obj, params->data);
}

#endif /* _POOL_KASAN_H */
