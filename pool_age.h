/* SPDX-License-Identifier: GPL-2.0 */
/* pool_age_*(): rotate a pool that nothing reclaims; see pool_age.c. */
#ifndef _POOL_AGE_H
#define _POOL_AGE_H

#include "pool_core.h"

void pool_age_init(struct syncpool_core *core);
void pool_age_arm(struct syncpool_core *core);
void pool_age_stop(struct syncpool_core *core);

#endif /* _POOL_AGE_H */
