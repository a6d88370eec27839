// SPDX-License-Identifier: GPL-2.0
/*
 * debug_test - debug mode: provoke each report once, and read it back
 *
 * A report is announced on the console. The script that judges the log fails the run if the
 * report is missing, if it comes twice, or if there is any other.
 */
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/mempool.h>
#include <linux/poison.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "pool_select.h"
#include "test_pool.h"

#define ME	1U
#define SIZE	96U

/* One put in four is dropped, so that no user relies on getting back what it put. */
static void debug_drop(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 4100, SYNCPOOL_DEBUG);
	unsigned int i;
	long dropped;

	test_stay_on(raw_smp_processor_id());
	for (i = 0; i < 4000; i++)
		test_put(tp, test_get(tp, ME), ME);
	dropped = atomic_long_read(&tp->frees);
	KUNIT_EXPECT_GT(test, dropped, 4000L * 15 / 100);
	KUNIT_EXPECT_LT(test, dropped, 4000L * 35 / 100);
	test_pool_end(tp);
}

/* Otherwise the pool works as usual: nothing is lost in bursts or across rotations. */
static void debug_use(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 1000, SYNCPOOL_DEBUG);
	unsigned int i;

	for (i = 0; i < 5; i++) {
		test_fill(tp, 300, ME);
		KUNIT_EXPECT_GT(test, syncpool_count(&tp->pool), 100UL);
		KUNIT_EXPECT_LT(test, syncpool_count(&tp->pool), 300UL);
		syncpool_cleanup(&tp->pool);
		test_pool_check(tp);
	}
	KUNIT_EXPECT_GT(test, test_stats(tp).victim_hits, 0UL);
	test_pool_end(tp);
}

/* Other pools keep their fast path while there is a pool in debug mode. */
static void debug_one_pool(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 8, SYNCPOOL_DEBUG);
	struct test_pool *other = test_pool_prepare(test, 8);

	other->params.name = "another";
	KUNIT_ASSERT_EQ(test, syncpool_init(&other->pool, &other->params), 0);
	other->active = true;
	KUNIT_EXPECT_EQ(test, tp->pool.magazine, 0UL);
	KUNIT_EXPECT_NE(test, other->pool.magazine, 0UL);
	test_fill(other, 8, ME);
	KUNIT_EXPECT_EQ(test, syncpool_count(&other->pool), 8UL);
	test_pool_end(other);
	test_pool_end(tp);
}

/* Put an object; repeat until one is not dropped. */
static struct test_obj *put_kept(struct test_pool *tp)
{
	struct test_obj *obj;
	long frees;

	do {
		obj = test_get(tp, ME);
		frees = atomic_long_read(&tp->frees);
		test_put(tp, obj, ME);
	} while (atomic_long_read(&tp->frees) != frees);
	return obj;
}

static noinline void put_again(struct syncpool *pool, void *obj)
{
	syncpool_put(pool, obj);
}

static void debug_double_put(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 64, SYNCPOOL_DEBUG);
	struct test_obj *obj = put_kept(tp);
	unsigned long count = syncpool_count(&tp->pool);

	test_warn_begin(test->name, "double put of .* by put_again.*, put before by test_put");
	put_again(&tp->pool, obj);
	test_warn_end();
	/* refused again, but reported once */
	put_again(&tp->pool, obj);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), count);
	test_pool_end(tp);
}

/* The report names both pools, with their ids. */
static void debug_foreign_put(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 64, SYNCPOOL_DEBUG);
	struct test_pool *other = test_pool_prepare(test, 8);
	struct test_obj *obj = put_kept(tp);
	unsigned long count = syncpool_count(&tp->pool);
	char regex[192];

	other->params.name = "another";
	other->params.flags = SYNCPOOL_DEBUG;
	KUNIT_ASSERT_EQ(test, syncpool_init(&other->pool, &other->params), 0);
	other->active = true;
	snprintf(regex, sizeof(regex),
		 "put of .* by put_again.* in pool %s \\(%u of pool_kunit\\).* test_put.* \\(pool %u of pool_kunit\\)",
		 test->name, tp->pool.id, other->pool.id);
	test_warn_begin("another", regex);
	put_again(&other->pool, obj);
	test_warn_end();
	put_again(&other->pool, obj);
	KUNIT_EXPECT_EQ(test, syncpool_count(&other->pool), 0UL);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), count);
	test_pool_end(other);
	test_pool_end(tp);
}

static struct syncpool *poison_make(struct kunit *test)
{
	struct syncpool_params params = {
		.name = test->name,
		.alloc = mempool_kmalloc,
		.free = mempool_kfree,
		.data = (void *)(unsigned long)SIZE,
		.obj_size = SIZE,
		.flags = SYNCPOOL_DEBUG | SYNCPOOL_POISON,
	};
	struct syncpool *pool = syncpool_create(&params);

	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	test_stay_on(raw_smp_processor_id());
	return pool;
}

