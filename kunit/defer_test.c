// SPDX-License-Identifier: GPL-2.0
/* defer_test - puts that may take no lock, and frees that have to wait */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "pool_compat.h"
#include "pool_defer.h"
#include "pool_early.h"
#include "test_pool.h"

#define ME	1U
#define BURST	2000U

/* Call a function in hardirq. */
static struct {
	struct irq_work work;
	void (*fn)(void *arg);
	void *arg;
	bool in_hardirq;
} hard;

static void hard_irq(struct irq_work *work)
{
	hard.in_hardirq = in_hardirq();
	hard.fn(hard.arg);
}

static void in_hard(struct kunit *test, void (*fn)(void *arg), void *arg)
{
	hard.fn = fn;
	hard.arg = arg;
	hard.in_hardirq = false;
	hard.work = IRQ_WORK_INIT_HARD(hard_irq);
	irq_work_queue(&hard.work);
	irq_work_sync(&hard.work);
	KUNIT_EXPECT_TRUE(test, hard.in_hardirq);
}

static struct {
	struct test_pool *tp;
	struct test_obj **objs;
	unsigned int n;
} burst;

static void burst_put(void *unused)
{
	test_put_many(burst.tp, burst.objs, burst.n, ME);
}

static void burst_get(void *unused)
{
	for (burst.n = 0; burst.n < BURST; burst.n++) {
		burst.objs[burst.n] = test_try_get(burst.tp, ME);
		if (!burst.objs[burst.n])
			break;
	}
}

static void burst_make(struct kunit *test)
{
	burst.tp = test_pool_make(test, BURST, 0);
	burst.objs = kunit_kcalloc(test, BURST, sizeof(*burst.objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, burst.objs);
	test_stay_on(raw_smp_processor_id());
	burst.n = test_get_many(burst.tp, burst.objs, BURST, ME);
	KUNIT_ASSERT_EQ(test, burst.n, BURST);
}

/*
 * 2,000 puts in one hardirq: a ring's worth is cached, and what was refused a ring is freed
 * later. Nothing is lost, and what is freed is what was refused.
 */
static void defer_burst(struct kunit *test)
{
	struct syncpool_stats stats;
	unsigned long cached;

	burst_make(test);
	in_hard(test, burst_put, NULL);
	test_flush(&burst.tp->pool);
	stats = test_stats(burst.tp);
	cached = syncpool_count(&burst.tp->pool);
	kunit_info(test, "%lu of %u cached, %lu refused a ring", cached, BURST, stats.refused);
	KUNIT_EXPECT_GE(test, cached, (unsigned long)POOL_RING_MAX);
	KUNIT_EXPECT_GT(test, stats.refused, 0UL);
	KUNIT_EXPECT_EQ(test, stats.refused, (unsigned long)atomic_long_read(&burst.tp->frees));
	KUNIT_EXPECT_EQ(test, cached + stats.refused, (unsigned long)BURST);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&burst.tp->pool), 0L);
	test_pool_end(burst.tp);
}

/* Each burst finds a spare ring, once the work item has made another one. */
static void defer_spare(struct kunit *test)
{
	unsigned int i, each = POOL_RING_MAX / 2, left = BURST;

	burst_make(test);
	for (i = 0; left >= each; i++) {
		burst.n = each;
		in_hard(test, burst_put, NULL);
		burst.objs += each;
		left -= each;
		msleep(50);
	}
	test_flush(&burst.tp->pool);
	KUNIT_EXPECT_EQ(test, test_stats(burst.tp).refused, 0UL);
	KUNIT_EXPECT_EQ(test, syncpool_count(&burst.tp->pool), (unsigned long)i * each);
	burst.n = left;
	burst_put(NULL);
	test_pool_end(burst.tp);
}

/* Gets in hardirq pass rings that are exhausted, and find everything. */
static void defer_retire(struct kunit *test)
{
	burst_make(test);
	burst_put(NULL);
	KUNIT_EXPECT_EQ(test, syncpool_count(&burst.tp->pool), (unsigned long)BURST);
	in_hard(test, burst_get, NULL);
	KUNIT_EXPECT_EQ(test, burst.n, BURST);
	burst_put(NULL);
	test_pool_end(burst.tp);
}

/* Objects that the pool did not build: so many wait, one report for the others. */
#define FOREIGN	64	/* can wait */

static struct {
	struct syncpool pool;
	atomic_t frees;
	char objs[BURST];
} foreign;

