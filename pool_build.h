/* SPDX-License-Identifier: GPL-2.0 */
/* pool_build(): an object from the alloc callback; see pool_build.c. */
#ifndef _POOL_BUILD_H
#define _POOL_BUILD_H

#include "pool_core.h"

void *pool_build(struct syncpool *pool, gfp_t gfp);

#endif /* _POOL_BUILD_H */
