// SPDX-License-Identifier: GPL-2.0
/*
 * pool_bulk - many objects in one call
 *
 * Blocks go straight from and to the magazine and the own chain, a pinned
 * section for each; what is left goes one by one, by get and put.
 *
 * Conventions: @n is the length of @objs, @k how many of them were moved.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/jump_label.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "pool_build.h"
#include "pool_debug.h"
#include "pool_free.h"
#include "pool_limit.h"
#include "pool_main.h"
#include "pool_new.h"
#include "pool_wait.h"

/* objects that one pinned section moves */
#define POOL_BULK	32U

/*
 * Take up to @n objects from the magazine, or else from the own chain. None of a pool in
 * debug mode, which is closed.
 */
static unsigned int pool_get_many(struct syncpool *pool, void **objs,
				  unsigned int n)
{
	struct pool_pcp *pcp;
	unsigned int k = 0;
	u32 top;

	if (unlikely(pool_refuses_nmi(pool)))
		return 0;
	pcp = pool_trylock_pcp(pool, &top);
	if (!pcp)
		return 0;
	top = pool_pcp_find_down(pcp, top);
	while (k < n && top != SYNCPOOL_TOP_EMPTY) {
		objs[k++] = pool_pcp_take(pcp, top);
		top = pool_pcp_find_down(pcp, top);
	}
	if (!k)
		k = pool_generation_pop(pcp->gen, pcp, objs, n);
	pool_pcp_unlock(pcp, top);
	return k;
}

/* A caller may not use these any more, or may now. */
static void pool_take_all(struct syncpool *pool, unsigned int n, void **objs)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		__syncpool_take(pool, objs[i]);
}

static void pool_give_all(struct syncpool *pool, unsigned int n, void **objs)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		__syncpool_give(&pool->params, objs[i]);
}

/*
 * Wait for @n objects. Two of these calls would wait for each other, if both kept what
 * they have, so the @got objects go back before. The first in the queue collects all.
 */
static unsigned int pool_get_bulk_waiting(struct syncpool *pool, gfp_t gfp, unsigned int n,
					  void **objs, unsigned int got)
{
	pool_give_all(pool, got, objs);
	syncpool_put_bulk(pool, got, objs);
	return pool_wait(pool, gfp, n, objs, TASK_UNINTERRUPTIBLE);
}

static unsigned int pool_get_bulk(struct syncpool *pool, gfp_t gfp, unsigned int n,
				  void **objs)
{
	unsigned int got = 0, k;
	void *obj;

	while (got < n) {
		preempt_disable();
		k = pool_get_many(pool, objs + got, min(n - got, POOL_BULK));
		preempt_enable();
		if (!k) {
			preempt_disable();
			obj = __pool_get(pool, gfp, 0);
			if (obj == POOL_WAIT)
				return pool_get_bulk_waiting(pool, gfp, n, objs, got);
			if (!obj)
				break;
			objs[got] = obj;
			k = 1;
		}
		got += k;
	}
	return got;
}

unsigned int syncpool_get_bulk(struct syncpool *pool, gfp_t gfp,
			       unsigned int n, void **objs)
{
	unsigned int got = pool_get_bulk(pool, gfp, n, objs);

	pool_give_all(pool, got, objs);
	return got;
}
EXPORT_SYMBOL_GPL(syncpool_get_bulk);

/* Store as many of @objs as fit without growing, up to a NULL. */
static unsigned int pool_put_many(struct syncpool *pool, void **objs,
				  unsigned int n)
{
	struct pool_pcp *pcp;
	unsigned int k = 0;
	u32 top, to;

	if (unlikely(pool_refuses_nmi(pool)))
		return 0;
	pcp = pool_trylock_pcp(pool, &top);
	if (!pcp)
		return 0;
	to = pool_pcp_find_up(pcp, top);
	while (k < n && objs[k] && to <= pcp->magazine.last) {
		pool_pcp_store(pcp, to, objs[k++]);
		top = to;
		to = pool_pcp_find_up(pcp, top);
	}
	if (!k)
		k = pool_generation_push(pcp->gen, pcp, smp_processor_id(), objs, n);
	pool_pcp_unlock(pcp, top);
	return k;
}

void syncpool_put_bulk(struct syncpool *pool, unsigned int n, void **objs)
{
	unsigned int put = 0, k;

	pool_take_all(pool, n, objs);
	while (put < n) {
		k = 0;
		/* debug mode looks at each object */
		if (!pool_debug_looks(pool)) {
			preempt_disable();
			k = pool_put_many(pool, objs + put,
					  min(n - put, POOL_BULK));
			preempt_enable();
		}
		if (!k) {
			preempt_disable();
			__syncpool_put(pool, objs[put]);
			k = 1;
		}
		put += k;
	}
}
EXPORT_SYMBOL_GPL(syncpool_put_bulk);

int syncpool_prefill(struct syncpool *pool, unsigned int n, gfp_t gfp)
{
	void *obj;

	if (!pool->params.alloc)
		return -EINVAL;
	while (n--) {
		obj = pool_build(pool, gfp);
		if (IS_ERR_OR_NULL(obj) && pool_new_is_early(pool))
			return -EAGAIN;
		if (IS_ERR_OR_NULL(obj))
			return obj ? PTR_ERR(obj) : -ENOMEM;
		if (!READ_ONCE(pool->core)) {
			pool_free_one(pool, obj);
			return -EAGAIN;
		}
		syncpool_put(pool, obj);
	}
	return 0;
}
EXPORT_SYMBOL_GPL(syncpool_prefill);
