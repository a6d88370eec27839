// SPDX-License-Identifier: GPL-2.0
/* rotation_test - what survives a rotation, what is freed, and pinned owners */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "recall_test.h"

#define ME	1U

/* Go's TestPoolGC: 100 objects survive one cleanup, but not two. */
static void rotation_survive_one(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 100, 0);

	test_fill(tp, 100, ME);
	KUNIT_EXPECT_EQ(test, syncpool_cleanup(&tp->pool), 0UL);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 100UL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 0L);
	KUNIT_EXPECT_EQ(test, syncpool_cleanup(&tp->pool), 100UL);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 100L);
	KUNIT_EXPECT_EQ(test, syncpool_cleanup(&tp->pool), 0UL);
	KUNIT_EXPECT_EQ(test, test_stats(tp).rotations, 3UL);
	test_pool_end(tp);
}

/* Later generations are freed like the first one, each object once. */
static void rotation_again(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 100, 0);
	long round;

	for (round = 1; round <= 5; round++) {
		test_fill(tp, 100, ME);
		KUNIT_EXPECT_EQ(test, syncpool_cleanup(&tp->pool), 0UL);
		KUNIT_EXPECT_EQ(test, syncpool_cleanup(&tp->pool), 100UL);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 100 * round);
		KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
		test_pool_check(tp);
	}
	test_pool_end(tp);
}

/* A get takes one object from the victim; the others keep ageing. */
static void rotation_victim(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 100, 0);
	struct test_obj *objs[100];

	test_stay_on(raw_smp_processor_id());
	test_fill(tp, 100, ME);
	syncpool_cleanup(&tp->pool);
	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 10, ME), 10U);
	KUNIT_EXPECT_EQ(test, test_stats(tp).victim_hits, 10UL);
	KUNIT_EXPECT_EQ(test, test_stats(tp).allocs, 100UL);
	test_put_many(tp, objs, 10, ME);
	KUNIT_EXPECT_EQ(test, syncpool_cleanup(&tp->pool), 90UL);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 10UL);
	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 11, ME), 11U);
	KUNIT_EXPECT_EQ(test, test_stats(tp).allocs, 101UL);
	test_put_many(tp, objs, 11, ME);
	test_pool_end(tp);
}

static void earn_60(void *tp)
{
	test_earn(tp, 60, ME);
}

/* A grace period after the rotation other CPUs reach all of the victim. */
static void rotation_victim_steal(struct kunit *test)
{
	unsigned int cpu = test_other_cpu(test), n;
	struct test_pool *tp = test_pool_make(test, 60, 0);
	struct test_obj *objs[60];

	test_on_cpu(test, cpu, earn_60, tp);
	KUNIT_EXPECT_GT(test, test_outside(tp, cpu), 0U);
	syncpool_cleanup(&tp->pool);
	for (n = 0; n < 60; n++) {
		objs[n] = test_try_get(tp, ME);
		if (!objs[n])
			break;
	}
	KUNIT_EXPECT_EQ(test, n, 60U);
	KUNIT_EXPECT_EQ(test, test_stats(tp).victim_hits, (unsigned long)n);
	test_put_many(tp, objs, n, ME);
	KUNIT_EXPECT_EQ(test, syncpool_cleanup(&tp->pool), 0UL);
	test_pool_end(tp);
}

/* Steady use over 20 rotations builds no more than the first time. */
static void rotation_steady_use(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 200, 0);
	unsigned int i;

	test_stay_on(raw_smp_processor_id());
	for (i = 0; i < 20; i++) {
		test_fill(tp, 50, ME);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), 50L);
		syncpool_cleanup(&tp->pool);
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 0L);
	KUNIT_EXPECT_EQ(test, test_stats(tp).rotations, 20UL);
	test_pool_end(tp);
}

/*
 * Another task rotates while an owner is in the middle of an operation, pinned and
 * with the try-lock held, on the generation that becomes the victim.
 */
static struct {
	struct task_struct *task;
	enum pool_hook_point point;
	struct test_pool *tp;
	struct completion go;
	struct completion done;
	unsigned long rotations;
	bool rotated;
} pinned;

