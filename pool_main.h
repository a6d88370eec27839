/* SPDX-License-Identifier: GPL-2.0 */
/* pool_get_*(): get, for other files of the module; see pool_main.c. */
#ifndef _POOL_MAIN_H
#define _POOL_MAIN_H

#include "pool_core.h"

void *__pool_get(struct syncpool *pool, gfp_t gfp, unsigned int state);

#endif /* _POOL_MAIN_H */
