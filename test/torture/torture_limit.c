// SPDX-License-Identifier: GPL-2.0
/*
 * torture_limit - gets that wait, resize, and alloc that fails for a while
 *
 * "Waiters" share a pool with a min and a max below their number, so most of them wait
 * most of the time. A waiter holds nothing while it waits, or they could wait for each
 * other. It gives back what it got itself, from an irq_work in hardirq, by discard, or in
 * bulk. One more kthread changes min and max all the time, and makes alloc fail for some
 * tenths of a second at a time. Three things must hold:
 *
 * - A get that may sleep returns an object, since min is never 0.
 * - No more objects exist than the largest max, in alloc and free as well; see
 *   tort_alloc().
 * - All that went in comes out, as for the other pools.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/irq_work.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "pool_torture.h"

#define TORT_WAITER_FIRST	0x6000U	/* as a holder; roamers are below it */
#define TORT_LIMIT_MAX		24U	/* largest max */
#define TORT_LIMIT_BULK		4U	/* objects that a waiter gets at once */

struct tort_waiter {
	struct torture_random_state	rand;
	u32				holder;
	struct pool_stamp		*objs[TORT_LIMIT_BULK];
	unsigned long			gets;
	unsigned long			nulls;	/* of those that may return NULL */
	struct task_struct		*task;
};

static struct tort_pool tort_limited = {
	.name = "torture-limited",
	.slab = true,
	.min = 4,
	.max = 8,
};

static struct tort_waiter *tort_waiters;
static int tort_nwaiters;
static struct task_struct *tort_resizer_task;
static unsigned long tort_resizes, tort_resize_fails;

/* What an irq_work puts. */
static struct pool_stamp *tort_irq_objs[TORT_LIMIT_MAX];

/* A get in hardirq has no turn to wait for. */
static void tort_limit_irq_use(void)
{
	u32 holder = TORT_HOLDER(TORT_IRQ_WORK, TORT_WAITER_FIRST + raw_smp_processor_id());
	struct pool_stamp *obj = syncpool_get(tort_limited.pool, GFP_ATOMIC);

	if (!obj)
		return;
	tort_take(obj, &tort_limited, holder);
	this_cpu_add(tort_counts.ops[TORT_IRQ_WORK], 2);
	tort_give(obj, &tort_limited, holder);
	syncpool_put(tort_limited.pool, obj);
}

static void tort_limit_irq(struct irq_work *unused)
{
	struct pool_stamp *obj;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tort_irq_objs); i++) {
		obj = xchg(&tort_irq_objs[i], NULL);
		if (obj)
			syncpool_put(tort_limited.pool, obj);
	}
	tort_limit_irq_use();
}

static struct irq_work tort_limit_work = IRQ_WORK_INIT_HARD(tort_limit_irq);

/* False: there is no room. */
static bool tort_limit_put_irq(struct pool_stamp *obj)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tort_irq_objs); i++) {
		if (cmpxchg(&tort_irq_objs[i], NULL, obj))
			continue;
		irq_work_queue(&tort_limit_work);
		return true;
	}
	return false;
}

static void tort_limit_put(struct tort_waiter *w, unsigned int n)
{
	unsigned long r = torture_random(&w->rand) >> 4;
	unsigned int i;

	for (i = 0; i < n; i++)
		tort_give(w->objs[i], &tort_limited, w->holder);
	if (n > 1) {
		syncpool_put_bulk(tort_limited.pool, n, (void **)w->objs);
		return;
	}
	if (r % 16 == 0)
		syncpool_discard(tort_limited.pool, w->objs[0]);
	else if (r % 4 || !tort_limit_put_irq(w->objs[0]))
		syncpool_put(tort_limited.pool, w->objs[0]);
}

/* One get that must return an object, or one that need not. */
static unsigned int tort_limit_get_one(struct tort_waiter *w, unsigned long r)
{
	static const gfp_t gfps[] = { GFP_KERNEL, GFP_NOFS, GFP_NOIO };
	struct syncpool *pool = tort_limited.pool;
	bool must = r % 8 >= 2;

	switch (r % 8) {
	case 0:
		w->objs[0] = syncpool_try_get(pool);
		break;
	case 1:
		w->objs[0] = syncpool_get(pool, GFP_ATOMIC);
		break;
	case 2:
		w->objs[0] = syncpool_get_killable(pool, GFP_KERNEL);
		break;
	default:
		w->objs[0] = syncpool_get(pool, gfps[(r >> 8) % ARRAY_SIZE(gfps)]);
	}
	if (!w->objs[0] && must)
		tort_error("limit: a get that may sleep returned NULL\n");
	return !!w->objs[0];
}

static unsigned int tort_limit_get(struct tort_waiter *w)
{
	unsigned long r = torture_random(&w->rand) >> 4;
	unsigned int n = r % (2 * TORT_LIMIT_BULK);

	if (n <= 1 || n > TORT_LIMIT_BULK)
		return tort_limit_get_one(w, r >> 8);
	n = syncpool_get_bulk(tort_limited.pool, GFP_KERNEL, n, (void **)w->objs);
	if (!n)
		tort_error("limit: a bulk get that may sleep returned nothing\n");
	return n;
}