/* Put an object that is not dropped, so that it is still there to look at. */
static u8 *poison_put(struct kunit *test, struct syncpool *pool)
{
	unsigned long count;
	u8 *obj;

	do {
		obj = syncpool_get(pool, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		memset(obj, 0x11, SIZE);
		count = syncpool_count(pool);
		syncpool_put(pool, obj);
	} while (syncpool_count(pool) == count);
	return obj;
}

/* A cached object is poisoned from its first byte to its last. */
static void debug_poison(struct kunit *test)
{
	struct syncpool *pool = poison_make(test);
	u8 *obj = poison_put(test, pool);

	KUNIT_EXPECT_NULL(test, memchr_inv(obj, POISON_FREE, SIZE));
	KUNIT_EXPECT_PTR_EQ(test, (u8 *)syncpool_get(pool, GFP_KERNEL), obj);
	syncpool_put(pool, obj);
	syncpool_destroy(pool);
}

#define FOOTPRINT	4096U
#define CANARY		0xcaU

static void *canary_alloc(gfp_t gfp, void *data)
{
	u8 *obj = kmalloc(FOOTPRINT, gfp);

	if (obj)
		memset(obj + SIZE, CANARY, FOOTPRINT - SIZE);
	return obj;
}

/* Poison ends at obj_size, however much more memory an object keeps in use. */
static void debug_poison_size(struct kunit *test)
{
	const struct syncpool_params params = {
		.name = test->name,
		.alloc = canary_alloc,
		.free = mempool_kfree,
		.obj_size = SIZE,
		.footprint = FOOTPRINT,
		.flags = SYNCPOOL_DEBUG | SYNCPOOL_POISON,
	};
	struct syncpool *pool = syncpool_create(&params);
	u8 *obj;

	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	test_stay_on(raw_smp_processor_id());
	obj = poison_put(test, pool);
	KUNIT_EXPECT_NULL(test, memchr_inv(obj, POISON_FREE, SIZE));
	KUNIT_EXPECT_NULL(test, memchr_inv(obj + SIZE, CANARY, FOOTPRINT - SIZE));
	syncpool_destroy(pool);
}

static void debug_use_after_put(struct kunit *test)
{
	struct syncpool *pool = poison_make(test);
	u8 *obj = poison_put(test, pool);

	obj[37] = 0x42;
	test_warn_begin(test->name, "use after put of .*: byte 37 is 0x42, put by poison_put");
	KUNIT_EXPECT_PTR_EQ(test, (u8 *)syncpool_get(pool, GFP_KERNEL), obj);
	test_warn_end();
	syncpool_put(pool, obj);
	/* reported once */
	obj = poison_put(test, pool);
	obj[SIZE - 1] = 0;
	KUNIT_EXPECT_PTR_EQ(test, (u8 *)syncpool_get(pool, GFP_KERNEL), obj);
	syncpool_put(pool, obj);
	syncpool_destroy(pool);
}

/* A change of the first or the last byte is found when the object is freed. */
static void debug_use_after_put_drained(struct kunit *test)
{
	struct syncpool *pool = poison_make(test);

	poison_put(test, pool)[SIZE - 1] = 0;
	test_warn_begin(test->name, "use after put of .*: byte 95 is 0x0, put by");
	syncpool_destroy(pool);
	test_warn_end();
	pool = poison_make(test);
	poison_put(test, pool)[0] = 0;
	test_warn_begin(test->name, "use after put of .*: byte 0 is 0x0, put by");
	syncpool_destroy(pool);
	test_warn_end();
}

static noinline struct test_obj *get_with(struct test_pool *tp, gfp_t gfp)
{
	return test_take(tp, syncpool_get(&tp->pool, gfp), ME);
}

/* Flags that may sleep, in atomic context: reported once, be the object cached or built. */
static void debug_gfp(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 64, SYNCPOOL_DEBUG);
	const gfp_t sleeping = GFP_KERNEL;
	struct test_obj *obj;

	test_stay_on(raw_smp_processor_id());
	put_kept(tp);
	test_warn_begin(test->name, "get by get_with.* in atomic context.*GFP_KERNEL");
	preempt_disable();
	obj = get_with(tp, sleeping);
	preempt_enable();
	test_warn_end();
	test_put(tp, obj, ME);
	put_kept(tp);
	local_irq_disable();
	obj = get_with(tp, sleeping);
	local_irq_enable();
	test_put(tp, obj, ME);
	test_pool_end(tp);
}

/* The same where the flags do not allow to sleep, or the context does: no report. */
static void debug_gfp_fits(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 64, SYNCPOOL_DEBUG);
	struct test_obj *objs[2];

	objs[0] = test_get(tp, ME);
	preempt_disable();
	objs[1] = test_take(tp, syncpool_get(&tp->pool, GFP_NOWAIT), ME);
	preempt_enable();
	test_put(tp, objs[0], ME);
	if (objs[1])
		test_put(tp, objs[1], ME);
	test_pool_end(tp);
}

static void free_sleepy(void *obj, void *data)
{
	msleep(20);
	test_free(obj, data);
}

