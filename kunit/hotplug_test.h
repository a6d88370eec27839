/* SPDX-License-Identifier: GPL-2.0 */
/* For suites that take CPUs down. */
#ifndef _HOTPLUG_TEST_H
#define _HOTPLUG_TEST_H

#include <kunit/test.h>

unsigned int hotplug_cpu(struct kunit *test);

#endif /* _HOTPLUG_TEST_H */
