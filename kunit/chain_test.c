// SPDX-License-Identifier: GPL-2.0
/* chain_test - rings that are added, exhausted, and unlinked under their owner */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "test_values.h"

#define VALUES		2000000UL	/* in all rounds */
#define ROUNDS		20UL
#define ROUND		(VALUES / ROUNDS)
#define BURST		1000UL		/* pushed while the thieves pause */

static struct pool_chain *chain_make(struct kunit *test)
{
	struct pool_chain *chain = kunit_kzalloc(test, sizeof(*chain), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, chain);
	return chain;
}

static void first_index_cleanup(struct kunit_resource *res)
{
	pool_ring_first_index = 0;
}

static int first_index_setup(struct kunit_resource *res, void *context)
{
	pool_ring_first_index = *(unsigned long *)context;
	return 0;
}

/* Have the indexes of new rings start at @index until the test ends. */
static void first_index(struct kunit *test, unsigned long index)
{
	kunit_alloc_resource(test, first_index_setup, first_index_cleanup,
			     GFP_KERNEL, &index);
}

static bool grow(struct pool_chain *chain)
{
	struct pool_ring *ring;

	ring = pool_ring_alloc(pool_chain_next_size(chain), GFP_KERNEL);
	if (!ring)
		return false;
	preempt_disable();
	pool_chain_grow(chain, ring);
	preempt_enable();
	return true;
}

/* Push the values [@from, @from + @n), growing where needed. */
static unsigned long push(struct pool_chain *chain, unsigned long from,
			  unsigned long n)
{
	unsigned long done = 0;

	while (done < n) {
		unsigned int i, k = min(n - done, 8UL);
		void *objs[8];

		for (i = 0; i < k; i++)
			objs[i] = (void *)(from + done + i);
		preempt_disable();
		k = pool_chain_push_head(chain, objs, k);
		preempt_enable();
		done += k;
		if (!k && !grow(chain))
			break;
	}
	return done;
}

static unsigned int pop_tail(struct pool_chain *chain, void **objs,
			     unsigned int n)
{
	unsigned int k;

	preempt_disable();
	k = pool_chain_pop_tail(chain, objs, n);
	preempt_enable();
	return k;
}

static unsigned int pop_head(struct pool_chain *chain, void **objs,
			     unsigned int n)
{
	unsigned int k;

	preempt_disable();
	k = pool_chain_pop_head(chain, objs, n);
	preempt_enable();
	return k;
}

static unsigned int rings(const struct pool_chain *chain)
{
	const struct pool_ring *ring;
	unsigned int n = 0;

	for (ring = chain->tail; ring; ring = ring->next)
		n++;
	return n;
}

static void chain_empty(struct kunit *test)
{
	struct pool_chain *chain = chain_make(test);
	void *obj = (void *)1;

	KUNIT_EXPECT_TRUE(test, pool_chain_is_empty(chain));
	KUNIT_EXPECT_TRUE(test, pool_chain_is_drained(chain));
	KUNIT_EXPECT_TRUE(test, pool_chain_is_full(chain));
	KUNIT_EXPECT_EQ(test, pop_head(chain, &obj, 1), 0U);
	KUNIT_EXPECT_EQ(test, pop_tail(chain, &obj, 1), 0U);
	KUNIT_EXPECT_EQ(test, pool_chain_push_head(chain, &obj, 1), 0U);
	pool_chain_retire(chain);
	KUNIT_ASSERT_EQ(test, push(chain, 1, 1), 1UL);
	KUNIT_EXPECT_FALSE(test, pool_chain_is_empty(chain));
	KUNIT_EXPECT_FALSE(test, pool_chain_is_drained(chain));
	KUNIT_EXPECT_FALSE(test, pool_chain_is_full(chain));
	KUNIT_EXPECT_EQ(test, pop_head(chain, &obj, 1), 1U);
	KUNIT_EXPECT_TRUE(test, pool_chain_is_empty(chain));
	pool_chain_retire(chain);
	KUNIT_EXPECT_NULL(test, chain->head);
	KUNIT_EXPECT_NULL(test, chain->tail);
}

