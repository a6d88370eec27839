// SPDX-License-Identifier: GPL-2.0
/* boot_test - pools that are used before the initcall of syncpool, which is built in */
#include <linux/init.h>
#include <linux/slab.h>

#include "pool_compat.h"
#include "test_pool.h"

#define BUILT	32U	/* objects of a pool that is not active yet, at most */

static unsigned int boot_allocs;
static unsigned int boot_frees;

static void *boot_alloc(gfp_t gfp, void *data)
{
	boot_allocs++;
	return kmalloc(64, gfp);
}

static void boot_free(void *obj, void *data)
{
	boot_frees++;
	kfree(obj);
}

static DEFINE_SYNCPOOL(boot_pool, boot_alloc, boot_free, NULL);
static DEFINE_SYNCPOOL(boot_ended, boot_alloc, boot_free, NULL);
static DEFINE_SYNCPOOL_PARAMS(boot_min, .alloc = boot_alloc, .free = boot_free, .min = 1);

/* What the initcall saw; the test judges it. */
static struct {
	int		err;
	int		err_idle;
	unsigned int	got;
	unsigned int	got_min;
	unsigned int	allocs;
	unsigned int	frees;
	unsigned long	cached;
} boot_seen;

/* Get as many as there are, and put them. */
static unsigned int __init boot_drain(struct syncpool *pool)
{
	void *objs[BUILT + 1];
	unsigned int got;

	for (got = 0; got < ARRAY_SIZE(objs); got++) {
		objs[got] = syncpool_get(pool, GFP_KERNEL);
		if (!objs[got])
			break;
	}
	boot_seen.cached += syncpool_count(pool);
	for (unsigned int i = 0; i < got; i++)
		syncpool_put(pool, objs[i]);
	return got;
}

static int __init boot_use(void)
{
	static struct syncpool pool __initdata;
	struct syncpool_params params = {
		.name = "boot",
		.alloc = boot_alloc,
		.free = boot_free,
	};

	boot_seen.err = syncpool_init(&pool, &params);
	syncpool_exit(&pool);
	boot_seen.err_idle = syncpool_wait_idle(&boot_pool, 0);
	boot_seen.got = boot_drain(&boot_pool);
	/* does not wait for what nobody here can give */
	boot_seen.got_min = boot_drain(&boot_min);
	boot_seen.allocs = boot_allocs;
	boot_seen.frees = boot_frees;
	syncpool_exit(&boot_ended);
	return 0;
}
early_initcall(boot_use);

/* No pool works yet, nothing is lost, and a pool of DEFINE_SYNCPOOL() works later. */
static void boot_early(struct kunit *test)
{
	void *obj;

	if (test_bit(POOL_STATE_GONE, &boot_pool.state))
		kunit_skip(test, "a pool of DEFINE_SYNCPOOL() works once");
	KUNIT_EXPECT_EQ(test, boot_seen.err, -EAGAIN);
	KUNIT_EXPECT_EQ(test, boot_seen.err_idle, -EAGAIN);
	KUNIT_EXPECT_EQ(test, boot_seen.got, BUILT);
	KUNIT_EXPECT_EQ(test, boot_seen.got_min, BUILT);
	KUNIT_EXPECT_EQ(test, boot_seen.allocs, 2 * BUILT);
	KUNIT_EXPECT_EQ(test, boot_seen.frees, 2 * BUILT);
	KUNIT_EXPECT_EQ(test, boot_seen.cached, 0UL);
	obj = syncpool_get(&boot_pool, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	syncpool_put(&boot_pool, obj);
	KUNIT_EXPECT_EQ(test, syncpool_count(&boot_pool), 1UL);
	syncpool_exit(&boot_pool);
	syncpool_exit(&boot_min);
	KUNIT_EXPECT_EQ(test, boot_frees, boot_allocs);
}

/* Debug mode tells its callers by this from the pool itself. */
static void boot_own_text(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, pool_is_own_text((unsigned long)__syncpool_put));
	KUNIT_EXPECT_TRUE(test, pool_is_own_text((unsigned long)pool_shutdown_module));
	KUNIT_EXPECT_FALSE(test, pool_is_own_text((unsigned long)boot_own_text));
	KUNIT_EXPECT_FALSE(test, pool_is_own_text((unsigned long)kfree));
}

static struct kunit_case boot_cases[] = {
	KUNIT_CASE(boot_early),
	KUNIT_CASE(boot_own_text),
	{}
};

static struct kunit_suite boot_suite = {
	.name = "pool_boot",
	.test_cases = boot_cases,
};

kunit_test_suite(boot_suite);
