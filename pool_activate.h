/* SPDX-License-Identifier: GPL-2.0 */
/* pool_activate*(): give a pool its core, at init or first use. */
#ifndef _POOL_ACTIVATE_H
#define _POOL_ACTIVATE_H

#include "pool_core.h"

int pool_check_params(const struct syncpool_params *params, const char *name);
int pool_activate(struct syncpool *pool);
struct syncpool_core *pool_activate_enter(struct syncpool *pool);
void pool_activate_later(struct syncpool *pool);
void pool_activate_end(struct syncpool *pool);
bool pool_activate_for_get(struct syncpool *pool, gfp_t gfp);
bool pool_activate_for_wait(struct syncpool *pool, gfp_t gfp);
void pool_core_free(struct syncpool_core *core);

#endif /* _POOL_ACTIVATE_H */
