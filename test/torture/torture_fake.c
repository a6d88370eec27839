// SPDX-License-Identifier: GPL-2.0
/*
 * torture_fake - "fakewriters": everything but get and put
 *
 * They rotate, shrink, prefill and poll the pools, wait for them to become idle,
 * mostly in vain, and create, use and destroy pools of their own.
 */
#include <linux/freezer.h>
#include <linux/fs.h>
#include <linux/irq_work.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "pool_torture.h"

#define TORT_SIDE_OBJECTS	40U

enum tort_fake_op {
	TORT_CLEANUP,	/* the first two are twice as frequent */
	TORT_SHRINK,
	TORT_POLL,
	TORT_PREFILL,
	TORT_WAIT,
	TORT_SIDE,
	TORT_FAKE_NR,
};

struct tort_faker {
	struct torture_random_state	rand;
	unsigned int			index;
	struct task_struct		*task;
	unsigned long			done[TORT_FAKE_NR];
	unsigned long			shrunk;
	unsigned long			idle;
};

/* A pool that exists during one call. */
struct tort_side {
	struct tort_pool	tp;
	struct irq_work		put_last;
	struct pool_stamp	*objs[TORT_SIDE_OBJECTS];
	unsigned int		nr;
	char			name[24];
};

static struct tort_faker *tort_fakers;
static int tort_nfakers;

/* opened by the task that loads the module: a kthread of Linux 7 sees no /proc */
static struct file *tort_drop;

static void tort_drop_caches(const char *what)
{
	loff_t pos = 0;

	if (kernel_write(tort_drop, what, 1, &pos) != 1)
		tort_error("drop_caches does not accept %s\n", what);
}

/*
 * Make the kernel run its shrinkers, as an administrator would, since a module
 * cannot call them. They run, and free, in this task.
 */
static void tort_shrink(struct tort_faker *f)
{
	if (!tort_shrink_begin())
		return;
	/* 4: print no message from now on; 2: slab caches, all shrinkers */
	if (f->done[TORT_SHRINK] == 1)
		tort_drop_caches("4");
	tort_drop_caches("2");
	WRITE_ONCE(f->shrunk, f->shrunk + tort_shrink_end());
}

/* Counters never decrease, however many tasks read and write them. */
static void tort_poll(struct tort_pool *tp)
{
	struct syncpool_stats a, b;

	syncpool_read_stats(tp->pool, &a);
	/* inexact while others get and put, but not wild */
	if (syncpool_count(tp->pool) > 1UL << 24)
		tort_error("%s: %lu objects cached\n", tp->name,
			   syncpool_count(tp->pool));
	if (abs(syncpool_outstanding(tp->pool)) > 1L << 24)
		tort_error("%s: %ld objects out\n", tp->name,
			   syncpool_outstanding(tp->pool));
	syncpool_read_stats(tp->pool, &b);
	if (b.allocs < a.allocs || b.steals < a.steals || b.grows < a.grows ||
	    b.rotations < a.rotations || b.nested < a.nested ||
	    b.spills < a.spills || b.refills < a.refills)
		tort_error("%s: a counter decreased\n", tp->name);
}

static void tort_wait(struct tort_faker *f, struct tort_pool *tp)
{
	int err = syncpool_wait_idle(tp->pool, torture_random(&f->rand) / 16 % 4);

	if (!err)
		f->idle++;
	else if (err != -ETIMEDOUT)
		tort_error("%s: wait_idle returned %d\n", tp->name, err);
}

static void tort_side_put_last(struct irq_work *w)
{
	struct tort_side *side = container_of(w, struct tort_side, put_last);

	syncpool_put(side->tp.pool, side->objs[0]);
}

static void tort_side_get(struct tort_side *side, u32 holder)
{
	struct pool_stamp *obj;

	while (side->nr < TORT_SIDE_OBJECTS) {
		obj = syncpool_get(side->tp.pool, GFP_KERNEL);
		if (!obj)
			break;
		tort_take(obj, &side->tp, holder);
		side->objs[side->nr++] = obj;
	}
}

/* Put all but the first object here, the first in an interrupt, which must wake us. */
static void tort_side_put(struct tort_side *side, u32 holder)
{
	unsigned int i;
	int err;

	if (!side->nr)
		return;
	for (i = 0; i < side->nr; i++)
		tort_give(side->objs[i], &side->tp, holder);
	for (i = 1; i < side->nr; i++)
		syncpool_put(side->tp.pool, side->objs[i]);
	side->nr = 0;
	irq_work_queue(&side->put_last);
	err = syncpool_wait_idle(side->tp.pool, 30 * HZ);
	if (err)
		tort_error("%s: the last put did not wake wait_idle: %d\n",
			   side->name, err);
	irq_work_sync(&side->put_last);
}

