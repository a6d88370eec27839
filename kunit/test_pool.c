// SPDX-License-Identifier: GPL-2.0
/* test_pool - what the suites share; see test_pool.h */
#include <linux/completion.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/umh.h>
#include <linux/vmalloc.h>

#include "pool_defer.h"
#include "test_pool.h"

/* Count @error, if there is one. True if there is none. */
static bool test_ok(struct test_pool *tp, unsigned int error)
{
	if (error)
		atomic_long_inc(&tp->errors[error]);
	return !error;
}

static bool test_is_known(struct test_pool *tp, const struct test_obj *obj)
{
	unsigned long offset = (const char *)obj - (const char *)tp->objs;

	if (offset < tp->nr * sizeof(*obj) && offset % sizeof(*obj) == 0)
		return true;
	return test_ok(tp, POOL_STAMP_STRANGER);
}

static struct test_obj *test_unused_pop(struct test_pool *tp)
{
	struct test_obj *obj = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&tp->lock, flags);
	if (tp->nr_unused) {
		obj = tp->unused[tp->first_unused];
		tp->first_unused = (tp->first_unused + 1) % tp->nr;
		tp->nr_unused--;
	}
	raw_spin_unlock_irqrestore(&tp->lock, flags);
	return obj;
}

static void test_unused_push(struct test_pool *tp, struct test_obj *obj)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&tp->lock, flags);
	tp->unused[(tp->first_unused + tp->nr_unused++) % tp->nr] = obj;
	raw_spin_unlock_irqrestore(&tp->lock, flags);
}

void *test_alloc(gfp_t gfp, void *data)
{
	struct test_pool *tp = data;
	struct test_obj *obj;

	test_ok(tp, pool_may_call_user() ? 0 : TEST_ERR_CONTEXT);
	if (atomic_read(&tp->failing) > 0 && atomic_dec_return(&tp->failing) >= 0)
		return NULL;
	obj = test_unused_pop(tp);
	if (!obj)
		return NULL;
	test_ok(tp, pool_stamp_build(&obj->stamp, tp));
	atomic_long_inc(&tp->allocs);
	return obj;
}

void test_free(void *ptr, void *data)
{
	struct test_pool *tp = data;
	struct test_obj *obj = ptr;

	/* not pool_may_use_slab(), which is among what is tested here */
	test_ok(tp, irqs_disabled() || in_nmi() ? TEST_ERR_CONTEXT : 0);
	if (!test_is_known(tp, obj))
		return;
	atomic_long_inc(&tp->frees);
	if (test_ok(tp, pool_stamp_free(&obj->stamp, tp)))
		test_unused_push(tp, obj);
}

/* For SYNCPOOL_FREE_SLEEPS. */
void test_free_sleeps(void *obj, void *data)
{
	might_sleep();
	test_free(obj, data);
}

/* @ptr, which may be NULL, is what a get returned. */
struct test_obj *test_take(struct test_pool *tp, void *ptr, unsigned int holder)
{
	struct test_obj *obj = ptr;

	if (!obj || !test_is_known(tp, obj))
		return NULL;
	test_ok(tp, pool_stamp_take(&obj->stamp, tp, holder));
	return obj;
}

struct test_obj *test_get(struct test_pool *tp, unsigned int holder)
{
	return test_take(tp, syncpool_get(&tp->pool, GFP_NOWAIT), holder);
}

struct test_obj *test_try_get(struct test_pool *tp, unsigned int holder)
{
	return test_take(tp, syncpool_try_get(&tp->pool), holder);
}

/* @holder no longer holds @obj, and puts it next. */
void test_give(struct test_pool *tp, struct test_obj *obj, unsigned int holder)
{
	test_ok(tp, pool_stamp_give(&obj->stamp, tp, holder));
}

void test_put(struct test_pool *tp, struct test_obj *obj, unsigned int holder)
{
	test_give(tp, obj, holder);
	syncpool_put(&tp->pool, obj);
}

unsigned int test_get_many(struct test_pool *tp, struct test_obj **objs,
			   unsigned int n, unsigned int holder)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		objs[i] = test_get(tp, holder);
		if (!objs[i])
			break;
	}
	return i;
}

void test_put_many(struct test_pool *tp, struct test_obj **objs,
		   unsigned int n, unsigned int holder)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		test_put(tp, objs[i], holder);
}

