// SPDX-License-Identifier: GPL-2.0
/* hotplug_test - CPUs that go down, what they leave behind, and their return */
#include <linux/cpu.h>
#include <linux/delay.h>

#include "hotplug_test.h"
#include "test_load.h"

#define ME	1U

static void fill_50(void *tp)
{
	test_fill(tp, 50, ME);
}

static void earn_5(void *tp)
{
	test_earn(tp, 5, ME);
}

static void earn_50(void *tp)
{
	test_earn(tp, 50, ME);
}

static int online_setup(struct kunit_resource *res, void *cpu)
{
	res->data = cpu;
	return 0;
}

/* However a test ends, its CPU comes back. */
static void online_cleanup(struct kunit_resource *res)
{
	add_cpu((unsigned long)res->data);
}

/* A CPU to take down; the test stays on another one. */
unsigned int hotplug_cpu(struct kunit *test)
{
	unsigned int cpu = test_other_cpu(test);

	kunit_alloc_resource(test, online_setup, online_cleanup, GFP_KERNEL,
			     (void *)(unsigned long)cpu);
	return cpu;
}

static struct test_pool *callback;

static int callback_dead(unsigned int cpu)
{
	syncpool_cleanup(&callback->pool);
	test_pool_end(callback);
	return 0;
}

static int callback_prepare(unsigned int cpu)
{
	int err = syncpool_init(&callback->pool, &callback->params);

	callback->active = !err;
	return err;
}

/* A pool of @flags ends, and begins, in callbacks of CPU hotplug. */
static void callback_run(struct kunit *test, unsigned int flags)
{
	unsigned int cpu = hotplug_cpu(test);
	int state;

	callback = test_pool_make(test, 64, SYNCPOOL_FREE_SLEEPS | flags);
	state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "syncpool:test",
					  callback_prepare, callback_dead);
	KUNIT_ASSERT_GE(test, state, 0);
	test_fill(callback, 20, ME);
	test_flush(&callback->pool);
	KUNIT_EXPECT_EQ(test, remove_cpu(cpu), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&callback->frees),
			atomic_long_read(&callback->allocs));
	atomic_long_set(&callback->allocs, 0);
	atomic_long_set(&callback->frees, 0);
	KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	cpuhp_remove_state_nocalls(state);
	KUNIT_ASSERT_TRUE(test, callback->active);
	test_fill(callback, 3, ME);
	test_flush(&callback->pool);
	test_pool_end(callback);
}

static void hotplug_callback(struct kunit *test)
{
	callback_run(test, 0);
}

/* Another pool is in debug mode, too: the first one cannot be created there. */
static void hotplug_callback_debug(struct kunit *test)
{
	test_pool_make(test, 8, SYNCPOOL_DEBUG);
	callback_run(test, SYNCPOOL_DEBUG);
}

/* Get every cached object, without building any. */
static unsigned int take_all(struct test_pool *tp, struct test_obj **objs)
{
	unsigned int n;

	for (n = 0; n < tp->nr; n++) {
		objs[n] = test_try_get(tp, ME);
		if (!objs[n])
			break;
	}
	return n;
}

/* What only a dead CPU could reach goes to its chain, where all CPUs find it. */
static void hotplug_flush(struct kunit *test)
{
	unsigned int cpu = hotplug_cpu(test), n;
	struct test_pool *tp = test_pool_make(test, 100, 0);
	struct test_obj *objs[100];

	test_on_cpu(test, cpu, earn_5, tp);
	KUNIT_EXPECT_EQ(test, test_outside(tp, cpu), 5U);
	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	KUNIT_EXPECT_EQ(test, test_outside(tp, cpu), 0U);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 5UL);
	n = take_all(tp, objs);
	KUNIT_EXPECT_EQ(test, n, 5U);
	test_put_many(tp, objs, n, ME);
	KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);
	/* back online, with nothing cached there and nothing earned */
	test_on_cpu(test, cpu, fill_50, tp);
	KUNIT_EXPECT_EQ(test, test_outside(tp, cpu), 0U);
	test_on_cpu(test, cpu, earn_50, tp);
	KUNIT_EXPECT_GT(test, test_outside(tp, cpu), 0U);
	test_pool_check(tp);
	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	n = take_all(tp, objs);
	KUNIT_EXPECT_EQ(test, n, 50U);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 0L);
	test_put_many(tp, objs, n, ME);
	test_pool_end(tp);
}

