// SPDX-License-Identifier: GPL-2.0
/* pool_test - the interface, on one CPU and on several, and wrong arguments */
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "test_pool.h"

#define ME	1U

static void count_free(void *obj, void *data)
{
	++*(unsigned int *)data;
}

/* Go's TestPool: put a and b, get both, then nothing. */
static void pool_put_get(struct kunit *test)
{
	unsigned int freed = 0;
	struct syncpool_params params = {
		.name = test->name, .free = count_free, .data = &freed,
	};
	struct syncpool *pool = syncpool_create(&params);
	int a, b;
	int *x, *y;

	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	test_stay_on(raw_smp_processor_id());
	KUNIT_EXPECT_NULL(test, syncpool_get(pool, GFP_KERNEL));
	syncpool_put(pool, &a);
	syncpool_put(pool, &b);
	KUNIT_EXPECT_EQ(test, syncpool_count(pool), 2UL);
	x = syncpool_get(pool, GFP_KERNEL);
	y = syncpool_try_get(pool);
	KUNIT_EXPECT_TRUE(test, (x == &a && y == &b) || (x == &b && y == &a));
	KUNIT_EXPECT_NULL(test, syncpool_get(pool, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, syncpool_try_get(pool));
	KUNIT_EXPECT_EQ(test, freed, 0U);
	syncpool_put(pool, &a);
	KUNIT_EXPECT_EQ(test, syncpool_prefill(pool, 1, GFP_KERNEL), -EINVAL);
	syncpool_destroy(pool);
	KUNIT_EXPECT_EQ(test, freed, 1U);
}

static void pool_put_null(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 4, 0);

	syncpool_put(&tp->pool, NULL);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	test_fill(tp, 2, ME);
	syncpool_put(&tp->pool, NULL);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 2UL);
	test_pool_end(tp);
}

/* Go's TestPoolNew: alloc is called if and only if nothing is cached. */
static void pool_alloc_when_empty(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 64, 0);
	struct test_obj *objs[40];

	test_stay_on(raw_smp_processor_id());
	KUNIT_EXPECT_NULL(test, test_try_get(tp, ME));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), 0L);
	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 40, ME), 40U);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), 40L);
	test_put_many(tp, objs, 40, ME);
	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 40, ME), 40U);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), 40L);
	test_put(tp, objs[0], ME);
	objs[0] = test_get(tp, ME);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), 40L);
	test_put(tp, test_get(tp, ME), ME);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), 41L);
	test_put_many(tp, objs, 40, ME);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 0L);
	test_pool_end(tp);
}

/* 1000 objects pass through the magazine and a chain of several rings. */
static void pool_thousand(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 1000, 0);
	struct syncpool_stats stats;
	unsigned int i;

	test_stay_on(raw_smp_processor_id());
	for (i = 1; i <= 1000; i += 111) {
		test_fill(tp, i, ME);
		KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), (unsigned long)i);
	}
	stats = test_stats(tp);
	KUNIT_EXPECT_EQ(test, stats.allocs, 1000UL);
	KUNIT_EXPECT_EQ(test, stats.frees, 0UL);
	KUNIT_EXPECT_GT(test, stats.spills, 1000UL / POOL_BLOCK);
	KUNIT_EXPECT_GT(test, stats.refills, 1000UL / POOL_BLOCK);
	KUNIT_EXPECT_GE(test, stats.grows, 6UL);
	KUNIT_EXPECT_EQ(test, stats.steals, 0UL);
	KUNIT_EXPECT_EQ(test, stats.nested, 0UL);
	test_pool_end(tp);
}

static void pool_bulk(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 100, 0);
	void *objs[120];
	unsigned int i, n;

	test_stay_on(raw_smp_processor_id());
	KUNIT_EXPECT_EQ(test, syncpool_get_bulk(&tp->pool, GFP_KERNEL, 0, objs), 0U);
	for (n = 1; n <= 100; n += 33) {
		KUNIT_ASSERT_EQ(test, syncpool_get_bulk(&tp->pool, GFP_KERNEL, n,
							objs), n);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), (long)n);
		for (i = 0; i < n; i++)
			test_take(tp, objs[i], ME);
		for (i = 0; i < n; i++)
			test_give(tp, objs[i], ME);
		syncpool_put_bulk(&tp->pool, n, objs);
		KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), (unsigned long)n);
	}
	/* alloc builds no more than 100 */
	n = syncpool_get_bulk(&tp->pool, GFP_KERNEL, 120, objs);
	KUNIT_EXPECT_EQ(test, n, 100U);
	for (i = 0; i < n; i++) {
		test_take(tp, objs[i], ME);
		test_give(tp, objs[i], ME);
	}
	/* NULLs at the front, in between and at the end are skipped */
	memmove(&objs[10], &objs[5], 95 * sizeof(*objs));
	memset(&objs[5], 0, 5 * sizeof(*objs));
	objs[105] = objs[0];
	objs[0] = NULL;
	objs[106] = NULL;
	syncpool_put_bulk(&tp->pool, 107, objs);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 100UL);
	test_pool_end(tp);
}

