/* SPDX-License-Identifier: GPL-2.0 */
/* pool_defer*(): an object whose free has to wait; see pool_defer.c. */
#ifndef _POOL_DEFER_H
#define _POOL_DEFER_H

#include "pool_core.h"
#include "pool_stash.h"

void pool_defer(struct syncpool *pool, void *obj);
bool pool_defer_has_room(const struct syncpool_core *core, unsigned int n);
bool pool_defer_cached(struct syncpool_core *core, void *obj);
void __pool_defer_make_room(struct syncpool *pool, struct syncpool_core *own, gfp_t gfp);
void pool_defer_kick(struct syncpool_core *core);
void pool_defer_flush(struct syncpool_core *core);
int pool_defer_init(struct syncpool_core *core);
void pool_defer_stop(struct syncpool_core *core);
void pool_defer_free(struct syncpool_core *core);

/*
 * Is there too little room for all objects that @pool has built, and not freed yet, to wait at
 * once? A quarter is left for those that it builds with interrupts off until there is more.
 */
static inline bool pool_defer_lacks(const struct syncpool *pool, const struct syncpool_core *core)
{
	long room = READ_ONCE(core->defer_stash)->room;

	return atomic_long_read(&pool->limit.existing) > room - room / 4;
}

/*
 * An object was built: have room for all of them, as far as @gfp allows. @own: the core, if
 * it is not the pool's yet, or NULL. Unpinned.
 */
static inline void pool_defer_make_room(struct syncpool *pool, struct syncpool_core *own,
					gfp_t gfp)
{
	struct syncpool_core *core;
	bool lacks;

	rcu_read_lock();
	core = own ?: READ_ONCE(pool->core);
	lacks = core && pool_defer_lacks(pool, core);
	rcu_read_unlock();
	if (unlikely(lacks))
		__pool_defer_make_room(pool, own, gfp);
}

#endif /* _POOL_DEFER_H */