static void tort_side_use(struct tort_side *side, struct tort_faker *f)
{
	u32 holder = TORT_HOLDER(TORT_TASK, 0x8000 + f->index);
	struct tort_pool twin = { .name = "twin" };
	int err = tort_pool_open(&twin, side->name);

	/* the name is that of the side, too */
	if (!err)
		tort_pool_close(&twin);
	else if (err != -ENOMEM)
		tort_error("a second pool %s: %d\n", side->name, err);
	tort_side_get(side, holder);
	if (torture_random(&f->rand) & BIT(6))
		syncpool_cleanup(side->tp.pool);
	tort_side_put(side, holder);
	tort_side_get(side, holder);
	while (side->nr) {
		tort_give(side->objs[--side->nr], &side->tp, holder);
		syncpool_put(side->tp.pool, side->objs[side->nr]);
	}
	if (torture_random(&f->rand) & BIT(7))
		tort_pool_settle(&side->tp);
}

static void tort_side_life(struct tort_faker *f)
{
	struct tort_side *side = kzalloc(sizeof(*side), GFP_KERNEL);
	int err;

	if (!side)
		return;
	snprintf(side->name, sizeof(side->name), "torture-side-%u", f->index);
	side->tp.name = side->name;
	side->tp.slab = torture_random(&f->rand) & BIT(8);
	if (torture_random(&f->rand) & BIT(9))
		side->tp.flags = SYNCPOOL_FREE_SLEEPS;
	side->put_last = IRQ_WORK_INIT_HARD(tort_side_put_last);
	err = tort_pool_open(&side->tp, side->name);
	if (err) {
		tort_error("%s: cannot be created: %d\n", side->name, err);
	} else {
		tort_side_use(side, f);
		tort_pool_close(&side->tp);
	}
	kfree(side);
}

static void tort_fake_do(struct tort_faker *f, enum tort_fake_op op,
			 struct tort_pool *tp)
{
	f->done[op]++;
	switch (op) {
	case TORT_CLEANUP:
		syncpool_cleanup(tp->pool);
		break;
	case TORT_SHRINK:
		tort_shrink(f);
		break;
	case TORT_POLL:
		tort_poll(tp);
		break;
	case TORT_PREFILL:
		syncpool_prefill(tp->pool, 100, GFP_KERNEL);
		break;
	case TORT_WAIT:
		tort_wait(f, tp);
		break;
	default:
		tort_side_life(f);
	}
}

/* Freezes while the system suspends, as the programs do for which it acts. */
static int tort_faker(void *arg)
{
	struct tort_faker *f = arg;
	enum tort_fake_op op;
	unsigned long r;

	set_user_nice(current, MAX_NICE);
	set_freezable();
	while (!torture_must_stop()) {
		try_to_freeze();
		r = torture_random(&f->rand) >> 4;
		op = r % (TORT_FAKE_NR + 2) % TORT_FAKE_NR;
		tort_fake_do(f, op, tort_pool_any(r >> 8));
		torture_hrtimeout_ms(1 + (r >> 16) % 16, 1000, &f->rand);
		stutter_wait("tort_faker");
	}
	torture_kthread_stopping("tort_faker");
	return 0;
}

int tort_fakers_start(int nfakewriters)
{
	int i, err = 0;

	tort_drop = filp_open("/proc/sys/vm/drop_caches", O_WRONLY, 0);
	if (IS_ERR(tort_drop))
		return PTR_ERR(tort_drop);
	tort_fakers = kcalloc(nfakewriters, sizeof(*tort_fakers), GFP_KERNEL);
	if (!tort_fakers)
		return -ENOMEM;
	tort_nfakers = nfakewriters;
	for (i = 0; !err && i < nfakewriters; i++) {
		tort_fakers[i].index = i;
		err = torture_create_kthread(tort_faker, &tort_fakers[i],
					     tort_fakers[i].task);
	}
	return err;
}

unsigned long tort_fakers_shrunk(void)
{
	unsigned long n = 0;
	int i;

	for (i = 0; i < tort_nfakers; i++)
		n += READ_ONCE(tort_fakers[i].shrunk);
	return n;
}

void tort_fakers_print(void)
{
	unsigned long n[TORT_FAKE_NR] = { 0 }, idle = 0;
	int i, op;

	for (i = 0; i < tort_nfakers; i++) {
		for (op = 0; op < TORT_FAKE_NR; op++)
			n[op] += tort_fakers[i].done[op];
		idle += tort_fakers[i].idle;
	}
	pr_alert("pool_torture: fakewriters: cleanups %lu, shrinks %lu, polls %lu, prefills %lu, waits %lu (idle %lu), pools created %lu\n",
		 n[TORT_CLEANUP], n[TORT_SHRINK], n[TORT_POLL], n[TORT_PREFILL],
		 n[TORT_WAIT], idle, n[TORT_SIDE]);
}

void tort_fakers_stop(void)
{
	int i;

	for (i = 0; i < tort_nfakers; i++)
		torture_stop_kthread(tort_faker, tort_fakers[i].task);
}

void tort_fakers_free(void)
{
	kfree(tort_fakers);
	if (!IS_ERR_OR_NULL(tort_drop))
		filp_close(tort_drop, NULL);
}
