/* SPDX-License-Identifier: GPL-2.0 */
/* pool_holders_*(): who holds the objects that are out; see pool_holders.c. */
#ifndef _POOL_HOLDERS_H
#define _POOL_HOLDERS_H

struct dentry;
struct pool_holders;
struct seq_file;
struct syncpool_core;

void pool_holders_debugfs_init(struct dentry *dir);
struct pool_holders *pool_holders_alloc(void);
void pool_holders_show(struct seq_file *m, struct pool_holders *holders,
		       struct syncpool_core *core);
void pool_holders_report(struct syncpool_core *core);

#endif /* _POOL_HOLDERS_H */
