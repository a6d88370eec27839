// SPDX-License-Identifier: GPL-2.0
/* life_test - exit, wait_idle, ageing, unbind, unload, and use after exit */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/irq_work.h>
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "life_test.h"
#include "pool_compat.h"

#define ME	1U

/* The number of objects out at exit is reported; the pool ends nonetheless. */
static void life_exit_out(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 16, 0);
	struct test_obj *objs[3];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 3, ME), 3U);
	test_fill(tp, 5, ME);
	tp->active = false;
	test_warn_begin(test->name, "3 objects still out");
	syncpool_exit(&tp->pool);
	test_warn_end();
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 5L);
	/* an object that comes back later is freed; reported once */
	test_warn_begin(test->name, "used after syncpool_exit");
	test_put(tp, objs[0], ME);
	test_warn_end();
	for (i = 1; i < 3; i++)
		test_put(tp, objs[i], ME);
	test_flush(&tp->pool);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 8L);
	test_pool_check(tp);
}

static void life_get_after_exit(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 16, 0);

	test_fill(tp, 5, ME);
	test_pool_end(tp);
	test_warn_begin(test->name, "used after syncpool_exit");
	KUNIT_EXPECT_NULL(test, syncpool_get(&tp->pool, GFP_KERNEL));
	test_warn_end();
	KUNIT_EXPECT_NULL(test, syncpool_get(&tp->pool, GFP_ATOMIC));
	KUNIT_EXPECT_NULL(test, syncpool_try_get(&tp->pool));
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	KUNIT_EXPECT_EQ(test, syncpool_cleanup(&tp->pool), 0UL);
	/* a second exit is harmless, and the memory may become a pool again */
	syncpool_exit(&tp->pool);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), 5L);
	KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	tp->active = true;
	atomic_long_set(&tp->allocs, 0);
	atomic_long_set(&tp->frees, 0);
	test_fill(tp, 5, ME);
	test_pool_end(tp);
}

static struct {
	struct irq_work work;
	struct test_pool *tp;
	struct test_obj *objs[40];
	unsigned int nr;
} put_all;

static void put_all_irq(struct irq_work *work)
{
	test_put_many(put_all.tp, put_all.objs, put_all.nr, ME);
}

/* Exit with deferred frees, a rotation under way and exhausted rings. */
static void life_exit_in_flight(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		struct test_pool *tp = test_pool_make(test, 200, SYNCPOOL_FREE_SLEEPS);

		put_all.tp = tp;
		put_all.nr = test_get_many(tp, put_all.objs, 40, ME);
		put_all.work = IRQ_WORK_INIT_HARD(put_all_irq);
		test_fill(tp, 150, ME);
		test_pass_interval(tp->pool.core);
		test_calm_scan(tp, 5);
		irq_work_queue(&put_all.work);
		irq_work_sync(&put_all.work);
		tp->active = false;
		syncpool_exit(&tp->pool);
		test_pool_check(tp);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs),
				atomic_long_read(&tp->frees));
	}
}

static void life_idle_at_once(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 16, 0);

	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&tp->pool, 0), 0);
	test_fill(tp, 5, ME);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&tp->pool, MAX_SCHEDULE_TIMEOUT), 0);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&tp->pool, 0), 0);
	test_pool_end(tp);
}

/* After a timeout the pool works as before. */
static void life_idle_timeout(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 64, 0);
	unsigned long start = jiffies;
	struct test_obj *obj;

	test_stay_on(raw_smp_processor_id());
	obj = test_get(tp, ME);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&tp->pool, 0), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&tp->pool, HZ / 4), -ETIMEDOUT);
	KUNIT_EXPECT_TRUE(test, time_after_eq(jiffies, start + HZ / 4));
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 1L);
	test_fill(tp, 30, ME);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 30UL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 0L);
	test_put(tp, obj, ME);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&tp->pool, HZ), 0);
	test_pool_end(tp);
}

struct idle {
	struct test_pool *tp;
	struct test_obj *objs[20];
	atomic_t early;
	atomic_t failed;
	atomic_t waiting;
	bool kept;
};