/* 8, 16, ... up to what fits a page of order 0. */
static void chain_sizes(struct kunit *test)
{
	struct pool_chain *chain = chain_make(test);
	unsigned int want = POOL_RING_MIN, i;
	void *obj;

	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_EQ(test, pool_chain_next_size(chain), want);
		KUNIT_ASSERT_TRUE(test, grow(chain));
		KUNIT_EXPECT_EQ(test, chain->head->d.size, want);
		KUNIT_EXPECT_LE(test, struct_size(chain->head, d.slots, want),
				(size_t)PAGE_SIZE);
		want = min(2 * want, POOL_RING_MAX);
	}
	KUNIT_EXPECT_EQ(test, want, POOL_RING_MAX);
	KUNIT_EXPECT_GT(test, struct_size(chain->head, d.slots, 2 * want),
			(size_t)PAGE_SIZE);
	/* more exhausted rings than one operation looks into */
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, pop_tail(chain, &obj, 1), 0U);
	KUNIT_EXPECT_EQ(test, rings(chain), 1U);
	pool_chain_retire(chain);
}

/* The tail returns the oldest values, across rings; no batch spans two rings. */
static void chain_order_tail(struct kunit *test)
{
	struct pool_chain *chain = chain_make(test);
	unsigned long next = 1;
	void *objs[32];
	unsigned int i, k;

	KUNIT_ASSERT_EQ(test, push(chain, 1, 1000), 1000UL);
	KUNIT_EXPECT_GT(test, rings(chain), 5U);
	while ((k = pop_tail(chain, objs, 32))) {
		for (i = 0; i < k; i++)
			KUNIT_EXPECT_PTR_EQ(test, objs[i], (void *)next++);
	}
	KUNIT_EXPECT_EQ(test, next, 1001UL);
	KUNIT_EXPECT_EQ(test, rings(chain), 1U);
	KUNIT_EXPECT_PTR_EQ(test, chain->head, chain->tail);
	KUNIT_EXPECT_TRUE(test, pool_chain_is_empty(chain));
	pool_chain_retire(chain);
}

/* The head returns the newest values of the newest ring, then those at the tail. */
static void chain_order_head(struct kunit *test)
{
	struct pool_chain *chain = chain_make(test);
	void *objs[8];
	unsigned long v;

	/* 8 and 16 full, 2 in the ring of 32 */
	KUNIT_ASSERT_EQ(test, push(chain, 1, 26), 26UL);
	KUNIT_EXPECT_EQ(test, rings(chain), 3U);
	KUNIT_EXPECT_EQ(test, pop_head(chain, objs, 1), 1U);
	KUNIT_EXPECT_PTR_EQ(test, objs[0], (void *)26);
	KUNIT_EXPECT_EQ(test, pop_head(chain, objs, 8), 1U);
	KUNIT_EXPECT_PTR_EQ(test, objs[0], (void *)25);
	for (v = 1; v <= 24; v++) {
		KUNIT_EXPECT_EQ(test, pop_head(chain, objs, 1), 1U);
		KUNIT_EXPECT_PTR_EQ(test, objs[0], (void *)v);
	}
	KUNIT_EXPECT_EQ(test, pop_head(chain, objs, 1), 0U);
	KUNIT_EXPECT_EQ(test, rings(chain), 1U);
	/* and the chain is still usable */
	KUNIT_ASSERT_EQ(test, push(chain, 1, 40), 40UL);
	for (v = 0; v < 40; v++)
		KUNIT_EXPECT_EQ(test, pop_head(chain, objs, 1), 1U);
	/* the ring at the tail is exhausted; the next pop unlinks it */
	KUNIT_EXPECT_FALSE(test, pool_chain_is_empty(chain));
	KUNIT_EXPECT_EQ(test, pop_head(chain, objs, 1), 0U);
	KUNIT_EXPECT_TRUE(test, pool_chain_is_empty(chain));
	pool_chain_retire(chain);
}

/* The indexes of every ring start just before the wrap and cross it. */
static void chain_wrap(struct kunit *test)
{
	struct pool_chain *chain = chain_make(test);
	unsigned long next = 1, head = 1, i;
	unsigned int k;
	void *objs[8];

	first_index(test, -3UL);
	for (i = 0; i < 200; i++) {
		KUNIT_ASSERT_EQ(test, push(chain, head, 17), 17UL);
		head += 17;
		for (k = 0; k < 16; k++) {
			KUNIT_ASSERT_EQ(test, pop_tail(chain, objs, 1), 1U);
			KUNIT_ASSERT_PTR_EQ(test, objs[0], (void *)next++);
		}
	}
	while (pop_tail(chain, objs, 1))
		KUNIT_ASSERT_PTR_EQ(test, objs[0], (void *)next++);
	KUNIT_EXPECT_EQ(test, next, head);
	pool_chain_retire(chain);
}

