/* SPDX-License-Identifier: GPL-2.0 */
/* How pools end that their module forgot; the rest is in syncpool.h. */
#ifndef _POOL_LIFE_H
#define _POOL_LIFE_H

struct module;

void pool_shutdown_module(const struct module *owner);

#endif /* _POOL_LIFE_H */
