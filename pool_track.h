/* SPDX-License-Identifier: GPL-2.0 */
/* pool_track_*(): where the objects of debug mode are; see pool_track.c. */
#ifndef _POOL_TRACK_H
#define _POOL_TRACK_H

#include "pool_core.h"

struct pool_table;

/* return addresses that an entry keeps */
#define POOL_TRACK_DEPTH	8U

enum pool_track_state {
	POOL_TRACK_LOCKED,	/* somebody reads or changes the entry, or it is free */
	POOL_TRACK_CACHED,
	POOL_TRACK_OUT,
};

/**
 * struct pool_stack - who called
 * @nr: length of @addrs
 * @addrs: return addresses outside this module, the caller's first
 */
struct pool_stack {
	unsigned int	nr;
	unsigned long	addrs[POOL_TRACK_DEPTH];
};

/**
 * struct pool_track - where an object of a pool in debug mode is
 * @obj: the object; NULL: the entry is free
 * @core: of the pool that it is in, or out of; under the lock
 * @table: where the entry is; set by the call that claims it
 * @state: enum pool_track_state, which is a lock, and above it a count of changes
 * @stack: who put the object, or got it; under the lock
 */
struct pool_track {
	void			*obj;
	struct syncpool_core	*core;
	struct pool_table	*table;
	unsigned int		state;
	struct pool_stack	stack;
};

void pool_track_end(struct syncpool_core *core);

struct pool_track *pool_track_find(const void *obj);
struct pool_track *pool_track_add(void *obj);
enum pool_track_state pool_track_trylock(struct pool_track *track, const void *obj);
void pool_track_unlock(struct pool_track *track, enum pool_track_state state);
void pool_track_set(struct pool_track *track, struct syncpool_core *core,
		    const struct pool_stack *stack);
void pool_track_remove(struct pool_track *track);

void pool_track_walk_out(const struct syncpool_core *core,
			 void (*fn)(void *arg, const struct pool_stack *stack), void *arg);

#endif /* _POOL_TRACK_H */
