/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's own; see Kbuild. */
#include <linux/torture.h>
