// SPDX-License-Identifier: GPL-2.0
/*
 * fault_test - each allocation fails in turn
 *
 * The n-th allocation of this task fails, for n = 1, 2, ... until a run completes
 * before its n-th allocation (Documentation/fault-injection, fail-nth). Each run
 * ends with an errno or a freed object, and with counters that add up. Every case
 * runs twice:
 *
 * exact: only kmalloc() fails. Those are the allocations of the module itself.
 *	Each run makes the same ones, so the number of errors is known and none
 *	may be missing.
 * any: all slab caches fail, and pages. The kernel's own debugging allocates from
 *	there too, a different number of times in each run, and may ignore a
 *	failure. So the test asserts only what must always be true.
 */
#include <linux/cpu.h>
#include <linux/mempool.h>
#include <linux/platform_device.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "pool_shrink.h"
#include "test_pool.h"

#define SIZE	128U
#define MOST	400		/* runs: more than any operation needs */

/*
 * Allocations that activate a pool: core, counters, nodes, three generations, a stash, two
 * shrinkers with nr_deferred and a name each; with CONFIG_CPUMASK_OFFSTACK two
 * cpumasks per generation.
 */
#define CORE	(11 + 2 * IS_ENABLED(CONFIG_SHRINKER_DEBUG) +		\
		 2 * (int)POOL_GENERATIONS * IS_ENABLED(CONFIG_CPUMASK_OFFSTACK))

static const struct fault_mode {
	const char *name;
	bool exact;
} fault_modes[] = {
	{ "any", false },
	{ "exact", true },
};

/* Can failures be limited to some slab caches? Not in 6.1. */
static bool fault_can_filter(void)
{
	return !test_shell("echo 0 > /sys/kernel/slab/kmalloc-64/failslab");
}

static const void *fault_gen_params(const void *prev, char *desc)
{
	const struct fault_mode *last = prev;
	const struct fault_mode *mode = last ? last + 1 : fault_modes;

	if (mode == fault_modes + ARRAY_SIZE(fault_modes) ||
	    (mode->exact && !fault_can_filter()))
		return NULL;
	strscpy(desc, mode->name, KUNIT_PARAM_DESC_SIZE);
	return mode;
}

static bool fault_exact(struct kunit *test)
{
	const struct fault_mode *mode = test->param_value;

	return mode->exact;
}

/* Starts no process for each slab, which takes seconds in an emulated guest. */
static int fault_knobs(bool filter, bool ignore, int verbose, int min_order)
{
	return test_shell("set -e\n"
			  "for f in /sys/kernel/slab/kmalloc-*/failslab; do\n"
			  "	read -r is < $f\n"
			  "	[ $is = %d ] || echo %d > $f\n"
			  "done\n"
			  "cd /sys/kernel/debug\n"
			  "echo %d > failslab/cache-filter\n"
			  "echo %d > fail_page_alloc/min-order\n"
			  "for d in failslab fail_page_alloc; do\n"
			  "	echo %d > $d/ignore-gfp-wait\n"
			  "	echo %d > $d/verbose\n"
			  "	echo 1 > $d/times\n"
			  "done\n",
			  filter, filter, filter, min_order, ignore, verbose);
}

/* Allocations that may sleep fail too, and no failure prints a stack. */
static int fault_init(struct kunit *test)
{
	/* would serve in place of a ring that fails */
	WRITE_ONCE(pool_hook_no_spare, true);
	return fault_knobs(fault_exact(test), false, 0, fault_exact(test) ? 100 : 0);
}

/* Back to the defaults of the kernel. */
static void fault_exit(struct kunit *test)
{
	WRITE_ONCE(pool_hook_no_spare, false);
	KUNIT_EXPECT_EQ(test, fault_knobs(false, true, 2, 1), 0);
}

/**
 * struct fault - a sweep: runs in which allocation @n fails
 * @test: the test
 * @n: which allocation fails, counted from 1; 0: none
 * @hit: it failed in the last run
 * @left: what the last run left of @n; 0 if the allocation failed
 * @errors: operations that failed, in all runs
 */
struct fault {
	struct kunit *test;
	int n;
	bool hit;
	int left;
	int errors;
};

/*
 * No allocation fails in the first run, with @n = 0: it makes the kernel allocate
 * what it keeps, such as another chunk of per-CPU memory.
 */
