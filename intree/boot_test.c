// SPDX-License-Identifier: GPL-2.0
/* boot_test - pools that are used before the initcall of syncpool, which is built in */
#include <linux/init.h>
#include <linux/slab.h>

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

/* What the initcall saw; the test judges it. */
static struct {
	int		err;
	unsigned int	got;
	unsigned int	allocs;
	unsigned int	frees;
	unsigned int	cached;
} boot_seen;

static int __init boot_use(void)
{
	struct syncpool_params params = {
		.name = "boot",
		.alloc = boot_alloc,
		.free = boot_free,
	};
	static struct syncpool pool __initdata;
	void *objs[BUILT + 1];
	unsigned int i;

	boot_seen.err = syncpool_init(&pool, &params);
	syncpool_exit(&pool);
	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		objs[i] = syncpool_get(&boot_pool, GFP_KERNEL);
		if (!objs[i])
			break;
	}
	boot_seen.got = i;
	while (i--)
		syncpool_put(&boot_pool, objs[i]);
	boot_seen.cached = syncpool_count(&boot_pool);
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

	KUNIT_EXPECT_EQ(test, boot_seen.err, -EAGAIN);
	KUNIT_EXPECT_EQ(test, boot_seen.got, BUILT);
	KUNIT_EXPECT_EQ(test, boot_seen.allocs, BUILT);
	KUNIT_EXPECT_EQ(test, boot_seen.frees, BUILT);
	KUNIT_EXPECT_EQ(test, boot_seen.cached, 0U);
	obj = syncpool_get(&boot_pool, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	syncpool_put(&boot_pool, obj);
	KUNIT_EXPECT_EQ(test, syncpool_count(&boot_pool), 1UL);
	syncpool_exit(&boot_pool);
	KUNIT_EXPECT_EQ(test, boot_frees, boot_allocs);
}

static struct kunit_case boot_cases[] = {
	KUNIT_CASE(boot_early),
	{}
};

static struct kunit_suite boot_suite = {
	.name = "pool_boot",
	.test_cases = boot_cases,
};

kunit_test_suite(boot_suite);