static void pinned_hook(enum pool_hook_point point)
{
	unsigned int us;

	if (point != pinned.point || current != READ_ONCE(pinned.task))
		return;
	WRITE_ONCE(pinned.task, NULL);
	complete(&pinned.go);
	for (us = 0; us < 10 * USEC_PER_SEC && !READ_ONCE(pinned.rotated); us++)
		udelay(1);
}

/* Have calm reclaim rotate, if it may. */
static void rotate(struct test_pool *tp)
{
	test_pass_interval(tp->pool.core);
	test_calm_scan(tp, 1);
}

/* One rotation succeeds; a second has to wait for the pinned section. */
static int pinned_rotate(void *unused)
{
	struct test_pool *tp = pinned.tp;
	unsigned int i;

	wait_for_completion(&pinned.go);
	for (i = 0; i < 100; i++) {
		rotate(tp);
		usleep_range(100, 200);
	}
	pinned.rotations = test_stats(tp).rotations;
	WRITE_ONCE(pinned.rotated, true);
	complete(&pinned.done);
	return 0;
}

static void pinned_start(struct kunit *test, struct test_pool *tp,
			 unsigned int cpu, enum pool_hook_point point)
{
	struct task_struct *task;

	pinned.tp = tp;
	pinned.point = point;
	pinned.rotated = false;
	init_completion(&pinned.go);
	init_completion(&pinned.done);
	task = kthread_create(pinned_rotate, NULL, "pool_rotate");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	kthread_bind(task, cpu);
	wake_up_process(task);
	test_hook(test, pinned_hook);
	WRITE_ONCE(pinned.task, current);
}

static const struct pinned_case {
	const char *name;
	enum pool_hook_point point;
	bool put;		/* reached by puts, else by gets */
} pinned_cases[] = {
	{ "get", POOL_HOOK_GET, false },
	{ "put", POOL_HOOK_PUT, true },
	{ "spill", POOL_HOOK_SPILL, true },
	{ "refill", POOL_HOOK_REFILL, false },
	{ "steal", POOL_HOOK_STEAL, false },
	{ "victim", POOL_HOOK_VICTIM, false },
};

