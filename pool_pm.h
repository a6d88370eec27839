/* SPDX-License-Identifier: GPL-2.0 */
/* pool_pm_*(): suspend and hibernation; see pool_pm.c. */
#ifndef _POOL_PM_H
#define _POOL_PM_H

int pool_pm_init(void);
void pool_pm_exit(void);

#endif /* _POOL_PM_H */
