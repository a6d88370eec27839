// SPDX-License-Identifier: GPL-2.0
/*
 * pool_lazy - the life of a pool of DEFINE_SYNCPOOL()
 *
 * It allocates nothing until it is used, serves a first use in atomic context
 * without being active, is active a moment later, and ends as any other. What
 * does not hold is reported, and the module does not load.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "syncpool.h"
#include "torture_stamp.h"

static unsigned long lazy_allocs, lazy_frees;
static int lazy_errors;

void tort_error(const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	lazy_errors++;
	va_start(args, fmt);
	vaf.va = &args;
	pr_alert("!!! %pV", &vaf);
	va_end(args);
}

#define lazy_check(what)						\
	do {								\
		if (!(what))						\
			tort_error("does not hold: %s\n", #what);	\
	} while (0)

static void *lazy_alloc(gfp_t gfp, void *data)
{
	struct tort_stamp *obj = kzalloc(sizeof(*obj), gfp);

	if (!obj)
		return NULL;
	atomic_set(&obj->state, TORT_FREED);
	tort_make(obj, data);
	lazy_allocs++;
	return obj;
}

static void lazy_free(void *obj, void *data)
{
	tort_end(obj, data);
	kfree(obj);
	lazy_frees++;
}

static DEFINE_SYNCPOOL(pool_lazy_test, lazy_alloc, lazy_free, &lazy_allocs);
static DEFINE_SYNCPOOL(pool_lazy_unused, lazy_alloc, lazy_free, &lazy_allocs);

static struct tort_stamp *lazy_get(void)
{
	struct tort_stamp *obj = syncpool_get(&pool_lazy_test, GFP_NOWAIT);

	if (obj)
		tort_take(obj, &lazy_allocs, 1);
	return obj;
}

static void lazy_put(struct tort_stamp *obj)
{
	if (!obj)
		return;
	tort_give(obj, &lazy_allocs, 1);
	syncpool_put(&pool_lazy_test, obj);
}

/*
 * Before it is active every object is built, and freed when it is put. With
 * preemption off PREEMPT_RT builds none.
 */
static void lazy_first_use(void)
{
	const bool builds = !IS_ENABLED(CONFIG_PREEMPT_RT);
	struct tort_stamp *obj;

	lazy_check(!syncpool_count(&pool_lazy_test));
	lazy_check(!syncpool_outstanding(&pool_lazy_test));
	lazy_check(!pool_lazy_test.core);
	/* nothing is activated where it may not sleep, only asked for */
	preempt_disable();
	obj = lazy_get();
	preempt_enable();
	lazy_check(!!obj == builds);
	lazy_check(lazy_allocs == builds);
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
	struct tort_stamp *a = lazy_get(), *b = lazy_get();
	unsigned long built = lazy_allocs;

	lazy_check(syncpool_outstanding(&pool_lazy_test) == 2);
	lazy_put(a);
	lazy_put(b);
	lazy_check(syncpool_count(&pool_lazy_test) == lazy_allocs - lazy_frees);
	a = lazy_get();
	b = lazy_get();
	lazy_check(lazy_allocs == built);
	lazy_put(a);
	lazy_put(b);
	syncpool_cleanup(&pool_lazy_test);
	syncpool_cleanup(&pool_lazy_test);
	lazy_check(!syncpool_count(&pool_lazy_test));
	lazy_check(lazy_allocs == lazy_frees);
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
	lazy_check(lazy_allocs == lazy_frees);
	return lazy_errors ? -EINVAL : 0;
}

static void __exit lazy_exit(void)
{
}

module_init(lazy_init);
module_exit(lazy_exit);
MODULE_DESCRIPTION("Test of syncpool: DEFINE_SYNCPOOL()");
MODULE_LICENSE("GPL");
