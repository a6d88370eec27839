/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites share: pools of stamped objects, threads, and a shell.
 *
 * Every object is an ownership stamp (pool_stamp.h). Its errors are
 * counted by kind, and test_pool_check() fails the test for each. Objects stay in
 * memory until the test ends, and the one that was freed first is built first, so
 * a pool that frees an object twice or keeps a freed one is caught.
 */
#ifndef _TEST_POOL_H
#define _TEST_POOL_H

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/hardirq.h>
#include <linux/irqflags.h>
#include <linux/kconfig.h>
#include <linux/shrinker.h>
#include <linux/spinlock.h>

#include "pool_core.h"
#include "pool_context.h"
#include "pool_hook.h"
#include "pool_life.h"
#include "pool_reclaim.h"
#include "pool_stamp.h"

/*
 * Cases that need a second CPU. They come last in their suite: in a kernel
 * without SMP they have no function, which ends the list of cases. A kernel with
 * SMP that runs on one CPU skips them, and a skipped test counts as failed.
 */
#define TEST_CASE_SMP(fn)						\
	{ .run_case = IS_ENABLED(CONFIG_SMP) ? (fn) : NULL, .name = #fn }
#define TEST_CASE_SMP_PARAM(fn, gen)					\
	{ .run_case = IS_ENABLED(CONFIG_SMP) ? (fn) : NULL, .name = #fn, \
	  .generate_params = (gen) }

/* Errors: enum pool_stamp_error, and one more */
#define TEST_ERR_CONTEXT	POOL_STAMP_ERRORS	/* wrong context of a callback */
#define TEST_ERRORS		(POOL_STAMP_ERRORS + 1)

struct test_obj {
	struct pool_stamp	stamp;
};

/**
 * struct test_pool - a pool of stamped objects
 * @pool: the pool
 * @params: its parameters
 * @test: the test that uses it
 * @active: @pool has been made and not ended
 * @failing: number of calls of alloc that fail from now on
 * @allocs: objects built
 * @frees: objects freed
 * @errors: errors, by kind
 * @lock: protects @unused, @first_unused and @nr_unused
 * @unused: a ring of @nr objects that are not built, in the order of their frees
 * @first_unused: index of the first of them
 * @nr_unused: length of the ring
 * @nr: length of @objs
 * @objs: the objects
 */
struct test_pool {
	struct syncpool		pool;
	struct syncpool_params	params;
	struct kunit		*test;
	bool			active;
	atomic_t		failing;
	atomic_long_t		allocs;
	atomic_long_t		frees;
	atomic_long_t		errors[TEST_ERRORS];
	raw_spinlock_t		lock;
	struct test_obj		**unused;
	unsigned int		first_unused;
	unsigned int		nr_unused;
	unsigned int		nr;
	struct test_obj		*objs;
};

void *test_alloc(gfp_t gfp, void *data);
void test_free(void *obj, void *data);
void test_free_sleeps(void *obj, void *data);

struct test_pool *test_pool_prepare(struct kunit *test, unsigned int nr);
struct test_pool *test_pool_make(struct kunit *test, unsigned int nr,
				 unsigned int flags);
struct test_pool *test_pool_make_sized(struct kunit *test, unsigned int nr,
				       size_t footprint, unsigned int flags);
void test_flush(struct syncpool *pool);
void test_pool_check(struct test_pool *tp);
void test_pool_end(struct test_pool *tp);

struct test_obj *test_take(struct test_pool *tp, void *obj, unsigned int holder);
struct test_obj *test_get(struct test_pool *tp, unsigned int holder);
struct test_obj *test_try_get(struct test_pool *tp, unsigned int holder);
void test_give(struct test_pool *tp, struct test_obj *obj, unsigned int holder);
void test_put(struct test_pool *tp, struct test_obj *obj, unsigned int holder);
unsigned int test_get_many(struct test_pool *tp, struct test_obj **objs,
			   unsigned int n, unsigned int holder);
void test_put_many(struct test_pool *tp, struct test_obj **objs,
		   unsigned int n, unsigned int holder);
void test_fill(struct test_pool *tp, unsigned int n, unsigned int holder);
unsigned int test_nested_slots(struct test_pool *tp);
void test_put_inside(struct test_pool *tp, enum pool_hook_point point,
		     struct test_obj **objs, unsigned int n, unsigned int holder);
bool test_put_inside_done(void);
void test_put_nested(struct test_pool *tp, struct test_obj **objs,
		     unsigned int holder);
void test_earn(struct test_pool *tp, unsigned int n, unsigned int holder);
struct pool_pcp *test_pcp(struct test_pool *tp, unsigned int cpu);
unsigned int test_outside(struct test_pool *tp, unsigned int cpu);
unsigned int test_outside_all(struct test_pool *tp);
struct syncpool_stats test_stats(struct test_pool *tp);
void test_pass_interval(struct syncpool_core *core);
unsigned long test_scan(struct shrinker *shrinker, unsigned long nr, gfp_t gfp);
unsigned long test_calm_scan(struct test_pool *tp, unsigned long nr);
unsigned long test_distress_scan(struct test_pool *tp, unsigned long nr);

void test_threads(struct kunit *test, unsigned int nr,
		  void (*fn)(unsigned int id, void *arg), void *arg);
void test_stay_on(unsigned int cpu);
unsigned int test_other_cpu(struct kunit *test);
void test_on_cpu(struct kunit *test, unsigned int cpu, void (*fn)(void *arg),
		 void *arg);
void test_hook(struct kunit *test, void (*fn)(enum pool_hook_point point));
__printf(1, 2) int test_shell(const char *fmt, ...);
bool test_has_shell(void);
void test_need_shell(struct kunit *test);

/* From here to test_nmi_end(), which wants the result: what the pool can see of an NMI. */
static inline unsigned long test_nmi_begin(void)
{
	unsigned long flags;

	local_irq_save(flags);
	__preempt_count_add(NMI_OFFSET);
	return flags;
}

static inline void test_nmi_end(unsigned long flags)
{
	__preempt_count_sub(NMI_OFFSET);
	local_irq_restore(flags);
}

/* Announce a report of the pool @pool to the script that judges the console. */
static inline void test_warn_begin(const char *pool, const char *regex)
{
	pr_info("EXPECT-WARN-BEGIN: syncpool: %s: %s\n", pool, regex);
}

static inline void test_warn_end(void)
{
	pr_info("EXPECT-WARN-END\n");
}

u32 test_random(u32 *seed);

#endif /* _TEST_POOL_H */
