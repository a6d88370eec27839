// SPDX-License-Identifier: GPL-2.0
/* dequeue_test - one ring: order, capacity, wrap, a slow thief, many thieves */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "test_values.h"

#define RING		16U
#define WRAP		BIT(POOL_DEQUEUE_BITS)
#define VALUES		2000000UL

static struct pool_dequeue *dequeue_make(struct kunit *test, unsigned int size,
					 unsigned long index)
{
	struct pool_dequeue *d;

	d = kunit_kzalloc(test, struct_size(d, slots, size), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, d);
	pool_dequeue_init(d, size, index & (WRAP - 1));
	return d;
}

static void *value(unsigned long v)
{
	return (void *)v;
}

/* Push the values [@from, @from + @n). */
static unsigned int push(struct pool_dequeue *d, unsigned long from,
			 unsigned int n)
{
	void *objs[2 * RING];
	unsigned int i;

	for (i = 0; i < n; i++)
		objs[i] = value(from + i);
	return pool_dequeue_push_head(d, objs, n);
}

static void expect_values(struct kunit *test, void **objs, unsigned long from,
			  unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		KUNIT_EXPECT_PTR_EQ(test, objs[i], value(from + i));
}

static void dequeue_empty(struct kunit *test)
{
	struct pool_dequeue *d = dequeue_make(test, RING, 0);
	void *obj = NULL;

	KUNIT_EXPECT_EQ(test, pool_dequeue_len(d), 0U);
	KUNIT_EXPECT_EQ(test, pool_dequeue_pop_head(d, &obj, 1), 0U);
	KUNIT_EXPECT_EQ(test, pool_dequeue_pop_tail(d, &obj, 1), 0U);
	KUNIT_EXPECT_EQ(test, pool_dequeue_push_head(d, &obj, 0), 0U);
	KUNIT_EXPECT_EQ(test, pool_dequeue_len(d), 0U);
}

/* The head returns the newest values, the tail the oldest, each oldest first. */
static void dequeue_order(struct kunit *test)
{
	struct pool_dequeue *d = dequeue_make(test, RING, 0);
	void *objs[RING];

	KUNIT_EXPECT_EQ(test, push(d, 1, 10), 10U);
	KUNIT_EXPECT_EQ(test, pool_dequeue_len(d), 10U);
	KUNIT_EXPECT_EQ(test, pool_dequeue_pop_head(d, objs, 3), 3U);
	expect_values(test, objs, 8, 3);
	KUNIT_EXPECT_EQ(test, pool_dequeue_pop_tail(d, objs, 4), 4U);
	expect_values(test, objs, 1, 4);
	KUNIT_EXPECT_EQ(test, pool_dequeue_pop_head(d, objs, 1), 1U);
	expect_values(test, objs, 7, 1);
	KUNIT_EXPECT_EQ(test, pool_dequeue_pop_tail(d, objs, RING), 2U);
	expect_values(test, objs, 5, 2);
	KUNIT_EXPECT_EQ(test, pool_dequeue_len(d), 0U);
}

/* A full ring accepts nothing; of a batch that is too long it accepts a part. */
static void dequeue_full(struct kunit *test)
{
	struct pool_dequeue *d = dequeue_make(test, RING, 0);
	void *objs[RING];

	KUNIT_EXPECT_EQ(test, push(d, 1, RING + 5), RING);
	KUNIT_EXPECT_EQ(test, pool_dequeue_len(d), RING);
	KUNIT_EXPECT_EQ(test, push(d, 100, 1), 0U);
	KUNIT_EXPECT_EQ(test, pool_dequeue_pop_tail(d, objs, 2), 2U);
	KUNIT_EXPECT_EQ(test, push(d, RING + 1, 3), 2U);
	KUNIT_EXPECT_EQ(test, pool_dequeue_pop_tail(d, objs, RING), RING);
	expect_values(test, objs, 3, RING);
}

