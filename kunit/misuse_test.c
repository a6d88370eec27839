// SPDX-License-Identifier: GPL-2.0
/* misuse_test - wrong calls that no other suite shows */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/hardirq.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/platform_device.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "test_pool.h"

#define ME	1U
#define WORDS	4U
#define PATTERN	0x5a5a5a5aUL

/* A pool of objects of WORDS words, which keeps what free was last called with. */
struct misuse {
	struct syncpool	pool;
	unsigned int	frees;
	void		*freed;
	unsigned long	words[WORDS];	/* of @freed */
};

static void *misuse_alloc(gfp_t gfp, void *data)
{
	return kmalloc_array(WORDS, sizeof(unsigned long), gfp);
}

static void misuse_free(void *obj, void *data)
{
	struct misuse *m = data;

	m->frees++;
	m->freed = obj;
	memcpy(m->words, obj, sizeof(m->words));
	kfree(obj);
}

/* A test that ended early has not ended its pool; otherwise exit does nothing. */
static void misuse_cleanup(struct kunit_resource *res)
{
	struct misuse *m = res->data;

	syncpool_exit(&m->pool);
	kfree(m);
}

static int misuse_setup(struct kunit_resource *res, void *context)
{
	res->data = context;
	return 0;
}

static struct misuse *misuse_make(struct kunit *test, mempool_alloc_t *alloc,
				  unsigned int flags)
{
	struct misuse *m = kzalloc(sizeof(*m), GFP_KERNEL);
	struct syncpool_params params = {
		.name = test->name,
		.alloc = alloc,
		.free = misuse_free,
		.data = m,
		.obj_size = sizeof(m->words),
		.flags = flags,
	};
	int err;

	KUNIT_ASSERT_NOT_NULL(test, m);
	err = syncpool_init(&m->pool, &params);
	kunit_alloc_resource(test, misuse_setup, misuse_cleanup, GFP_KERNEL, m);
	KUNIT_ASSERT_EQ(test, err, 0);
	test_stay_on(raw_smp_processor_id());
	return m;
}

/* An object that no pool has built. */
static void *misuse_stranger(struct kunit *test)
{
	void *obj = misuse_alloc(GFP_KERNEL, NULL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	return obj;
}

/* The object belongs to the pool from then on. */
static void misuse_foreign_put(struct kunit *test)
{
	struct misuse *m = misuse_make(test, misuse_alloc, 0);
	void *obj = misuse_stranger(test);

	syncpool_put(&m->pool, obj);
	KUNIT_EXPECT_EQ(test, syncpool_count(&m->pool), 1UL);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&m->pool), -1L);
	KUNIT_EXPECT_PTR_EQ(test, syncpool_get(&m->pool, GFP_KERNEL), obj);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&m->pool), 0L);
	syncpool_put(&m->pool, obj);
	syncpool_exit(&m->pool);
	KUNIT_EXPECT_EQ(test, m->frees, 1U);
	KUNIT_EXPECT_PTR_EQ(test, m->freed, obj);
}

/* wait_idle returns one object too early, and exit does not report that object. */
static void misuse_overput(struct kunit *test)
{
	struct misuse *m = misuse_make(test, misuse_alloc, 0);
	void *a, *b;

	a = syncpool_get(&m->pool, GFP_KERNEL);
	b = syncpool_get(&m->pool, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&m->pool, 0), -ETIMEDOUT);
	syncpool_put(&m->pool, misuse_stranger(test));
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&m->pool), 1L);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&m->pool, 0), -ETIMEDOUT);
	syncpool_put(&m->pool, b);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&m->pool), 0L);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&m->pool, 0), 0);
	syncpool_exit(&m->pool);
	KUNIT_EXPECT_EQ(test, m->frees, 2U);
	kfree(a);
}

