/* SPDX-License-Identifier: GPL-2.0 */
/* pool_table_*(): the hash tables of debug mode; see pool_table.c. */
#ifndef _POOL_TABLE_H
#define _POOL_TABLE_H

#include <linux/atomic.h>

#include "pool_track.h"

/**
 * struct pool_table - one hash table
 * @next: the one before, of half the size
 * @bits: log2 of the length of @entries
 * @used: entries that are taken
 * @entries: indexed by pool_track.c
 */
struct pool_table {
	struct pool_table	*next;
	unsigned int		bits;
	atomic_t		used;
	struct pool_track	entries[];
};

int pool_table_begin(void);
void pool_table_end(void);
void pool_table_exit(void);
struct pool_table *pool_table_newest(void);
void pool_table_grow_later(void);
unsigned int pool_table_newest_size(void);

static inline unsigned int pool_table_size(const struct pool_table *table)
{
	return 1U << table->bits;
}

#endif /* _POOL_TABLE_H */