static void foreign_free(void *obj, void *data)
{
	atomic_inc(&foreign.frees);
}

static void foreign_put(void *unused)
{
	unsigned int i;

	for (i = 0; i < BURST; i++)
		syncpool_put(&foreign.pool, &foreign.objs[i]);
}

static void defer_foreign(struct kunit *test)
{
	struct syncpool_params params = { .name = test->name, .free = foreign_free };
	unsigned long cached;

	memset(&foreign, 0, sizeof(foreign));
	test_stay_on(raw_smp_processor_id());
	KUNIT_ASSERT_EQ(test, syncpool_init(&foreign.pool, &params), 0);
	test_warn_begin(test->name, "an object was put where free may not run, .*, and it is lost");
	in_hard(test, foreign_put, NULL);
	test_warn_end();
	test_flush(&foreign.pool);
	cached = syncpool_count(&foreign.pool);
	KUNIT_EXPECT_GE(test, cached, (unsigned long)POOL_RING_MAX);
	KUNIT_EXPECT_EQ(test, atomic_read(&foreign.frees),
			FOREIGN);
	KUNIT_EXPECT_NULL(test, memchr_inv(foreign.objs, 0, sizeof(foreign.objs)));
	syncpool_exit(&foreign.pool);
}

/* A pool whose free waits, and then takes a mutex. */
static struct {
	struct mutex lock;		/* the mutex */
	struct completion begun;
	struct completion go_on;
	struct test_pool *tp;
} slow;

static void slow_free(void *obj, void *data)
{
	complete(&slow.begun);
	wait_for_completion(&slow.go_on);
	mutex_lock(&slow.lock);
	test_free(obj, data);
	mutex_unlock(&slow.lock);
}

/* Wait until what is old is settled, or drained. */
static void wait_settled(struct syncpool_core *core)
{
	pool_reclaim_lock_settled(core);
	mutex_unlock(&core->reclaim_lock);
}

/* Have what lies in @core aged out: the work item that drains it is about to run. */
static void age_out(struct syncpool_core *core)
{
	pool_reclaim_age(core);
	wait_settled(core);
	pool_reclaim_age(core);
}

/* A pool whose first free has begun: of what was discarded, or of what is drained. */
static void slow_begin(struct kunit *test, unsigned int nr, bool drained)
{
	struct test_obj *obj;

	mutex_init(&slow.lock);
	init_completion(&slow.begun);
	init_completion(&slow.go_on);
	slow.tp = test_pool_prepare(test, nr);
	slow.tp->params.free = slow_free;
	slow.tp->params.flags = SYNCPOOL_FREE_SLEEPS;
	KUNIT_ASSERT_EQ(test, syncpool_init(&slow.tp->pool, &slow.tp->params), 0);
	slow.tp->active = true;
	obj = test_get(slow.tp, ME);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	if (drained) {
		test_put(slow.tp, obj, ME);
		age_out(slow.tp->pool.core);
	} else {
		test_give(slow.tp, obj, ME);
		syncpool_discard(&slow.tp->pool, obj);
	}
	wait_for_completion(&slow.begun);
}

static void slow_end(struct kunit *test, long frees)
{
	complete_all(&slow.go_on);
	test_flush(&slow.tp->pool);
	wait_settled(slow.tp->pool.core);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slow.tp->frees), frees);
	test_pool_end(slow.tp);
}

/* Objects wait while the free of the first one sleeps, as many as are built. */
static void defer_many(struct kunit *test)
{
	struct test_obj *obj;
	unsigned int i;

	slow_begin(test, 400, false);
	for (i = 0; i < 300; i++) {
		obj = test_get(slow.tp, ME);
		KUNIT_EXPECT_NOT_NULL(test, obj);
		test_give(slow.tp, obj, ME);
		syncpool_discard(&slow.tp->pool, obj);
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slow.tp->frees), 0L);
	slow_end(test, 301);
}

static void discard_all(void *unused)
{
	unsigned int i;

	for (i = 0; i < burst.n; i++) {
		test_give(burst.tp, burst.objs[i], ME);
		syncpool_discard(&burst.tp->pool, burst.objs[i]);
	}
}

