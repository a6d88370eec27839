// SPDX-License-Identifier: GPL-2.0
/*
 * wait_test - gets that wait for an object: that they return one, in order of arrival,
 * and what ends the wait
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/hardirq.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "wait_test.h"

/* What order_put() waits for while nobody serves. */
static struct {
	bool busy;
	atomic_t tries[2];
} order;

#define TRIES	10

/*
 * Give the object back on a CPU with interrupts off, so that nobody is served, until
 * those that try to get one meanwhile have tried, or for a while.
 */
static void order_put(struct getter *g, struct test_obj *obj)
{
	unsigned long flags;
	unsigned int us;

	local_irq_save(flags);
	test_give(g->tp, obj, g->holder);
	if (g->discard)
		syncpool_discard(&g->tp->pool, obj);
	else
		syncpool_put(&g->tp->pool, obj);
	atomic_set(&order.tries[0], 0);
	atomic_set(&order.tries[1], 0);
	for (us = 0; us < 20000 && READ_ONCE(order.busy); us++) {
		if (atomic_read(&order.tries[0]) >= TRIES &&
		    atomic_read(&order.tries[1]) >= TRIES)
			break;
		udelay(1);
	}
	local_irq_restore(flags);
}

static int getter_fn(void *data)
{
	struct getter *g = data;
	struct test_obj *obj;

	allow_signal(SIGKILL);
	if (g->kill)
		send_sig(SIGKILL, current, 1);
	obj = g->killable ? syncpool_get_killable(&g->tp->pool, g->gfp) :
			    syncpool_get(&g->tp->pool, g->gfp);
	if (test_take(g->tp, obj, g->holder)) {
		if (g->turn)
			g->place = atomic_inc_return(g->turn);
		WRITE_ONCE(g->got, true);
		while (READ_ONCE(g->holds))
			cond_resched();
		order_put(g, obj);
	}
	WRITE_ONCE(g->done, true);
	flush_signals(current);
	while (!kthread_should_stop())
		usleep_range(500, 1000);
	return 0;
}

void getter_start(struct kunit *test, struct getter *g)
{
	g->task = kthread_run(getter_fn, g, "pool_get/%u", g->holder);
	KUNIT_ASSERT_FALSE(test, IS_ERR(g->task));
}

static bool getter_is_asleep(const struct getter *g)
{
	return READ_ONCE(g->task->__state) & TASK_UNINTERRUPTIBLE;
}

/* Start @g, and wait until it sleeps behind @before others. */
void getter_sleep(struct kunit *test, struct getter *g, int before)
{
	getter_start(test, g);
	limit_until(test, limit_waiters(g->tp) > before && getter_is_asleep(g));
}

/* The task ends, also if the test has failed: without limits its get can build. */
void getter_end(struct kunit *test, struct getter *g)
{
	if (!limit_until(test, READ_ONCE(g->done)) && g->tp->active) {
		limit_mend_alloc(g->tp);
		syncpool_resize(&g->tp->pool, 0, 0);
	}
	kthread_stop(g->task);
}

static const struct gfp_case {
	const char *name;
	gfp_t gfp;
} gfp_cases[] = {
	{ "GFP_KERNEL", GFP_KERNEL },
	{ "GFP_NOFS", GFP_NOFS },
	{ "GFP_NOIO", GFP_NOIO },
};