#define FAULT(_test)	{ .test = (_test), .n = -1, .hit = true }

static bool fault_next(struct fault *f)
{
	return f->hit && ++f->n < MOST;
}

static void fault_arm(struct fault *f)
{
	WRITE_ONCE(current->fail_nth, f->n);
}

/* Has an allocation failed? */
static bool fault_disarm(struct fault *f)
{
	f->left = READ_ONCE(current->fail_nth);
	WRITE_ONCE(current->fail_nth, 0);
	f->hit = !f->left;
	return f->hit;
}

/*
 * Nothing failed in the last run. If it made as many allocations as there were runs
 * with a failure, each of them has failed once.
 */
static void fault_done(struct fault *f, int errors)
{
	KUNIT_EXPECT_FALSE(f->test, f->hit);
	if (fault_exact(f->test)) {
		KUNIT_EXPECT_EQ(f->test, f->left, 1);
		KUNIT_EXPECT_EQ(f->test, f->errors, errors);
	}
	kunit_info(f->test, "%d allocations, %d errors", f->n - 1, f->errors);
}

/* The next allocation fails, and no other. */
static void fault_one(struct fault *f)
{
	f->n = 1;
	fault_arm(f);
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

/* @footprint: see struct syncpool_params */
static struct syncpool *fault_pool_of(struct kunit *test, size_t footprint,
				      unsigned int min)
{
	struct syncpool_params params = fault_params(test, 0);
	struct syncpool *pool;

	params.footprint = footprint;
	params.min = min;
	pool = syncpool_create(&params);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	test_stay_on(raw_smp_processor_id());
	return pool;
}

static struct syncpool *fault_pool(struct kunit *test)
{
	return fault_pool_of(test, 0, 0);
}

/* Every object that was built is cached, out or freed. */
static void fault_balanced(struct kunit *test, struct syncpool *pool, long out)
{
	struct syncpool_stats s;

	syncpool_read_stats(pool, &s);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(pool), out);
	KUNIT_EXPECT_EQ(test, s.allocs - s.frees,
			syncpool_count(pool) + out);
}

/* @before, if there is one, is called before each run. */
static void fault_sweep_create(struct fault *f, unsigned int flags)
{
	struct syncpool_params params = fault_params(f->test, flags);
	struct syncpool *pool;

	while (fault_next(f)) {
		fault_arm(f);
		pool = syncpool_create(&params);
		fault_disarm(f);
		if (IS_ERR(pool)) {
			KUNIT_EXPECT_EQ(f->test, PTR_ERR(pool), -ENOMEM);
			KUNIT_EXPECT_TRUE(f->test, f->hit);
			f->errors++;
			continue;
		}
		fault_balanced(f->test, pool, 0);
		syncpool_destroy(pool);
	}
}

/* The pool itself, and its core. */
static void fault_create(struct kunit *test)
{
	struct fault f = FAULT(test);

	fault_sweep_create(&f, 0);
	fault_done(&f, 1 + CORE);
}

#define MIN_OBJS	4U

/*
 * With params.min also struct pool_limit, the stash and the objects. What was built when
 * one of them fails is freed; kmemleak would find the rest.
 */
static void fault_create_min(struct kunit *test)
{
	struct syncpool_params params = fault_params(test, 0);
	struct fault f = FAULT(test);
	struct syncpool *pool;

	params.min = MIN_OBJS;
	while (fault_next(&f)) {
		fault_arm(&f);
		pool = syncpool_create(&params);
		fault_disarm(&f);
		if (IS_ERR(pool)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(pool), -ENOMEM);
			KUNIT_EXPECT_TRUE(test, f.hit);
			f.errors++;
			continue;
		}
		KUNIT_EXPECT_EQ(test, syncpool_count(pool), (unsigned long)MIN_OBJS);
		fault_balanced(test, pool, 0);
		syncpool_destroy(pool);
	}
	fault_done(&f, 1 + CORE + 2 + MIN_OBJS);
}

