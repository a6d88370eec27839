// SPDX-License-Identifier: GPL-2.0
/*
 * probe_load - tasks that use the pools too, and make the events happen
 *
 *	move	gets, wakes another task, goes to the next CPU, puts
 *	clean	syncpool_cleanup(), all the time
 *	eat	takes all memory that is free, so that kswapd runs, and frees some
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/oom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "next_cpu.h"
#include "pool_probe.h"

#define PROBE_TASKS	64U
#define PROBE_MOVE	8U		/* objects that a task holds */
#define PROBE_HOLDER_TASK	0x100000U	/* the first of them */

static struct task_struct *probe_tasks[PROBE_TASKS];
static unsigned int probe_nr_tasks;
static struct kmem_cache *probe_cache;
static DEFINE_SPINLOCK(probe_lock);
static DECLARE_COMPLETION(probe_eaten);

/* Free one below a lock, which on most kernels means with interrupts off. */
static void probe_use_cache(void)
{
	void *a = kmem_cache_alloc(probe_cache, GFP_KERNEL);
	void *b = kmem_cache_alloc(probe_cache, GFP_KERNEL);
	unsigned long flags;

	spin_lock_irqsave(&probe_lock, flags);
	if (a)
		kmem_cache_free(probe_cache, a);
	spin_unlock_irqrestore(&probe_lock, flags);
	if (b)
		kmem_cache_free(probe_cache, b);
}

static int probe_move(void *arg)
{
	unsigned long self = (unsigned long)arg;
	struct probe_pool *p = &probe_pools[self % PROBE_POOLS];
	u32 holder = PROBE_HOLDER_TASK + self;
	struct pool_stamp *objs[PROBE_MOVE];
	unsigned int n, i;

	while (!kthread_should_stop()) {
		for (n = 0; n < PROBE_MOVE; n++) {
			objs[n] = syncpool_get(&p->pool, n ? GFP_NOWAIT : GFP_KERNEL);
			if (!objs[n])
				break;
			probe_take(p, objs[n], holder);
		}
		probe_use_cache();
		test_next_cpu();
		for (i = 0; i < n; i++)
			probe_put(p, objs[i], holder);
		usleep_range(50, 2000);
	}
	return 0;
}

static int probe_clean(void *unused)
{
	unsigned int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < PROBE_POOLS; i++)
			syncpool_cleanup(&probe_pools[i].pool);
		msleep_interruptible(probe_cleanup_ms);
	}
	return 0;
}

/* What was eaten. */
static LIST_HEAD(probe_pages);
static unsigned long probe_nr_pages;
static DEFINE_MUTEX(probe_pages_lock);	/* of both */

static bool probe_eat_one(void)
{
	struct page *page;

	mutex_lock(&probe_pages_lock);
	page = alloc_page(GFP_NOWAIT | __GFP_NOWARN);
	if (page) {
		list_add(&page->lru, &probe_pages);
		probe_nr_pages++;
	}
	mutex_unlock(&probe_pages_lock);
	return page;
}

/* Free 1 / @part of what was eaten. Returns pages. */
static unsigned long probe_give_back(unsigned int part)
{
	struct page *page, *next;
	unsigned long n, i = 0;

	mutex_lock(&probe_pages_lock);
	n = probe_nr_pages / part;
	list_for_each_entry_safe(page, next, &probe_pages, lru) {
		if (i == n)
			break;
		list_del(&page->lru);
		__free_page(page);
		if (++i % 256 == 0)
			cond_resched();
	}
	probe_nr_pages -= n;
	mutex_unlock(&probe_pages_lock);
	return n;
}

static int probe_eat(void *unused)
{
	while (!kthread_should_stop()) {
		if (probe_eat_one()) {
			cond_resched();
			continue;
		}
		complete_all(&probe_eaten);
		/* others need some, too */
		probe_give_back(32);
		msleep_interruptible(5);
	}
	probe_give_back(1);
	return 0;
}

/* Nobody is to be killed for what this test has eaten. */
static int probe_oom(struct notifier_block *nb, unsigned long unused, void *freed)
{
	*(unsigned long *)freed += probe_give_back(4);
	return NOTIFY_OK;
}

static struct notifier_block probe_oom_nb = {
	.notifier_call = probe_oom,
};

static int probe_run(int (*fn)(void *arg), unsigned long arg)
{
	struct task_struct *t;

	if (probe_nr_tasks == PROBE_TASKS)
		return 0;
	t = kthread_run(fn, (void *)arg, "pool_probe/%u", probe_nr_tasks);
	if (IS_ERR(t))
		return PTR_ERR(t);
	probe_tasks[probe_nr_tasks++] = t;
	return 0;
}

int probe_load_start(void)
{
	unsigned int i;
	int err;

	probe_cache = kmem_cache_create("pool_probe", 200, 0, 0, NULL);
	if (!probe_cache)
		return -ENOMEM;
	register_oom_notifier(&probe_oom_nb);
	err = probe_run(probe_clean, 0);
	if (probe_eats)
		err = err ?: probe_run(probe_eat, 0);
	for (i = 0; !err && i < 2 * num_online_cpus(); i++)
		err = probe_run(probe_move, i);
	/* with probes it would take much longer */
	if (!err && probe_eats)
		wait_for_completion(&probe_eaten);
	return err;
}

/* While probes run: those put what a task may wait for. */
void probe_load_stop(void)
{
	while (probe_nr_tasks)
		kthread_stop(probe_tasks[--probe_nr_tasks]);
	unregister_oom_notifier(&probe_oom_nb);
	kmem_cache_destroy(probe_cache);
}