/* exit reports one object less than there are. */
static void misuse_overput_exit(struct kunit *test)
{
	struct misuse *m = misuse_make(test, misuse_alloc, 0);
	void *a, *b;

	a = syncpool_get(&m->pool, GFP_KERNEL);
	b = syncpool_get(&m->pool, GFP_KERNEL);
	syncpool_put(&m->pool, misuse_stranger(test));
	test_warn_begin(test->name, "1 objects still out at exit");
	syncpool_exit(&m->pool);
	test_warn_end();
	kfree(a);
	kfree(b);
}

/* Each call is on a new copy, which has reported nothing yet. */
static void copy_use(struct kunit *test, unsigned int flags)
{
	struct syncpool *copy = kunit_kzalloc(test, sizeof(*copy), GFP_KERNEL);
	struct test_pool *tp = test_pool_make(test, 64, flags);
	unsigned long count;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	test_stay_on(raw_smp_processor_id());
	*copy = tp->pool;
	test_warn_begin(test->name, "a copy of the pool is used");
	KUNIT_EXPECT_NULL(test, syncpool_get(copy, GFP_KERNEL));
	test_warn_end();
	/* reported once */
	KUNIT_EXPECT_NULL(test, syncpool_get(copy, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->allocs), 0L);
	test_fill(tp, 40, ME);
	count = syncpool_count(&tp->pool);
	KUNIT_EXPECT_GT(test, count, 0UL);
	*copy = tp->pool;
	test_warn_begin(test->name, "a copy of the pool is used");
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(copy, 0), -EINVAL);
	test_warn_end();
	*copy = tp->pool;
	test_warn_begin(test->name, "a copy of the pool is used");
	syncpool_exit(copy);
	test_warn_end();
	/* the original has lost nothing and still works */
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), count);
	test_fill(tp, 40, ME);
	test_pool_end(tp);
}

static void misuse_copy(struct kunit *test)
{
	copy_use(test, 0);
}

static void misuse_copy_debug(struct kunit *test)
{
	copy_use(test, SYNCPOOL_DEBUG);
}

static DEFINE_SYNCPOOL_PARAMS(misuse_invalid, .alloc = test_alloc, .free = test_free,
			      .flags = SYNCPOOL_POISON);
static DEFINE_SYNCPOOL_PARAMS(misuse_invalid_later, .name = "", .alloc = test_alloc,
			      .free = test_free);
static DEFINE_SYNCPOOL_PARAMS(misuse_no_free, .alloc = test_alloc);

/* Get and put one object: it is built and freed, since the pool caches nothing. */
static void lazy_use(struct kunit *test, struct test_pool *tp,
		     struct syncpool *pool, gfp_t gfp)
{
	long frees = atomic_long_read(&tp->frees);
	struct test_obj *obj = test_take(tp, syncpool_get(pool, gfp), ME);

	KUNIT_EXPECT_NOT_NULL(test, obj);
	if (!obj)
		return;
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(pool), 1L);
	test_give(tp, obj, ME);
	syncpool_put(pool, obj);
	flush_work(&pool->activate);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), frees + 1);
	KUNIT_EXPECT_EQ(test, syncpool_count(pool), 0UL);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(pool), 0L);
}

/* A pool that cannot be activated. */
static void lazy_invalid(struct kunit *test, struct syncpool *pool, gfp_t gfp)
{
	struct test_pool *tp = test_pool_prepare(test, 8);
	struct test_obj *obj;

	/* a rerun finds the pool ended; loading the module again makes a new one */
	if (test_bit(POOL_STATE_GONE, &pool->state))
		kunit_skip(test, "%s is used up; load the module again", pool->name);
	pool->params.data = tp;
	test_warn_begin(pool->name, "not activated, its parameters are invalid");
	lazy_use(test, tp, pool, gfp);
	test_warn_end();
	/* reported once */
	lazy_use(test, tp, pool, gfp);
	KUNIT_EXPECT_NULL(test, pool->core);
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(pool, 0), -EINVAL);
	obj = test_take(tp, syncpool_get(pool, gfp), ME);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	test_warn_begin(pool->name, "1 objects still out at exit \\(pool 0 of pool_kunit");
	syncpool_exit(pool);
	test_warn_end();
	/* reported once */
	syncpool_exit(pool);
	if (obj) {
		test_give(tp, obj, ME);
		test_free(obj, tp);
	}
	test_pool_check(tp);
}

