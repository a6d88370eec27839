// SPDX-License-Identifier: GPL-2.0
/* shim_stubs - in place of parts of the pool that need a kernel */
#include "pool_age.h"
#include "pool_debug.h"
#include "pool_defer.h"
#include "pool_early.h"
#include "pool_free.h"
#include "pool_holders.h"
#include "pool_shrink.h"
#include "pool_idle.h"
#include "pool_limit.h"
#include "pool_wait.h"
#include "pool_stats.h"

int shim_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	abort();
}

bool pool_debug_key;

int pool_debug_enable(struct syncpool_core *core)
{
	return 0;
}

void pool_debug_disable(struct syncpool_core *core)
{
}

enum pool_debug_verdict pool_debug_put(struct syncpool *pool, void *obj,
				       unsigned long caller)
{
	return POOL_DEBUG_KEEP;
}

bool __pool_debug_refuses(struct syncpool *pool, void *obj, unsigned long caller)
{
	return false;
}

void __pool_debug_check_gfp(struct syncpool *pool, gfp_t gfp)
{
}

void __pool_debug_got(struct syncpool *pool, void *obj, gfp_t gfp)
{
}

void __pool_debug_built(struct syncpool *pool, void *obj)
{
}

void __pool_debug_leave(void *obj)
{
}

void __pool_debug_free(struct syncpool *pool, void *obj)
{
}

void __pool_debug_free_taken(struct syncpool_core *core, void *obj)
{
}

unsigned int __pool_debug_random_cpu(struct syncpool_core *core)
{
	return smp_processor_id();
}

void pool_holders_report(struct syncpool_core *core)
{
}

void pool_age_init(struct syncpool_core *core)
{
}

void pool_age_arm(struct syncpool_core *core)
{
}

void pool_age_stop(struct syncpool_core *core)
{
}

void pool_idle_end(struct syncpool_core *core)
{
}

unsigned int pool_wait(struct syncpool *pool, gfp_t gfp, unsigned int n, void **objs,
		       unsigned int state)
{
	return 0;	/* no pool here has limits */
}

struct pool_ring *pool_ring_alloc(unsigned int size, gfp_t gfp)
{
	struct pool_ring *ring = kzalloc(struct_size(ring, d.slots, size), gfp);

	if (ring)
		pool_dequeue_init(&ring->d, size, 0);
	return ring;
}

struct pool_ring *pool_ring_alloc_nowait(unsigned int size)
{
	return pool_ring_alloc(size, GFP_NOWAIT);
}

struct pool_ring *pool_ring_take_spare(void)
{
	return NULL;
}

void pool_ring_release(struct pool_ring *ring)
{
	kfree(ring);
}

static void shim_ring_free(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct pool_ring, rcu));
}

void pool_ring_retire(struct pool_ring *ring)
{
	call_rcu(&ring->rcu, shim_ring_free);
}

/* nothing is deferred here: no thread is ever in an interrupt */
int pool_defer_init(struct syncpool_core *core)
{
	core->defer_stash = pool_stash_alloc(1, GFP_KERNEL);
	return core->defer_stash ? 0 : -ENOMEM;
}

void pool_defer_free(struct syncpool_core *core)
{
	pool_stash_free(core->defer_stash);
}

void pool_defer_stop(struct syncpool_core *core)
{
}

bool pool_defer_has_room(const struct syncpool_core *core, unsigned int n)
{
	return false;
}

void __pool_defer_make_room(struct syncpool *pool, struct syncpool_core *own, gfp_t gfp)
{
}

bool pool_early_store(struct syncpool *pool, void *obj)
{
	return true;
}

void *pool_early_take(struct syncpool *pool)
{
	return NULL;
}

void pool_early_remove(struct syncpool *pool)
{
}

void pool_early_end(struct syncpool *pool)
{
}

void pool_early_flush(const struct module *owner)
{
}

void pool_free_now(struct syncpool *pool, void *obj)
{
	pool->params.free(obj, pool->params.data);
	pool_limit_freed(pool);
	pool_stats_free(pool);
}

void pool_free_cached_later(struct syncpool_core *core, void **objs, unsigned int n)
{
}

void pool_free_one(struct syncpool *pool, void *obj)
{
	atomic_long_dec(&pool->limit.built);
	pool_free_now(pool, obj);
}

void pool_free_taken(struct syncpool_core *core, void **objs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		core->params.free(objs[i], core->params.data);
		pool_limit_freed(core->pool);
	}
}

unsigned int pool_free_cached(struct syncpool_core *core, void **objs, unsigned int n)
{
	n = pool_limit_retain(core, objs, n);
	pool_free_taken(core, objs, n);
	pool_stats_dropped(core, n);
	return n;
}

unsigned long pool_free_stashed(struct syncpool_core *core, unsigned long max)
{
	return 0;
}

void pool_free_or_keep(struct syncpool *pool, void *obj)
{
	pool_free_one(pool, obj);
}

struct task_struct shim_current;

int pool_shrink_register(struct syncpool_core *core)
{
	return 0;
}

void pool_shrink_unregister(struct syncpool_core *core)
{
}

void pool_shrink_end_oom(struct syncpool_core *core)
{
}
