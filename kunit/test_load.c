// SPDX-License-Identifier: GPL-2.0
/*
 * test_load - a load on one pool from every context at once
 *
 * Threads, and on every CPU softirqs (timers) and hardirqs (hrtimers, irq_work),
 * get and put, and hold some objects from one turn to the next, while one thread
 * cleans up, shrinks and reads counters.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timer.h>

#include "pool_compat.h"
#include "test_load.h"

#define HELD		12U
#define LOAD_THREADS	6U
#define TIMER_NS	(700 * NSEC_PER_USEC)
#define LOAD_SECS	5

/* The objects of one context, which no other touches. */
struct load_context {
	struct test_pool *tp;
	unsigned int holder;
	u32 seed;
	unsigned int nr;
	unsigned long turns;
	struct test_obj *objs[HELD];
};

struct load_cpu {
	struct test_load *load;
	struct timer_list timer;
	struct hrtimer hrtimer;
	struct irq_work work;
	struct load_context softirq;
	struct load_context hardirq;
	struct load_context irq_work;
};

struct test_load {
	struct test_pool *tp;
	bool stop;
	unsigned int threads;
	struct task_struct *tasks[LOAD_THREADS];
	struct load_context context[LOAD_THREADS];
	struct load_cpu __percpu *cpus;
};

static void load_context_init(struct load_context *c, struct test_pool *tp,
			      unsigned int holder)
{
	c->tp = tp;
	c->holder = holder;
	c->seed = holder * 2654435761U;
}

/* Get or put until this context holds a random number of objects. */
static void load_turn(struct load_context *c)
{
	unsigned int want = test_random(&c->seed) % (HELD + 1);

	WRITE_ONCE(c->turns, c->turns + 1);
	while (c->nr < want) {
		c->objs[c->nr] = test_get(c->tp, c->holder);
		if (!c->objs[c->nr])
			break;
		c->nr++;
	}
	while (c->nr > want)
		test_put(c->tp, c->objs[--c->nr], c->holder);
}

static void load_context_end(struct load_context *c)
{
	while (c->nr)
		test_put(c->tp, c->objs[--c->nr], c->holder);
}

/* Raise this CPU's irq_work: on two CPUs at once, it would share a context. */
static void load_raise(struct test_load *load)
{
	preempt_disable();
	irq_work_queue(&this_cpu_ptr(load->cpus)->work);
	preempt_enable();
}

static void load_timer(struct timer_list *timer)
{
	struct load_cpu *lc = container_of(timer, struct load_cpu, timer);

	load_turn(&lc->softirq);
	if (READ_ONCE(lc->load->stop))
		return;
	/* threads may not run on every CPU */
	load_raise(lc->load);
	mod_timer(timer, jiffies + 1);
}

/* However slow the CPU is, it spends at most a third of its time here. */
static enum hrtimer_restart load_hrtimer(struct hrtimer *timer)
{
	struct load_cpu *lc = container_of(timer, struct load_cpu, hrtimer);
	u64 start = ktime_get_ns();

	load_turn(&lc->hardirq);
	if (READ_ONCE(lc->load->stop))
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(TIMER_NS));
	hrtimer_add_expires_ns(timer, 2 * (ktime_get_ns() - start));
	return HRTIMER_RESTART;
}

static void load_irq_work(struct irq_work *work)
{
	load_turn(&container_of(work, struct load_cpu, work)->irq_work);
}

static void load_reclaim(struct test_load *load, unsigned int turn)
{
	struct test_pool *tp = load->tp;

	test_pass_interval(tp->pool.core);
	switch (turn % 8) {
	case 0:
		syncpool_cleanup(&tp->pool);
		break;
	case 1:
		test_distress_scan(tp, 4);
		break;
	case 2:
		test_distress_scan(tp, 8);
		break;
	default:
		test_calm_scan(tp, 32);
	}
	syncpool_count(&tp->pool);
	test_stats(tp);
	usleep_range(200, 1000);
}

/* The first thread reclaims. The others raise the irq_work of their CPU now and then. */
static int load_thread(void *data)
{
	struct load_context *c = data;
	struct test_load *load = container_of(c, struct test_load,
					      context[c->holder - 1]);

	while (!READ_ONCE(load->stop)) {
		if (c->holder == 1) {
			load_reclaim(load, c->turns);
			WRITE_ONCE(c->turns, c->turns + 1);
			continue;
		}
		load_turn(c);
		if (test_random(&c->seed) % 8 == 0)
			load_raise(load);
		if (c->turns % 64 == 0)
			usleep_range(50, 200);
	}
	load_context_end(c);
	return 0;
}