static void gfp_desc(const struct gfp_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(gfp, gfp_cases, gfp_desc);

#define WAITERS	12U
#define GETS	40U

struct never {
	struct test_pool *tp;
	gfp_t gfp;
	atomic_t none;		/* gets that returned NULL, though they may wait */
	atomic_t nowait;	/* gets that may not, and returned one */
};

static void never_thread(unsigned int id, void *arg)
{
	struct never *never = arg;
	bool waits = id < WAITERS;
	struct test_obj *obj;
	u32 seed = id + 1;
	unsigned int i;

	for (i = 0; i < GETS; i++) {
		obj = limit_get(never->tp, waits ? never->gfp : GFP_NOWAIT, id + 1);
		if (test_random(&seed) % 16 == 0)
			usleep_range(20, 200);
		limit_migrate(&seed);
		if (obj)
			test_put(never->tp, obj, id + 1);
		if (waits && !obj)
			atomic_inc(&never->none);
		if (!waits && obj)
			atomic_inc(&never->nowait);
	}
}

/* Though alloc returns nothing, a get that may sleep never returns NULL. */
static void wait_never_null(struct kunit *test)
{
	const struct gfp_case *c = test->param_value;
	struct test_pool *tp = limit_make(test, 2 * KEEP, KEEP, 0);
	struct never never = { .tp = tp, .gfp = c->gfp };

	limit_break_alloc(tp);
	test_threads(test, WAITERS + 2, never_thread, &never);
	KUNIT_EXPECT_EQ(test, atomic_read(&never.none), 0);
	KUNIT_EXPECT_GT(test, test_stats(tp).waits, 0UL);
	KUNIT_EXPECT_GT(test, test_stats(tp).alloc_fails, 0UL);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), (unsigned long)KEEP);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), (long)KEEP);
	kunit_info(test, "%lu waits, %d gets without", test_stats(tp).waits,
		   atomic_read(&never.nowait));
	test_pool_end(tp);
}

/* A get that waits for memory returns once there is some, without any put. */
static void wait_build(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 2 * KEEP, 1, 0);
	struct test_obj *obj = test_get(tp, ME);
	struct getter g = GETTER(tp, ME + 1);

	limit_break_alloc(tp);
	getter_sleep(test, &g, 0);
	limit_mend_alloc(tp);
	getter_end(test, &g);
	KUNIT_EXPECT_TRUE(test, g.got);
	test_put(tp, obj, ME);
	test_pool_end(tp);
}

/* A fatal signal does not end a get, before it waits or while it does. */
static void wait_fatal_signal(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 2 * KEEP, 0, 1);
	struct test_obj *obj = test_get(tp, ME);
	struct getter g = GETTER(tp, ME + 1);

	g.kill = true;
	getter_sleep(test, &g, 0);
	KUNIT_EXPECT_TRUE(test, fatal_signal_pending(g.task));
	send_sig(SIGKILL, g.task, 1);
	msleep(100);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(g.done));
	KUNIT_EXPECT_EQ(test, limit_waiters(tp), 1);
	test_put(tp, obj, ME);
	getter_end(test, &g);
	KUNIT_EXPECT_TRUE(test, g.got);
	test_pool_end(tp);
}

/* It ends syncpool_get_killable(), and the queue goes on without. */
static void wait_killed(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 2 * KEEP, 0, 1);
	struct test_obj *obj = test_get(tp, ME);
	struct getter g = GETTER(tp, ME + 1), next = GETTER(tp, ME + 2);
	struct getter early = GETTER(tp, ME + 3);

	g.killable = true;
	early.killable = true;
	early.kill = true;
	getter_start(test, &g);
	limit_until(test, limit_waiters(tp) == 1);
	getter_sleep(test, &next, 1);
	getter_start(test, &early);
	getter_end(test, &early);
	KUNIT_EXPECT_FALSE(test, early.got);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(g.done));
	send_sig(SIGKILL, g.task, 1);
	getter_end(test, &g);
	KUNIT_EXPECT_FALSE(test, g.got);
	KUNIT_EXPECT_EQ(test, limit_waiters(tp), 1);
	test_put(tp, obj, ME);
	getter_end(test, &next);
	KUNIT_EXPECT_TRUE(test, next.got);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	test_pool_end(tp);
}

struct victim {
	struct test_pool *tp;
	unsigned int killed;
	unsigned int served;
};

static int victim_fn(void *data)
{
	struct victim *v = data;
	struct test_obj *obj;

	allow_signal(SIGKILL);
	while (!kthread_should_stop()) {
		obj = test_take(v->tp, syncpool_get_killable(&v->tp->pool, GFP_KERNEL),
				ME + 1);
		flush_signals(current);
		WRITE_ONCE(v->killed, v->killed + !obj);
		WRITE_ONCE(v->served, v->served + !!obj);
		if (obj)
			test_put(v->tp, obj, ME + 1);
		/* it is the test's turn now */
		usleep_range(100, 200);
	}
	flush_signals(current);
	return 0;
}

/* How often its get has returned. */
static unsigned int victim_gets(const struct victim *v)
{
	return READ_ONCE(v->killed) + READ_ONCE(v->served);
}