static void misuse_lazy_invalid(struct kunit *test)
{
	lazy_invalid(test, &misuse_invalid, GFP_KERNEL);
}

/* The first use is a get that may not sleep. */
static void misuse_lazy_invalid_later(struct kunit *test)
{
	lazy_invalid(test, &misuse_invalid_later, GFP_NOWAIT);
}

/* Without a free callback nothing is built either. */
static void misuse_lazy_no_free(struct kunit *test)
{
	if (misuse_no_free.state)
		kunit_skip(test, "the pool is used up; load the module again");
	test_warn_begin(misuse_no_free.name, "not activated, its parameters are invalid");
	KUNIT_EXPECT_NULL(test, syncpool_get(&misuse_no_free, GFP_KERNEL));
	test_warn_end();
	/* reported once */
	KUNIT_EXPECT_NULL(test, syncpool_get(&misuse_no_free, GFP_NOWAIT));
	syncpool_exit(&misuse_no_free);
}

/* Zeroed memory that never was a pool: nothing is cached; one report. */
static void misuse_zeroed(struct kunit *test)
{
	struct syncpool *pool = kunit_kzalloc(test, sizeof(*pool), GFP_KERNEL);
	void *obj = misuse_stranger(test);
	struct syncpool_stats stats;

	KUNIT_ASSERT_NOT_NULL(test, pool);
	test_warn_begin("\\(no name\\)", "used before syncpool_init");
	KUNIT_EXPECT_NULL(test, syncpool_get(pool, GFP_KERNEL));
	test_warn_end();
	/* reported once */
	KUNIT_EXPECT_NULL(test, syncpool_try_get(pool));
	syncpool_put(pool, obj);
	KUNIT_EXPECT_NULL(test, syncpool_try_get(pool));
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(pool, HZ), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, syncpool_prefill(pool, 1, GFP_KERNEL), -EINVAL);
	KUNIT_EXPECT_EQ(test, syncpool_count(pool), 0UL);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(pool), 0L);
	KUNIT_EXPECT_EQ(test, syncpool_cleanup(pool), 0UL);
	syncpool_read_stats(pool, &stats);
	KUNIT_EXPECT_NULL(test, memchr_inv(&stats, 0, sizeof(stats)));
	syncpool_exit(pool);
	KUNIT_EXPECT_NULL(test, pool->core);
	kfree(obj);
}

/* The same with a put alone, and with exit alone. */
static void misuse_zeroed_put(struct kunit *test)
{
	struct syncpool *pool = kunit_kzalloc(test, sizeof(*pool), GFP_KERNEL);
	void *obj = misuse_stranger(test);

	KUNIT_ASSERT_NOT_NULL(test, pool);
	test_warn_begin("\\(no name\\)", "used before syncpool_init");
	syncpool_put(pool, obj);
	test_warn_end();
	kfree(obj);
}

static void misuse_zeroed_exit(struct kunit *test)
{
	struct syncpool *pool = kunit_kzalloc(test, sizeof(*pool), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pool);
	test_warn_begin("\\(no name\\)", "used before syncpool_init");
	syncpool_exit(pool);
	test_warn_end();
}

static void misuse_idle_gone(struct kunit *test)
{
	struct misuse *m = misuse_make(test, misuse_alloc, 0);

	syncpool_exit(&m->pool);
	test_warn_begin(test->name, "used after syncpool_exit");
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&m->pool, HZ), -ESHUTDOWN);
	test_warn_end();
	/* reported once */
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&m->pool, HZ), -ESHUTDOWN);
}