static void pool_prefill(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 60, 0);

	KUNIT_EXPECT_EQ(test, syncpool_prefill(&tp->pool, 0, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, syncpool_prefill(&tp->pool, 40, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 40UL);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	KUNIT_EXPECT_EQ(test, syncpool_prefill(&tp->pool, 40, GFP_KERNEL), -ENOMEM);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 60UL);
	test_fill(tp, 1, ME);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), 60L);
	test_pool_end(tp);
}

static void pool_alloc_fails(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 8, 0);
	struct test_obj *obj;

	atomic_set(&tp->failing, 3);
	KUNIT_EXPECT_NULL(test, test_get(tp, ME));
	KUNIT_EXPECT_NULL(test, test_get(tp, ME));
	KUNIT_EXPECT_EQ(test, syncpool_prefill(&tp->pool, 2, GFP_KERNEL), -ENOMEM);
	KUNIT_EXPECT_EQ(test, test_stats(tp).alloc_fails, 3UL);
	obj = test_get(tp, ME);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 1L);
	test_put(tp, obj, ME);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	test_pool_end(tp);
}

struct bad_params {
	const char *what;
	int err;
	struct syncpool_params params;
};

static const struct bad_params bad_params[] = {
	{ "no name", -EINVAL, { .free = test_free } },
	{ "empty name", -EINVAL, { .name = "", .free = test_free } },
	{ "no free", -EINVAL, { .name = "bad" } },
	{ "unknown flag", -EINVAL,
	  { .name = "bad", .free = test_free, .flags = BIT(3) } },
	{ "all flags", -EINVAL,
	  { .name = "bad", .free = test_free, .obj_size = 64, .flags = ~0U } },
	{ "poison what", -EINVAL,
	  { .name = "bad", .free = test_free, .flags = SYNCPOOL_POISON } },
	{ "tiny and free sleeps", 0,
	  { .name = "bad", .free = test_free, .obj_size = sizeof(void *),
	    .flags = SYNCPOOL_FREE_SLEEPS } },
	{ "48 characters", -ENAMETOOLONG,
	  { .name = "123456789012345678901234567890123456789012345678",
	    .free = test_free } },
	{ "47 characters", 0,
	  { .name = "12345678901234567890123456789012345678901234567",
	    .free = test_free } },
	{ "size of two pointers", 0,
	  { .name = "good", .free = test_free, .obj_size = 2 * sizeof(void *),
	    .flags = SYNCPOOL_FREE_SLEEPS } },
};

static void bad_params_desc(const struct bad_params *bad, char *desc)
{
	strscpy(desc, bad->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad_params, bad_params, bad_params_desc);

/* Memory whose content cannot be taken for a pool. */
static struct syncpool *pool_memory(struct kunit *test)
{
	struct syncpool *pool = kunit_kmalloc(test, sizeof(*pool), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pool);
	memset(pool, 0xa5, sizeof(*pool));
	return pool;
}

/* Each set of parameters gets its errno; exit may be called after a failed init. */
static void pool_params(struct kunit *test)
{
	const struct bad_params *bad = test->param_value;
	struct syncpool *pool = pool_memory(test), *created;

	KUNIT_EXPECT_EQ(test, syncpool_init(pool, &bad->params), bad->err);
	syncpool_exit(pool);
	created = syncpool_create(&bad->params);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(created), bad->err);
	if (!IS_ERR(created))
		syncpool_destroy(created);
}

static void pool_params_null(struct kunit *test)
{
	struct syncpool *pool = pool_memory(test);

	KUNIT_EXPECT_EQ(test, syncpool_init(pool, NULL), -EINVAL);
	syncpool_exit(pool);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(syncpool_create(NULL)), -EINVAL);
}

