// SPDX-License-Identifier: GPL-2.0
/*
 * stock_lazy - a pool of DEFINE_SYNCPOOL() from first use to exit
 *
 * The pool allocates nothing until it is used, serves a first use in atomic
 * context without being active, becomes active soon afterwards, and ends like
 * any other pool. A violation is reported, and the module fails to load.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "syncpool.h"
#include "stock_plain.h"

#define lazy_check(what)						\
	do {								\
		if (!(what))						\
			tort_error("does not hold: %s\n", #what);	\
	} while (0)

static DEFINE_SYNCPOOL(pool_lazy_test, plain_alloc, plain_free, &plain_allocs);
static DEFINE_SYNCPOOL(pool_lazy_unused, plain_alloc, plain_free, &plain_allocs);

static struct pool_stamp *lazy_get(void)
{
	struct pool_stamp *obj = syncpool_get(&pool_lazy_test, GFP_NOWAIT);

	if (obj)
		tort_take(obj, &plain_allocs, 1);
	return obj;
}

static void lazy_put(struct pool_stamp *obj)
{
	if (!obj)
		return;
	tort_give(obj, &plain_allocs, 1);
	syncpool_put(&pool_lazy_test, obj);
}

/*
 * Until the pool is active every get builds an object and every put frees one.
 * With preemption off PREEMPT_RT builds none.
 */
static void lazy_first_use(void)
{
	const bool builds = !IS_ENABLED(CONFIG_PREEMPT_RT);
	struct pool_stamp *obj;

	lazy_check(!syncpool_count(&pool_lazy_test));
	lazy_check(!syncpool_outstanding(&pool_lazy_test));
	lazy_check(!pool_lazy_test.core);
	/* in atomic context activation is only queued */
	preempt_disable();
	obj = lazy_get();
	preempt_enable();
	lazy_check(!!obj == builds);
	lazy_check(plain_allocs == builds);
	lazy_put(obj);
}

static void lazy_becomes_active(void)
{
	unsigned long deadline = jiffies + 10 * HZ;

	while (!READ_ONCE(pool_lazy_test.core) && time_before(jiffies, deadline))
		schedule_timeout_idle(1);
	lazy_check(pool_lazy_test.core);
}

static void lazy_caches(void)
{
	struct pool_stamp *a = lazy_get(), *b = lazy_get();
	unsigned long built = plain_allocs;

	lazy_check(syncpool_outstanding(&pool_lazy_test) == 2);
	lazy_put(a);
	lazy_put(b);
	lazy_check(syncpool_count(&pool_lazy_test) == plain_allocs - plain_frees);
	a = lazy_get();
	b = lazy_get();
	lazy_check(plain_allocs == built);
	lazy_put(a);
	lazy_put(b);
	syncpool_cleanup(&pool_lazy_test);
	syncpool_cleanup(&pool_lazy_test);
	lazy_check(!syncpool_count(&pool_lazy_test));
	lazy_check(plain_allocs == plain_frees);
	lazy_put(lazy_get());
}

static int __init lazy_init(void)
{
	lazy_first_use();
	lazy_becomes_active();
	lazy_caches();
	lazy_check(!syncpool_outstanding(&pool_lazy_test));
	lazy_check(!syncpool_wait_idle(&pool_lazy_test, 10 * HZ));
	syncpool_exit(&pool_lazy_test);
	syncpool_exit(&pool_lazy_unused);
	lazy_check(plain_allocs == plain_frees);
	return plain_errors ? -EINVAL : 0;
}

static void __exit lazy_exit(void)
{
}

module_init(lazy_init);
module_exit(lazy_exit);
MODULE_DESCRIPTION("Test of syncpool: DEFINE_SYNCPOOL()");
MODULE_LICENSE("GPL");
