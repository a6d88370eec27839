/* SPDX-License-Identifier: GPL-2.0 */
/* pool_debug_*(): make misuse visible; see pool_debug.c. */
#ifndef _POOL_DEBUG_H
#define _POOL_DEBUG_H

#include <linux/gfp.h>
#include <linux/jump_label.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>

#include "pool_core.h"
#include "pool_kasan.h"

/* on while a pool exists that is in debug mode or counts hits */
DECLARE_STATIC_KEY_FALSE(pool_debug_key);

enum pool_debug_verdict {
	POOL_DEBUG_KEEP,	/* cache it */
	POOL_DEBUG_DROP,	/* free it */
	POOL_DEBUG_REFUSE,	/* it is cached already: do nothing */
};

int pool_debug_enable(struct syncpool_core *core);
void pool_debug_disable(struct syncpool_core *core);
void pool_debug_exit(void);
void pool_debug_hold_key(void);
void pool_debug_release_key(void);
bool pool_debug_set_counting(struct syncpool_core *core, bool on);
enum pool_debug_verdict pool_debug_put(struct syncpool *pool, void *obj,
				       unsigned long caller);
void __pool_debug_check_gfp(struct syncpool *pool, gfp_t gfp);
void __pool_debug_got(struct syncpool *pool, void *obj, gfp_t gfp);
void __pool_debug_built(struct syncpool *pool, void *obj);
void __pool_debug_leave(void *obj);
void __pool_debug_free(struct syncpool *pool, void *obj);
void __pool_debug_free_taken(struct syncpool_core *core, void *obj);
unsigned int __pool_debug_random_cpu(struct syncpool_core *core);

bool __pool_debug_refuses(struct syncpool *pool, void *obj, unsigned long caller);

/* Is @pool in debug mode? It may begin or end meanwhile. */
static inline bool pool_debug_looks(struct syncpool *pool)
{
	const struct syncpool_core *core;
	bool looks;

	if (!static_branch_unlikely(&pool_debug_key))
		return false;
	rcu_read_lock();
	core = READ_ONCE(pool->core);
	looks = core && core->debug;
	rcu_read_unlock();
	return looks;
}

static inline bool pool_debug_refuses(struct syncpool *pool, void *obj, unsigned long caller)
{
	return static_branch_unlikely(&pool_debug_key) &&
	       __pool_debug_refuses(pool, obj, caller);
}

/* A get returns @obj, or NULL. @gfp: the caller's flags; 0: it has none, or they were checked. */
static inline void pool_debug_got(struct syncpool *pool, void *obj, gfp_t gfp)
{
	if (static_branch_unlikely(&pool_debug_key))
		__pool_debug_got(pool, obj, gfp);
}

/* A get returns @obj, which it built. */
static inline void pool_debug_built(struct syncpool *pool, void *obj)
{
	if (static_branch_unlikely(&pool_debug_key))
		__pool_debug_built(pool, obj);
}

/* @obj, which a caller gave back, leaves its pool: it is freed later. */
static inline void pool_debug_leave(void *obj)
{
	if (static_branch_unlikely(&pool_debug_key))
		__pool_debug_leave(obj);
}

/* Free @obj, which a caller gave back, in its context. */
static inline void pool_debug_free(struct syncpool *pool, void *obj)
{
	if (static_branch_unlikely(&pool_debug_key))
		__pool_debug_free(pool, obj);
	else
		pool_kasan_free(&pool->params, obj);
}

/* Free @obj, which was cached. */
static inline void pool_debug_free_taken(struct syncpool_core *core, void *obj)
{
	if (static_branch_unlikely(&pool_debug_key))
		__pool_debug_free_taken(core, obj);
	else
		pool_kasan_free(&core->params, obj);
}

/* The CPU before the one whose chain a thief tries first. */
static inline unsigned int pool_debug_steal_start(struct syncpool_core *core)
{
	if (static_branch_unlikely(&pool_debug_key))
		return __pool_debug_random_cpu(core);
	return smp_processor_id();
}

#endif /* _POOL_DEBUG_H */