#define POOLS	"/sys/kernel/debug/syncpool/pools"
#define STATS	"/sys/kernel/debug/syncpool/%s:%u/stats"

/* 0 if debugfs lists a pool of this module. */
static int listed(unsigned int id, const char *name)
{
	return test_shell("grep -q '^ *%u %s  *" KBUILD_MODNAME " ' " POOLS, id, name);
}

/* Two active pools have one name, and ids by which debugfs tells them apart. */
static void names_differ(struct kunit *test, const struct syncpool *a,
			 const struct syncpool *b)
{
	KUNIT_EXPECT_STREQ(test, a->name, b->name);
	KUNIT_EXPECT_NE(test, a->id, b->id);
	KUNIT_EXPECT_EQ(test, test_shell("[ $(grep -c ' %s  *" KBUILD_MODNAME " ' " POOLS
					 ") = 2 ]", a->name), 0);
	KUNIT_EXPECT_EQ(test, listed(a->id, a->name), 0);
	KUNIT_EXPECT_EQ(test, listed(b->id, b->name), 0);
}

/* Pools may have the same name, which they copy. */
static void pool_names(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 4, 0);
	struct syncpool_params params = tp->params;
	struct syncpool *other = pool_memory(test);
	char name[SYNCPOOL_NAME_LEN];

	test_need_shell(test);
	strscpy(name, test->name, sizeof(name));
	params.name = name;
	KUNIT_ASSERT_EQ(test, syncpool_init(other, &params), 0);
	name[0] = 'x';
	names_differ(test, &tp->pool, other);
	KUNIT_EXPECT_STREQ(test, other->core->params.name, test->name);
	KUNIT_EXPECT_STREQ(test, other->params.name, test->name);
	syncpool_exit(other);
	/* the other one is still there */
	test_fill(tp, 4, ME);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 4UL);
	test_pool_end(tp);
}

#define ODD	"odd_a_b_c_d_e_s_"

/* Ids begin at 1 and are those of debugfs and of reports, which end with the owner, too. */
static void pool_ids(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 4, 0);
	struct syncpool other = {};
	unsigned int id = tp->pool.id;
	char regex[80];

	test_need_shell(test);
	KUNIT_EXPECT_GT(test, id, 0U);
	KUNIT_EXPECT_EQ(test, tp->pool.core->id, id);
	KUNIT_EXPECT_EQ(test, listed(id, test->name), 0);
	test_pool_end(tp);
	snprintf(regex, sizeof(regex), "used after .* \\(pool %u of " KBUILD_MODNAME "\\)", id);
	test_warn_begin(test->name, regex);
	KUNIT_EXPECT_NULL(test, syncpool_get(&tp->pool, GFP_KERNEL));
	test_warn_end();
	test_warn_begin("\\(no name\\)", "used before .* \\(pool 0 of the kernel\\)");
	KUNIT_EXPECT_NULL(test, syncpool_get(&other, GFP_KERNEL));
	test_warn_end();
	/* pool memory that is used again gets another one */
	KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	KUNIT_EXPECT_GT(test, tp->pool.id, id);
	syncpool_exit(&tp->pool);
}

/* What a name contains breaks no line of debugfs and of a report, and no path. */
static void pool_names_odd(struct kunit *test)
{
	struct test_pool *tp = test_pool_prepare(test, 4);
	struct test_obj *obj;

	test_need_shell(test);
	tp->params.name = "odd/a b\nc\td\\e%s\x7f";
	KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	KUNIT_EXPECT_STREQ(test, tp->pool.name, ODD);
	KUNIT_EXPECT_STREQ(test, tp->pool.core->params.name, ODD);
	KUNIT_EXPECT_EQ(test, listed(tp->pool.id, ODD), 0);
	KUNIT_EXPECT_EQ(test, test_shell("awk 'NR == 2 { n = NF } NR > 2 && NF != n { exit 1 }' "
					 POOLS), 0);
	if (IS_ENABLED(CONFIG_SHRINKER_DEBUG))
		KUNIT_EXPECT_EQ(test, test_shell("ls -d /sys/kernel/debug/shrinker/syncpool:*"
						 ODD "*"), 0);
	obj = test_get(tp, ME);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	test_warn_begin(ODD, "1 objects still out at exit");
	syncpool_exit(&tp->pool);
	test_warn_end();
	if (obj) {
		test_give(tp, obj, ME);
		test_free(obj, tp);
	}
	test_pool_check(tp);
}

