// SPDX-License-Identifier: GPL-2.0
/* pressure_pool - the pools, their objects, and what happens to these */
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/workqueue.h>

#include "pressure.h"

/* holder of the objects that no user has out */
#define PRESSURE_NOBODY	1
/* enough for a CPU to earn room for as many objects as a magazine has at most */
#define SPREAD_ROUNDS	12

/* protects the list of pools, and everything about a pool but its objects */
DEFINE_MUTEX(pressure_lock);
LIST_HEAD(pressure_pools);

static bool pressure_check(struct pressure_pool *p, const void *obj,
			   enum pool_stamp_error err)
{
	if (!err)
		return true;
	if (atomic_inc_return(&p->errors) == 1)
		pr_alert("pool_pressure: %s: %p: %s\n", p->name, obj,
			 pool_stamp_error_name(err));
	return false;
}

/* Whole pages, and what is left over of the last block goes back. */
void *pressure_alloc(gfp_t gfp, void *data)
{
	struct pressure_pool *p = data;
	struct pressure_obj *obj;

	obj = alloc_pages_exact(p->size, gfp | __GFP_NOWARN);
	if (!obj) {
		atomic_long_inc(&p->fails);
		return NULL;
	}
	pool_stamp_init(&obj->stamp);
	obj->nid = numa_node_id();
	pressure_check(p, obj, pool_stamp_build(&obj->stamp, p));
	atomic_long_inc(&p->built);
	return obj;
}

/* May run inside reclaim. */
void pressure_free(void *data_obj, void *data)
{
	struct pressure_obj *obj = data_obj;
	struct pressure_pool *p = data;

	if (!pressure_check(p, obj, pool_stamp_free(&obj->stamp, p)))
		return;
	atomic_long_inc(&p->freed[obj->nid]);
	if (!(current->flags & (PF_MEMALLOC | PF_WQ_WORKER)) && !pressure_is_user())
		atomic_long_inc(&p->asked);
	free_pages_exact(obj, p->size);
}

long pressure_freed(const struct pressure_pool *p)
{
	unsigned int i;
	long n = 0;

	for (i = 0; i < PRESSURE_NODES; i++)
		n += atomic_long_read(&p->freed[i]);
	return n;
}

/* Its use needs p->nr objects, which are built once in any case. */
long pressure_rebuilt(const struct pressure_pool *p)
{
	return max(atomic_long_read(&p->built) - (long)p->nr, 0L);
}

/* Write to each page, as a user would. */
static void pressure_touch(struct pressure_pool *p, struct pressure_obj *obj)
{
	char *bytes = (char *)obj;
	size_t at;

	for (at = p->size - 1; at > PAGE_SIZE; at -= PAGE_SIZE)
		WRITE_ONCE(bytes[at], bytes[at] + 1);
}

/* Get and touch up to @n objects. Returns how many. */
unsigned int pressure_take(struct pressure_pool *p, struct pressure_obj **objs,
			   unsigned int n, u32 holder)
{
	struct pressure_obj *obj;
	unsigned int got = 0;

	while (n--) {
		atomic_long_inc(&p->gets);
		obj = p->policy->get(p);
		if (!obj)
			continue;
		pressure_check(p, obj, pool_stamp_take(&obj->stamp, p, holder));
		pressure_touch(p, obj);
		objs[got++] = obj;
	}
	return got;
}

void pressure_give(struct pressure_pool *p, struct pressure_obj **objs,
		   unsigned int n, u32 holder)
{
	struct pressure_obj *obj;

	while (n) {
		obj = objs[--n];
		obj->nid = numa_node_id();
		pressure_check(p, obj, pool_stamp_give(&obj->stamp, p, holder));
		p->policy->put(p, obj);
	}
}

static unsigned long pressure_spills(struct pressure_pool *p)
{
	struct syncpool_stats stats = {};

	if (p->sync)
		syncpool_read_stats(p->sync, &stats);
	return stats.spills;
}

struct spread {
	struct pressure_pool *p;
	struct pressure_obj **objs;
	unsigned int n;
	unsigned int want;
};

/* Build this CPU's share here, so that it lies on this node. */
static long spread_build(void *arg)
{
	struct spread *s = arg;

	s->n += pressure_take(s->p, s->objs + s->n, s->want, PRESSURE_NOBODY);
	return 0;
}

/*
 * Put this CPU's share, in a magazine if the pool gives it one: it is earned by
 * getting what was put here before.
 */