/*
 * A pop has found the ring at the tail exhausted and is about to unlink it. Before
 * it does, @other changes the chain.
 */
static struct {
	struct task_struct *task;
	struct pool_chain *chain;
	struct pool_ring *ring;		/* allocated unpinned, for race_grow() */
	void (*other)(void);
	void *objs[4];
	unsigned int got;
	struct completion *go;
} race;

static void race_hook(enum pool_hook_point point)
{
	if (point != POOL_HOOK_EXHAUSTED || current != READ_ONCE(race.task))
		return;
	WRITE_ONCE(race.task, NULL);
	race.other();
}

/* On this CPU, as an interrupt of the owner would. */
static void race_here(void)
{
	race.got = pool_chain_pop_tail(race.chain, race.objs, 1);
}

/* On another CPU, where race_thread() runs. */
static void race_there(void)
{
	complete(race.go);
	while (!READ_ONCE(race.got))
		cpu_relax();
}

/* 8 + 16 values; the ring of 8 is exhausted, the ring of 16 is not the head. */
static struct pool_chain *race_chain(struct kunit *test)
{
	struct pool_chain *chain = chain_make(test);
	void *objs[8];

	KUNIT_ASSERT_EQ(test, push(chain, 1, 24), 24UL);
	KUNIT_ASSERT_TRUE(test, grow(chain));
	KUNIT_ASSERT_EQ(test, pop_tail(chain, objs, 8), 8U);
	KUNIT_ASSERT_EQ(test, rings(chain), 3U);
	race.chain = chain;
	race.got = 0;
	test_hook(test, race_hook);
	return chain;
}

static void race_check(struct kunit *test, struct pool_chain *chain, void *obj)
{
	unsigned int n = 2;
	void *more;

	KUNIT_EXPECT_NULL(test, race.task);
	KUNIT_EXPECT_EQ(test, race.got, 1U);
	KUNIT_EXPECT_PTR_EQ(test, race.objs[0], (void *)9);
	KUNIT_EXPECT_PTR_EQ(test, obj, (void *)10);
	KUNIT_EXPECT_EQ(test, rings(chain), 2U);
	while (pop_head(chain, &more, 1))
		KUNIT_EXPECT_PTR_EQ(test, more, (void *)(9UL + n++));
	KUNIT_EXPECT_EQ(test, n, 16U);
	pool_chain_retire(chain);
	/* KASAN reports a ring that was freed twice now, if not before */
	rcu_barrier();
}

/* The owner pops at the tail, and its own interrupt unlinks the ring first. */
static void chain_unlinked_by_irq(struct kunit *test)
{
	struct pool_chain *chain = race_chain(test);
	void *obj = NULL;

	race.other = race_here;
	WRITE_ONCE(race.task, current);
	KUNIT_EXPECT_EQ(test, pop_head(chain, &obj, 1), 1U);
	race_check(test, chain, obj);
}

static int race_thread(void *arg)
{
	struct completion *c = arg;

	wait_for_completion(&c[0]);
	race.got = pop_tail(race.chain, race.objs, 1);
	complete(&c[1]);
	return 0;
}

/* The same with a thief on another CPU. */
static void chain_unlinked_by_cpu(struct kunit *test)
{
	struct completion c[2];
	struct pool_chain *chain;
	struct task_struct *task;
	void *obj = NULL;
	unsigned int cpu = test_other_cpu(test);

	chain = race_chain(test);
	init_completion(&c[0]);
	init_completion(&c[1]);
	race.go = &c[0];
	race.other = race_there;
	task = kthread_create(race_thread, c, "pool_thief");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	kthread_bind(task, cpu);
	wake_up_process(task);
	WRITE_ONCE(race.task, current);
	KUNIT_EXPECT_EQ(test, pop_head(chain, &obj, 1), 1U);
	wait_for_completion(&c[1]);
	race_check(test, chain, obj);
}

static void race_grow(void)
{
	void *obj = (void *)25;

	pool_chain_grow(race.chain, race.ring);
	race.got = pool_chain_push_head(race.chain, &obj, 1);
}

