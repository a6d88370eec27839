// SPDX-License-Identifier: GPL-2.0
/* The module that all suites are linked into; insmod runs them. */
#include <linux/module.h>

MODULE_DESCRIPTION("KUnit suites of syncpool");
MODULE_LICENSE("GPL");