/* A second init leaves the pool as it is. */
static void pool_init_twice(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 8, 0);
	struct syncpool_params params = tp->params;

	test_fill(tp, 5, ME);
	params.name = "another";
	KUNIT_EXPECT_EQ(test, syncpool_init(&tp->pool, &params), -EBUSY);
	KUNIT_EXPECT_EQ(test, syncpool_init(&tp->pool, &tp->params), -EBUSY);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 5UL);
	test_pool_end(tp);
	KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	syncpool_exit(&tp->pool);
}

static void *stack_alloc(gfp_t gfp, void *data)
{
	return kmalloc(64, gfp);
}

static void stack_free(void *obj, void *data)
{
	kfree(obj);
}

/* A pool may be a local variable. */
static void pool_on_stack(struct kunit *test)
{
	const struct syncpool_params params = {
		.name = "on-stack",
		.alloc = stack_alloc,
		.free = stack_free,
	};
	struct syncpool pool;
	void *obj;

	KUNIT_ASSERT_EQ(test, syncpool_init(&pool, &params), 0);
	obj = syncpool_get(&pool, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	syncpool_put(&pool, obj);
	KUNIT_EXPECT_EQ(test, syncpool_count(&pool), 1UL);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&pool, 0), 0);
	syncpool_exit(&pool);
}

static void fill_100(void *tp)
{
	test_fill(tp, 100, ME);
}

/* Objects in the chain of another CPU are stolen before alloc is called. */
static void pool_steal_other(struct kunit *test)
{
	unsigned int cpu = test_other_cpu(test), n;
	struct test_pool *tp = test_pool_make(test, 100, 0);
	struct syncpool_stats stats;
	struct test_obj *objs[100];

	test_on_cpu(test, cpu, fill_100, tp);
	for (n = 0; n < 100; n++) {
		objs[n] = test_try_get(tp, ME);
		if (!objs[n])
			break;
	}
	/* that CPU only put them, so its magazine has earned no room */
	KUNIT_EXPECT_EQ(test, n, 100U);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	stats = test_stats(tp);
	KUNIT_EXPECT_EQ(test, stats.stolen, (unsigned long)n);
	KUNIT_EXPECT_GT(test, stats.steals, 0UL);
	/* several at a time, but no more than a block */
	KUNIT_EXPECT_LT(test, stats.steals, stats.stolen);
	KUNIT_EXPECT_GE(test, stats.steals * POOL_BLOCK, stats.stolen);
	test_put_many(tp, objs, n, ME);
	test_pool_end(tp);
}

/* An object for a scope. */
static void pool_scope(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 4, 0);

	test_stay_on(raw_smp_processor_id());
	{
		CLASS(syncpool_obj, guard)(&tp->pool, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, guard.obj);
		KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 1L);
	}
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 1UL);
	syncpool_cleanup(&tp->pool);
	syncpool_cleanup(&tp->pool);
	atomic_set(&tp->failing, 1);
	{
		/* no object, so nothing to put back */
		CLASS(syncpool_obj, guard)(&tp->pool, GFP_KERNEL);

		KUNIT_EXPECT_NULL(test, guard.obj);
	}
	test_pool_end(tp);
}

static int scope_fails(struct syncpool_params *params)
{
	struct syncpool *pool __free(syncpool_destroy) = syncpool_create(params);

	if (IS_ERR(pool))
		return PTR_ERR(pool);
	return -EIO;
}

static void pool_scope_destroy(struct kunit *test)
{
	struct test_pool *tp = test_pool_prepare(test, 4);

	KUNIT_EXPECT_EQ(test, scope_fails(&tp->params), -EIO);
	tp->params.name = NULL;
	KUNIT_EXPECT_EQ(test, scope_fails(&tp->params), -EINVAL);
}

static DEFINE_SYNCPOOL(lazy_get, test_alloc, test_free, NULL);
static DEFINE_SYNCPOOL(lazy_atomic, test_alloc, test_free, NULL);
static DEFINE_SYNCPOOL(lazy_try, test_alloc, test_free, NULL);
static DEFINE_SYNCPOOL(lazy_put, test_alloc, test_free, NULL);
static DEFINE_SYNCPOOL(lazy_prefill, test_alloc, test_free, NULL);
static DEFINE_SYNCPOOL(lazy_idle, test_alloc, test_free, NULL);
static DEFINE_SYNCPOOL(lazy_never, test_alloc, test_free, NULL);
static DEFINE_SYNCPOOL(lazy_race, test_alloc, test_free, NULL);
static DEFINE_SYNCPOOL_PARAMS(lazy_params, .alloc = test_alloc, .free = test_free,
			      .obj_size = 4096, .footprint = SZ_1M);
