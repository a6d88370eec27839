// SPDX-License-Identifier: GPL-2.0
/*
 * stock_life - a module that uses pools and unloads
 *
 * On load it fills two pools, a plain one and one whose free callback sleeps. A
 * third one, of DEFINE_SYNCPOOL(), is used by interrupts alone. Every CPU takes
 * some of the objects in hardirq, which exhausts rings. On unload the CPUs put
 * these back from hardirq, while a wait_idle makes one pool free them instead of
 * caching them. The module starts a rotation, ends the pools in the middle of
 * it, and unloads: a callback that runs late finds its code gone.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "pool_compat.h"
#include "syncpool.h"
#include "torture_stamp.h"

#define LIFE_FILL	200U	/* objects put into each pool */
#define LIFE_TAKE	24U	/* objects taken by each CPU from each pool */
#define LIFE_STEP	6U	/* objects put back by one interrupt */

struct life_pool {
	struct syncpool	*pool;
	const char	*name;
	unsigned int	flags;
	atomic_long_t	allocs;
	atomic_long_t	frees;
};

static struct life_pool life_pools[] = {
	{ .name = "life-plain" },
	{ .name = "life-sleeps", .flags = SYNCPOOL_FREE_SLEEPS },
	{ .name = "life_lazy" },
};

#define LIFE_SLEEPS	1U
#define LIFE_LAZY	2U

struct life_held {
	struct life_pool		*life;
	struct pool_stamp	*obj;
};

struct life_cpu {
	struct hrtimer		timer;
	unsigned int		nr;
	struct life_held	held[LIFE_TAKE * ARRAY_SIZE(life_pools)];
};

static struct life_cpu __percpu *life_cpus;
static atomic_t life_errors = ATOMIC_INIT(0);

void tort_error(const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	if (atomic_inc_return(&life_errors) > 20)
		return;
	va_start(args, fmt);
	vaf.va = &args;
	pr_alert("!!! %pV", &vaf);
	va_end(args);
}

static void *life_alloc(gfp_t gfp, void *data)
{
	struct pool_stamp *obj = kzalloc(sizeof(*obj), gfp | __GFP_NOWARN);
	struct life_pool *life = data;

	if (!obj)
		return NULL;
	pool_stamp_init(obj);
	tort_make(obj, life);
	atomic_long_inc(&life->allocs);
	return obj;
}

static void life_free(void *mem, void *data)
{
	struct life_pool *life = data;

	if (life->flags & SYNCPOOL_FREE_SLEEPS)
		might_sleep();
	tort_end(mem, life);
	kfree(mem);
	atomic_long_inc(&life->frees);
}

static DEFINE_SYNCPOOL(life_lazy, life_alloc, life_free, &life_pools[LIFE_LAZY]);

static void life_give(struct life_pool *life, struct pool_stamp *obj, u32 holder)
{
	tort_give(obj, life, holder);
	syncpool_put(life->pool, obj);
}

/* Fill the pool through this CPU, which adds rings of all sizes. */
static int life_fill(struct life_pool *life)
{
	struct pool_stamp **objs;
	unsigned int i, n;

	objs = kcalloc(LIFE_FILL, sizeof(*objs), GFP_KERNEL);
	if (!objs)
		return -ENOMEM;
	for (n = 0; n < LIFE_FILL; n++) {
		objs[n] = syncpool_get(life->pool, GFP_KERNEL);
		if (!objs[n])
			break;
		tort_take(objs[n], life, 1);
	}
	for (i = 0; i < n; i++)
		life_give(life, objs[i], 1);
	kfree(objs);
	return n ? 0 : -ENOMEM;
}

/* Runs on every CPU, in hardirq on all but one. */
static void life_take(void *unused)
{
	struct life_cpu *c = this_cpu_ptr(life_cpus);
	u32 holder = smp_processor_id() + 2;
	struct pool_stamp *obj;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(life_pools); i++) {
		for (k = 0; k < LIFE_TAKE; k++) {
			obj = syncpool_try_get(life_pools[i].pool);
			if (!obj)
				break;
			tort_take(obj, &life_pools[i], holder);
			c->held[c->nr++] = (struct life_held){ &life_pools[i], obj };
		}
	}
}