static void pinned_desc(const struct pinned_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(pinned, pinned_cases, pinned_desc);

#define PINNED_OBJS	200U

static void earn_2(void *tp)
{
	test_earn(tp, 2, ME);
}

static void rotation_under_owner(struct kunit *test)
{
	const struct pinned_case *c = test->param_value;
	unsigned int cpu = test_other_cpu(test), n, tries = 2 * PINNED_OBJS;
	struct test_pool *tp = test_pool_make(test, PINNED_OBJS, 0);
	struct test_obj **objs;

	objs = kunit_kcalloc(test, PINNED_OBJS, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	n = test_get_many(tp, objs, PINNED_OBJS / 2, ME);
	/* out of reach for this CPU, so there is always something to rotate */
	test_on_cpu(test, cpu, earn_2, tp);
	KUNIT_EXPECT_EQ(test, test_outside(tp, cpu), 2U);
	if (!c->put) {
		test_put_many(tp, objs, n, ME);
		n = 0;
	}
	pinned_start(test, tp, cpu, c->point);
	while (READ_ONCE(pinned.task) && (c->put ? n : n < PINNED_OBJS) && tries--) {
		if (c->put)
			test_put(tp, objs[--n], ME);
		else
			objs[n++] = test_get(tp, ME);
		if (!c->put && !objs[n - 1])
			n--;
	}
	KUNIT_EXPECT_NULL(test, pinned.task);
	complete(&pinned.go);
	wait_for_completion(&pinned.done);
	KUNIT_EXPECT_TRUE(test, pinned.rotated);
	KUNIT_EXPECT_EQ(test, pinned.rotations, 1UL);
	test_pool_check(tp);
	test_put_many(tp, objs, n, ME);
	/* the pool rotates again once the owner has finished */
	syncpool_cleanup(&tp->pool);
	KUNIT_EXPECT_EQ(test, test_stats(tp).rotations, 2UL);
	test_pool_end(tp);
}

#define SHARED_THREADS	4U
#define SHARED_ROUNDS	20U

static struct {
	struct test_pool *tp;
	unsigned int nr;	/* threads */
	atomic_t ready;
	struct test_obj *objs[SHARED_THREADS][100];
	unsigned int n[SHARED_THREADS];
} shared;

/* One thread on each CPU; all begin at the same time. */
static void shared_thread(unsigned int id, void *unused)
{
	struct test_obj *obj;

	test_stay_on(cpumask_nth(id, cpu_online_mask));
	shared.n[id] = 0;
	atomic_inc(&shared.ready);
	while (atomic_read(&shared.ready) < shared.nr)
		cond_resched();
	while ((obj = test_try_get(shared.tp, id + 1)))
		shared.objs[id][shared.n[id]++] = obj;
}

static void shared_round(struct test_pool *tp)
{
	unsigned int i, n = 0, cached;

	recall_fill(tp, cpu_online_mask, true);
	cached = syncpool_count(&tp->pool);
	syncpool_cleanup(&tp->pool);
	atomic_set(&shared.ready, 0);
	test_threads(tp->test, shared.nr, shared_thread, NULL);
	for (i = 0; i < shared.nr; i++)
		n += shared.n[i];
	KUNIT_EXPECT_EQ(tp->test, n, cached);
	KUNIT_EXPECT_EQ(tp->test, syncpool_count(&tp->pool), 0UL);
	test_pool_check(tp);
	for (i = 0; i < shared.nr; i++)
		test_put_many(tp, shared.objs[i], shared.n[i], i + 1);
	syncpool_cleanup(&tp->pool);
	syncpool_cleanup(&tp->pool);
}

/* Several CPUs at once take what lies in magazines of the victim, each object once. */
static void rotation_victim_shared(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 100, 0);
	unsigned int i;

	test_other_cpu(test);
	shared.tp = tp;
	shared.nr = min(num_online_cpus(), SHARED_THREADS);
	for (i = 0; i < SHARED_ROUNDS; i++)
		shared_round(tp);
	KUNIT_EXPECT_EQ(test, test_stats(tp).recalls, 0UL);
	test_pool_end(tp);
}

static bool reader_reads;

static int reader_thread(void *unused)
{
	rcu_read_lock();
	WRITE_ONCE(reader_reads, true);
	while (!kthread_should_stop())
		cpu_relax();
	rcu_read_unlock();
	return 0;
}

/* No grace period ends until kthread_stop() of the task that this returns. */
static struct task_struct *reader_begin(struct kunit *test, unsigned int cpu)
{
	struct task_struct *task;

	reader_reads = false;
	task = kthread_run_on_cpu(reader_thread, NULL, cpu, "pool_reader/%u");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	while (!READ_ONCE(reader_reads))
		usleep_range(500, 1000);
	return task;
}

/* Before the grace period the victim's magazines have owners: only these take. */
static void rotation_victim_early(struct kunit *test)
{
	unsigned int cpu = test_other_cpu(test), i;
	struct test_pool *tp = test_pool_make(test, 100, 0);
	struct test_obj *objs[EACH + POOL_NESTED];
	struct task_struct *task;

	recall_fill(tp, cpumask_of(cpu), true);
	task = reader_begin(test, cpu);
	rotate(tp);
	KUNIT_EXPECT_EQ(test, test_stats(tp).rotations, 1UL);
	KUNIT_EXPECT_NULL(test, test_try_get(tp, ME));
	/* the owner hands one over; this get neither sleeps nor builds */
	objs[0] = test_take(tp, syncpool_get(&tp->pool, GFP_KERNEL), ME);
	KUNIT_EXPECT_NOT_NULL(test, objs[0]);
	KUNIT_EXPECT_EQ(test, test_stats(tp).recalls, 1UL);
	KUNIT_EXPECT_NULL(test, test_try_get(tp, ME));
	kthread_stop(task);
	/* the rotation's own; an expedited one, as at boot, tells the pool nothing */
	rcu_barrier();
	for (i = 1; i < EACH + POOL_NESTED; i++) {
		objs[i] = test_try_get(tp, ME);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	KUNIT_EXPECT_EQ(test, test_stats(tp).victim_hits,
			(unsigned long)EACH + POOL_NESTED);
	test_put_many(tp, objs, EACH + POOL_NESTED, ME);
	test_pool_end(tp);
}

/*
 * A generation that becomes active again has closed magazines, though other CPUs took
 * what was in them. Else what is put there next is out of everybody's reach.
 */
static void rotation_closed(struct kunit *test)
{
	unsigned int cpu = test_other_cpu(test), n, i;
	struct test_pool *tp = test_pool_make(test, 100, 0);
	struct syncpool_core *core = tp->pool.core;
	struct pool_generation *gen = core->active;
	struct test_obj *objs[EACH];

	recall_fill(tp, cpumask_of(cpu), false);
	for (i = 0; i < POOL_GENERATIONS; i++) {
		rotate(tp);
		flush_rcu_work(&core->settle_work);
		n = test_get_many(tp, objs, EACH, ME);
		KUNIT_EXPECT_EQ(test, n, EACH);
		test_put_many(tp, objs, n, ME);
	}
	KUNIT_EXPECT_EQ(test, test_stats(tp).rotations, (unsigned long)POOL_GENERATIONS);
	KUNIT_EXPECT_PTR_EQ(test, core->active, gen);
	KUNIT_EXPECT_EQ(test, pool_pcp_capacity(test_pcp(tp, cpu)), 0U);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), (long)EACH);
	test_pool_end(tp);
}