static void check_step(struct kunit *test, struct pool_dequeue *d,
		       unsigned long *tail, unsigned long *head, u32 *seed)
{
	unsigned int n = test_random(seed) % (RING + 3), k;
	unsigned int len = *head - *tail;
	void *objs[2 * RING];

	switch (test_random(seed) % 4) {
	case 0:
		k = pool_dequeue_pop_head(d, objs, n);
		KUNIT_ASSERT_EQ(test, k, min(n, len));
		*head -= k;
		expect_values(test, objs, *head, k);
		break;
	case 1:
		k = pool_dequeue_pop_tail(d, objs, n);
		KUNIT_ASSERT_EQ(test, k, min(n, len));
		expect_values(test, objs, *tail, k);
		*tail += k;
		break;
	default:
		k = push(d, *head, n);
		KUNIT_ASSERT_EQ(test, k, min(n, RING - len));
		*head += k;
	}
	KUNIT_ASSERT_EQ(test, pool_dequeue_len(d), (unsigned int)(*head - *tail));
}

static const unsigned long dequeue_starts[] = {
	0, 1, -1UL, -2UL, -(RING - 1UL), -(unsigned long)RING, -500UL,
};

/* Random operations against a model, from indexes on both sides of the wrap. */
static void dequeue_wrap(struct kunit *test)
{
	unsigned long tail, head;
	struct pool_dequeue *d;
	unsigned int i, step;
	u32 seed = 1;

	for (i = 0; i < ARRAY_SIZE(dequeue_starts); i++) {
		d = dequeue_make(test, RING, dequeue_starts[i]);
		tail = 1;
		head = 1;
		for (step = 0; step < 1500; step++)
			check_step(test, d, &tail, &head, &seed);
		KUNIT_EXPECT_GT(test, head, 1000UL);
	}
}

/* A thief that stops after it has read a slot and before it clears it. */
static struct {
	struct task_struct *task;
	struct completion claimed;
	struct completion go;
	unsigned int skip;
	struct pool_dequeue *d;
	unsigned int want;
	unsigned int got;
	void *objs[RING];
} slow;

static void slow_hook(enum pool_hook_point point)
{
	if (point != POOL_HOOK_CLAIMED || current != READ_ONCE(slow.task))
		return;
	if (slow.skip--)
		return;
	WRITE_ONCE(slow.task, NULL);
	complete(&slow.claimed);
	wait_for_completion(&slow.go);
}

static int slow_thief(void *unused)
{
	WRITE_ONCE(slow.task, current);
	slow.got = pool_dequeue_pop_tail(slow.d, slow.objs, slow.want);
	WRITE_ONCE(slow.task, NULL);
	complete(&slow.claimed);
	return 0;
}

/* Start a thief that takes @want objects and stops once it has cleared @skip. */
static struct task_struct *slow_start(struct kunit *test,
				      struct pool_dequeue *d, unsigned int want,
				      unsigned int skip)
{
	struct task_struct *task;

	slow.d = d;
	slow.want = want;
	slow.skip = skip;
	slow.got = 0;
	init_completion(&slow.claimed);
	init_completion(&slow.go);
	test_hook(test, slow_hook);
	task = kthread_create(slow_thief, NULL, "pool_slow");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	wait_for_completion(&slow.claimed);
	return task;
}

static void slow_end(struct task_struct *task)
{
	complete(&slow.go);
	kthread_stop(task);
	put_task_struct(task);
}

/*
 * By its indexes, a full ring has room once a slow thief has claimed the tail and
 * not cleared it. The push is refused and overwrites nothing.
 */
static void dequeue_claimed_slot(struct kunit *test)
{
	struct pool_dequeue *d = dequeue_make(test, RING, -8UL);
	struct task_struct *task;
	void *objs[RING];

	KUNIT_ASSERT_EQ(test, push(d, 1, RING), RING);
	task = slow_start(test, d, 1, 0);
	KUNIT_EXPECT_EQ(test, pool_dequeue_len(d), RING - 1);
	KUNIT_EXPECT_EQ(test, push(d, 100, 1), 0U);
	KUNIT_EXPECT_EQ(test, push(d, 100, 5), 0U);
	KUNIT_EXPECT_PTR_EQ(test, d->slots[(-8UL) & (RING - 1)], value(1));
	KUNIT_EXPECT_EQ(test, pool_dequeue_len(d), RING - 1);
	slow_end(task);
	KUNIT_EXPECT_EQ(test, slow.got, 1U);
	KUNIT_EXPECT_PTR_EQ(test, slow.objs[0], value(1));
	KUNIT_EXPECT_EQ(test, push(d, RING + 1, 2), 1U);
	KUNIT_EXPECT_EQ(test, pool_dequeue_pop_tail(d, objs, RING), RING);
	expect_values(test, objs, 2, RING);
}