/* Get @n objects and put them back, so that the pool caches them. */
void test_fill(struct test_pool *tp, unsigned int n, unsigned int holder)
{
	struct test_obj **objs = kunit_kcalloc(tp->test, n, sizeof(*objs),
					       GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(tp->test, objs);
	KUNIT_ASSERT_EQ(tp->test, test_get_many(tp, objs, n, holder), n);
	test_put_many(tp, objs, n, holder);
	kunit_kfree(tp->test, objs);
}

struct syncpool_stats test_stats(struct test_pool *tp)
{
	struct syncpool_stats stats;

	syncpool_read_stats(&tp->pool, &stats);
	return stats;
}

/* Wait until what was deferred is freed. */
void test_flush(struct syncpool *pool)
{
	struct syncpool_core *core = READ_ONCE(pool->core);

	if (core)
		pool_defer_flush(core);
}

/* No error so far, and the pool's own counters agree with the stamps. */
void test_pool_check(struct test_pool *tp)
{
	unsigned int i, held = 0;

	for (i = 0; i < POOL_STAMP_ERRORS; i++)
		KUNIT_EXPECT_EQ_MSG(tp->test, atomic_long_read(&tp->errors[i]), 0L,
				    "%s", pool_stamp_error_name(i));
	KUNIT_EXPECT_EQ_MSG(tp->test, atomic_long_read(&tp->errors[TEST_ERR_CONTEXT]),
			    0L, "callback where it may not run");
	for (i = 0; i < tp->nr; i++)
		held += pool_stamp_is_held(&tp->objs[i].stamp);
	if (!tp->active)
		return;
	KUNIT_EXPECT_EQ(tp->test, syncpool_outstanding(&tp->pool), (long)held);
	KUNIT_EXPECT_EQ(tp->test, test_stats(tp).allocs,
			(unsigned long)atomic_long_read(&tp->allocs));
	KUNIT_EXPECT_EQ(tp->test, test_stats(tp).frees,
			(unsigned long)atomic_long_read(&tp->frees));
}

/* End the pool: every object that was built has been freed, each once. */
void test_pool_end(struct test_pool *tp)
{
	if (!tp->active)
		return;
	test_pool_check(tp);
	tp->active = false;
	syncpool_exit(&tp->pool);
	test_pool_check(tp);
	KUNIT_EXPECT_EQ(tp->test, atomic_long_read(&tp->allocs),
			atomic_long_read(&tp->frees));
}

static int test_pool_setup(struct kunit_resource *res, void *context)
{
	res->data = context;
	return 0;
}

/* A test that ended early has left its pool active. */
static void test_pool_cleanup(struct kunit_resource *res)
{
	struct test_pool *tp = res->data;

	if (tp->active)
		syncpool_exit(&tp->pool);
	vfree(tp->unused);
	vfree(tp->objs);
	kfree(tp);
}

/* @nr objects and the params of a pool of them, which is not made yet. */
struct test_pool *test_pool_prepare(struct kunit *test, unsigned int nr)
{
	struct test_pool *tp = kzalloc(sizeof(*tp), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, tp);
	tp->objs = vzalloc(array_size(nr, sizeof(*tp->objs)));
	tp->unused = vmalloc(array_size(nr, sizeof(*tp->unused)));
	kunit_alloc_resource(test, test_pool_setup, test_pool_cleanup,
			     GFP_KERNEL, tp);
	KUNIT_ASSERT_NOT_NULL(test, tp->objs);
	KUNIT_ASSERT_NOT_NULL(test, tp->unused);
	tp->test = test;
	tp->nr = nr;
	raw_spin_lock_init(&tp->lock);
	for (i = 0; i < nr; i++) {
		pool_stamp_init(&tp->objs[i].stamp);
		tp->unused[tp->nr_unused++] = &tp->objs[i];
	}
	tp->params = (struct syncpool_params){
		.name = test->name,
		.alloc = test_alloc,
		.free = test_free,
		.data = tp,
		.obj_size = sizeof(struct test_obj),
	};
	return tp;
}

/* A pool of objects that each stand for @footprint bytes; 0: of their own size. */
struct test_pool *test_pool_make_sized(struct kunit *test, unsigned int nr,
				       size_t footprint, unsigned int flags)
{
	struct test_pool *tp = test_pool_prepare(test, nr);

	tp->params.footprint = footprint;
	tp->params.flags = flags;
	if (flags & SYNCPOOL_FREE_SLEEPS)
		tp->params.free = test_free_sleeps;
	KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	tp->active = true;
	return tp;
}

struct test_pool *test_pool_make(struct kunit *test, unsigned int nr,
				 unsigned int flags)
{
	return test_pool_make_sized(test, nr, 0, flags);
}

struct test_thread {
	struct completion done;
	struct completion *go;
	void (*fn)(unsigned int id, void *arg);
	void *arg;
	unsigned int id;
};

static int test_thread_fn(void *data)
{
	struct test_thread *thread = data;

	wait_for_completion(thread->go);
	thread->fn(thread->id, thread->arg);
	complete(&thread->done);
	return 0;
}

/* As if nothing had rotated the pool for two intervals. */
void test_pass_interval(struct syncpool_core *core)
{
	unsigned int i;

	mutex_lock(&core->reclaim_lock);
	for (i = 0; i < POOL_GENERATIONS; i++)
		core->generations[i].since -= 2 * HZ;
	mutex_unlock(&core->reclaim_lock);
}

/* Ask for @nr on each node. Returns what was freed, or SHRINK_STOP if all stop. */
unsigned long test_scan(struct shrinker *shrinker, unsigned long nr, gfp_t gfp)
{
	unsigned long ret, sum = SHRINK_STOP;
	int nid;

	for_each_online_node(nid) {
		struct shrink_control sc = {
			.gfp_mask = gfp,
			.nid = nid,
			.nr_to_scan = nr,
			.nr_scanned = nr,
		};

		ret = shrinker->scan_objects(shrinker, &sc);
		if (ret != SHRINK_STOP)
			sum = ret + (sum == SHRINK_STOP ? 0 : sum);
	}
	return sum;
}

unsigned long test_calm_scan(struct test_pool *tp, unsigned long nr)
{
	return test_scan(tp->pool.core->calm, nr, GFP_KERNEL);
}

unsigned long test_distress_scan(struct test_pool *tp, unsigned long nr)
{
	return test_scan(tp->pool.core->distress, nr, GFP_KERNEL);
}

/* Run @fn in @nr threads at once, with ids from 0, and wait for all of them. */
void test_threads(struct kunit *test, unsigned int nr,
		  void (*fn)(unsigned int id, void *arg), void *arg)
{
	struct test_thread *threads;
	struct completion go;
	struct task_struct *task;
	unsigned int i, started = 0;

	init_completion(&go);
	threads = kunit_kcalloc(test, nr, sizeof(*threads), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, threads);
	for (i = 0; i < nr; i++) {
		threads[i] = (struct test_thread){
			.go = &go, .fn = fn, .arg = arg, .id = i,
		};
		init_completion(&threads[i].done);
		task = kthread_run(test_thread_fn, &threads[i], "pool_test/%u", i);
		if (IS_ERR(task))
			break;
		started++;
	}
	complete_all(&go);
	for (i = 0; i < started; i++)
		wait_for_completion(&threads[i].done);
	KUNIT_ASSERT_EQ(test, started, nr);
	kunit_kfree(test, threads);
}

void test_stay_on(unsigned int cpu)
{
	set_cpus_allowed_ptr(current, cpumask_of(cpu));
}

/* Stay on the first CPU. Returns another one. */
unsigned int test_other_cpu(struct kunit *test)
{
	unsigned int cpu = cpumask_first(cpu_online_mask);
	unsigned int other = cpumask_next(cpu, cpu_online_mask);

	if (other >= nr_cpu_ids)
		kunit_skip(test, "needs two CPUs");
	test_stay_on(cpu);
	return other;
}

struct test_call {
	void (*fn)(void *arg);
	void *arg;
};

static int test_call_fn(void *data)
{
	struct test_call *call = data;

	call->fn(call->arg);
	return 0;
}

/* Run @fn in a task on @cpu, and wait for it. */
void test_on_cpu(struct kunit *test, unsigned int cpu, void (*fn)(void *arg),
		 void *arg)
{
	struct test_call call = { fn, arg };

	KUNIT_ASSERT_EQ(test, smp_call_on_cpu(cpu, test_call_fn, &call, false), 0);
}

static int test_hook_setup(struct kunit_resource *res, void *context)
{
	WRITE_ONCE(pool_hook_fn, context);
	return 0;
}

static void test_hook_cleanup(struct kunit_resource *res)
{
	WRITE_ONCE(pool_hook_fn, NULL);
	synchronize_rcu();
}

/* Call @fn at the hook points until the test ends. */
void test_hook(struct kunit *test, void (*fn)(enum pool_hook_point point))
{
	kunit_alloc_resource(test, test_hook_setup, test_hook_cleanup,
			     GFP_KERNEL, fn);
}

/* Nested slots of this CPU that are in use, in the active generation. */
unsigned int test_nested_slots(struct test_pool *tp)
{
	unsigned int i, n = 0;
	struct pool_pcp *pcp;

	preempt_disable();
	pcp = pool_core_pcp(tp->pool.core);
	for (i = 0; i < POOL_NESTED; i++)
		n += !!READ_ONCE(pcp->nested[i]);
	preempt_enable();
	return n;
}

static struct {
	struct test_pool *tp;
	struct task_struct *task;
	enum pool_hook_point point;
	struct test_obj **objs;
	unsigned int n;
	unsigned int holder;
} test_inside;

/* The try-lock is held, as an interrupt would find it. */
static void test_inside_hook(enum pool_hook_point point)
{
	if (point != test_inside.point || current != READ_ONCE(test_inside.task))
		return;
	WRITE_ONCE(test_inside.task, NULL);
	test_put_many(test_inside.tp, test_inside.objs, test_inside.n,
		      test_inside.holder);
}

/* Put @n objects when an operation of this task next comes to @point. */
void test_put_inside(struct test_pool *tp, enum pool_hook_point point,
		     struct test_obj **objs, unsigned int n, unsigned int holder)
{
	test_inside.tp = tp;
	test_inside.point = point;
	test_inside.objs = objs;
	test_inside.n = n;
	test_inside.holder = holder;
	test_hook(tp->test, test_inside_hook);
	WRITE_ONCE(test_inside.task, current);
}

bool test_put_inside_done(void)
{
	return !READ_ONCE(test_inside.task);
}

/*
 * Where a get is that does not look into the nested slots afterwards: if the
 * magazine holds an object, before it finds that; else, past them.
 */
static enum pool_hook_point test_nested_point(struct test_pool *tp)
{
	enum pool_hook_point point = POOL_HOOK_VICTIM;

	preempt_disable();
	if (pool_pcp_count(pool_core_pcp(tp->pool.core)))
		point = POOL_HOOK_GET;
	else
		/* a get locks no part of a generation that holds nothing */
		pool_generation_open(tp->pool.core->active, smp_processor_id());
	preempt_enable();
	return point;
}

/*
 * Put the POOL_NESTED objects of @holder so that they fill the nested slots and
 * stay there: inside a get, whose object is put back by the fast path. The caller
 * is bound to this CPU, whose part of the active generation is empty, or has a
 * magazine that holds something and is not full.
 */
void test_put_nested(struct test_pool *tp, struct test_obj **objs,
		     unsigned int holder)
{
	struct test_obj *obj;

	test_put_inside(tp, test_nested_point(tp), objs, POOL_NESTED, holder);
	/* a hole at top, if there is room for one: the fast path fails there */
	syncpool_put(&tp->pool, NULL);
	obj = test_try_get(tp, holder);
	KUNIT_EXPECT_TRUE(tp->test, test_put_inside_done());
	/* from the magazine, or from the victim */
	if (obj)
		test_put(tp, obj, holder);
	KUNIT_EXPECT_EQ(tp->test, test_nested_slots(tp), POOL_NESTED);
}

/*
 * Get and put @n objects until this CPU, to which the caller is bound, has earned
 * room for all of them, up to the length of a magazine. They lie there then.
 */
void test_earn(struct test_pool *tp, unsigned int n, unsigned int holder)
{
	test_fill(tp, n, holder);
	test_fill(tp, n, holder);
}

/* The part of @cpu of the active generation, while nothing rotates. */
struct pool_pcp *test_pcp(struct test_pool *tp, unsigned int cpu)
{
	return per_cpu_ptr(READ_ONCE(tp->pool.core->active)->pcps, cpu);
}

/* Objects outside the chain of @cpu, in the active generation. */
unsigned int test_outside(struct test_pool *tp, unsigned int cpu)
{
	unsigned int n;

	rcu_read_lock();
	n = pool_generation_count(READ_ONCE(tp->pool.core->active), cpu);
	rcu_read_unlock();
	return n;
}

/* Objects outside the chains of all CPUs. */
unsigned int test_outside_all(struct test_pool *tp)
{
	unsigned int cpu, n = 0;

	for_each_possible_cpu(cpu)
		n += test_outside(tp, cpu);
	return n;
}

/* Run a line of shell. Returns its exit status, or an errno. */
int test_shell(const char *fmt, ...)
{
	char shell[] = "/bin/sh", option[] = "-c", path[] = "PATH=/bin:/sbin";
	char *argv[4] = { shell, option };
	char *envp[2] = { path };
	va_list args;
	int err;

	va_start(args, fmt);
	argv[2] = kvasprintf(GFP_KERNEL, fmt, args);
	va_end(args);
	if (!argv[2])
		return -ENOMEM;
	err = call_usermodehelper(argv[0], argv, envp, UMH_WAIT_PROC);
	kfree(argv[2]);
	return err > 0 ? err >> 8 ?: err : err;
}
EXPORT_SYMBOL_GPL(test_shell);

/* Is there a shell that finds what a system has? Not in the kernels of kunit.py. */
bool test_has_shell(void)
{
	return !test_shell("[ -d /proc/sys/vm ] && [ -d /sys/kernel/debug/syncpool ]");
}

/* Call this before anything is made. */
void test_need_shell(struct kunit *test)
{
	if (!test_has_shell())
		kunit_skip(test, "no /bin/sh, /proc or debugfs");
}

u32 test_random(u32 *seed)
{
	u32 x = *seed ?: 2463534242U;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*seed = x;
	return x;
}