/* The pool ends; its memory belongs to the caller. */
static void misuse_destroy_init(struct kunit *test)
{
	struct misuse *m = misuse_make(test, misuse_alloc, 0);

	KUNIT_EXPECT_EQ(test, syncpool_prefill(&m->pool, 3, GFP_KERNEL), 0);
	test_warn_begin(test->name, "destroyed, though it was not created");
	syncpool_destroy(&m->pool);
	test_warn_end();
	KUNIT_EXPECT_EQ(test, m->frees, 3U);
	KUNIT_EXPECT_NULL(test, m->pool.core);
	/* reported once */
	syncpool_destroy(&m->pool);
}

/* The pool keeps working until its device is removed. */
static void misuse_destroy_devm(struct kunit *test)
{
	struct misuse *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	const struct syncpool_params params = {
		.name = test->name,
		.alloc = misuse_alloc,
		.free = misuse_free,
		.data = m,
	};
	struct platform_device *pdev;
	struct syncpool *pool;

	KUNIT_ASSERT_NOT_NULL(test, m);
	pdev = platform_device_register_simple("pool_misuse", -1, NULL, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pdev));
	pool = devm_syncpool_create(&pdev->dev, &params);
	if (IS_ERR(pool)) {
		KUNIT_FAIL(test, "no pool: %ld", PTR_ERR(pool));
	} else {
		test_warn_begin(test->name, "destroyed, though its device does that");
		syncpool_destroy(pool);
		test_warn_end();
		KUNIT_EXPECT_EQ(test, syncpool_prefill(pool, 3, GFP_KERNEL), 0);
		KUNIT_EXPECT_EQ(test, syncpool_count(pool), 3UL);
	}
	platform_device_unregister(pdev);
	KUNIT_EXPECT_EQ(test, m->frees, 3U);
}

/* A thread that sleeps in syncpool_wait_idle(). */
static struct {
	struct completion begun;
	int err;
} sleeper;

static int sleeper_thread(void *pool)
{
	complete(&sleeper.begun);
	sleeper.err = syncpool_wait_idle(pool, MAX_SCHEDULE_TIMEOUT);
	return 0;
}

static void misuse_exit_waiting(struct kunit *test)
{
	struct misuse *m = misuse_make(test, misuse_alloc, 0);
	void *obj = syncpool_get(&m->pool, GFP_KERNEL);
	struct task_struct *task;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	init_completion(&sleeper.begun);
	sleeper.err = 0;
	task = kthread_create(sleeper_thread, &m->pool, "pool_misuse");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	wait_for_completion(&sleeper.begun);
	while (READ_ONCE(m->pool.core->idle_base) != 1)
		msleep(20);
	test_warn_begin(test->name, "(syncpool_exit\\(\\) during|1 objects still out)");
	syncpool_exit(&m->pool);
	test_warn_end();
	kthread_stop(task);
	put_task_struct(task);
	KUNIT_EXPECT_EQ(test, sleeper.err, -ESHUTDOWN);
	kfree(obj);
}

static void misuse_prefill_none(struct kunit *test)
{
	struct misuse *m = misuse_make(test, NULL, 0);

	KUNIT_EXPECT_EQ(test, syncpool_prefill(&m->pool, 1, GFP_KERNEL), -EINVAL);
	KUNIT_EXPECT_EQ(test, syncpool_count(&m->pool), 0UL);
	KUNIT_EXPECT_NULL(test, syncpool_get(&m->pool, GFP_KERNEL));
}