static bool idling(struct test_pool *tp)
{
	return READ_ONCE(tp->pool.core->mode) == POOL_IDLING;
}

/* Put all but one, use the pool, and put the last, in hardirq. */
static void idle_put(struct idle *idle)
{
	struct test_pool *tp = idle->tp;
	unsigned int ms;

	for (ms = 0; ms < 20000 && !idling(tp); ms++)
		usleep_range(500, 1000);
	/* for the grace period after which the number of objects out is known */
	msleep(200);
	test_put_many(tp, idle->objs, 19, ME);
	test_put(tp, test_get(tp, ME), ME);
	msleep(100);
	/* the 19, and one that was built meanwhile, were freed instead of cached */
	if (atomic_long_read(&tp->frees) < 20)
		WRITE_ONCE(idle->kept, true);
	atomic_set(&idle->early, 3 - atomic_read(&idle->waiting));
	put_all.tp = tp;
	put_all.objs[0] = idle->objs[19];
	put_all.nr = 1;
	put_all.work = IRQ_WORK_INIT_HARD(put_all_irq);
	irq_work_queue(&put_all.work);
	irq_work_sync(&put_all.work);
}

static void idle_thread(unsigned int id, void *arg)
{
	struct idle *idle = arg;

	if (!id) {
		idle_put(idle);
		return;
	}
	atomic_inc(&idle->waiting);
	if (syncpool_wait_idle(&idle->tp->pool, 60 * HZ))
		atomic_inc(&idle->failed);
	atomic_dec(&idle->waiting);
}

/* Three tasks wait; meanwhile puts free; the last put, in hardirq, wakes them. */
static void life_idle_wake(struct kunit *test)
{
	struct idle *idle = kunit_kzalloc(test, sizeof(*idle), GFP_KERNEL);
	struct test_pool *tp = test_pool_make(test, 64, 0);

	KUNIT_ASSERT_NOT_NULL(test, idle);
	idle->tp = tp;
	test_get_many(tp, idle->objs, 20, ME);
	test_fill(tp, 10, ME);
	test_threads(test, 4, idle_thread, idle);
	KUNIT_EXPECT_EQ(test, atomic_read(&idle->failed), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&idle->early), 0);
	KUNIT_EXPECT_FALSE(test, idle->kept);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	/* afterwards the pool caches again */
	test_fill(tp, 20, ME);
	KUNIT_EXPECT_GE(test, syncpool_count(&tp->pool), 20UL);
	test_pool_end(tp);
}

static void idle_load(unsigned int id, void *arg)
{
	struct test_pool *tp = arg;
	struct test_obj *objs[8];
	u32 seed = id + 1;
	unsigned int i;

	for (i = 0; i < 60; i++) {
		if (id < 2) {
			syncpool_wait_idle(&tp->pool, test_random(&seed) % 3);
			continue;
		}
		test_put_many(tp, objs, test_get_many(tp, objs, 8, id + 1), id + 1);
		usleep_range(100, 2000);
	}
}

/* Waiters come and go under load, and no object is lost. */
static void life_idle_busy(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 200, 0);

	test_threads(test, 6, idle_load, tp);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&tp->pool, 0), 0);
	test_pool_end(tp);
}

#define AGE_SECS	"/sys/module/syncpool/parameters/age_secs"

static void age_cleanup(struct kunit_resource *res)
{
	test_shell("echo 120 > " AGE_SECS);
}

static int age_setup(struct kunit_resource *res, void *secs)
{
	return test_shell("echo %lu > " AGE_SECS,
			  (unsigned long)secs);
}

/* Until the test ends, pools rotate that nothing has reclaimed for @secs. */
void life_set_age(struct kunit *test, unsigned long secs)
{
	test_need_shell(test);
	kunit_alloc_resource(test, age_setup, age_cleanup, GFP_KERNEL,
			     (void *)secs);
	KUNIT_ASSERT_EQ(test, test_shell("[ $(cat " AGE_SECS ") = %lu ]",
					 secs), 0);
}

static void awake(void *unused)
{
}

