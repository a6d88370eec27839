/* SPDX-License-Identifier: GPL-2.0 */
/* Pools whose objects lie in other CPUs' magazines. */
#ifndef _RECALL_TEST_H
#define _RECALL_TEST_H

#include <linux/cpumask.h>

#include "test_pool.h"

/* objects in each magazine, which has room for one more */
#define EACH	3U

void recall_fill(struct test_pool *tp, const struct cpumask *cpus, bool nested);

#endif /* _RECALL_TEST_H */
