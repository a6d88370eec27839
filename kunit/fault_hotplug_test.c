// SPDX-License-Identifier: GPL-2.0
/*
 * fault_hotplug_test - flush a dead CPU while there is no memory
 *
 * Every allocation with pool_cpu_dead() among its callers fails. The rest of CPU
 * hotplug in the kernel is spared. The free callback allocates as well, which
 * shows that it does not run inside pool_cpu_dead().
 */
#include <linux/cpu.h>
#include <linux/slab.h>

#include "hotplug_test.h"
#include "test_pool.h"

#define ME	1U
#define CHAINED		POOL_RING_MIN	/* fill the only ring of the chain */
#define MAGAZINE	5U
#define PART		(CHAINED + MAGAZINE + POOL_NESTED)
#define OBJS		(2 * PART)

static struct {
	struct test_obj *objs[OBJS];
	atomic_t without_memory;	/* frees that could not allocate */
	atomic_t with_memory;
} dead;

static void dead_free(void *obj, void *data)
{
	void *p = kmalloc(8, GFP_NOWAIT | __GFP_NOWARN);

	atomic_inc(p ? &dead.with_memory : &dead.without_memory);
	kfree(p);
	test_free(obj, data);
}

static int dead_knobs(const char *start, const char *end, int probability,
		      int times, int verbose, bool ignore)
{
	return test_shell("set -e\n"
			  "cd /sys/kernel/debug\n"
			  "set -- $(sort /proc/kallsyms | awk '\n"
			  "	$3 == \"pool_cpu_dead\" && !begin { begin = $1 }\n"
			  "	begin && ($1 \"\") > (begin \"\") { print \"0x\" begin, \"0x\" $1; exit }')\n"
			  "test $# = 2\n"
			  "for d in failslab fail_page_alloc; do\n"
			  "	echo %d > $d/verbose\n"
			  "	echo %d > $d/ignore-gfp-wait\n"
			  "	echo %s > $d/require-start\n"
			  "	echo %s > $d/require-end\n"
			  "	echo %d > $d/times\n"
			  "	echo %d > $d/probability\n"
			  "done\n"
			  "echo %d > fail_page_alloc/min-order\n",
			  verbose, ignore, start, end, times, probability, ignore);
}

static int dead_suite_init(struct kunit_suite *suite)
{
	return dead_knobs("$1", "$2", 100, -1, 0, false);
}

/* Back to the defaults of the kernel. */
static void dead_suite_exit(struct kunit_suite *suite)
{
	dead_knobs("0", "0xffffffffffffffff", 0, 1, 2, true);
}

/* Allocations from elsewhere succeed. */
static void dead_build(struct kunit *test, struct test_pool *tp)
{
	tp->params.free = dead_free;
	KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	tp->active = true;
	atomic_set(&dead.without_memory, 0);
	atomic_set(&dead.with_memory, 0);
	KUNIT_ASSERT_EQ(test, test_get_many(tp, dead.objs, OBJS, ME), OBJS);
}

/*
 * Put PART of the objects so that the chain has no room and the magazine and the
 * nested slots hold something. Earn room for as many objects as a ring holds first:
 * a spill then moves half of them.
 */
static void dead_fill_from(struct test_pool *tp, struct test_obj **objs)
{
	test_put_many(tp, objs, CHAINED, ME);
	KUNIT_EXPECT_EQ(tp->test, test_get_many(tp, objs, CHAINED, ME), CHAINED);
	test_put_many(tp, objs, CHAINED + MAGAZINE, ME);
	test_put_nested(tp, objs + CHAINED + MAGAZINE, ME);
	KUNIT_EXPECT_EQ(tp->test, test_outside(tp, raw_smp_processor_id()),
			MAGAZINE + POOL_NESTED);
}

static void dead_fill_victim(void *tp)
{
	dead_fill_from(tp, dead.objs);
}

static void dead_fill(void *tp)
{
	dead_fill_from(tp, dead.objs + PART);
}

/* @cpu caches objects in both generations. */
static void dead_cache(struct kunit *test, struct test_pool *tp,
		       unsigned int cpu)
{
	test_on_cpu(test, cpu, dead_fill_victim, tp);
	KUNIT_EXPECT_EQ(test, syncpool_cleanup(&tp->pool), 0UL);
	test_on_cpu(test, cpu, dead_fill, tp);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), (unsigned long)OBJS);
}

/* What cannot go to the chain is freed, outside the callback, and nothing is lost. */
static void dead_without_memory(struct kunit *test)
{
	struct test_pool *tp = test_pool_prepare(test, OBJS);
	unsigned int cpu = hotplug_cpu(test), n;
	unsigned long cached;

	dead_build(test, tp);
	dead_cache(test, tp, cpu);
	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	test_flush(&tp->pool);
	test_pool_check(tp);
	KUNIT_EXPECT_EQ(test, atomic_read(&dead.without_memory), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&dead.with_memory),
			(int)(MAGAZINE + POOL_NESTED));
	/* the chain, and the victim, which is left to other CPUs */
	cached = syncpool_count(&tp->pool);
	KUNIT_EXPECT_EQ(test, cached, (unsigned long)(CHAINED + PART));
	for (n = 0; n < OBJS; n++) {
		dead.objs[n] = test_try_get(tp, ME);
		if (!dead.objs[n])
			break;
	}
	KUNIT_EXPECT_EQ(test, (unsigned long)n, cached);
	test_put_many(tp, dead.objs, n, ME);
	test_pool_end(tp);
	KUNIT_EXPECT_EQ(test, atomic_read(&dead.without_memory), 0);
}

static struct kunit_case dead_cases[] = {
	KUNIT_CASE(dead_without_memory),
	{}
};

static struct kunit_suite dead_suite = {
	.name = "pool_fault_hotplug",
	.suite_init = dead_suite_init,
	.suite_exit = dead_suite_exit,
	.test_cases = dead_cases,
};

kunit_test_suite(dead_suite);