/* A batch that is claimed and partly cleared: only the clear slots are reused. */
static void dequeue_claimed_batch(struct kunit *test)
{
	struct pool_dequeue *d = dequeue_make(test, RING, -3UL);
	struct task_struct *task;
	void *objs[RING];

	KUNIT_ASSERT_EQ(test, push(d, 1, RING), RING);
	task = slow_start(test, d, 6, 2);
	KUNIT_EXPECT_EQ(test, push(d, RING + 1, 6), 2U);
	KUNIT_EXPECT_EQ(test, push(d, RING + 3, 1), 0U);
	KUNIT_EXPECT_EQ(test, pool_dequeue_len(d), RING - 4);
	/* other thieves continue behind the slow one, the owner at the head */
	KUNIT_EXPECT_EQ(test, pool_dequeue_pop_tail(d, objs, 2), 2U);
	expect_values(test, objs, 7, 2);
	KUNIT_EXPECT_EQ(test, pool_dequeue_pop_head(d, objs, 3), 3U);
	expect_values(test, objs, RING, 3);
	slow_end(task);
	KUNIT_EXPECT_EQ(test, slow.got, 6U);
	expect_values(test, slow.objs, 1, 6);
	KUNIT_EXPECT_EQ(test, push(d, RING, RING), 9U);
	KUNIT_EXPECT_EQ(test, pool_dequeue_pop_tail(d, objs, RING), RING);
	expect_values(test, objs, 9, RING);
}

struct stress {
	struct test_values values;
	struct pool_dequeue *d;
};

static unsigned long stress_push(struct test_values *v, unsigned long from,
				 unsigned long n, u32 *seed)
{
	return push(container_of(v, struct stress, values)->d, from, n);
}

static unsigned int stress_pop_head(struct test_values *v, void **objs,
				    unsigned int n)
{
	return pool_dequeue_pop_head(container_of(v, struct stress, values)->d,
				     objs, n);
}

static unsigned int stress_pop_tail(struct test_values *v, void **objs,
				    unsigned int n)
{
	return pool_dequeue_pop_tail(container_of(v, struct stress, values)->d,
				     objs, n);
}

/* Go's TestPoolDequeue at full length, with indexes that start 500 before the wrap. */
static void dequeue_stress(struct kunit *test)
{
	struct stress s = {
		.values = {
			.nr = VALUES,
			.push = stress_push,
			.pop_head = stress_pop_head,
			.pop_tail = stress_pop_tail,
		},
		.d = dequeue_make(test, RING, -500UL),
	};

	test_values_run(test, &s.values);
	KUNIT_EXPECT_GT(test, s.values.at_head, 0UL);
	KUNIT_EXPECT_LT(test, s.values.at_head, VALUES);
	KUNIT_EXPECT_EQ(test, pool_dequeue_len(s.d), 0U);
	kunit_info(test, "%lu values, %lu of them at the head", VALUES,
		   s.values.at_head);
}

static struct kunit_case dequeue_cases[] = {
	KUNIT_CASE(dequeue_empty),
	KUNIT_CASE(dequeue_order),
	KUNIT_CASE(dequeue_full),
	KUNIT_CASE(dequeue_wrap),
	KUNIT_CASE(dequeue_claimed_slot),
	KUNIT_CASE(dequeue_claimed_batch),
	KUNIT_CASE(dequeue_stress),
	{}
};

static struct kunit_suite dequeue_suite = {
	.name = "pool_dequeue",
	.test_cases = dequeue_cases,
};

kunit_test_suite(dequeue_suite);
