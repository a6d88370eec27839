/* SPDX-License-Identifier: GPL-2.0 */
/* pool_show_*(): the pools in debugfs; see pool_show.c. */
#ifndef _POOL_SHOW_H
#define _POOL_SHOW_H

void pool_show_init(void);
void pool_show_exit(void);

#endif /* _POOL_SHOW_H */
