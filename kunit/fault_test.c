// SPDX-License-Identifier: GPL-2.0
/*
 * fault_test - every allocation fails, in turn
 *
 * The n-th allocation of this task fails, for n = 1, 2, ... until one run has
 * no failure left (Documentation/fault-injection, fail-nth). Each run ends with
 * an errno or a freed object, and with balanced accounts. The kernel's own
 * debugging allocates too and may fail without an effect, so what is expected is
 * a least number of errors.
 */
#include <linux/cpu.h>
#include <linux/mempool.h>
#include <linux/platform_device.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "test_pool.h"

#define ME	1U
#define SIZE	128U
#define MOST	200		/* allocations in one operation: a stop */

static int fault_knob(const char *name, int value)
{
	return test_shell("echo %d > /sys/kernel/debug/%s", value, name);
}

static int fault_knobs(int ignore, int verbose)
{
	return fault_knob("failslab/ignore-gfp-wait", ignore) ?:
	       fault_knob("failslab/verbose", verbose) ?:
	       fault_knob("fail_page_alloc/ignore-gfp-wait", ignore) ?:
	       fault_knob("fail_page_alloc/verbose", verbose) ?:
	       fault_knob("fail_page_alloc/min-order", ignore);
}

/* Also those that may sleep, and without a stack for each. */
static int fault_suite_init(struct kunit_suite *suite)
{
	return fault_knobs(0, 0);
}

static void fault_suite_exit(struct kunit_suite *suite)
{
	fault_knobs(1, 2);
}

static void fault_arm(int n)
{
	WRITE_ONCE(current->fail_nth, n);
}

/* Has it failed? */
static bool fault_disarm(void)
{
	bool hit = !READ_ONCE(current->fail_nth);

	WRITE_ONCE(current->fail_nth, 0);
	return hit;
}

static struct syncpool_params fault_params(struct kunit *test,
					   unsigned int flags)
{
	return (struct syncpool_params){
		.name = test->name,
		.alloc = mempool_kmalloc,
		.free = mempool_kfree,
		.data = (void *)(unsigned long)SIZE,
		.obj_size = SIZE,
		.flags = flags,
	};
}

static struct syncpool *fault_pool(struct kunit *test)
{
	struct syncpool_params params = fault_params(test, 0);
	struct syncpool *pool = syncpool_create(&params);

	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	test_stay_on(raw_smp_processor_id());
	return pool;
}

/* All that was built is cached, out or freed. */
static void fault_balanced(struct kunit *test, struct syncpool *pool, long out)
{
	struct syncpool_stats s;

	syncpool_read_stats(pool, &s);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(pool), out);
	KUNIT_EXPECT_EQ(test, s.allocs - s.frees,
			syncpool_count(pool) + out);
}

static void fault_create_flags(struct kunit *test, unsigned int flags,
			       int least)
{
	struct syncpool_params params = fault_params(test, flags);
	struct syncpool *pool;
	int n, failed = 0;
	bool hit = true;

	for (n = 1; hit && n < MOST; n++) {
		fault_arm(n);
		pool = syncpool_create(&params);
		hit = fault_disarm();
		if (IS_ERR(pool)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(pool), -ENOMEM);
			KUNIT_EXPECT_TRUE(test, hit);
			failed++;
			continue;
		}
		fault_balanced(test, pool, 0);
		syncpool_destroy(pool);
	}
	KUNIT_EXPECT_FALSE(test, hit);
	KUNIT_EXPECT_GE(test, failed, least);
	kunit_info(test, "%d allocations, %d errors", n - 2, failed);
}

/* pool, core, name, counters, three sets, shrinker and its name */
static void fault_create(struct kunit *test)
{
	fault_create_flags(test, 0, 7);
}

static void fault_create_debug(struct kunit *test)
{
	fault_create_flags(test, SYNCPOOL_DEBUG | SYNCPOOL_POISON, 7);
}

static DEFINE_SYNCPOOL(fault_template, mempool_kmalloc, mempool_kfree, NULL);

/* As DEFINE_SYNCPOOL() makes it, as often as is needed. */
static void fault_static(struct kunit *test, struct syncpool *pool)
{
	*pool = fault_template;
	pool->params = fault_params(test, 0);
	INIT_WORK(&pool->activate, fault_template.activate.func);
}

