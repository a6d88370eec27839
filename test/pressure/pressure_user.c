// SPDX-License-Identifier: GPL-2.0
/* pressure_user - tasks that use pools, hold off grace periods, write down samples */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "pressure.h"

#define SAMPLE_MS	500
#define MIB_PAGES(n)	((n) >> (20 - PAGE_SHIFT))

unsigned int pressure_phase;

static struct task_struct *hold_task;
static struct task_struct *sample_task;
static u64 sample_start;

static int user_fn(void *arg)
{
	struct pressure_user *u = arg;
	struct pressure_obj **objs;
	unsigned int n;

	objs = kmalloc_array(u->each, sizeof(*objs), GFP_KERNEL);
	while (!kthread_should_stop()) {
		n = objs ? pressure_take(u->pool, objs, u->each, u->id) : 0;
		pressure_give(u->pool, objs, n, u->id);
		if (u->period_us)
			usleep_range(u->period_us, u->period_us + u->period_us / 16);
		cond_resched();
	}
	kfree(objs);
	return 0;
}

/* Is the caller a task that uses a pool? */
bool pressure_is_user(void)
{
	return (current->flags & PF_KTHREAD) && kthread_func(current) == user_fn;
}

/* Start a task that gets @each objects of @p, and puts them back, once a period. */
int pressure_use(struct pressure_pool *p, unsigned long period_us, unsigned int each)
{
	struct pressure_user *u = &p->users[p->nr_users];

	lockdep_assert_held(&pressure_lock);
	if (p->nr_users == PRESSURE_USERS)
		return -ENOSPC;
	u->pool = p;
	u->id = 2 + p->nr_users;
	u->each = each;
	u->period_us = period_us;
	u->task = kthread_run(user_fn, u, "%s/%u", p->name, p->nr_users);
	if (IS_ERR(u->task))
		return PTR_ERR(u->task);
	p->nr_users++;
	return 0;
}

/* Nobody uses @p from here on. */
void pressure_rest(struct pressure_pool *p)
{
	lockdep_assert_held(&pressure_lock);
	while (p->nr_users)
		kthread_stop(p->users[--p->nr_users].task);
}

static int hold_fn(void *arg)
{
	while (!kthread_should_stop()) {
		rcu_read_lock();
		mdelay((unsigned long)arg);
		rcu_read_unlock();
		cond_resched();
	}
	return 0;
}

/* Hold off grace periods for @ms at a time, until called with 0. */
int pressure_hold(unsigned int ms)
{
	struct task_struct *task;

	lockdep_assert_held(&pressure_lock);
	if (hold_task)
		kthread_stop(hold_task);
	hold_task = NULL;
	if (!ms)
		return 0;
	task = kthread_run(hold_fn, (void *)(unsigned long)ms, "pressure_hold");
	if (IS_ERR(task))
		return PTR_ERR(task);
	hold_task = task;
	return 0;
}

static void sample_pool(struct pressure_pool *p)
{
	struct pressure_sample *s = &p->samples[p->nr_samples];

	if (p->ended || p->nr_samples == PRESSURE_SAMPLES)
		return;
	s->ms = ktime_to_ms(ktime_get() - sample_start);
	s->phase = pressure_phase;
	s->cached = p->policy->count(p);
	s->rebuilt = pressure_rebuilt(p);
	s->free = MIB_PAGES(global_zone_page_state(NR_FREE_PAGES));
	s->available = MIB_PAGES(si_mem_available());
	p->nr_samples++;
}

static int sample_fn(void *unused)
{
	struct pressure_pool *p;

	while (!kthread_should_stop()) {
		mutex_lock(&pressure_lock);
		list_for_each_entry(p, &pressure_pools, list)
			sample_pool(p);
		mutex_unlock(&pressure_lock);
		schedule_timeout_interruptible(msecs_to_jiffies(SAMPLE_MS));
	}
	return 0;
}

int pressure_sampler_start(void)
{
	struct task_struct *task;

	sample_start = ktime_get();
	task = kthread_run(sample_fn, NULL, "pressure_sample");
	if (IS_ERR(task))
		return PTR_ERR(task);
	sample_task = task;
	return 0;
}

void pressure_sampler_stop(void)
{
	if (sample_task)
		kthread_stop(sample_task);
	sample_task = NULL;
}
