// SPDX-License-Identifier: GPL-2.0
/* What a test build links into syncpool.ko; see pool_hook.h. */
#include "pool_hook.h"

/* called between two steps of an operation; pinned, except in a drain */
void (*pool_hook_fn)(enum pool_hook_point point);
EXPORT_SYMBOL_FOR_TEST(pool_hook_fn);

/* the first index of new rings */
unsigned long pool_ring_first_index;
EXPORT_SYMBOL_FOR_TEST(pool_ring_first_index);

/* jiffies until a get that waits tries again to build */
long pool_wait_again = HZ;
EXPORT_SYMBOL_FOR_TEST(pool_wait_again);

/* ns that a get waits at most before nobody may overtake it */
s64 pool_wait_patience = POOL_WAIT_PATIENCE;
EXPORT_SYMBOL_FOR_TEST(pool_wait_patience);

/* NMI on an architecture that keeps none out of a magazine */
bool pool_hook_in_nmi;
EXPORT_SYMBOL_FOR_TEST(pool_hook_in_nmi);

/* no CPU has a spare ring */
bool pool_hook_no_spare;
EXPORT_SYMBOL_FOR_TEST(pool_hook_no_spare);

/* bits of the largest hash table of debug mode */
unsigned int pool_table_bits_max = 22;
EXPORT_SYMBOL_FOR_TEST(pool_table_bits_max);