/* The first use of a pool made with DEFINE_SYNCPOOL(): it works regardless. */
static void fault_first_use(struct kunit *test)
{
	struct syncpool *pool = kunit_kzalloc(test, sizeof(*pool), GFP_KERNEL);
	int n, inactive = 0;
	bool hit = true;
	void *obj;

	KUNIT_ASSERT_NOT_NULL(test, pool);
	for (n = 1; hit && n < MOST; n++) {
		fault_static(test, pool);
		fault_arm(n);
		obj = syncpool_get(pool, GFP_KERNEL);
		hit = fault_disarm();
		inactive += !pool->core;
		if (!obj)
			KUNIT_EXPECT_TRUE(test, hit);
		syncpool_put(pool, obj);
		KUNIT_EXPECT_EQ(test, syncpool_outstanding(pool), 0L);
		syncpool_exit(pool);
	}
	KUNIT_EXPECT_FALSE(test, hit);
	KUNIT_EXPECT_GE(test, inactive, 6);
}

static void fault_wait_idle_activates(struct kunit *test)
{
	struct syncpool *pool = kunit_kzalloc(test, sizeof(*pool), GFP_KERNEL);
	int n, err, failed = 0;
	bool hit = true;

	KUNIT_ASSERT_NOT_NULL(test, pool);
	for (n = 1; hit && n < MOST; n++) {
		fault_static(test, pool);
		fault_arm(n);
		err = syncpool_wait_idle(pool, HZ);
		hit = fault_disarm();
		KUNIT_EXPECT_TRUE(test, !err || (hit && err == -ENOMEM));
		failed += !!err;
		syncpool_exit(pool);
	}
	KUNIT_EXPECT_FALSE(test, hit);
	KUNIT_EXPECT_GE(test, failed, 6);
}

static void fault_get(struct kunit *test)
{
	struct syncpool *pool = fault_pool(test);
	struct syncpool_stats s;
	void *obj;

	fault_arm(1);
	obj = syncpool_get(pool, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, fault_disarm());
	KUNIT_EXPECT_NULL(test, obj);
	syncpool_read_stats(pool, &s);
	KUNIT_EXPECT_EQ(test, s.alloc_fails, 1UL);
	fault_balanced(test, pool, 0);
	/* what is cached needs no memory */
	KUNIT_EXPECT_EQ(test, syncpool_prefill(pool, 1, GFP_KERNEL), 0);
	fault_arm(1);
	obj = syncpool_get(pool, GFP_KERNEL);
	KUNIT_EXPECT_FALSE(test, fault_disarm());
	KUNIT_EXPECT_NOT_NULL(test, obj);
	syncpool_put(pool, obj);
	syncpool_destroy(pool);
}

#define PUTS	300U

