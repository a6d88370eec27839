// SPDX-License-Identifier: GPL-2.0
/* What a test build links into syncpool.ko; see pool_hook.h. */
#include "pool_hook.h"

/* called between two steps of an operation, pinned */
void (*pool_hook_fn)(enum pool_hook_point point);
EXPORT_SYMBOL_FOR_TEST(pool_hook_fn);

/* where the indexes of new rings start */
unsigned long pool_ring_first_index;
EXPORT_SYMBOL_FOR_TEST(pool_ring_first_index);