/* Nothing is freed while devices are suspended. */
static void defer_suspended(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 64, SYNCPOOL_FREE_SLEEPS);
	struct test_obj *objs[8];
	unsigned int i;
	long frees;

	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 8, ME), 8U);
	atomic_inc(&pool_suspended);
	for (i = 0; i < 8; i++) {
		test_give(tp, objs[i], ME);
		syncpool_discard(&tp->pool, objs[i]);
	}
	test_flush(&tp->pool);
	frees = atomic_long_read(&tp->frees);
	/* a task that sleeps in a call of the pool is not kept waiting */
	KUNIT_EXPECT_EQ(test, syncpool_wait_idle(&tp->pool, 10 * HZ), 0);
	atomic_dec(&pool_suspended);
	KUNIT_EXPECT_EQ(test, frees, 0L);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 8L);
	test_pool_end(tp);
}

/* What was built for min, before anybody found the pool, may wait, too. */
static void defer_min(struct kunit *test)
{
	const unsigned int min = 400;

	burst.tp = test_pool_prepare(test, 2 * min);
	burst.tp->params.min = min;
	KUNIT_ASSERT_EQ(test, syncpool_init(&burst.tp->pool, &burst.tp->params), 0);
	burst.tp->active = true;
	burst.objs = kunit_kcalloc(test, min, sizeof(*burst.objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, burst.objs);
	burst.n = test_get_many(burst.tp, burst.objs, min, ME);
	KUNIT_EXPECT_EQ(test, burst.n, min);
	in_hard(test, discard_all, NULL);
	test_flush(&burst.tp->pool);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&burst.tp->frees), (long)min);
	test_pool_end(burst.tp);
}

/*
 * While the free of another pool sleeps, a pool with objects to free of its own is cleaned
 * up, waited for and ended, under the mutex that the other free is about to take.
 */
static void defer_stranger_of(struct kunit *test, bool drained)
{
	struct test_pool *tp = test_pool_make(test, 64, SYNCPOOL_FREE_SLEEPS);
	struct module *mod = pool_module_fake("stranger");
	struct test_obj *objs[8];
	unsigned int i;
	int err;

	KUNIT_ASSERT_TRUE(test, !!mod);
	slow_begin(test, 8, drained);
	mutex_lock(&slow.lock);
	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 8, ME), 8U);
	for (i = 0; i < 4; i++) {
		test_give(tp, objs[i], ME);
		syncpool_discard(&tp->pool, objs[i]);
	}
	test_put_many(tp, objs + 4, 4, ME);
	err = syncpool_wait_idle(&tp->pool, 10 * HZ);
	KUNIT_EXPECT_EQ(test, err, 0);
	/* else the rest would wait until the run is given up */
	if (err) {
		complete_all(&slow.go_on);
		mutex_unlock(&slow.lock);
	}
	syncpool_cleanup(&tp->pool);
	test_pool_end(tp);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), atomic_long_read(&tp->allocs));
	/* as a module's unload does, which ends what it forgot */
	pool_shutdown_module(mod);
	kfree(mod);
	if (!err)
		mutex_unlock(&slow.lock);
	slow_end(test, 1);
}

static void defer_stranger(struct kunit *test)
{
	defer_stranger_of(test, false);
}

static void defer_stranger_drains(struct kunit *test)
{
	defer_stranger_of(test, true);
}

/* A free that does what takes the locks around it. */
static struct {
	struct test_pool *other;
	atomic_t calls;
} busy;

static void busy_free(void *obj, void *data)
{
	struct syncpool_params params = {
		.name = "busy", .alloc = mempool_kmalloc, .free = mempool_kfree, .data = (void *)64,
	};
	struct kmem_cache *cache = kmem_cache_create("syncpool_busy", 40, 0, 0, NULL);
	struct syncpool *pool = syncpool_create(&params);
	void *other;

	cpus_read_lock();
	cpus_read_unlock();
	kmem_cache_destroy(cache);
	if (!IS_ERR(pool)) {
		other = syncpool_get(pool, GFP_KERNEL);
		if (other)
			syncpool_put(pool, other);
		syncpool_cleanup(pool);
		syncpool_wait_idle(pool, HZ);
		syncpool_destroy(pool);
	}
	/* once: a pool that has work of the same kinds */
	if (atomic_inc_return(&busy.calls) == 1) {
		syncpool_cleanup(&busy.other->pool);
		busy.other->active = false;
		syncpool_exit(&busy.other->pool);
	}
	test_free(obj, data);
}

static struct test_pool *busy_make(struct kunit *test)
{
	struct test_pool *tp = test_pool_prepare(test, 64);
	struct test_obj *obj;

