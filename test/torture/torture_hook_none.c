// SPDX-License-Identifier: GPL-2.0
/* torture_hook_none - the pool as it is used has no hooks */
#include "pool_torture.h"

void tort_hook_start(unsigned int us)
{
}

void tort_hook_stop(void)
{
}