/* Where free has to wait for a work item, no byte of the object is written. */
static void misuse_first_words(struct kunit *test)
{
	struct misuse *m = misuse_make(test, misuse_alloc,
				       SYNCPOOL_FREE_SLEEPS | SYNCPOOL_DEBUG);
	unsigned int tries = 1000, i;
	unsigned long *obj = NULL;

	while (!m->frees && tries--) {
		obj = syncpool_get(&m->pool, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		for (i = 0; i < WORDS; i++)
			obj[i] = PATTERN;
		syncpool_put(&m->pool, obj);
		test_flush(&m->pool);
	}
	KUNIT_EXPECT_EQ(test, m->frees, 1U);
	KUNIT_EXPECT_PTR_EQ(test, m->freed, (void *)obj);
	for (i = 0; i < WORDS; i++)
		KUNIT_EXPECT_EQ(test, m->words[i], PATTERN);
}

#define TINY	64U

static struct {
	struct irq_work work;
	struct syncpool pool;
	bool in_hardirq;
	unsigned int allocs;
	unsigned int frees;
	void *held[TINY];
	unsigned char objs[TINY];	/* each smaller than a pointer */
} tiny;

static void *tiny_alloc(gfp_t gfp, void *data)
{
	return tiny.allocs < TINY ? &tiny.objs[tiny.allocs++] : NULL;
}

static void tiny_free(void *obj, void *data)
{
	tiny.frees++;
}

static void tiny_irq(struct irq_work *work)
{
	unsigned int i;

	tiny.in_hardirq = in_hardirq();
	for (i = 0; i < TINY; i++)
		syncpool_put(&tiny.pool, tiny.held[i]);
}

/* Objects of a byte, put in hardirq; debug mode drops some. Each is freed, none written. */
static void misuse_tiny(struct kunit *test)
{
	struct syncpool_params params = {
		.name = test->name,
		.alloc = tiny_alloc,
		.free = tiny_free,
		.obj_size = sizeof(tiny.objs[0]),
		.flags = SYNCPOOL_DEBUG,
	};
	unsigned int kept;

	memset(&tiny, 0, sizeof(tiny));
	KUNIT_ASSERT_EQ(test, syncpool_init(&tiny.pool, &params), 0);
	KUNIT_EXPECT_EQ(test, syncpool_get_bulk(&tiny.pool, GFP_KERNEL, TINY,
						tiny.held), TINY);
	tiny.work = IRQ_WORK_INIT_HARD(tiny_irq);
	irq_work_queue(&tiny.work);
	irq_work_sync(&tiny.work);
	KUNIT_EXPECT_TRUE(test, tiny.in_hardirq);
	test_flush(&tiny.pool);
	kept = syncpool_count(&tiny.pool);
	KUNIT_EXPECT_GT(test, kept, 0U);
	KUNIT_EXPECT_LT(test, kept, TINY);
	KUNIT_EXPECT_EQ(test, tiny.frees, TINY - kept);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&tiny.pool), 0L);
	KUNIT_EXPECT_NULL(test, memchr_inv(tiny.objs, 0, sizeof(tiny.objs)));
	syncpool_exit(&tiny.pool);
	KUNIT_EXPECT_EQ(test, tiny.frees, TINY);
}

/* Announce a report of CONFIG_DEBUG_ATOMIC_SLEEP, which makes at most one a second. */
static void sleep_begin(const char *regex)
{
	if (!IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		return;
	msleep(1200);
	pr_info("EXPECT-WARN-BEGIN: %s\n", regex);
}

static void sleep_end(void)
{
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		test_warn_end();
}

#define SLEEPING	"sleeping function called from invalid context"

/* On PREEMPT_RT such a get returns cached objects only and calls no alloc. */
static void gfp_got(struct kunit *test, struct test_pool *tp, void *obj)
{
	sleep_end();
	KUNIT_EXPECT_EQ(test, !obj, IS_ENABLED(CONFIG_PREEMPT_RT));
	obj = test_take(tp, obj, ME);
	if (obj)
		test_put(tp, obj, ME);
}

static void misuse_gfp(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 8, 0);
	void *obj;

	sleep_begin(SLEEPING);
	preempt_disable();
	obj = syncpool_get(&tp->pool, GFP_KERNEL);
	preempt_enable();
	gfp_got(test, tp, obj);
	test_pool_end(tp);
}

static void misuse_gfp_irq(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 8, 0);
	void *obj;

	sleep_begin(SLEEPING);
	local_irq_disable();
	obj = syncpool_get(&tp->pool, GFP_KERNEL);
	local_irq_enable();
	gfp_got(test, tp, obj);
	test_pool_end(tp);
}