static long spread_put(void *arg)
{
	struct spread *s = arg;
	struct pressure_obj **objs = s->objs + s->n - s->want;
	unsigned long spills;
	unsigned int i;

	for (i = 0; i < SPREAD_ROUNDS && s->p->sync; i++) {
		pressure_give(s->p, objs, s->want, PRESSURE_NOBODY);
		if (pressure_take(s->p, objs, s->want, PRESSURE_NOBODY) != s->want)
			return -ENOMEM;
	}
	spills = pressure_spills(s->p);
	pressure_give(s->p, objs, s->want, PRESSURE_NOBODY);
	s->p->spilled += pressure_spills(s->p) - spills;
	s->n -= s->want;
	return 0;
}

/*
 * Build an equal share of the objects of @p, which caches none, on each CPU, and leave
 * it there.
 */
int pressure_pool_spread(struct pressure_pool *p)
{
	struct spread s = { .p = p };
	unsigned int cpu;
	int err = 0;

	lockdep_assert_held(&pressure_lock);
	cpus_read_lock();
	s.want = p->nr / num_online_cpus();
	s.objs = kvmalloc_array(p->nr, sizeof(*s.objs), GFP_KERNEL);
	if (!s.objs)
		err = -ENOMEM;
	for_each_online_cpu(cpu)
		err = err ?: work_on_cpu(cpu, spread_build, &s);
	if (s.n != s.want * num_online_cpus())
		err = err ?: -ENOMEM;
	/* the last share is that of the last CPU */
	for (cpu = nr_cpu_ids; cpu-- && !err;)
		if (cpu_online(cpu))
			err = work_on_cpu(cpu, spread_put, &s);
	if (err)
		pr_err("spread: %d with %u of %u objects in hand\n", err, s.n, p->nr);
	pressure_give(p, s.objs, s.n, PRESSURE_NOBODY);
	cpus_read_unlock();
	kvfree(s.objs);
	return err;
}

/* Build all objects of @p from here. */
int pressure_pool_prefill(struct pressure_pool *p)
{
	struct pressure_obj *obj;
	unsigned int i;

	lockdep_assert_held(&pressure_lock);
	if (p->sync)
		return syncpool_prefill(p->sync, p->nr, GFP_KERNEL);
	for (i = 0; i < p->nr; i++) {
		obj = pressure_alloc(GFP_KERNEL, p);
		if (!obj)
			return -ENOMEM;
		p->policy->put(p, obj);
	}
	return 0;
}

/* Make a pool whose use needs @nr objects. */
int pressure_pool_make(const char *name, const char *policy, unsigned int nr,
		       size_t size, bool known)
{
	struct pressure_pool *p;
	int err;

	lockdep_assert_held(&pressure_lock);
	if (!nr || size < sizeof(struct pressure_obj) || pressure_pool_find(name))
		return -EINVAL;
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	strscpy(p->name, name, sizeof(p->name));
	p->policy = pressure_policy_find(policy);
	p->nr = nr;
	p->size = size;
	p->known = known;
	spin_lock_init(&p->lock);
	INIT_LIST_HEAD(&p->idle);
	p->samples = kvmalloc_array(PRESSURE_SAMPLES, sizeof(*p->samples), GFP_KERNEL);
	err = !p->samples ? -ENOMEM : !p->policy ? -EINVAL : p->policy->init(p);
	if (err) {
		kvfree(p->samples);
		kfree(p);
		return err;
	}
	list_add_tail(&p->list, &pressure_pools);
	return 0;
}

struct pressure_pool *pressure_pool_find(const char *name)
{
	struct pressure_pool *p;

	lockdep_assert_held(&pressure_lock);
	list_for_each_entry(p, &pressure_pools, list)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

/* End a pool; its figures stay. */
void pressure_pool_end(struct pressure_pool *p)
{
	lockdep_assert_held(&pressure_lock);
	pressure_rest(p);
	if (!p->ended)
		p->policy->exit(p);
	p->ended = true;
}

void pressure_pool_forget(struct pressure_pool *p)
{
	pressure_pool_end(p);
	pr_info("pool_pressure: %s: %ld built, %ld not freed, %d errors\n",
		p->name, atomic_long_read(&p->built),
		atomic_long_read(&p->built) - pressure_freed(p),
		atomic_read(&p->errors));
	list_del(&p->list);
	kvfree(p->samples);
	kfree(p);
}
