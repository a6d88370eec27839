/* SPDX-License-Identifier: GPL-2.0 */
/* pool_wait(): a get that waits for an object; see pool_wait.c. */
#ifndef _POOL_WAIT_H
#define _POOL_WAIT_H

#include "pool_core.h"

unsigned int pool_wait(struct syncpool *pool, gfp_t gfp, unsigned int n, void **objs,
		       unsigned int state);

#endif /* _POOL_WAIT_H */