static bool kill_takes(struct test_pool *tp, struct test_obj **obj)
{
	*obj = limit_get(tp, GFP_NOWAIT, ME);
	return *obj;
}

/* Kill a task that waits, give it an object, or both at once. False: the test failed. */
static bool kill_round(struct kunit *test, struct victim *v, struct task_struct *task,
		       unsigned int round, u32 *seed)
{
	struct test_pool *tp = v->tp;
	struct test_obj *obj;
	unsigned int gets;

	/* every other four rounds, it may not be overtaken */
	WRITE_ONCE(pool_wait_patience, round % 8 < 4 ? POOL_WAIT_PATIENCE : 0);
	/* one that waits would wait without end for an object that is lost */
	if (!limit_until(test, kill_takes(tp, &obj)))
		return false;
	limit_until(test, limit_waiters(tp));
	gets = victim_gets(v);
	if (round % 4 < 2)
		send_sig(SIGKILL, task, 1);
	if (round % 4 == 0)
		limit_until(test, victim_gets(v) != gets);
	udelay(test_random(seed) % 50);
	test_put(tp, obj, ME);
	if (round % 4 == 2) {
		udelay(test_random(seed) % 50);
		send_sig(SIGKILL, task, 1);
	}
	/* The next round's get may overtake it, if it has been woken and not run yet. */
	return limit_until(test, victim_gets(v) != gets);
}

/* An object that is handed to a task while it is killed is not lost. */
static void wait_killed_served(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 2 * KEEP, 1, 1);
	struct victim v = { .tp = tp };
	struct task_struct *task = kthread_run(victim_fn, &v, "pool_victim");
	unsigned int round;
	u32 seed = 1;

	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (round = 0; round < 200; round++)
		if (!kill_round(test, &v, task, round, &seed))
			break;
	/* so that a get that waits ends, too, and the task with it */
	if (round < 200)
		syncpool_resize(&tp->pool, 0, 0);
	kthread_stop(task);
	KUNIT_EXPECT_GE(test, v.killed, 50U);
	KUNIT_EXPECT_GE(test, v.served, 25U);
	KUNIT_EXPECT_EQ(test, limit_waiters(tp), 0);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tp->pool), 0L);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 1UL);
	kunit_info(test, "%u killed, %u served", v.killed, v.served);
	test_pool_end(tp);
}

static void give_in_task(struct test_pool *tp, struct test_obj *obj)
{
	test_put(tp, obj, ME);
}

static struct {
	struct irq_work work;
	struct test_pool *tp;
	struct test_obj *obj;
	bool in_hardirq;
} give;

static void give_irq(struct irq_work *work)
{
	give.in_hardirq = in_hardirq();
	test_put(give.tp, give.obj, ME);
}

static void give_in_hardirq(struct test_pool *tp, struct test_obj *obj)
{
	give.tp = tp;
	give.obj = obj;
	give.work = IRQ_WORK_INIT_HARD(give_irq);
	irq_work_queue(&give.work);
	irq_work_sync(&give.work);
	KUNIT_EXPECT_TRUE(tp->test, give.in_hardirq);
}

static void give_in_nmi(struct test_pool *tp, struct test_obj *obj)
{
	unsigned long flags = test_nmi_begin();

	test_put(tp, obj, ME);
	test_nmi_end(flags);
}

static const struct give_case {
	const char *name;
	void (*give)(struct test_pool *tp, struct test_obj *obj);
} give_cases[] = {
	{ "task", give_in_task },
	{ "hardirq", give_in_hardirq },
	{ "nmi", give_in_nmi },
};