/* Put one object of a pool whose free sleeps, and end the pool. Was it dropped at once? */
static bool free_one_sleepy(struct kunit *test, unsigned int flags)
{
	struct test_pool *tp = test_pool_prepare(test, 4);
	bool dropped;

	tp->params.free = free_sleepy;
	tp->params.flags = SYNCPOOL_DEBUG | flags;
	KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	tp->active = true;
	test_fill(tp, 1, ME);
	dropped = !syncpool_count(&tp->pool);
	test_flush(&tp->pool);
	test_pool_end(tp);
	return dropped;
}

/*
 * A free that sleeps is reported, whether a put drops the object or the pool frees what it
 * cached. PREEMPT_RT cannot tell.
 */
static void debug_free_sleeps(struct kunit *test)
{
	bool seen[2] = {};
	unsigned int i;

	for (i = 0; i < 60 && !(seen[0] && seen[1]); i++) {
		if (!IS_ENABLED(CONFIG_PREEMPT_RT))
			test_warn_begin(test->name, "free sleeps.* free_sleepy");
		seen[free_one_sleepy(test, 0)] = true;
		if (!IS_ENABLED(CONFIG_PREEMPT_RT))
			test_warn_end();
	}
	KUNIT_EXPECT_TRUE(test, seen[0] && seen[1]);
	/* a pool that said so */
	free_one_sleepy(test, SYNCPOOL_FREE_SLEEPS);
}

static bool select_has(struct kunit *test, const char *list)
{
	struct test_pool *tp;
	bool debug;

	KUNIT_EXPECT_EQ(test, pool_select(list), 0);
	tp = test_pool_prepare(test, 4);
	tp->params.name = "selected";
	KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	tp->active = true;
	debug = tp->pool.core->debug;
	test_fill(tp, 2, ME);
	test_pool_end(tp);
	KUNIT_EXPECT_EQ(test, pool_select("0"), 0);
	return debug;
}

/* The module's parameter selects pools by name. */
static void debug_select(struct kunit *test)
{
	static const char * const bad[] = {
		"", ",", "a,", ",a", "a,,b", "a*b", "**", "a b", "a/b", "%s", "a\n",
		"a123456789b123456789c123456789d123456789e1234567",
	};
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, select_has(test, "1"));
	KUNIT_EXPECT_TRUE(test, select_has(test, "y"));
	KUNIT_EXPECT_TRUE(test, select_has(test, "*"));
	KUNIT_EXPECT_TRUE(test, select_has(test, "selected"));
	KUNIT_EXPECT_TRUE(test, select_has(test, "foo,selected"));
	KUNIT_EXPECT_TRUE(test, select_has(test, "sel*,foo*"));
	KUNIT_EXPECT_TRUE(test, select_has(test, "selected*"));
	KUNIT_EXPECT_FALSE(test, select_has(test, "0"));
	KUNIT_EXPECT_FALSE(test, select_has(test, "n"));
	KUNIT_EXPECT_FALSE(test, select_has(test, "foo,network"));
	KUNIT_EXPECT_FALSE(test, select_has(test, "selecte"));
	KUNIT_EXPECT_FALSE(test, select_has(test, "selecteds"));
	KUNIT_EXPECT_FALSE(test, select_has(test, "selecteds*"));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, pool_select(bad[i]), -EINVAL, "%s", bad[i]);
}

static void fill_200(void *tp)
{
	test_fill(tp, 200, ME);
}

/* The steal order is random, and every chain is found nonetheless. */
static void debug_steal(struct kunit *test)
{
	unsigned int cpu = test_other_cpu(test), n;
	struct test_pool *tp = test_pool_make(test, 200, SYNCPOOL_DEBUG);
	struct test_obj **objs;
	unsigned long count;

	objs = kunit_kcalloc(test, 200, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	test_on_cpu(test, cpu, fill_200, tp);
	count = syncpool_count(&tp->pool);
	for (n = 0; n < 200; n++) {
		objs[n] = test_try_get(tp, ME);
		if (!objs[n])
			break;
	}
	KUNIT_EXPECT_GE(test, n + POOL_PCP_MAX, (unsigned int)count);
	test_put_many(tp, objs, n, ME);
	test_pool_end(tp);
}

static struct kunit_case debug_cases[] = {
	KUNIT_CASE(debug_drop),
	KUNIT_CASE(debug_use),
	KUNIT_CASE(debug_one_pool),
	KUNIT_CASE(debug_double_put),
	KUNIT_CASE(debug_foreign_put),
	KUNIT_CASE(debug_poison),
	KUNIT_CASE(debug_poison_size),
	KUNIT_CASE(debug_use_after_put),
	KUNIT_CASE(debug_use_after_put_drained),
	KUNIT_CASE(debug_gfp),
	KUNIT_CASE(debug_gfp_fits),
	KUNIT_CASE(debug_free_sleeps),
	KUNIT_CASE(debug_select),
	TEST_CASE_SMP(debug_steal),
	{}
};

static struct kunit_suite debug_suite = {
	.name = "pool_debug",
	.test_cases = debug_cases,
};

kunit_test_suite(debug_suite);
