/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites share: objects that know whose they are, pools of them,
 * threads, and a shell.
 *
 * Every object carries a stamp, which changes hands by compare-and-swap:
 *
 *	FREED --alloc--> FRESH --get--> HELD by whom --put--> POOLED --get--> ...
 *	  ^                |                                    |
 *	  +----- free -----+---------------- free --------------+
 *
 * Any other step is an error, counted by kind; test_pool_check() fails the test
 * for it. Objects live in an array until the test ends and are built again
 * oldest first, so a pool that frees one twice or keeps a freed one is seen.
 */
#ifndef _TEST_POOL_H
#define _TEST_POOL_H

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/kconfig.h>
#include <linux/list.h>
#include <linux/spinlock.h>

#include "pool_core.h"
#include "pool_free.h"
#include "pool_hook.h"
#include "pool_life.h"
#include "pool_reclaim.h"

#define TEST_MAGIC	0x706f6f6cU

/*
 * Cases that need a second CPU. They are the last of their suite: in a kernel
 * for one CPU its list ends where they begin, since a case that has no function
 * ends it. With more, a guest of one CPU skips them, which counts as a failure.
 */
#define TEST_CASE_SMP(fn)						\
	{ .run_case = IS_ENABLED(CONFIG_SMP) ? (fn) : NULL, .name = #fn }
#define TEST_CASE_SMP_PARAM(fn, gen)					\
	{ .run_case = IS_ENABLED(CONFIG_SMP) ? (fn) : NULL, .name = #fn, \
	  .generate_params = (gen) }

enum test_state {
	TEST_FREED,
	TEST_FRESH,
	TEST_POOLED,
	TEST_HELD,		/* who holds it in the upper bits */
};

#define TEST_HELD_BY(who)	(TEST_HELD | (who) << 8)

enum test_error {
	TEST_ERR_STRANGER,	/* no object of this pool */
	TEST_ERR_SMASHED,	/* magic or canary overwritten */
	TEST_ERR_STALE,		/* not what the last holder wrote */
	TEST_ERR_GOT_HELD,	/* get gave what somebody holds */
	TEST_ERR_GOT_FREED,	/* get gave what was freed */
	TEST_ERR_PUT,		/* changed hands while it was held */
	TEST_ERR_FREED_HELD,	/* freed while somebody holds it */
	TEST_ERR_FREED_TWICE,
	TEST_ERR_ALLOC,		/* in use while it was free */
	TEST_ERR_CONTEXT,	/* a callback ran where it may not */
	TEST_ERR_NR,
};

struct test_obj {
	unsigned long		deferred[2];	/* the pool's when it drops this */
	u32			magic;
	atomic_t		state;
	unsigned int		seq;		/* hand-overs, by the holder */
	unsigned int		copy;		/* of @seq, written last */
	struct list_head	unused;
	u32			canary;
};

struct test_pool {
	struct syncpool		pool;
	struct syncpool_params	params;
	struct kunit		*test;
	bool			live;
	atomic_t		failing;	/* so many allocs fail */
	atomic_long_t		allocs;
	atomic_long_t		frees;
	atomic_long_t		errors[TEST_ERR_NR];
	raw_spinlock_t		lock;		/* of @unused */
	struct list_head	unused;
	unsigned int		nr;
	struct test_obj		*objs;
};

void *test_alloc(gfp_t gfp, void *data);
void test_free(void *obj, void *data);
void test_free_sleeps(void *obj, void *data);

struct test_pool *test_pool_prepare(struct kunit *test, unsigned int nr);
struct test_pool *test_pool_make(struct kunit *test, unsigned int nr,
				 unsigned int flags);
void test_pool_check(struct test_pool *tp);
void test_pool_end(struct test_pool *tp);

struct test_obj *test_claim(struct test_pool *tp, void *obj, unsigned int who);
struct test_obj *test_get(struct test_pool *tp, unsigned int who);
struct test_obj *test_try_get(struct test_pool *tp, unsigned int who);
void test_disown(struct test_pool *tp, struct test_obj *obj, unsigned int who);
void test_put(struct test_pool *tp, struct test_obj *obj, unsigned int who);
unsigned int test_get_many(struct test_pool *tp, struct test_obj **objs,
			   unsigned int n, unsigned int who);
void test_put_many(struct test_pool *tp, struct test_obj **objs,
		   unsigned int n, unsigned int who);
void test_fill(struct test_pool *tp, unsigned int n, unsigned int who);
unsigned int test_nested_slots(struct test_pool *tp);
void test_put_nested(struct test_pool *tp, struct test_obj **objs,
		     unsigned int n, unsigned int who);
struct syncpool_stats test_stats(struct test_pool *tp);

void test_threads(struct kunit *test, unsigned int nr,
		  void (*fn)(unsigned int id, void *arg), void *arg);
void test_stay_on(unsigned int cpu);
unsigned int test_other_cpu(struct kunit *test);
void test_on_cpu(struct kunit *test, unsigned int cpu, void (*fn)(void *arg),
		 void *arg);
void test_hook(struct kunit *test, void (*fn)(enum pool_hook_point point));
__printf(1, 2) int test_shell(const char *fmt, ...);

/* Tell scripts/vm/vm-log-check of a report by pool @pool that is to come. */
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
