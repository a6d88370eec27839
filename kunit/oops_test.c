// SPDX-License-Identifier: GPL-2.0
/*
 * oops_test - the wrong calls of docs/misuse.md that end in an oops
 *
 * A module of its own, since an oops turns lockdep off until the next boot:
 * scripts/guest/kunit-guest loads it after all others. test_shell() is in
 * pool_kunit.ko.
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/task.h>

#include "test_pool.h"

#define PANIC_ON_OOPS	"/proc/sys/kernel/panic_on_oops"

static void oops_cleanup(struct kunit_resource *res)
{
	test_shell("echo %ld > " PANIC_ON_OOPS, (long)res->data);
}

static int oops_setup(struct kunit_resource *res, void *context)
{
	res->data = (void *)(long)test_shell("exit $(cat " PANIC_ON_OOPS ")");
	return test_shell("echo 0 > " PANIC_ON_OOPS);
}

/* @pool is not a pool, but the compiler must not notice. */
static struct {
	struct syncpool *pool;
	struct completion ready;
	bool survived;
} oops;

static int oops_thread(void *data)
{
	complete(&oops.ready);
	syncpool_get(READ_ONCE(oops.pool), GFP_KERNEL);
	WRITE_ONCE(oops.survived, true);
	return 0;
}

/* A thread that gets from @pool dies. */
static void oops_get(struct kunit *test, struct syncpool *pool)
{
	struct task_struct *task;

	oops.pool = pool;
	oops.survived = false;
	init_completion(&oops.ready);
	task = kthread_create(oops_thread, NULL, "pool_oops");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	pr_info("EXPECT-WARN-BEGIN: NULL|null-ptr|nable to handle|general protection fault|Oops\n");
	wake_up_process(task);
	wait_for_completion(&oops.ready);
	kthread_stop(task);
	test_warn_end();
	put_task_struct(task);
	KUNIT_EXPECT_FALSE(test, oops.survived);
}

static void oops_null_pool(struct kunit *test)
{
	kunit_alloc_resource(test, oops_setup, oops_cleanup, GFP_KERNEL, NULL);
	KUNIT_ASSERT_EQ(test, test_shell("exit $(cat " PANIC_ON_OOPS ")"), 0);
	oops_get(test, NULL);
	oops_get(test, ERR_PTR(-ENOMEM));
}

static struct kunit_case oops_cases[] = {
	KUNIT_CASE(oops_null_pool),
	{}
};

static struct kunit_suite oops_suite = {
	.name = "pool_oops",
	.test_cases = oops_cases,
};

kunit_test_suite(oops_suite);

MODULE_DESCRIPTION("KUnit suite of syncpool that ends in an oops");
MODULE_LICENSE("GPL");
