// SPDX-License-Identifier: GPL-2.0
/* torture_nmi_none - for architectures where a module cannot handle NMIs */
#include "pool_torture.h"

int tort_nmi_start(void)
{
	return 0;
}

void tort_nmi_stop(void)
{
}
