// SPDX-License-Identifier: GPL-2.0
/* The module of the suites; loading it runs them. */
#include <linux/module.h>

MODULE_DESCRIPTION("KUnit suites of syncpool");
MODULE_LICENSE("GPL");
