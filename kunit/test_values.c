// SPDX-License-Identifier: GPL-2.0
/* test_values - each value is popped once; see test_values.h */
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "test_values.h"

#define THIEVES		9U
#define PUSH_MOST	12UL	/* values at once */
#define HEAD_MOST	4U
#define TAIL_MOST	8U

static void values_take(struct test_values *v, void **objs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		unsigned long value = (unsigned long)objs[i] - 1;

		if (value >= v->nr)
			atomic_long_inc(&v->wrong);
		else if (test_and_set_bit(value, v->seen))
			atomic_long_inc(&v->twice);
	}
	atomic_long_add(n, &v->taken);
}

/* Push all values, and pop some at the head, always if there was no room. */
static void values_produce(struct test_values *v)
{
	unsigned long next = 1;
	void *objs[HEAD_MOST];
	u32 seed = 7;

	while (next <= v->nr) {
		unsigned long n = 1 + test_random(&seed) % PUSH_MOST, pushed;
		unsigned int k;

		pushed = v->push(v, next, min(n, v->nr + 1 - next), &seed);
		next += pushed;
		if (pushed && test_random(&seed) % 12)
			continue;
		/* without preemption, grace periods wait for this */
		cond_resched();
		k = v->pop_head(v, objs, 1 + test_random(&seed) % HEAD_MOST);
		values_take(v, objs, k);
		v->at_head += k;
	}
}

static void values_steal(struct test_values *v, unsigned int id)
{
	void *objs[TAIL_MOST];
	unsigned int idle = 0;
	u32 seed = id;

	while (atomic_long_read(&v->taken) < v->nr) {
		bool pause = READ_ONCE(v->pause);
		unsigned int k = 0;

		if (!pause)
			k = v->pop_tail(v, objs, 1 + test_random(&seed) % TAIL_MOST);
		values_take(v, objs, k);
		idle = k ? 0 : idle + 1;
		if (test_random(&seed) % 256 == 0)
			cond_resched();
		if (pause || idle % 64 == 63)
			usleep_range(20, 60);
	}
}

static void values_thread(unsigned int id, void *arg)
{
	if (id)
		values_steal(arg, id);
	else
		values_produce(arg);
}

/* One owner and THIEVES thieves pass all values through once. */
void test_values_run(struct kunit *test, struct test_values *v)
{
	size_t size = BITS_TO_LONGS(v->nr) * sizeof(long);

	v->seen = kunit_kzalloc(test, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, v->seen);
	atomic_long_set(&v->taken, 0);
	test_threads(test, 1 + THIEVES, values_thread, v);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&v->wrong), 0L);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&v->twice), 0L);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&v->taken), (long)v->nr);
	KUNIT_EXPECT_TRUE(test, bitmap_full(v->seen, v->nr));
	kunit_kfree(test, v->seen);
}