static void load_start_cpu(void *arg)
{
	struct test_load *load = arg;
	struct load_cpu *lc = this_cpu_ptr(load->cpus);

	mod_timer(&lc->timer, jiffies + 1);
	hrtimer_start(&lc->hrtimer, ns_to_ktime(TIMER_NS),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

static void load_init_cpu(struct test_load *load, unsigned int cpu)
{
	struct load_cpu *lc = per_cpu_ptr(load->cpus, cpu);
	unsigned int holder = 100 + 10 * cpu;

	lc->load = load;
	timer_setup(&lc->timer, load_timer, TIMER_PINNED);
	pool_hrtimer_setup(&lc->hrtimer, load_hrtimer, CLOCK_MONOTONIC,
			   HRTIMER_MODE_REL_PINNED_HARD);
	lc->work = IRQ_WORK_INIT_HARD(load_irq_work);
	load_context_init(&lc->softirq, load->tp, holder);
	load_context_init(&lc->hardirq, load->tp, holder + 1);
	load_context_init(&lc->irq_work, load->tp, holder + 2);
}

/*
 * Runs until test_load_stop(), which also reports a thread that could not be
 * created: a failed assertion here would leave the others running.
 */
struct test_load *test_load_start(struct test_pool *tp)
{
	struct test_load *load = kzalloc(sizeof(*load), GFP_KERNEL);
	struct task_struct *task;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(tp->test, load);
	load->tp = tp;
	load->cpus = alloc_percpu(struct load_cpu);
	KUNIT_ASSERT_TRUE(tp->test, !!load->cpus);
	for_each_possible_cpu(i)
		load_init_cpu(load, i);
	for (i = 0; i < LOAD_THREADS; i++) {
		load_context_init(&load->context[i], tp, i + 1);
		task = kthread_run(load_thread, &load->context[i],
				   "pool_load/%u", i);
		if (IS_ERR(task))
			break;
		load->tasks[load->threads++] = get_task_struct(task);
	}
	for_each_online_cpu(i)
		test_on_cpu(tp->test, i, load_start_cpu, load);
	return load;
}

/* The number of turns of the context that had the fewest. */
static unsigned long load_least(struct test_load *load)
{
	unsigned long least = ULONG_MAX;
	struct load_context *c;
	unsigned int i;

	for (i = 0; i < load->threads; i++)
		least = min(least, READ_ONCE(load->context[i].turns));
	for_each_online_cpu(i) {
		struct load_cpu *lc = per_cpu_ptr(load->cpus, i);

		for (c = &lc->softirq; c <= &lc->irq_work; c++)
			least = min(least, READ_ONCE(c->turns));
	}
	return least;
}

/*
 * Sleep until every context has had @turns, or, if that takes more than LOAD_SECS,
 * one.
 */
void test_load_wait(struct test_load *load, unsigned long turns)
{
	unsigned long enough = jiffies + LOAD_SECS * HZ, least;

	do {
		msleep(50);
		least = load_least(load);
	} while (least < turns && (!least || time_before(jiffies, enough)));
}

/* All timers first: those of a CPU that went down have moved to another. */
static void load_end_cpus(struct test_load *load)
{
	struct load_context *c;
	struct load_cpu *lc;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		lc = per_cpu_ptr(load->cpus, cpu);
		pool_timer_delete_sync(&lc->timer);
		hrtimer_cancel(&lc->hrtimer);
	}
	for_each_possible_cpu(cpu) {
		lc = per_cpu_ptr(load->cpus, cpu);
		irq_work_sync(&lc->work);
		for (c = &lc->softirq; c <= &lc->irq_work; c++)
			load_context_end(c);
	}
}

/* Stop, put every object back, and check that every context had a turn. */
void test_load_stop(struct test_load *load)
{
	struct kunit *test = load->tp->test;
	unsigned long least;
	unsigned int i;

	WRITE_ONCE(load->stop, true);
	for (i = 0; i < load->threads; i++) {
		kthread_stop(load->tasks[i]);
		put_task_struct(load->tasks[i]);
	}
	least = load_least(load);
	load_end_cpus(load);
	KUNIT_EXPECT_EQ(test, load->threads, LOAD_THREADS);
	KUNIT_EXPECT_GT(test, least, 0UL);
	free_percpu(load->cpus);
	kfree(load);
}
