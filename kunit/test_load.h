/* SPDX-License-Identifier: GPL-2.0 */
/* A load on one pool from every context at once. */
#ifndef _TEST_LOAD_H
#define _TEST_LOAD_H

#include "test_pool.h"

struct test_load;

struct test_load *test_load_start(struct test_pool *tp);
void test_load_wait(struct test_load *load, unsigned long turns);
void test_load_stop(struct test_load *load);

#endif /* _TEST_LOAD_H */
