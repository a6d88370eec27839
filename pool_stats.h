/* SPDX-License-Identifier: GPL-2.0 */
/* pool_stats_*(): what a pool holds and has done; see pool_stats.c. */
#ifndef _POOL_STATS_H
#define _POOL_STATS_H

#include <linux/limits.h>

#include "pool_core.h"

struct seq_file;

/* The gets since counting began. @counted: it is going on. */
struct pool_hits {
	unsigned long hits;
	unsigned long misses;
	bool counted;
};

/* more than can be idle */
#define POOL_NOT_ASKED	LONG_MAX

long __pool_stats_before_alloc(struct syncpool *pool);

/*
 * To be asked before alloc is called: how many objects are idle, if there are any and one
 * more may raise the peak, else POOL_NOT_ASKED. Unpinned.
 */
static inline long pool_stats_before_alloc(struct syncpool *pool)
{
	return atomic_long_read(&pool->limit.built) ? __pool_stats_before_alloc(pool) :
						      POOL_NOT_ASKED;
}

bool pool_stats_alloc(struct syncpool *pool, struct syncpool_core *core, long idle);
void pool_stats_alloc_failed(struct syncpool *pool, struct syncpool_core *core);
void pool_stats_dropped(struct syncpool_core *core, unsigned int n);
void pool_stats_filled(struct syncpool *pool, struct syncpool_core *core, bool built);
void pool_stats_out(struct syncpool_core *core, long change);
void pool_stats_free(struct syncpool *pool);

unsigned long pool_stats_cached(struct syncpool_core *core);
long pool_stats_nr_built(struct syncpool_core *core);
long pool_stats_outstanding(struct syncpool_core *core);
long pool_stats_outstanding_base(struct syncpool_core *core);

void pool_stats_sum(struct syncpool *pool, struct syncpool_core *core,
		    struct syncpool_stats *sum);
void pool_stats_hits(const struct syncpool_core *core, struct pool_hits *sum);
void pool_stats_print(struct seq_file *m, const struct syncpool_stats *stats);

#endif /* _POOL_STATS_H */