/* The same for a larger min. After an error the limits are as before. */
static void fault_resize(struct kunit *test)
{
	struct fault f = FAULT(test);
	struct syncpool *pool;
	int err;

	while (fault_next(&f)) {
		pool = fault_pool(test);
		KUNIT_EXPECT_EQ(test, syncpool_prefill(pool, 1, GFP_KERNEL), 0);
		fault_arm(&f);
		err = syncpool_resize(pool, 1 + MIN_OBJS, 2 * MIN_OBJS);
		fault_disarm(&f);
		KUNIT_EXPECT_TRUE(test, !err || (f.hit && err == -ENOMEM));
		KUNIT_EXPECT_EQ(test, pool->params.min, err ? 0 : 1 + MIN_OBJS);
		KUNIT_EXPECT_EQ(test, pool->params.max, err ? 0 : 2 * MIN_OBJS);
		f.errors += !!err;
		fault_balanced(test, pool, 0);
		syncpool_destroy(pool);
	}
	fault_done(&f, 2 + MIN_OBJS);
}

/*
 * The first pool in debug mode allocates the table that all such pools share, and the
 * last one that ends frees it. In one sweep each run starts without the table, so its
 * allocation fails too; how many times depends on vmalloc(). In the other sweep the table
 * exists.
 */
static void fault_create_debug(struct kunit *test)
{
	const unsigned int flags = SYNCPOOL_DEBUG | SYNCPOOL_POISON;
	const struct syncpool_params params = fault_params(test, flags);
	struct fault absent = FAULT(test), present = FAULT(test);
	struct syncpool *pool;

	fault_sweep_create(&absent, flags);
	fault_done(&absent, absent.errors);
	if (fault_exact(test))
		KUNIT_EXPECT_GT(test, absent.errors, 1 + CORE);
	pool = syncpool_create(&params);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	fault_sweep_create(&present, flags);
	fault_done(&present, 1 + CORE);
	syncpool_destroy(pool);
}

static DEFINE_SYNCPOOL(fault_template, mempool_kmalloc, mempool_kfree, NULL);

/* Make @pool what DEFINE_SYNCPOOL() makes, for each run anew. */
static void fault_static(struct kunit *test, struct syncpool *pool)
{
	*pool = fault_template;
	pool->params = fault_params(test, 0);
	INIT_WORK(&pool->activate, fault_template.activate.func);
}

/* The first use of a pool of DEFINE_SYNCPOOL(), which works without a core too. */
static void fault_first_use(struct kunit *test)
{
	struct syncpool *pool = kunit_kzalloc(test, sizeof(*pool), GFP_KERNEL);
	struct fault f = FAULT(test);
	int none = 0;
	void *obj;

	KUNIT_ASSERT_NOT_NULL(test, pool);
	while (fault_next(&f)) {
		fault_static(test, pool);
		fault_arm(&f);
		obj = syncpool_get(pool, GFP_KERNEL);
		fault_disarm(&f);
		f.errors += !pool->core;
		none += !obj;
		KUNIT_EXPECT_TRUE(test, f.hit || (obj && pool->core));
		syncpool_put(pool, obj);
		KUNIT_EXPECT_EQ(test, syncpool_outstanding(pool), 0L);
		syncpool_exit(pool);
	}
	fault_done(&f, CORE);
	/* the allocation of the object itself */
	if (fault_exact(test))
		KUNIT_EXPECT_EQ(test, none, 1);
}

static void fault_wait_idle_activates(struct kunit *test)
{
	struct syncpool *pool = kunit_kzalloc(test, sizeof(*pool), GFP_KERNEL);
	struct fault f = FAULT(test);
	int err;

	KUNIT_ASSERT_NOT_NULL(test, pool);
	while (fault_next(&f)) {
		fault_static(test, pool);
		fault_arm(&f);
		err = syncpool_wait_idle(pool, HZ);
		fault_disarm(&f);
		KUNIT_EXPECT_TRUE(test, !err || (f.hit && err == -ENOMEM));
		f.errors += !!err;
		syncpool_exit(pool);
	}
	fault_done(&f, CORE);
}

static void fault_get(struct kunit *test)
{
	struct syncpool *pool = fault_pool(test);
	struct fault f = FAULT(test);
	struct syncpool_stats s;
	void *obj;

	fault_one(&f);
	obj = syncpool_get(pool, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, fault_disarm(&f));
	KUNIT_EXPECT_NULL(test, obj);
	syncpool_read_stats(pool, &s);
	KUNIT_EXPECT_EQ(test, s.alloc_fails, 1UL);
	fault_balanced(test, pool, 0);
	/* a cached object needs no memory */
	KUNIT_EXPECT_EQ(test, syncpool_prefill(pool, 1, GFP_KERNEL), 0);
	fault_one(&f);
	obj = syncpool_get(pool, GFP_KERNEL);
	KUNIT_EXPECT_FALSE(test, fault_disarm(&f));
	KUNIT_EXPECT_NOT_NULL(test, obj);
	syncpool_put(pool, obj);
	syncpool_destroy(pool);
}