/* A chain that cannot grow costs the object, not the put. */
static void fault_put(struct kunit *test)
{
	struct syncpool *pool = fault_pool(test);
	int n, failed = 0;
	bool hit = true;
	void **objs;

	objs = kunit_kcalloc(test, PUTS, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (n = 1; hit && n < MOST; n++) {
		unsigned int i, lost;

		lost = PUTS - syncpool_get_bulk(pool, GFP_KERNEL, PUTS, objs);
		KUNIT_ASSERT_EQ(test, lost, 0U);
		fault_arm(n);
		for (i = 0; i < PUTS; i++)
			syncpool_put(pool, objs[i]);
		hit = fault_disarm();
		/* a ring was not to be had, so one object is gone */
		lost = PUTS - syncpool_count(pool);
		KUNIT_EXPECT_LE(test, lost, (unsigned int)hit);
		fault_balanced(test, pool, 0);
		failed += lost;
		/* new rings for the next run */
		syncpool_cleanup(pool);
		syncpool_cleanup(pool);
		KUNIT_EXPECT_EQ(test, syncpool_count(pool), 0UL);
	}
	KUNIT_EXPECT_FALSE(test, hit);
	KUNIT_EXPECT_GE(test, failed, 1);
	kunit_info(test, "%d allocations, %d objects lost", n - 2, failed);
	syncpool_destroy(pool);
}

/* No ring at all: what lies in the array stays, the rest is freed. */
static void fault_put_all(struct kunit *test)
{
	struct syncpool *pool = fault_pool(test);
	unsigned int i;
	void **objs;

	objs = kunit_kcalloc(test, PUTS, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	KUNIT_ASSERT_EQ(test, syncpool_get_bulk(pool, GFP_KERNEL, PUTS, objs), PUTS);
	for (i = 0; i < PUTS; i++) {
		fault_arm(1);
		if (i % 2)
			syncpool_put(pool, objs[i]);
		else
			syncpool_put_bulk(pool, 1, &objs[i]);
		fault_disarm();
	}
	KUNIT_EXPECT_GT(test, syncpool_count(pool), 0UL);
	KUNIT_EXPECT_LE(test, syncpool_count(pool), (unsigned long)POOL_LOCAL_MAX);
	fault_balanced(test, pool, 0);
	syncpool_destroy(pool);
}

static void fault_prefill(struct kunit *test)
{
	struct syncpool *pool = fault_pool(test);
	int n, err, failed = 0;
	bool hit = true;

	for (n = 1; hit && n < MOST; n++) {
		fault_arm(n);
		err = syncpool_prefill(pool, 60, GFP_KERNEL);
		hit = fault_disarm();
		KUNIT_EXPECT_TRUE(test, !err || (hit && err == -ENOMEM));
		fault_balanced(test, pool, 0);
		failed += !!err;
		syncpool_cleanup(pool);
		syncpool_cleanup(pool);
	}
	KUNIT_EXPECT_FALSE(test, hit);
	/* the objects, not the rings; the kernel's own allocations vary */
	KUNIT_EXPECT_GE(test, failed, 50);
	syncpool_destroy(pool);
}

/*
 * Rotation, shrinking and waiting need no memory, least of all in reclaim. The
 * one failure may hit what DEBUG_OBJECTS allocates, which does without.
 */
static void fault_rotation(struct kunit *test)
{
	struct syncpool *pool = fault_pool(test);
	struct shrinker *shrinker = pool->core->shrinker;
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = 20 };

	KUNIT_EXPECT_EQ(test, syncpool_prefill(pool, 100, GFP_KERNEL), 0);
	fault_arm(1);
	syncpool_cleanup(pool);
	shrinker->count_objects(shrinker, &sc);
	shrinker->scan_objects(shrinker, &sc);
	shrinker->scan_objects(shrinker, &sc);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(pool, 0), 0);
	syncpool_cleanup(pool);
	syncpool_count(pool);
	fault_disarm();
	KUNIT_EXPECT_EQ(test, syncpool_count(pool), 0UL);
	fault_balanced(test, pool, 0);
	syncpool_destroy(pool);
}

/* Neither does the end of a pool. */
static void fault_exit(struct kunit *test)
{
	struct syncpool *pool = fault_pool(test);

	KUNIT_EXPECT_EQ(test, syncpool_prefill(pool, 100, GFP_KERNEL), 0);
	fault_arm(1);
	syncpool_exit(pool);
	fault_disarm();
	kfree(pool);
}

static void fault_devm(struct kunit *test)
{
	struct syncpool_params params = fault_params(test, 0);
	struct platform_device *pdev;
	struct syncpool *pool;
	int n, failed = 0;
	bool hit = true;

	for (n = 1; hit && n < MOST; n++) {
		pdev = platform_device_register_simple("pool_fault", -1, NULL, 0);
		KUNIT_ASSERT_FALSE(test, IS_ERR(pdev));
		fault_arm(n);
		pool = devm_syncpool_create(&pdev->dev, &params);
		hit = fault_disarm();
		if (IS_ERR(pool)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(pool), -ENOMEM);
			failed++;
		}
		platform_device_unregister(pdev);
	}
	KUNIT_EXPECT_FALSE(test, hit);
	/* one more than without a device */
	KUNIT_EXPECT_GE(test, failed, 7);
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE(fault_create),
	KUNIT_CASE(fault_create_debug),
	KUNIT_CASE(fault_first_use),
	KUNIT_CASE(fault_wait_idle_activates),
	KUNIT_CASE(fault_get),
	KUNIT_CASE(fault_put),
	KUNIT_CASE(fault_put_all),
	KUNIT_CASE(fault_prefill),
	KUNIT_CASE(fault_rotation),
	KUNIT_CASE(fault_exit),
	KUNIT_CASE(fault_devm),
	{}
};

static struct kunit_suite fault_suite = {
	.name = "pool_fault",
	.suite_init = fault_suite_init,
	.suite_exit = fault_suite_exit,
	.test_cases = fault_cases,
};

kunit_test_suite(fault_suite);