/* A dead CPU's part of the victim stays as it is, open to other CPUs. */
static void hotplug_victim(struct kunit *test)
{
	unsigned int cpu = hotplug_cpu(test), n;
	struct test_pool *tp = test_pool_make(test, 100, 0);
	struct test_obj *objs[100];

	test_on_cpu(test, cpu, earn_50, tp);
	KUNIT_EXPECT_GT(test, test_outside(tp, cpu), 0U);
	syncpool_cleanup(&tp->pool);
	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 50UL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 0L);
	n = take_all(tp, objs);
	KUNIT_EXPECT_EQ(test, n, 50U);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	test_put_many(tp, objs, n, ME);
	test_pool_end(tp);
}

/* Objects that fill the nested slots, and some in the magazine. */
#define NESTED_OBJS	(POOL_NESTED + 5)

static void put_nested(void *arg)
{
	struct test_obj *objs[NESTED_OBJS];
	struct test_pool *tp = arg;

	test_earn(tp, NESTED_OBJS, ME);
	KUNIT_EXPECT_EQ(tp->test, test_get_many(tp, objs, NESTED_OBJS, ME),
			NESTED_OBJS);
	test_put_many(tp, objs + POOL_NESTED, NESTED_OBJS - POOL_NESTED, ME);
	test_put_nested(tp, objs, ME);
	KUNIT_EXPECT_EQ(tp->test, test_outside(tp, raw_smp_processor_id()),
			NESTED_OBJS);
}

/* No owner has collected what an interrupt put into the nested slots. */
static void hotplug_nested(struct kunit *test)
{
	unsigned int cpu = hotplug_cpu(test), n;
	struct test_pool *tp = test_pool_make(test, NESTED_OBJS, 0);
	struct test_obj *objs[NESTED_OBJS];

	test_on_cpu(test, cpu, put_nested, tp);
	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	test_pool_check(tp);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool),
			(unsigned long)NESTED_OBJS);
	n = take_all(tp, objs);
	KUNIT_EXPECT_EQ(test, n, NESTED_OBJS);
	test_put_many(tp, objs, n, ME);
	test_pool_end(tp);
}

static void hotplug_nested_victim(struct kunit *test)
{
	unsigned int cpu = hotplug_cpu(test), n;
	struct test_pool *tp = test_pool_make(test, NESTED_OBJS, 0);
	struct test_obj *objs[NESTED_OBJS];

	test_on_cpu(test, cpu, put_nested, tp);
	KUNIT_EXPECT_EQ(test, syncpool_cleanup(&tp->pool), 0UL);
	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	test_pool_check(tp);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 0L);
	n = take_all(tp, objs);
	KUNIT_EXPECT_EQ(test, n, NESTED_OBJS);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	test_put_many(tp, objs, n, ME);
	test_pool_end(tp);
}

/* A rotation, a drain and an exit while a CPU is down. */
static void hotplug_down(struct kunit *test)
{
	unsigned int cpu = hotplug_cpu(test);
	struct test_pool *tp = test_pool_make(test, 100, 0);

	test_on_cpu(test, cpu, fill_50, tp);
	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	syncpool_cleanup(&tp->pool);
	syncpool_cleanup(&tp->pool);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);
	test_on_cpu(test, cpu, fill_50, tp);
	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	test_pool_end(tp);
}

/* CPUs go down and come up under a load from every context. */
static void hotplug_under_load(struct kunit *test)
{
	unsigned int first = cpumask_first(cpu_online_mask), cpu, i = 0;
	struct test_pool *tp;
	struct test_load *load;

	hotplug_cpu(test);
	tp = test_pool_make(test, 4000, 0);
	load = test_load_start(tp);
	while (i < 24) {
		for_each_present_cpu(cpu) {
			if (cpu == first)
				continue;
			KUNIT_EXPECT_EQ(test, remove_cpu(cpu), 0);
			msleep(20);
			KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
			i++;
		}
	}
	test_load_stop(load);
	test_flush(&tp->pool);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	test_pool_end(tp);
}

static struct kunit_case hotplug_cases[] = {
	KUNIT_CASE(hotplug_callback),
	KUNIT_CASE(hotplug_callback_debug),
	KUNIT_CASE(hotplug_flush),
	KUNIT_CASE(hotplug_victim),
	KUNIT_CASE(hotplug_nested),
	KUNIT_CASE(hotplug_nested_victim),
	KUNIT_CASE(hotplug_down),
	KUNIT_CASE(hotplug_under_load),
	{}
};

static struct kunit_suite hotplug_suite = {
	.name = "pool_hotplug",
	.test_cases = hotplug_cases,
};

kunit_test_suite(hotplug_suite);