#define PUTS	300U

/* Put @objs while one allocation fails. Returns how many objects were freed. */
static unsigned int fault_put_run(struct fault *f, struct syncpool *pool,
				  void **objs)
{
	unsigned int i;

	fault_arm(f);
	for (i = 0; i < PUTS; i++)
		syncpool_put(pool, objs[i]);
	fault_disarm(f);
	fault_balanced(f->test, pool, 0);
	return PUTS - syncpool_count(pool);
}

/* Puts of objects of @footprint, of which @most find no place if one ring fails. */
static void fault_sweep_put(struct kunit *test, size_t footprint, unsigned int most)
{
	struct syncpool *pool = fault_pool_of(test, footprint, 0);
	struct fault f = FAULT(test);
	unsigned int lost;
	void **objs;

	objs = kunit_kcalloc(test, PUTS, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	while (fault_next(&f)) {
		KUNIT_ASSERT_EQ(test, syncpool_get_bulk(pool, GFP_KERNEL, PUTS, objs),
				PUTS);
		lost = fault_put_run(&f, pool, objs);
		KUNIT_EXPECT_LE(test, lost, f.hit ? most : 0);
		f.errors += lost;
		/* the next run has to allocate its rings */
		syncpool_cleanup(pool);
		syncpool_cleanup(pool);
		KUNIT_EXPECT_EQ(test, syncpool_count(pool), 0UL);
	}
	KUNIT_EXPECT_GT(test, f.n, 1);
	fault_done(&f, most * (f.n - 1));
	syncpool_destroy(pool);
}

/* If a chain cannot grow, the magazine borrows an entry for the object. */
static void fault_put(struct kunit *test)
{
	fault_sweep_put(test, 0, 0);
}

/* An expensive object is freed, and the put does not fail. */
static void fault_put_expensive(struct kunit *test)
{
	fault_sweep_put(test, SZ_32K, 1);
}

/* No ring at all: the pool keeps @most objects, the others are freed. */
static void fault_put_all_of(struct kunit *test, size_t footprint,
			     unsigned int min, unsigned int most)
{
	struct syncpool *pool = fault_pool_of(test, footprint, min);
	struct fault f = FAULT(test);
	unsigned int i;
	void **objs;

	objs = kunit_kcalloc(test, PUTS, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	KUNIT_ASSERT_EQ(test, syncpool_get_bulk(pool, GFP_KERNEL, PUTS, objs), PUTS);
	for (i = 0; i < PUTS; i++) {
		fault_one(&f);
		if (i % 2)
			syncpool_put(pool, objs[i]);
		else
			syncpool_put_bulk(pool, 1, &objs[i]);
		fault_disarm(&f);
	}
	if (fault_exact(test))
		KUNIT_EXPECT_EQ(test, syncpool_count(pool), (unsigned long)most);
	else
		KUNIT_EXPECT_GE(test, syncpool_count(pool), (unsigned long)most);
	fault_balanced(test, pool, 0);
	syncpool_destroy(pool);
}

static void fault_put_all(struct kunit *test)
{
	fault_put_all_of(test, 0, 0, POOL_MAGAZINE_MAX);
}

static void fault_put_all_expensive(struct kunit *test)
{
	fault_put_all_of(test, SZ_32K, 0, 0);
}

/* But those that params.min demands stay, and need no memory for that. */
static void fault_put_all_min(struct kunit *test)
{
	fault_put_all_of(test, SZ_32K, MIN_OBJS, MIN_OBJS);
}

#define FILL	60

/*
 * prefill fails if an object cannot be built. If a ring cannot be allocated, the
 * object that found no room is freed, and prefill succeeds.
 */
static void fault_prefill(struct kunit *test)
{
	struct syncpool *pool = fault_pool(test);
	struct fault f = FAULT(test);
	int err;

	while (fault_next(&f)) {
		fault_arm(&f);
		err = syncpool_prefill(pool, FILL, GFP_KERNEL);
		fault_disarm(&f);
		KUNIT_EXPECT_TRUE(test, !err || (f.hit && err == -ENOMEM));
		fault_balanced(test, pool, 0);
		f.errors += !!err;
		syncpool_cleanup(pool);
		syncpool_cleanup(pool);
	}
	KUNIT_EXPECT_GT(test, f.n - 1, FILL);
	fault_done(&f, FILL);
	syncpool_destroy(pool);
}

/*
 * Rotation, shrinking and waiting need no memory, above all in reclaim. In the mode
 * "any" the failure may hit DEBUG_OBJECTS, which copes with that.
 */
static void fault_rotation(struct kunit *test)
{
	struct syncpool *pool = fault_pool(test);
	struct syncpool_core *core = pool->core;
	struct fault f = FAULT(test);

	KUNIT_EXPECT_EQ(test, syncpool_prefill(pool, 100, GFP_KERNEL), 0);
	fault_one(&f);
	syncpool_cleanup(pool);
	test_pass_interval(core);
	test_scan(core->calm, 20, GFP_KERNEL);
	/* the next one rotates */
	test_scan(core->distress, 4, GFP_KERNEL);
	test_scan(core->calm, 20, GFP_KERNEL);
	test_scan(core->distress, 8, GFP_KERNEL);
	pool_shrink_oom();
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(pool, 0), 0);
	syncpool_cleanup(pool);
	syncpool_count(pool);
	KUNIT_EXPECT_FALSE(test, fault_disarm(&f) && fault_exact(test));
	KUNIT_EXPECT_EQ(test, syncpool_count(pool), 0UL);
	fault_balanced(test, pool, 0);
	syncpool_destroy(pool);
}

/* Nor does syncpool_exit(). */
static void fault_end(struct kunit *test)
{
	struct syncpool *pool = fault_pool(test);
	struct fault f = FAULT(test);

	KUNIT_EXPECT_EQ(test, syncpool_prefill(pool, 100, GFP_KERNEL), 0);
	fault_one(&f);
	syncpool_exit(pool);
	KUNIT_EXPECT_FALSE(test, fault_disarm(&f) && fault_exact(test));
	kfree(pool);
}

/* One allocation more than without a device. */
static void fault_devm(struct kunit *test)
{
	struct syncpool_params params = fault_params(test, 0);
	struct platform_device *pdev;
	struct fault f = FAULT(test);
	struct syncpool *pool;

	while (fault_next(&f)) {
		pdev = platform_device_register_simple("pool_fault", -1, NULL, 0);
		KUNIT_ASSERT_FALSE(test, IS_ERR(pdev));
		fault_arm(&f);
		pool = devm_syncpool_create(&pdev->dev, &params);
		fault_disarm(&f);
		if (IS_ERR(pool)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(pool), -ENOMEM);
			KUNIT_EXPECT_TRUE(test, f.hit);
			f.errors++;
		}
		platform_device_unregister(pdev);
	}
	fault_done(&f, 2 + CORE);
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE_PARAM(fault_create, fault_gen_params),
	KUNIT_CASE_PARAM(fault_create_min, fault_gen_params),
	KUNIT_CASE_PARAM(fault_resize, fault_gen_params),
	KUNIT_CASE_PARAM(fault_create_debug, fault_gen_params),
	KUNIT_CASE_PARAM(fault_first_use, fault_gen_params),
	KUNIT_CASE_PARAM(fault_wait_idle_activates, fault_gen_params),
	KUNIT_CASE_PARAM(fault_get, fault_gen_params),
	KUNIT_CASE_PARAM(fault_put, fault_gen_params),
	KUNIT_CASE_PARAM(fault_put_expensive, fault_gen_params),
	KUNIT_CASE_PARAM(fault_put_all, fault_gen_params),
	KUNIT_CASE_PARAM(fault_put_all_expensive, fault_gen_params),
	KUNIT_CASE_PARAM(fault_put_all_min, fault_gen_params),
	KUNIT_CASE_PARAM(fault_prefill, fault_gen_params),
	KUNIT_CASE_PARAM(fault_rotation, fault_gen_params),
	KUNIT_CASE_PARAM(fault_end, fault_gen_params),
	KUNIT_CASE_PARAM(fault_devm, fault_gen_params),
	{}
};

static struct kunit_suite fault_suite = {
	.name = "pool_fault",
	.init = fault_init,
	.exit = fault_exit,
	.test_cases = fault_cases,
};

kunit_test_suite(fault_suite);