/*
 * Sleep a little. The age timer is deferrable: it waits until its CPU wakes up for
 * something else, which may not happen here. So wake all CPUs.
 */
void life_sleep(struct kunit *test)
{
	unsigned int cpu;

	msleep(20);
	for_each_online_cpu(cpu)
		test_on_cpu(test, cpu, awake, NULL);
}

/* The timer of a pool with nothing cached and nothing out stops. */
static void age_rests(struct kunit *test, struct test_pool *tp)
{
	struct delayed_work *age_work = &tp->pool.core->age_work;
	unsigned long stop = jiffies + AGE_STOP;

	do {
		life_sleep(test);
		/* it may be about to arm the timer again */
		flush_work(&age_work->work);
	} while (delayed_work_pending(age_work) && time_before(jiffies, stop));
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(age_work));
	msleep(1500);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(age_work));
}

/* After two periods an idle pool is empty; refilled, it ages again. */
static void life_age(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 100, 0);
	unsigned int round;
	unsigned long start;

	life_set_age(test, 1);
	for (round = 1; round <= 2; round++) {
		start = jiffies;
		test_fill(tp, 100, ME);
		/* the last ones are counted before they are freed */
		while (atomic_long_read(&tp->frees) < 100L * round &&
		       time_before(jiffies, start + AGE_STOP))
			life_sleep(test);
		KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 100L * round);
		/* the first rotation may come at once, the second may not */
		KUNIT_EXPECT_TRUE(test, time_after(jiffies, start + HZ * 8 / 10));
	}
	age_rests(test, tp);
	test_pool_end(tp);
}

/* An object built during wait_idle may be cached afterwards, so the timer runs. */
static void life_age_idle(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 8, 0);

	life_set_age(test, 1);
	age_rests(test, tp);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&tp->pool, 0), 0);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&tp->pool.core->age_work));
	age_rests(test, tp);
	test_pool_end(tp);
}

static void life_age_off(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 100, 0);

	life_set_age(test, 0);
	test_fill(tp, 100, ME);
	msleep(3000);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 100UL);
	KUNIT_EXPECT_EQ(test, test_stats(tp).rotations, 0UL);
	KUNIT_EXPECT_NE(test, test_shell("echo -1 > " AGE_SECS), 0);
	KUNIT_EXPECT_NE(test, test_shell("echo 4294967295 > " AGE_SECS), 0);
	KUNIT_EXPECT_EQ(test, test_shell("[ $(cat " AGE_SECS ") = 0 ]"), 0);
	test_pool_end(tp);
}

/* Unbinding releases in reverse order: what came before the pool outlives it. */
static struct {
	struct test_pool *tp;
	struct syncpool *pool;
	int step;
	int before;
	int after;
	long frees_after;
	long frees_before;
} devm;

static void devm_before(void *unused)
{
	devm.before = ++devm.step;
	devm.frees_before = atomic_long_read(&devm.tp->frees);
}

static void devm_after(void *unused)
{
	devm.after = ++devm.step;
	devm.frees_after = atomic_long_read(&devm.tp->frees);
}

static int devm_probe(struct platform_device *pdev)
{
	int err = devm_add_action_or_reset(&pdev->dev, devm_before, NULL);

	if (err)
		return err;
	devm.pool = devm_syncpool_create(&pdev->dev, &devm.tp->params);
	if (IS_ERR(devm.pool))
		return PTR_ERR(devm.pool);
	err = devm_add_action_or_reset(&pdev->dev, devm_after, NULL);
	return err ?: syncpool_prefill(devm.pool, 10, GFP_KERNEL);
}

static struct platform_driver devm_driver = {
	.probe = devm_probe,
	.driver.name = "pool_life_devm",
	.driver.bus = &platform_bus_type,
};