static void life_put_some(struct life_cpu *c, u32 holder, unsigned int n)
{
	while (n-- && c->nr) {
		struct life_held *held = &c->held[--c->nr];

		tort_pass(held->obj, holder);
		life_give(held->life, held->obj, holder);
	}
}

static enum hrtimer_restart life_timer(struct hrtimer *t)
{
	struct life_cpu *c = container_of(t, struct life_cpu, timer);

	life_put_some(c, 0x10000 + smp_processor_id(), LIFE_STEP);
	hrtimer_forward_now(t, ns_to_ktime(100 * NSEC_PER_USEC));
	return c->nr ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

static void life_start_timer(void *unused)
{
	hrtimer_start(&this_cpu_ptr(life_cpus)->timer,
		      ns_to_ktime(50 * NSEC_PER_USEC),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

/* Call all shrinkers: they rotate, and do not wait for the drain. */
static void life_shrink(void)
{
	struct file *file = filp_open("/proc/sys/vm/drop_caches", O_WRONLY, 0);
	loff_t pos = 0;

	if (IS_ERR(file))
		return;
	if (kernel_write(file, "2", 1, &pos) != 1)
		tort_error("cannot write 2 to drop_caches\n");
	filp_close(file, NULL);
}

static int life_open(struct life_pool *life)
{
	struct syncpool_params params = {
		.name = life->name,
		.alloc = life_alloc,
		.free = life_free,
		.data = life,
		.flags = life->flags,
		.obj_size = sizeof(struct pool_stamp),
	};
	struct syncpool *pool = syncpool_create(&params);

	if (IS_ERR(pool))
		return PTR_ERR(pool);
	life->pool = pool;
	return life_fill(life);
}

static void life_close(struct life_pool *life)
{
	if (life->pool == &life_lazy)
		syncpool_exit(life->pool);
	else if (life->pool)
		syncpool_destroy(life->pool);
	if (atomic_long_read(&life->allocs) != atomic_long_read(&life->frees))
		tort_error("%s: %ld objects built, %ld freed\n", life->name,
			   atomic_long_read(&life->allocs),
			   atomic_long_read(&life->frees));
}

static void life_exit(void)
{
	unsigned int cpu, i;

	on_each_cpu(life_start_timer, NULL, 1);
	/* ignore the result: puts meanwhile are freed, from a work item here */
	syncpool_wait_idle(life_pools[LIFE_SLEEPS].pool, 1);
	life_shrink();
	for_each_possible_cpu(cpu) {
		struct life_cpu *c = per_cpu_ptr(life_cpus, cpu);

		hrtimer_cancel(&c->timer);
		life_put_some(c, 1, c->nr);
	}
	for (i = 0; i < ARRAY_SIZE(life_pools); i++)
		life_close(&life_pools[i]);
	free_percpu(life_cpus);
}

static int __init life_init(void)
{
	unsigned int cpu;
	int err;

	life_cpus = alloc_percpu(struct life_cpu);
	if (!life_cpus)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct hrtimer *t = &per_cpu_ptr(life_cpus, cpu)->timer;

		pool_hrtimer_setup(t, life_timer, CLOCK_MONOTONIC,
				   HRTIMER_MODE_REL_PINNED_HARD);
	}
	life_pools[LIFE_LAZY].pool = &life_lazy;
	err = life_open(&life_pools[0]);
	err = err ?: life_open(&life_pools[LIFE_SLEEPS]);
	if (err) {
		life_exit();
		return err;
	}
	on_each_cpu(life_take, NULL, 1);
	return 0;
}

module_init(life_init);
module_exit(life_exit);
MODULE_DESCRIPTION("Test of syncpool: a user that unloads right after exit");
MODULE_LICENSE("GPL");
