/* SPDX-License-Identifier: GPL-2.0 */
/* pool_select*(): which pools syncpool.debug names; see pool_select.c. */
#ifndef _POOL_SELECT_H
#define _POOL_SELECT_H

#include <linux/types.h>

int pool_select(const char *list);
bool pool_selects(const char *name);

#endif /* _POOL_SELECT_H */