static int tort_waiter(void *arg)
{
	struct tort_waiter *w = arg;
	unsigned int n, i;

	set_user_nice(current, MAX_NICE);
	while (!torture_must_stop()) {
		n = tort_limit_get(w);
		for (i = 0; i < n; i++)
			tort_take(w->objs[i], &tort_limited, w->holder);
		WRITE_ONCE(w->gets, w->gets + n);
		if (!n)
			WRITE_ONCE(w->nulls, w->nulls + 1);
		this_cpu_add(tort_counts.ops[TORT_TASK], 2 * n);
		if (torture_random(&w->rand) % 4 == 0)
			torture_hrtimeout_us(20, 200000, &w->rand);
		if (n)
			tort_limit_put(w, n);
		cond_resched();
		stutter_wait("tort_waiter");
	}
	torture_kthread_stopping("tort_waiter");
	return 0;
}

/* One change of the bounds. */
static void tort_limit_resize(struct torture_random_state *rand)
{
	unsigned int max = 1 + (torture_random(rand) >> 4) % TORT_LIMIT_MAX;
	unsigned int min = 1 + (torture_random(rand) >> 4) % max;
	int err;

	err = syncpool_resize(tort_limited.pool, min, max);
	if (!err)
		tort_resizes++;
	else if (err == -ENOMEM)
		tort_resize_fails++;
	else
		tort_error("limit: resize returned %d\n", err);
}

static int tort_resizer(void *arg)
{
	DEFINE_TORTURE_RANDOM(rand);

	while (!torture_must_stop()) {
		WRITE_ONCE(tort_limited.dead, (torture_random(&rand) >> 4) % 2);
		torture_hrtimeout_ms(100, 300, &rand);
		tort_limit_resize(&rand);
		stutter_wait("tort_resizer");
	}
	WRITE_ONCE(tort_limited.dead, false);
	torture_kthread_stopping("tort_resizer");
	return 0;
}

int tort_limit_start(int nwaiters)
{
	unsigned int tries = 0;
	int i, err;

	/* its min objects are built, and alloc may fail on purpose */
	do {
		/* what a pool has built that could not be opened is no matter of the next */
		atomic_long_set(&tort_limited.allocs, 0);
		atomic_long_set(&tort_limited.frees, 0);
		atomic_long_set(&tort_limited.fails, 0);
		err = tort_pool_open(&tort_limited, tort_limited.name);
	} while (err == -ENOMEM && ++tries < 100);
	if (err)
		return err;
	tort_limited.max = TORT_LIMIT_MAX;
	tort_waiters = kcalloc(nwaiters, sizeof(*tort_waiters), GFP_KERNEL);
	if (!tort_waiters)
		return -ENOMEM;
	tort_nwaiters = nwaiters;
	for (i = 0; !err && i < nwaiters; i++) {
		tort_waiters[i].holder = TORT_HOLDER(TORT_TASK, TORT_WAITER_FIRST + i);
		err = torture_create_kthread(tort_waiter, &tort_waiters[i],
					     tort_waiters[i].task);
	}
	return err ?: torture_create_kthread(tort_resizer, NULL, tort_resizer_task);
}

/* Waiters come back before the resizer, which keeps min above 0. */
void tort_limit_stop(void)
{
	int i;

	for (i = 0; i < tort_nwaiters; i++)
		torture_stop_kthread(tort_waiter, tort_waiters[i].task);
	torture_stop_kthread(tort_resizer, tort_resizer_task);
	irq_work_sync(&tort_limit_work);
	if (tort_limited.pool)
		tort_pool_settle(&tort_limited);
}

void tort_limit_exit(void)
{
	unsigned long gets = 0, nulls = 0, fewest = ULONG_MAX;
	struct syncpool_stats s;
	int i;

	if (!tort_limited.pool)
		return;
	for (i = 0; i < tort_nwaiters; i++) {
		gets += tort_waiters[i].gets;
		fewest = min(fewest, tort_waiters[i].gets);
		nulls += tort_waiters[i].nulls;
	}
	syncpool_read_stats(tort_limited.pool, &s);
	pr_alert("end: limit: gets %lu, fewest %lu, waits %lu, nulls %lu, resizes %lu, failed %lu, most %d of %u, failed allocs %lu\n",
		 gets, fewest, s.waits, nulls, tort_resizes, tort_resize_fails,
		 atomic_read(&tort_limited.most), TORT_LIMIT_MAX, s.alloc_fails);
	if (gets > 1000 && tort_nwaiters > (int)TORT_LIMIT_MAX / 2 && !s.waits)
		tort_error("limit: no get waited\n");
	tort_pool_close(&tort_limited);
	kfree(tort_waiters);
}