	atomic_set(&busy.calls, 0);
	busy.other = test_pool_make(test, 8, SYNCPOOL_FREE_SLEEPS);
	obj = test_get(busy.other, ME);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	test_give(busy.other, obj, ME);
	syncpool_discard(&busy.other->pool, obj);
	test_fill(busy.other, 2, ME);
	tp->params.free = busy_free;
	tp->params.flags = SYNCPOOL_FREE_SLEEPS;
	KUNIT_ASSERT_EQ(test, syncpool_init(&tp->pool, &tp->params), 0);
	tp->active = true;
	return tp;
}

/* End @tp, and look at what its free has ended. */
static void busy_end(struct test_pool *tp)
{
	test_pool_end(tp);
	KUNIT_EXPECT_FALSE(tp->test, busy.other->active);
	test_pool_check(busy.other);
	KUNIT_EXPECT_EQ(tp->test, atomic_long_read(&busy.other->allocs),
			atomic_long_read(&busy.other->frees));
}

/* From the work item that frees what was put. */
static void defer_busy_work(struct kunit *test)
{
	struct test_pool *tp = busy_make(test);
	struct test_obj *obj = test_get(tp, ME);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	test_give(tp, obj, ME);
	syncpool_discard(&tp->pool, obj);
	test_flush(&tp->pool);
	KUNIT_EXPECT_EQ(test, atomic_read(&busy.calls), 1);
	busy_end(tp);
}

/* From a cleanup. */
static void defer_busy_cleanup(struct kunit *test)
{
	struct test_pool *tp = busy_make(test);

	test_fill(tp, 4, ME);
	syncpool_cleanup(&tp->pool);
	syncpool_cleanup(&tp->pool);
	KUNIT_EXPECT_EQ(test, atomic_read(&busy.calls), 4);
	busy_end(tp);
}

/* From age, and from reclaim, which both settle in a work item. */
static void defer_busy_age(struct kunit *test)
{
	struct test_pool *tp = busy_make(test);

	test_fill(tp, 4, ME);
	age_out(tp->pool.core);
	wait_settled(tp->pool.core);
	KUNIT_EXPECT_EQ(test, atomic_read(&busy.calls), 4);
	busy_end(tp);
}

/* From exit. */
static void defer_busy_exit(struct kunit *test)
{
	struct test_pool *tp = busy_make(test);

	test_fill(tp, 4, ME);
	busy_end(tp);
	KUNIT_EXPECT_EQ(test, atomic_read(&busy.calls), 4);
}

/* Another pool ends in a work item, while that pool's own work items are under way. */
static void exit_work(struct work_struct *work)
{
	test_pool_end(busy.other);
}

static void defer_exit_in_work(struct kunit *test)
{
	struct test_obj *objs[8];
	struct work_struct work;

	busy.other = test_pool_make(test, 8, SYNCPOOL_FREE_SLEEPS);
	KUNIT_ASSERT_EQ(test, test_get_many(busy.other, objs, 8, ME), 8U);
	test_put_many(busy.other, objs, 8, ME);
	pool_reclaim_age(busy.other->pool.core);
	INIT_WORK_ONSTACK(&work, exit_work);
	queue_work(pool_wq, &work);
	flush_work(&work);
	destroy_work_on_stack(&work);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&busy.other->frees), 8L);
}

/* A pool of DEFINE_SYNCPOOL() whose first use is in hardirq. */
static DEFINE_SYNCPOOL(early_pool, NULL, foreign_free, NULL);

static void *early_got;
static unsigned int early_built;

static void early_put(void *unused)
{
	early_got = syncpool_try_get(&early_pool);
	syncpool_put(&early_pool, &foreign.objs[0]);
	syncpool_put(&early_pool, &foreign.objs[1]);
}

/* Wait until the work item has activated @pool and freed what was put before. */
static void early_wait(struct kunit *test, struct syncpool *pool)
{
	unsigned int tries = 1000;

	while (!READ_ONCE(pool->core) && tries--)
		msleep(20);
	KUNIT_ASSERT_NOT_NULL(test, pool->core);
	flush_work(&pool->activate);
}

/* It is activated, and what was put before, where nothing could be freed, is freed. */
static void defer_early(struct kunit *test)
{
	atomic_set(&foreign.frees, 0);
	in_hard(test, early_put, NULL);
	KUNIT_EXPECT_NULL(test, early_got);
	early_wait(test, &early_pool);
	KUNIT_EXPECT_EQ(test, atomic_read(&foreign.frees), 2);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&early_pool), -2L);
	syncpool_put(&early_pool, &foreign.objs[0]);
	KUNIT_EXPECT_EQ(test, syncpool_count(&early_pool), 1UL);
	syncpool_exit(&early_pool);
	KUNIT_EXPECT_EQ(test, atomic_read(&foreign.frees), 3);
}