static void give_desc(const struct give_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(give, give_cases, give_desc);

/*
 * A put hands its object to a strict waiter, and wakes it. Left alone, that task would look
 * for itself within a second, so its state is what tells: it does not sleep again.
 */
static void wait_wakes(struct kunit *test)
{
	const struct give_case *c = test->param_value;
	struct test_pool *tp = limit_make(test, 2 * KEEP, 0, 1);
	unsigned int i;

	if (c->give == give_in_nmi && !SYNCPOOL_NMI_SAFE)
		kunit_skip(test, "a put in NMI is refused here");
	for (i = 0; i < 10; i++) {
		struct test_obj *obj = limit_get(tp, GFP_KERNEL, ME);
		struct getter g = GETTER(tp, ME + 1);

		g.holds = true;
		getter_sleep(test, &g, 0);
		limit_until(test, limit_strict(tp) == 1);
		c->give(tp, obj);
		irq_work_sync(&tp->pool.core->limit->irq);
		KUNIT_EXPECT_EQ(test, READ_ONCE(g.task->__state) & TASK_NORMAL, 0U);
		KUNIT_EXPECT_EQ(test, limit_waiters(tp), 0);
		limit_until(test, READ_ONCE(g.got));
		WRITE_ONCE(g.holds, false);
		getter_end(test, &g);
	}
	/* one that is handed its object before it sleeps does not count */
	KUNIT_EXPECT_GT(test, test_stats(tp).waits, 0UL);
	KUNIT_EXPECT_EQ(test, limit_most(), 1);
	test_pool_end(tp);
}

#define SLEEPERS	8U

static struct {
	struct test_pool *tp;
	atomic_t turn;
	atomic_t early;		/* gets that came before those that wait */
	bool nowait;
} overtake;

/* Try all the time. */
static int overtake_fn(void *data)
{
	bool nowait = data;
	unsigned int holder = 100 + nowait;
	struct test_obj *obj;

	while (!kthread_should_stop()) {
		obj = nowait ? limit_get(overtake.tp, GFP_NOWAIT, holder) :
			       test_try_get(overtake.tp, holder);
		if (obj) {
			if (atomic_read(&overtake.turn) < SLEEPERS)
				atomic_inc(&overtake.early);
			test_put(overtake.tp, obj, holder);
		}
		atomic_inc(&order.tries[nowait]);
		cond_resched();
	}
	return 0;
}

static const struct order_case {
	const char *name;
	bool discard;
} order_cases[] = {
	{ "put", false },
	{ "discard", true },
};

static void order_desc(const struct order_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(order, order_cases, order_desc);

/*
 * Those that have waited for a while are served in order of arrival, and before anybody
 * else.
 */
static void wait_order(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct test_pool *tp = limit_make(test, 2 * KEEP, 0, 1);
	struct getter first = GETTER(tp, ME), g[SLEEPERS];
	struct task_struct *tasks[2];
	unsigned int i;

	limit_wait_for_kicks();
	overtake.tp = tp;
	atomic_set(&overtake.turn, -1);
	atomic_set(&overtake.early, 0);
	first.discard = c->discard;
	first.turn = &overtake.turn;
	first.holds = true;
	getter_start(test, &first);
	limit_until(test, READ_ONCE(first.got));
	for (i = 0; i < SLEEPERS; i++) {
		g[i] = (struct getter)GETTER(tp, ME + 1 + i);
		g[i].discard = c->discard;
		g[i].turn = &overtake.turn;
		getter_sleep(test, &g[i], i);
	}
	limit_until(test, limit_strict(tp) == SLEEPERS);
	for (i = 0; i < 2; i++) {
		tasks[i] = kthread_run(overtake_fn, (void *)(unsigned long)i, "pool_try/%u", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(tasks[i]));
	}
	WRITE_ONCE(order.busy, true);
	WRITE_ONCE(first.holds, false);
	getter_end(test, &first);
	for (i = 0; i < SLEEPERS; i++) {
		getter_end(test, &g[i]);
		KUNIT_EXPECT_EQ(test, g[i].place, (int)i + 1);
	}
	WRITE_ONCE(order.busy, false);
	kthread_stop(tasks[0]);
	kthread_stop(tasks[1]);
	KUNIT_EXPECT_EQ(test, atomic_read(&overtake.early), 0);
	test_pool_end(tp);
}

/* Put @obj, and try to get it again before anybody can be woken. */
static struct test_obj *overtake_once(struct test_pool *tp, struct test_obj *obj)
{
	unsigned long flags;

	local_irq_save(flags);
	test_give(tp, obj, ME);
	syncpool_put(&tp->pool, obj);
	obj = syncpool_try_get(&tp->pool);
	local_irq_restore(flags);
	return test_take(tp, obj, ME) ? obj : NULL;
}

/* A get that waits may be overtaken, but not again after it was woken in vain. */
static void wait_overtaken(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 2 * KEEP, 0, 1);
	struct test_obj *obj = test_get(tp, ME);
	struct getter g = GETTER(tp, ME + 1);

	limit_wait_for_kicks();
	limit_be_patient();
	/* this CPU gets a ring, or its put would go to the stash */
	test_stay_on(cpumask_first(cpu_online_mask));
	test_put(tp, obj, ME);
	obj = test_get(tp, ME);
	getter_sleep(test, &g, 0);
	KUNIT_EXPECT_EQ(test, limit_strict(tp), 0U);
	obj = overtake_once(tp, obj);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	limit_until(test, limit_strict(tp) == 1);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(g.got));
	if (obj)
		obj = overtake_once(tp, obj);
	KUNIT_EXPECT_NULL(test, obj);
	getter_end(test, &g);
	KUNIT_EXPECT_TRUE(test, g.got);
	if (obj)
		test_put(tp, obj, ME);
	test_pool_end(tp);
}