static DEFINE_SYNCPOOL_PARAMS(lazy_named, .name = "lazy/name", .alloc = test_alloc,
			      .free = test_free);
static DEFINE_SYNCPOOL_PARAMS(lazy_twin, .alloc = test_alloc, .free = test_free);
static DEFINE_SYNCPOOL_PARAMS(lazy_other_twin, .name = "lazy_twin", .alloc = test_alloc,
			      .free = test_free);

static bool lazy_wait(struct syncpool *pool)
{
	unsigned int ms;

	for (ms = 0; ms < 20000 && !READ_ONCE(pool->core); ms++)
		usleep_range(500, 1000);
	return READ_ONCE(pool->core);
}

static struct test_pool *lazy_make(struct kunit *test, struct syncpool *pool)
{
	struct test_pool *tp = test_pool_prepare(test, 64);

	/* a rerun finds the pool ended; loading the module again makes a new one */
	if (test_bit(POOL_STATE_GONE, &pool->state))
		kunit_skip(test, "%s is used up; load the module again", pool->name);
	KUNIT_EXPECT_NULL(test, pool->core);
	KUNIT_EXPECT_EQ(test, syncpool_count(pool), 0UL);
	pool->params.data = tp;
	return tp;
}

/* The pool works like any other now; end it. */
static void lazy_end(struct kunit *test, struct test_pool *tp,
		     struct syncpool *pool)
{
	unsigned long n = syncpool_count(pool);
	struct syncpool_stats stats;
	void *objs[10];
	unsigned int i;

	KUNIT_EXPECT_EQ(test, syncpool_outstanding(pool), 0L);
	KUNIT_EXPECT_EQ(test, syncpool_get_bulk(pool, GFP_KERNEL, 10, objs), 10U);
	for (i = 0; i < 10; i++) {
		test_take(tp, objs[i], ME);
		test_give(tp, objs[i], ME);
	}
	syncpool_put_bulk(pool, 10, objs);
	KUNIT_EXPECT_GE(test, syncpool_count(pool), max(n, 10UL));
	syncpool_read_stats(pool, &stats);
	KUNIT_EXPECT_EQ(test, stats.allocs,
			(unsigned long)atomic_long_read(&tp->allocs));
	syncpool_exit(pool);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs),
			atomic_long_read(&tp->frees));
	test_pool_check(tp);
}

/* A get that may sleep activates the pool at once. */
static void pool_lazy_get(struct kunit *test)
{
	struct test_pool *tp = lazy_make(test, &lazy_get);
	struct test_obj *obj;

	test_stay_on(raw_smp_processor_id());
	obj = test_take(tp, syncpool_get(&lazy_get, GFP_KERNEL), ME);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_NOT_NULL(test, lazy_get.core);
	test_give(tp, obj, ME);
	syncpool_put(&lazy_get, obj);
	KUNIT_EXPECT_EQ(test, syncpool_count(&lazy_get), 1UL);
	lazy_end(test, tp, &lazy_get);
}

/*
 * A get that may not sleep builds an object, and the pool is active soon after.
 * On PREEMPT_RT it builds none with preemption disabled; a second get does.
 */
static void pool_lazy_atomic(struct kunit *test)
{
	struct test_pool *tp = lazy_make(test, &lazy_atomic);
	struct test_obj *obj;

	preempt_disable();
	obj = test_take(tp, syncpool_get(&lazy_atomic, GFP_ATOMIC), ME);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, !obj, IS_ENABLED(CONFIG_PREEMPT_RT));
	KUNIT_EXPECT_TRUE(test, lazy_wait(&lazy_atomic));
	if (!obj)
		obj = test_take(tp, syncpool_get(&lazy_atomic, GFP_ATOMIC), ME);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&lazy_atomic), 1L);
	test_give(tp, obj, ME);
	syncpool_put(&lazy_atomic, obj);
	KUNIT_EXPECT_EQ(test, syncpool_count(&lazy_atomic), 1UL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 0L);
	lazy_end(test, tp, &lazy_atomic);
}