static void life_devm(struct kunit *test)
{
	struct platform_device *pdev;

	devm.tp = test_pool_prepare(test, 16);
	devm.step = 0;
	/* no owner, since in 6.1 suites run before their module is in sysfs */
	KUNIT_ASSERT_EQ(test, driver_register(&devm_driver.driver), 0);
	pdev = platform_device_register_simple("pool_life_devm", -1, NULL, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR(pdev));
	if (!IS_ERR(pdev)) {
		KUNIT_EXPECT_EQ(test, syncpool_count(devm.pool), 10UL);
		KUNIT_EXPECT_PTR_EQ(test, pdev->dev.driver, &devm_driver.driver);
		device_release_driver(&pdev->dev);
		KUNIT_EXPECT_EQ(test, devm.after, 1);
		KUNIT_EXPECT_EQ(test, devm.before, 2);
		KUNIT_EXPECT_EQ(test, devm.frees_after, 0L);
		KUNIT_EXPECT_EQ(test, devm.frees_before, 10L);
		platform_device_unregister(pdev);
	}
	driver_unregister(&devm_driver.driver);
	test_pool_check(devm.tp);
}

static void life_devm_error(struct kunit *test)
{
	struct test_pool *tp = test_pool_prepare(test, 4);
	struct device *dev = __root_device_register("pool_life_devm_error", NULL);
	struct syncpool *pool;

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	tp->params.free = NULL;
	pool = devm_syncpool_create(dev, &tp->params);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(pool), -EINVAL);
	root_device_unregister(dev);
}

/*
 * A module that is unloaded without ending its pool, which is in the middle of a
 * rotation. The module is a fake.
 */
static void life_forgotten(struct kunit *test)
{
	struct test_pool *tp = test_pool_prepare(test, 100);
	struct module *mod = pool_module_fake("forgetful");

	KUNIT_ASSERT_TRUE(test, !!mod);
	KUNIT_EXPECT_EQ(test, __syncpool_init(&tp->pool, &tp->params, mod), 0);
	test_fill(tp, 80, ME);
	test_pass_interval(tp->pool.core);
	test_calm_scan(tp, 5);
	test_warn_begin(test->name, "module forgetful unloads without syncpool_exit");
	pool_shutdown_module(mod);
	test_warn_end();
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), 80L);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 80L);
	test_pool_check(tp);
	/* nothing is left of it, and the pools of others are unharmed */
	pool_shutdown_module(mod);
	kfree(mod);
	KUNIT_EXPECT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	syncpool_exit(&tp->pool);
}

/* Pools are created and destroyed, several at a time, with objects in each. */
static void churn_thread(unsigned int id, void *arg)
{
	struct syncpool_params params = {
		.alloc = mempool_kmalloc, .free = mempool_kfree,
		.data = (void *)64, .obj_size = 64,
	};
	atomic_t *failed = arg;
	struct syncpool *pool;
	char name[16];
	unsigned int i;

	snprintf(name, sizeof(name), "churn.%u", id);
	params.name = name;
	for (i = 0; i < 5; i++) {
		pool = syncpool_create(&params);
		if (IS_ERR(pool) || syncpool_prefill(pool, 60, GFP_KERNEL)) {
			atomic_inc(failed);
			break;
		}
		syncpool_destroy(pool);
	}
}

static void life_churn(struct kunit *test)
{
	atomic_t failed = ATOMIC_INIT(0);

	test_threads(test, 6, churn_thread, &failed);
	KUNIT_EXPECT_EQ(test, atomic_read(&failed), 0);
}

static struct kunit_case life_cases[] = {
	KUNIT_CASE(life_exit_out),
	KUNIT_CASE(life_get_after_exit),
	KUNIT_CASE(life_exit_in_flight),
	KUNIT_CASE(life_idle_at_once),
	KUNIT_CASE(life_idle_timeout),
	KUNIT_CASE(life_idle_wake),
	KUNIT_CASE(life_idle_busy),
	KUNIT_CASE(life_age),
	KUNIT_CASE(life_age_idle),
	KUNIT_CASE(life_age_off),
	KUNIT_CASE(life_devm),
	KUNIT_CASE(life_devm_error),
	KUNIT_CASE(life_forgotten),
	KUNIT_CASE(life_churn),
	{}
};

static struct kunit_suite life_suite = {
	.name = "pool_life",
	.test_cases = life_cases,
};

kunit_test_suite(life_suite);