/* Until @what, two seconds at most, without leaving the CPU */
#define wait_spin(what)							\
	for (unsigned int ms = 0; ms < 2000 && !(what); ms++)		\
		mdelay(1)

/*
 * The first one was woken for what was put, and does not run. Another one becomes strict:
 * then the first is handed what is put next, and the other one finds what the first was
 * woken for.
 */
static void wait_first_stuck(struct kunit *test)
{
	unsigned int other = test_other_cpu(test), waited;
	struct test_pool *tp = limit_make(test, 2 * KEEP, 0, 2);
	struct test_obj *objs[2] = { test_get(tp, ME), test_get(tp, ME) };
	struct getter g[2] = { GETTER(tp, ME + 1), GETTER(tp, ME + 2) };
	bool first_ran;

	limit_wait_for_kicks();
	limit_be_patient();
	/* as in wait_overtaken() */
	test_put(tp, objs[0], ME);
	objs[0] = test_get(tp, ME);
	getter_sleep(test, &g[0], 0);
	set_cpus_allowed_ptr(g[0].task, cpumask_of(raw_smp_processor_id()));
	pool_wait_patience = 200 * NSEC_PER_MSEC;
	getter_sleep(test, &g[1], 1);
	set_cpus_allowed_ptr(g[1].task, cpumask_of(other));
	preempt_disable();
	test_put(tp, objs[0], ME);
	waited = limit_waiters(tp);
	wait_spin(limit_strict(tp) == 1);
	test_put(tp, objs[1], ME);
	wait_spin(READ_ONCE(g[1].got));
	first_ran = READ_ONCE(g[0].got);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, waited, 2U);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(g[1].got));
	KUNIT_EXPECT_FALSE(test, first_ran);
	getter_end(test, &g[0]);
	getter_end(test, &g[1]);
	test_pool_end(tp);
}

/* The pool ends while a get waits: a mistake, which is reported, and the get returns. */
static void wait_exit(struct kunit *test)
{
	struct test_pool *tp = limit_make(test, 2 * KEEP, 1, 0);
	struct test_obj *obj = test_get(tp, ME);
	struct getter g = GETTER(tp, ME + 1);

	limit_break_alloc(tp);
	/* so that nothing is out, which would be reported, too */
	test_give(tp, obj, ME);
	syncpool_discard(&tp->pool, obj);
	getter_sleep(test, &g, 0);
	tp->active = false;
	test_warn_begin(test->name, "syncpool_exit\\(\\) during a get that waits");
	syncpool_exit(&tp->pool);
	test_warn_end();
	getter_end(test, &g);
	KUNIT_EXPECT_FALSE(test, g.got);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 1L);
	test_pool_check(tp);
}

static struct kunit_case wait_cases[] = {
	KUNIT_CASE_PARAM(wait_never_null, gfp_gen_params),
	KUNIT_CASE(wait_build),
	KUNIT_CASE(wait_fatal_signal),
	KUNIT_CASE(wait_killed),
	KUNIT_CASE(wait_killed_served),
	KUNIT_CASE_PARAM(wait_wakes, give_gen_params),
	KUNIT_CASE(wait_overtaken),
	TEST_CASE_SMP(wait_first_stuck),
	KUNIT_CASE(wait_exit),
	TEST_CASE_SMP_PARAM(wait_order, order_gen_params),
	{}
};

static struct kunit_suite wait_suite = {
	.name = "pool_wait",
	.test_cases = wait_cases,
};

kunit_test_suite(wait_suite);