static void pool_lazy_try(struct kunit *test)
{
	struct test_pool *tp = lazy_make(test, &lazy_try);

	KUNIT_EXPECT_NULL(test, syncpool_try_get(&lazy_try));
	KUNIT_EXPECT_TRUE(test, lazy_wait(&lazy_try));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), 0L);
	lazy_end(test, tp, &lazy_try);
}

/* The first use is a put: the object is freed, and the pool is active soon after. */
static void pool_lazy_put(struct kunit *test)
{
	struct test_pool *tp = lazy_make(test, &lazy_put);
	struct test_obj *obj = test_take(tp, test_alloc(GFP_KERNEL, tp), ME);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	test_give(tp, obj, ME);
	syncpool_put(&lazy_put, obj);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 1L);
	KUNIT_EXPECT_TRUE(test, lazy_wait(&lazy_put));
	/* the pool did not build it, so it has freed one more than it built */
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&lazy_put), -1L);
	syncpool_exit(&lazy_put);
	test_pool_check(tp);
}

static void pool_lazy_prefill(struct kunit *test)
{
	struct test_pool *tp = lazy_make(test, &lazy_prefill);
	int err;

	err = syncpool_prefill(&lazy_prefill, 2, GFP_NOWAIT);
	KUNIT_EXPECT_TRUE(test, err == -EAGAIN || (!err && lazy_prefill.core));
	KUNIT_EXPECT_TRUE(test, lazy_wait(&lazy_prefill));
	KUNIT_EXPECT_EQ(test, syncpool_prefill(&lazy_prefill, 7, GFP_KERNEL), 0);
	KUNIT_EXPECT_GE(test, syncpool_count(&lazy_prefill), 7UL);
	lazy_end(test, tp, &lazy_prefill);
}

static void pool_lazy_idle(struct kunit *test)
{
	struct test_pool *tp = lazy_make(test, &lazy_idle);

	KUNIT_EXPECT_EQ(test, syncpool_cleanup(&lazy_idle), 0UL);
	KUNIT_EXPECT_NULL(test, lazy_idle.core);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&lazy_idle, HZ), 0);
	KUNIT_EXPECT_NOT_NULL(test, lazy_idle.core);
	lazy_end(test, tp, &lazy_idle);
}

/* A pool that was never used has nothing to end. */
static void pool_lazy_never(struct kunit *test)
{
	struct syncpool_stats stats;

	lazy_make(test, &lazy_never);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&lazy_never), 0L);
	syncpool_read_stats(&lazy_never, &stats);
	KUNIT_EXPECT_NULL(test, memchr_inv(&stats, 0, sizeof(stats)));
	syncpool_exit(&lazy_never);
	KUNIT_EXPECT_NULL(test, lazy_never.core);
}

static void lazy_race_thread(unsigned int id, void *arg)
{
	struct test_pool *tp = arg;
	unsigned int i;

	for (i = 0; i < 200; i++) {
		gfp_t gfp = id % 2 ? GFP_KERNEL : GFP_ATOMIC;
		struct test_obj *obj;

		obj = test_take(tp, syncpool_get(&lazy_race, gfp), id + 1);
		if (!obj)
			continue;
		test_give(tp, obj, id + 1);
		syncpool_put(&lazy_race, obj);
	}
}

/* Several first users at once: one of them activates the pool. */
static void pool_lazy_race(struct kunit *test)
{
	struct test_pool *tp = lazy_make(test, &lazy_race);

	test_threads(test, 8, lazy_race_thread, tp);
	KUNIT_EXPECT_TRUE(test, lazy_wait(&lazy_race));
	lazy_end(test, tp, &lazy_race);
}

/* Any parameters; the name is the variable's, unless there is one among them. */
static void pool_lazy_params(struct kunit *test)
{
	struct test_pool *tp = lazy_make(test, &lazy_params);

	test_need_shell(test);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&lazy_params, 0), 0);
	KUNIT_EXPECT_EQ(test, listed(lazy_params.id, "lazy_params"), 0);
	KUNIT_EXPECT_EQ(test, test_shell("grep -q '^obj_size 4096$' " STATS, "lazy_params",
					 lazy_params.id), 0);
	KUNIT_EXPECT_EQ(test, test_shell("grep -q '^footprint 1048576$' " STATS, "lazy_params",
					 lazy_params.id), 0);
	lazy_end(test, tp, &lazy_params);
	tp = lazy_make(test, &lazy_named);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&lazy_named, 0), 0);
	KUNIT_EXPECT_STREQ(test, lazy_named.name, "lazy_name");
	KUNIT_EXPECT_EQ(test, listed(lazy_named.id, "lazy_name"), 0);
	lazy_end(test, tp, &lazy_named);
}

