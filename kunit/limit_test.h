/* SPDX-License-Identifier: GPL-2.0 */
/* Pools with min and max. */
#ifndef _LIMIT_TEST_H
#define _LIMIT_TEST_H

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/limits.h>

#include "pool_limit.h"
#include "test_pool.h"

#define ME	1U
/* objects that most of these pools keep */
#define KEEP	4U

/*
 * Wait until @cond holds. The time is for an emulated guest on a busy machine; a test
 * that passes takes far less.
 */
#define limit_until(test, cond) ({					\
	unsigned long __stop = jiffies + 60 * HZ;			\
	bool __is;							\
									\
	while (!(__is = (cond)) && time_before(jiffies, __stop))	\
		usleep_range(100, 300);					\
	KUNIT_EXPECT_TRUE_MSG((test), __is, "%s", #cond);		\
	__is;								\
})

struct test_pool *limit_prepare(struct kunit *test, unsigned int nr, unsigned int min,
				unsigned int max);
struct test_pool *limit_make(struct kunit *test, unsigned int nr, unsigned int min,
			     unsigned int max);
struct test_obj *limit_get(struct test_pool *tp, gfp_t gfp, unsigned int holder);
int limit_most(void);
void limit_migrate(u32 *seed);

/* From now on alloc returns NULL. */
static inline void limit_break_alloc(struct test_pool *tp)
{
	atomic_set(&tp->failing, INT_MAX);
}

static inline void limit_mend_alloc(struct test_pool *tp)
{
	atomic_set(&tp->failing, 0);
}

/* No get looks again of its own accord: a lost wake-up shows. Until the next pool. */
static inline void limit_wait_for_kicks(void)
{
	pool_wait_again = MAX_SCHEDULE_TIMEOUT;
}

/* No get becomes strict by time. Until the next pool. */
static inline void limit_be_patient(void)
{
	pool_wait_patience = 3600LL * NSEC_PER_SEC;
}

/* Gets that wait, and let nobody overtake. */
static inline unsigned int limit_strict(struct test_pool *tp)
{
	return READ_ONCE(tp->pool.core->limit->nr_strict);
}

/* Gets that wait. */
static inline int limit_waiters(struct test_pool *tp)
{
	return atomic_read(&tp->pool.core->limit->nr_waiters);
}

#endif /* _LIMIT_TEST_H */
