/* SPDX-License-Identifier: GPL-2.0 */
/* Pools that age within seconds. */
#ifndef _LIFE_TEST_H
#define _LIFE_TEST_H

#include "test_pool.h"

#define AGE_STOP	(120 * HZ)	/* give up waiting for what takes seconds */

void life_set_age(struct kunit *test, unsigned long secs);
void life_sleep(struct kunit *test);

#endif /* _LIFE_TEST_H */