/* Two static pools of one name, activated by a get and by the work item. */
static void pool_lazy_twins(struct kunit *test)
{
	struct test_pool *tp = lazy_make(test, &lazy_twin);
	struct test_pool *other = lazy_make(test, &lazy_other_twin);
	struct test_obj *obj;

	test_need_shell(test);
	obj = test_take(tp, syncpool_get(&lazy_twin, GFP_KERNEL), ME);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	if (obj) {
		test_give(tp, obj, ME);
		syncpool_put(&lazy_twin, obj);
	}
	KUNIT_EXPECT_NULL(test, syncpool_try_get(&lazy_other_twin));
	KUNIT_EXPECT_TRUE(test, lazy_wait(&lazy_other_twin));
	names_differ(test, &lazy_twin, &lazy_other_twin);
	lazy_end(test, tp, &lazy_twin);
	lazy_end(test, other, &lazy_other_twin);
}

#define STRESS_THREADS	10U
#define STRESS_HELD	40U
#define STRESS_ROUNDS	4000U

static void stress_bulk(struct test_pool *tp, struct test_obj **objs,
			unsigned int n, unsigned int holder)
{
	unsigned int i;

	n = syncpool_get_bulk(&tp->pool, GFP_NOWAIT, n, (void **)objs);
	for (i = 0; i < n; i++)
		test_take(tp, objs[i], holder);
	for (i = 0; i < n; i++)
		test_give(tp, objs[i], holder);
	syncpool_put_bulk(&tp->pool, n, (void **)objs);
}

static void stress_thread(unsigned int id, void *arg)
{
	struct test_obj *objs[STRESS_HELD];
	struct test_pool *tp = arg;
	u32 seed = id + 1;
	unsigned int i, n;

	for (i = 0; i < STRESS_ROUNDS; i++) {
		/* without preemption, grace periods wait for this */
		cond_resched();
		n = 1 + test_random(&seed) % STRESS_HELD;
		if (id == 0 && i % 64 == 0)
			syncpool_cleanup(&tp->pool);
		if (i % 8 == 0) {
			stress_bulk(tp, objs, n, id + 1);
			continue;
		}
		n = test_get_many(tp, objs, n, id + 1);
		test_put_many(tp, objs, n, id + 1);
	}
}

/* Go's TestPoolStress: 10 threads, with stamps instead of a count. */
static void pool_stress(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 4000, 0);

	test_threads(test, STRESS_THREADS, stress_thread, tp);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	test_pool_end(tp);
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE(pool_put_get),
	KUNIT_CASE(pool_put_null),
	KUNIT_CASE(pool_alloc_when_empty),
	KUNIT_CASE(pool_thousand),
	KUNIT_CASE(pool_bulk),
	KUNIT_CASE(pool_prefill),
	KUNIT_CASE(pool_alloc_fails),
	KUNIT_CASE_PARAM(pool_params, bad_params_gen_params),
	KUNIT_CASE(pool_params_null),
	KUNIT_CASE(pool_names),
	KUNIT_CASE(pool_names_odd),
	KUNIT_CASE(pool_ids),
	KUNIT_CASE(pool_init_twice),
	KUNIT_CASE(pool_on_stack),
	KUNIT_CASE(pool_scope),
	KUNIT_CASE(pool_scope_destroy),
	KUNIT_CASE(pool_lazy_get),
	KUNIT_CASE(pool_lazy_atomic),
	KUNIT_CASE(pool_lazy_try),
	KUNIT_CASE(pool_lazy_put),
	KUNIT_CASE(pool_lazy_prefill),
	KUNIT_CASE(pool_lazy_idle),
	KUNIT_CASE(pool_lazy_never),
	KUNIT_CASE(pool_lazy_race),
	KUNIT_CASE(pool_lazy_params),
	KUNIT_CASE(pool_lazy_twins),
	KUNIT_CASE(pool_stress),
	TEST_CASE_SMP(pool_steal_other),
	{}
};

static struct kunit_suite pool_suite = {
	.name = "pool",
	.test_cases = pool_cases,
};

kunit_test_suite(pool_suite);
