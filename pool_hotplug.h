/* SPDX-License-Identifier: GPL-2.0 */
/* pool_hotplug_*(): what a dead CPU leaves behind; see pool_hotplug.c. */
#ifndef _POOL_HOTPLUG_H
#define _POOL_HOTPLUG_H

int pool_hotplug_init(void);
void pool_hotplug_exit(void);

#endif /* _POOL_HOTPLUG_H */
