// SPDX-License-Identifier: GPL-2.0
/*
 * kasan_test - what a pool holds is poisoned for KASAN
 *
 * Most tests look at the shadow. Two provoke a report, which is announced on the console.
 */
#include <linux/kasan.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "test_pool.h"

/* ends in the middle of a granule, which stays accessible */
#define KASAN_SIZE	100U
#define KASAN_WHOLE	(KASAN_SIZE >> KASAN_SHADOW_SCALE_SHIFT)

enum kasan_state {
	KASAN_ACCESSIBLE,
	KASAN_POISONED,
	KASAN_MIXED,
};

/* frees of objects that were not accessible */
static atomic_t kasan_bad_frees;

/* The shadow has none of its own that says anything. */
static noinline __no_sanitize_address enum kasan_state kasan_look(const void *obj)
{
	const u8 *shadow = kasan_mem_to_shadow(obj);
	unsigned int i, poisoned = 0;

	for (i = 0; i < KASAN_WHOLE; i++)
		poisoned += !!shadow[i];
	if (!poisoned)
		return KASAN_ACCESSIBLE;
	return poisoned == KASAN_WHOLE ? KASAN_POISONED : KASAN_MIXED;
}

static void *kasan_alloc(gfp_t gfp, void *data)
{
	return kmalloc(KASAN_SIZE, gfp);
}

static void kasan_free(void *obj, void *data)
{
	if (kasan_look(obj) != KASAN_ACCESSIBLE)
		atomic_inc(&kasan_bad_frees);
	kfree(obj);
}

static int kasan_setup(struct kunit_resource *res, void *pool)
{
	res->data = pool;
	return 0;
}

static void kasan_cleanup(struct kunit_resource *res)
{
	syncpool_exit(res->data);
}

/* A pool of objects whose size is stated as @size. */
static struct syncpool *kasan_make(struct kunit *test, size_t size, unsigned int flags,
				   unsigned int min)
{
	struct syncpool *pool = kunit_kzalloc(test, sizeof(*pool), GFP_KERNEL);
	const struct syncpool_params params = {
		.name = test->name, .alloc = kasan_alloc, .free = kasan_free,
		.obj_size = size, .flags = flags, .min = min,
	};

	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_ASSERT_EQ(test, syncpool_init(pool, &params), 0);
	kunit_alloc_resource(test, kasan_setup, kasan_cleanup, GFP_KERNEL, pool);
	atomic_set(&kasan_bad_frees, 0);
	return pool;
}

static void kasan_get_put(struct kunit *test)
{
	struct syncpool *pool = kasan_make(test, KASAN_SIZE, 0, 0);
	void *obj, *again;

	test_stay_on(raw_smp_processor_id());
	obj = syncpool_get(pool, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, kasan_look(obj), KASAN_ACCESSIBLE);
	syncpool_put(pool, obj);
	KUNIT_EXPECT_EQ(test, kasan_look(obj), KASAN_POISONED);
	again = syncpool_try_get(pool);
	KUNIT_ASSERT_PTR_EQ(test, again, obj);
	KUNIT_EXPECT_EQ(test, kasan_look(obj), KASAN_ACCESSIBLE);
	memset(obj, 1, KASAN_SIZE);
	syncpool_put(pool, obj);
	again = syncpool_get_killable(pool, GFP_KERNEL);
	KUNIT_ASSERT_PTR_EQ(test, again, obj);
	KUNIT_EXPECT_EQ(test, kasan_look(obj), KASAN_ACCESSIBLE);
	syncpool_put(pool, obj);
}

/* By way of the chain and the victim, where no inlined code sees them. */
static void kasan_far(struct kunit *test)
{
	struct syncpool *pool = kasan_make(test, KASAN_SIZE, 0, 0);
	void *objs[200];
	unsigned int i, n, bad = 0;

	n = syncpool_get_bulk(pool, GFP_KERNEL, ARRAY_SIZE(objs), objs);
	KUNIT_ASSERT_EQ(test, n, ARRAY_SIZE(objs));
	for (i = 0; i < n; i++)
		bad += kasan_look(objs[i]) != KASAN_ACCESSIBLE;
	syncpool_put_bulk(pool, n / 2, objs);
	for (i = n / 2; i < n; i++)
		syncpool_put(pool, objs[i]);
	for (i = 0; i < n; i++)
		bad += kasan_look(objs[i]) != KASAN_POISONED;
	KUNIT_EXPECT_EQ(test, bad, 0U);
	syncpool_cleanup(pool);
	for (i = 0; i < n; i++) {
		objs[i] = syncpool_get(pool, GFP_KERNEL);
		bad += !objs[i] || kasan_look(objs[i]) != KASAN_ACCESSIBLE;
	}
	KUNIT_EXPECT_EQ(test, bad, 0U);
	syncpool_put_bulk(pool, n, objs);
	syncpool_cleanup(pool);
	syncpool_cleanup(pool);
	KUNIT_EXPECT_EQ(test, syncpool_count(pool), 0UL);
	KUNIT_EXPECT_EQ(test, atomic_read(&kasan_bad_frees), 0);
}

