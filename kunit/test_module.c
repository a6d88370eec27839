// SPDX-License-Identifier: GPL-2.0
/* The module of all suites but oops_test; loading it runs them. */
#include <linux/module.h>

MODULE_DESCRIPTION("KUnit suites of syncpool");
MODULE_LICENSE("GPL");