/* The owner adds a ring and pushes while a thief is about to unlink one. */
static void chain_grown_meanwhile(struct kunit *test)
{
	struct pool_chain *chain = race_chain(test);
	unsigned long n = 9;
	void *obj = NULL;

	race.ring = pool_ring_alloc(pool_chain_next_size(chain), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, race.ring);
	race.other = race_grow;
	WRITE_ONCE(race.task, current);
	KUNIT_EXPECT_EQ(test, pop_tail(chain, &obj, 1), 1U);
	KUNIT_EXPECT_EQ(test, race.got, 1U);
	KUNIT_EXPECT_PTR_EQ(test, obj, (void *)n++);
	while (!pool_chain_is_empty(chain))
		if (pop_tail(chain, &obj, 1))
			KUNIT_EXPECT_PTR_EQ(test, obj, (void *)n++);
	KUNIT_EXPECT_EQ(test, n, 26UL);
	KUNIT_EXPECT_EQ(test, rings(chain), 1U);
	pool_chain_retire(chain);
	rcu_barrier();
}

struct stress {
	struct test_values values;
	struct pool_chain *chain;
	unsigned int most_rings;
};

/* A burst without thieves makes the chain grow from rings of 8 up to a page. */
static unsigned long stress_burst(struct stress *s, unsigned long from)
{
	unsigned long n = min(BURST, ROUND + 1 - from);

	WRITE_ONCE(s->values.pause, true);
	n = push(s->chain, from, n);
	rcu_read_lock();
	s->most_rings = max(s->most_rings, rings(s->chain));
	rcu_read_unlock();
	WRITE_ONCE(s->values.pause, false);
	return n;
}

static unsigned long stress_push(struct test_values *v, unsigned long from,
				 unsigned long n, u32 *seed)
{
	struct stress *s = container_of(v, struct stress, values);

	if (from == 1 || test_random(seed) % 1024 == 0)
		return stress_burst(s, from);
	return push(s->chain, from, n);
}

static unsigned int stress_pop_head(struct test_values *v, void **objs,
				    unsigned int n)
{
	return pop_head(container_of(v, struct stress, values)->chain, objs, n);
}

static unsigned int stress_pop_tail(struct test_values *v, void **objs,
				    unsigned int n)
{
	return pop_tail(container_of(v, struct stress, values)->chain, objs, n);
}

/* Nothing is left but exhausted rings, of which each pop unlinks one. */
static void expect_empty(struct kunit *test, struct pool_chain *chain)
{
	unsigned int visits;
	void *obj;

	for (visits = 0; visits < ROUND && !pool_chain_is_empty(chain); visits++)
		KUNIT_EXPECT_EQ(test, pop_tail(chain, &obj, 1), 0U);
	KUNIT_EXPECT_TRUE(test, pool_chain_is_empty(chain));
}

/* Chains that grow from nothing; the indexes of each ring start just before the wrap. */
static void chain_stress(struct kunit *test)
{
	struct stress s = {
		.values = {
			.nr = ROUND,
			.push = stress_push,
			.pop_head = stress_pop_head,
			.pop_tail = stress_pop_tail,
		},
		.chain = chain_make(test),
	};
	unsigned int i;

	first_index(test, -5UL);
	for (i = 0; i < ROUNDS; i++) {
		test_values_run(test, &s.values);
		expect_empty(test, s.chain);
		pool_chain_retire(s.chain);
	}
	KUNIT_EXPECT_GT(test, s.values.at_head, 0UL);
	KUNIT_EXPECT_GE(test, s.most_rings, 5U);
	kunit_info(test, "%lu values, %lu of them at the head, up to %u rings",
		   VALUES, s.values.at_head, s.most_rings);
	rcu_barrier();
}

static struct kunit_case chain_cases[] = {
	KUNIT_CASE(chain_empty),
	KUNIT_CASE(chain_sizes),
	KUNIT_CASE(chain_order_tail),
	KUNIT_CASE(chain_order_head),
	KUNIT_CASE(chain_wrap),
	KUNIT_CASE(chain_unlinked_by_irq),
	KUNIT_CASE(chain_grown_meanwhile),
	KUNIT_CASE(chain_stress),
	TEST_CASE_SMP(chain_unlinked_by_cpu),
	{}
};

static struct kunit_suite chain_suite = {
	.name = "pool_chain",
	.test_cases = chain_cases,
};

kunit_test_suite(chain_suite);
