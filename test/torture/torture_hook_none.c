// SPDX-License-Identifier: GPL-2.0
/* torture_hook_none - for builds of the pool without hooks */
#include "pool_torture.h"

void tort_hook_start(unsigned int us)
{
}

void tort_hook_stop(void)
{
}