static DEFINE_SYNCPOOL(early_full, NULL, foreign_free, NULL);

static void early_fill(void *unused)
{
	unsigned int i;

	for (i = 0; i < BURST; i++)
		syncpool_put(&early_full, &foreign.objs[i]);
}

/* More than the tables of all CPUs hold: one report, and exit frees what they held. */
static void defer_early_full(struct kunit *test)
{
	atomic_set(&foreign.frees, 0);
	test_warn_begin("early_full", "an object was put where free may not run, .* is lost");
	in_hard(test, early_fill, NULL);
	test_warn_end();
	syncpool_exit(&early_full);
	KUNIT_EXPECT_EQ(test, (unsigned int)atomic_read(&foreign.frees),
			min(FOREIGN * num_possible_cpus(), BURST));
}

static void *early_alloc(gfp_t gfp, void *data)
{
	return &foreign.objs[early_built++];
}

static DEFINE_SYNCPOOL(early_bound, early_alloc, foreign_free, NULL);

static void early_burst(void *unused)
{
	unsigned int n = 0, i;

	while (n < BURST && syncpool_get(&early_bound, GFP_NOWAIT))
		n++;
	for (i = 0; i < n; i++)
		syncpool_put(&early_bound, &foreign.objs[i]);
}

/* It builds no more, before it is active, than can wait to be freed: none is lost. */
static void defer_early_bound(struct kunit *test)
{
	early_built = 0;
	atomic_set(&foreign.frees, 0);
	in_hard(test, early_burst, NULL);
	KUNIT_EXPECT_EQ(test, early_built, IS_ENABLED(CONFIG_PREEMPT_RT) ? 0U : POOL_EARLY_BUILT);
	early_wait(test, &early_bound);
	KUNIT_EXPECT_EQ(test, syncpool_outstanding(&early_bound), 0L);
	syncpool_exit(&early_bound);
	KUNIT_EXPECT_EQ(test, (unsigned int)atomic_read(&foreign.frees), early_built);
}

/*
 * Where no NMI is kept out of a magazine, what an NMI asks for is refused: one report, and
 * what it puts is freed later. A pool in debug mode has no inlined part.
 */
static void defer_refuse_nmi(struct kunit *test)
{
	struct test_pool *tp = test_pool_make(test, 8, SYNCPOOL_DEBUG);
	struct test_obj *objs[2];

	/* from here on nothing may end the test before this is false again */
	KUNIT_ASSERT_EQ(test, test_get_many(tp, objs, 2, ME), 2U);
	WRITE_ONCE(pool_hook_in_nmi, true);
	test_warn_begin(test->name, "used in NMI, where .* on this architecture");
	KUNIT_EXPECT_NULL(test, test_try_get(tp, ME));
	test_warn_end();
	KUNIT_EXPECT_NULL(test, test_get(tp, ME));
	test_put(tp, objs[0], ME);
	test_give(tp, objs[1], ME);
	syncpool_put_bulk(&tp->pool, 1, (void **)&objs[1]);
	WRITE_ONCE(pool_hook_in_nmi, false);
	test_flush(&tp->pool);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tp->frees), 2L);
	KUNIT_EXPECT_EQ(test, syncpool_count(&tp->pool), 0UL);
	test_pool_end(tp);
}

static struct kunit_case defer_cases[] = {
	KUNIT_CASE(defer_burst),
	KUNIT_CASE(defer_spare),
	KUNIT_CASE(defer_retire),
	KUNIT_CASE(defer_foreign),
	KUNIT_CASE(defer_many),
	KUNIT_CASE(defer_min),
	KUNIT_CASE(defer_suspended),
	KUNIT_CASE(defer_stranger),
	KUNIT_CASE(defer_stranger_drains),
	KUNIT_CASE(defer_busy_work),
	KUNIT_CASE(defer_busy_cleanup),
	KUNIT_CASE(defer_busy_age),
	KUNIT_CASE(defer_busy_exit),
	KUNIT_CASE(defer_exit_in_work),
	KUNIT_CASE(defer_early),
	KUNIT_CASE(defer_early_full),
	KUNIT_CASE(defer_early_bound),
	KUNIT_CASE(defer_refuse_nmi),
	{}
};

static struct kunit_suite defer_suite = {
	.name = "pool_defer",
	.test_cases = defer_cases,
};

kunit_test_suite(defer_suite);