/* Also what the pool built itself. */
static void kasan_min(struct kunit *test)
{
	struct syncpool *pool = kasan_make(test, KASAN_SIZE, 0, 4);
	void *objs[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		objs[i] = syncpool_try_get(pool);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		KUNIT_EXPECT_EQ(test, kasan_look(objs[i]), KASAN_ACCESSIBLE);
	}
	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		syncpool_put(pool, objs[i]);
		KUNIT_EXPECT_EQ(test, kasan_look(objs[i]), KASAN_POISONED);
	}
}

/* What waits to be freed is the pool's, too. */
static void kasan_deferred(struct kunit *test)
{
	struct syncpool *pool = kasan_make(test, KASAN_SIZE, SYNCPOOL_FREE_SLEEPS, 0);
	enum kasan_state state;
	unsigned long flags;
	void *obj = syncpool_get(pool, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	local_irq_save(flags);
	syncpool_discard(pool, obj);
	state = kasan_look(obj);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, state, KASAN_POISONED);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(pool, 10 * HZ), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&kasan_bad_frees), 0);
}

/* Where nobody stated a size, or in debug mode, the shadow stays. */
static void kasan_left_alone(struct kunit *test)
{
	struct syncpool *unsized = kasan_make(test, 0, 0, 0);
	struct syncpool *debug = kasan_make(test, KASAN_SIZE, SYNCPOOL_DEBUG, 4);
	void *a = syncpool_get(unsized, GFP_KERNEL);
	void *b = syncpool_get(debug, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	syncpool_put(unsized, a);
	KUNIT_EXPECT_EQ(test, kasan_look(a), KASAN_ACCESSIBLE);
	/* min keeps it */
	syncpool_put(debug, b);
	KUNIT_EXPECT_EQ(test, kasan_look(b), KASAN_ACCESSIBLE);
}

/* In a task that KASAN does not know as a test's: it would fail that. */
static void kasan_use(unsigned int id, void *obj)
{
	(void)READ_ONCE(((u8 *)obj)[KASAN_SIZE / 2]);
}

struct kasan_put {
	struct syncpool *pool;
	void *obj;
};

static void kasan_put(unsigned int id, void *arg)
{
	struct kasan_put *put = arg;

	syncpool_put(put->pool, put->obj);
}

static void kasan_reports_use(struct kunit *test)
{
	struct syncpool *pool = kasan_make(test, KASAN_SIZE, 0, 0);
	void *obj = syncpool_get(pool, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	syncpool_put(pool, obj);
	pr_info("EXPECT-WARN-BEGIN: KASAN: .*use-after-free in kasan_use\n");
	test_threads(test, 1, kasan_use, obj);
	pr_info("EXPECT-WARN-END\n");
}

static void kasan_reports_double_put(struct kunit *test)
{
	struct syncpool *pool = kasan_make(test, KASAN_SIZE, 0, 0);
	struct kasan_put put = { .pool = pool };
	void *first, *second;

	test_stay_on(raw_smp_processor_id());
	put.obj = syncpool_get(pool, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, put.obj);
	syncpool_put(pool, put.obj);
	pr_info("EXPECT-WARN-BEGIN: KASAN: .*use-after-free in __syncpool_poison\n");
	test_threads(test, 1, kasan_put, &put);
	pr_info("EXPECT-WARN-END\n");
	/* the pool has it twice now */
	first = syncpool_try_get(pool);
	second = syncpool_try_get(pool);
	KUNIT_EXPECT_PTR_EQ(test, first, second);
	syncpool_put(pool, first);
}

static struct kunit_case kasan_cases[] = {
	KUNIT_CASE(kasan_get_put),
	KUNIT_CASE(kasan_far),
	KUNIT_CASE(kasan_min),
	KUNIT_CASE(kasan_deferred),
	KUNIT_CASE(kasan_left_alone),
	KUNIT_CASE(kasan_reports_use),
	KUNIT_CASE(kasan_reports_double_put),
	{}
};

static struct kunit_suite kasan_suite = {
	.name = "pool_kasan",
	.test_cases = kasan_cases,
};

kunit_test_suite(kasan_suite);