/* The old generation is left alone until a grace period has passed. */
static void rotation_settled(struct kunit *test)
{
	unsigned int cpu = test_other_cpu(test);
	struct test_pool *tp = test_pool_make(test, 10, 0);
	struct syncpool_core *core = tp->pool.core;
	struct task_struct *task;

	test_fill(tp, 10, ME);
	task = reader_begin(test, cpu);
	rotate(tp);
	KUNIT_EXPECT_EQ(test, test_stats(tp).rotations, 1UL);
	/* long enough for a work item that waits for nothing */
	msleep(50);
	mutex_lock(&core->reclaim_lock);
	KUNIT_EXPECT_FALSE(test, core->settled);
	mutex_unlock(&core->reclaim_lock);
	kthread_stop(task);
	flush_rcu_work(&core->settle_work);
	mutex_lock(&core->reclaim_lock);
	KUNIT_EXPECT_TRUE(test, core->settled);
	mutex_unlock(&core->reclaim_lock);
	test_pool_end(tp);
}

static void busy_thread(unsigned int id, void *arg)
{
	struct test_obj *objs[30];
	struct test_pool *tp = arg;
	unsigned int i, n;

	for (i = 0; i < 150; i++) {
		/* without preemption, grace periods wait for this */
		cond_resched();
		if (id < 2) {
			syncpool_cleanup(&tp->pool);
		} else if (id == 2) {
			test_pass_interval(tp->pool.core);
			test_calm_scan(tp, 20);
			test_distress_scan(tp, 4);
			usleep_range(50, 100);
		} else {
			for (n = 0; n < 10; n++)
				test_put_many(tp, objs,
					      test_get_many(tp, objs, 30, id + 1),
					      id + 1);
		}
	}
}

/* Two threads clean up, one scans, five get and put. */
static void rotation_busy(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 2000, 0);

	test_threads(test, 8, busy_thread, tp);
	KUNIT_EXPECT_GE(test, test_stats(tp).rotations, 300UL);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	test_pool_end(tp);
}

/* exit in the middle of a rotation that a scan has begun. */
static void rotation_exit(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 200, 0);
	unsigned int i;

	for (i = 0; i < 10; i++) {
		test_fill(tp, 200, ME);
		rotate(tp);
		test_fill(tp, 20, ME);
		test_pool_end(tp);
		KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
		tp->active = true;
		atomic_long_set(&tp->allocs, 0);
		atomic_long_set(&tp->frees, 0);
	}
	test_pool_end(tp);
}

static struct kunit_case rotation_cases[] = {
	KUNIT_CASE(rotation_survive_one),
	KUNIT_CASE(rotation_again),
	KUNIT_CASE(rotation_victim),
	KUNIT_CASE(rotation_steady_use),
	KUNIT_CASE(rotation_busy),
	KUNIT_CASE(rotation_exit),
	TEST_CASE_SMP(rotation_victim_steal),
	TEST_CASE_SMP(rotation_victim_shared),
	TEST_CASE_SMP(rotation_victim_early),
	TEST_CASE_SMP(rotation_closed),
	TEST_CASE_SMP(rotation_settled),
	TEST_CASE_SMP_PARAM(rotation_under_owner, pinned_gen_params),
	{}
};

static struct kunit_suite rotation_suite = {
	.name = "pool_rotation",
	.test_cases = rotation_cases,
};

kunit_test_suite(rotation_suite);