/* A put that drops an object in atomic context. PREEMPT_RT defers the free. */
static void misuse_free_sleeps(struct kunit *test)
{
	struct test_pool *tp = test_pool_prepare(test, 8);
	unsigned int tries = 1000;

	tp->params.free = test_free_sleeps;
	tp->params.flags = SYNCPOOL_DEBUG;
	KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	tp->active = true;
	test_stay_on(raw_smp_processor_id());
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		sleep_begin(SLEEPING);
	while (!atomic_long_read(&tp->frees) && tries--) {
		struct test_obj *obj = test_get(tp, ME);

		KUNIT_ASSERT_NOT_NULL(test, obj);
		preempt_disable();
		test_put(tp, obj, ME);
		preempt_enable();
		test_flush(&tp->pool);
	}
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		sleep_end();
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 1L);
	test_pool_end(tp);
}

/*
 * Each call is reported, and returns before it sleeps: to sleep with preemption
 * disabled would end the run.
 */
static void misuse_sleeping_call(struct kunit *test)
{
	struct misuse *m = misuse_make(test, misuse_alloc, 0);

	syncpool_exit(&m->pool);
	test_warn_begin(test->name, "used after syncpool_exit");
	KUNIT_EXPECT_NULL(test, syncpool_get(&m->pool, GFP_KERNEL));
	test_warn_end();

	sleep_begin(SLEEPING ".*pool_idle");
	preempt_disable();
	syncpool_wait_idle(&m->pool, 0);
	preempt_enable();
	sleep_end();

	sleep_begin(SLEEPING ".*pool_reclaim");
	preempt_disable();
	syncpool_cleanup(&m->pool);
	preempt_enable();
	sleep_end();

	sleep_begin(SLEEPING);
	preempt_disable();
	syncpool_init(&m->pool, NULL);
	preempt_enable();
	sleep_end();
}

/* exit always sleeps, so the section is one that must not block, not an atomic one. */
static void misuse_sleeping_exit(struct kunit *test)
{
	struct misuse *m = misuse_make(test, misuse_alloc, 0);

	sleep_begin(SLEEPING "|scheduling in a non-blocking section");
	non_block_start();
	syncpool_exit(&m->pool);
	non_block_end();
	sleep_end();
	KUNIT_EXPECT_NULL(test, m->pool.core);
}

static struct kunit_case misuse_cases[] = {
	KUNIT_CASE(misuse_foreign_put),
	KUNIT_CASE(misuse_overput),
	KUNIT_CASE(misuse_overput_exit),
	KUNIT_CASE(misuse_copy),
	KUNIT_CASE(misuse_copy_debug),
	KUNIT_CASE(misuse_lazy_invalid),
	KUNIT_CASE(misuse_lazy_invalid_later),
	KUNIT_CASE(misuse_lazy_no_free),
	KUNIT_CASE(misuse_zeroed),
	KUNIT_CASE(misuse_zeroed_put),
	KUNIT_CASE(misuse_zeroed_exit),
	KUNIT_CASE(misuse_idle_gone),
	KUNIT_CASE(misuse_destroy_init),
	KUNIT_CASE(misuse_destroy_devm),
	KUNIT_CASE(misuse_exit_waiting),
	KUNIT_CASE(misuse_prefill_none),
	KUNIT_CASE(misuse_first_words),
	KUNIT_CASE(misuse_tiny),
	KUNIT_CASE(misuse_gfp),
	KUNIT_CASE(misuse_gfp_irq),
	KUNIT_CASE(misuse_free_sleeps),
	KUNIT_CASE(misuse_sleeping_call),
	KUNIT_CASE(misuse_sleeping_exit),
	{}
};

static struct kunit_suite misuse_suite = {
	.name = "pool_misuse",
	.test_cases = misuse_cases,
};

kunit_test_suite(misuse_suite);
