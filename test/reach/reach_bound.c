// SPDX-License-Identifier: GPL-2.0
/*
 * reach_bound - tasks that are bound to a CPU, or go from one to the next
 *
 * wander:	one task goes from CPU to CPU. At each it gets K objects and puts
 *		them back. No two CPUs ever use the pool at once, so K objects
 *		are enough.
 * cleanup:	gets and puts with a cleanup after each round. What was put
 *		lies in the victim then, and must come back.
 * handover:	one CPU gets, another puts, and a short queue lies between them.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sizes.h>

#include "reach.h"

#define REACH_ROUNDS	10U	/* visits to each CPU, half of them in order */
#define REACH_CLEANUPS	20U
#define REACH_BATCH	32U	/* objects between two cleanups */
#define REACH_HANDED	200000U	/* objects that change hands */
#define REACH_QUEUE	16U
#define REACH_HANDOVER_MOST	99U	/* objects that a hand-over may build */

static unsigned int reach_random_cpu(void)
{
	unsigned int n = prandom_u32_state(&reach_random) % reach_cpus();
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (!n--)
			return cpu;
	return cpumask_first(cpu_online_mask);
}

static void reach_wander_about(struct reach_hand *hand, unsigned int k)
{
	unsigned int round, cpu;

	for (round = 0; round < REACH_ROUNDS; round++) {
		for_each_online_cpu(cpu) {
			reach_go(round % 2 ? reach_random_cpu() : cpu);
			reach_hand_get(hand, k);
			reach_hand_put(hand, k);
		}
	}
}

/* A wandering task with @k objects that stand for @size bytes. */
static int reach_wander_one(const char *work, size_t size, unsigned int k,
			    unsigned int most)
{
	struct reach_hand hand;
	int err = reach_begin(size, REACH_BUILDS);

	if (err)
		return err;
	err = reach_hand_init(&hand, k);
	if (!err) {
		reach_wander_about(&hand, k);
		reach_result(work, k, k, most);
		reach_hand_free(&hand);
	}
	reach_end();
	return err;
}

int reach_wander(void)
{
	static const unsigned int ks[] = { 1, 2, 8, 32, 100, 400 };
	unsigned int i, k, few = reach_cpus() - 1;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(ks) && !err; i++) {
		k = ks[i];
		err = reach_wander_one("wander-256", REACH_SIZE, k, k + few);
		err = err ?: reach_wander_one("wander-0", 0, k, k + few);
		err = err ?: reach_wander_one("wander-1M", SZ_1M, k, k);
	}
	return err;
}

/* @moved: every step is on the next CPU. Otherwise the scheduler decides. */
static void reach_cleanup_rounds(struct reach_hand *hand, bool moved)
{
	unsigned int round, cpu = cpumask_first(cpu_online_mask);

	for (round = 0; round < 2 * REACH_CLEANUPS; round++) {
		if (moved)
			reach_go(cpu);
		if (round % 2) {
			reach_hand_put(hand, REACH_BATCH);
			syncpool_cleanup(&reach_pool);
		} else {
			reach_hand_get(hand, REACH_BATCH);
			usleep_range(100, 200);
		}
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	}
}

static int reach_cleanup_one(const char *work, bool moved)
{
	struct reach_hand hand;
	int err = reach_begin(REACH_SIZE, REACH_BUILDS);

	if (err)
		return err;
	err = reach_hand_init(&hand, REACH_BATCH);
	if (!err) {
		reach_cleanup_rounds(&hand, moved);
		reach_result(work, REACH_BATCH, REACH_BATCH, REACH_BATCH);
		reach_hand_free(&hand);
	}
	reach_end();
	return err;
}

int reach_cleanup(void)
{
	int err = reach_cleanup_one("cleanup", false);

	return err ?: reach_cleanup_one("cleanup-moved", true);
}

/*
 * What the getter has taken and the putter has not put. Each side writes its own
 * count only.
 */
static void *reach_queue[REACH_QUEUE];
static unsigned int reach_queued, reach_unqueued;

static void reach_wait_for_stop(void)
{
	while (!kthread_should_stop())
		schedule_timeout_idle(HZ / 100);
}

static int reach_getter(void *unused)
{
	unsigned int n;

	for (n = 0; n < REACH_HANDED; n++) {
		/* reach_getter: pairs with the release of reach_putter() */
		while (n - smp_load_acquire(&reach_unqueued) == REACH_QUEUE)
			cond_resched();
		reach_queue[n % REACH_QUEUE] =
			reach_taken(syncpool_get(&reach_pool, GFP_KERNEL));
		/* reach_putter() sees the object */
		smp_store_release(&reach_queued, n + 1);
	}
	reach_wait_for_stop();
	return 0;
}

static int reach_putter(void *unused)
{
	unsigned int n;

	for (n = 0; n < REACH_HANDED; n++) {
		/* pairs with the release of reach_getter() */
		while (smp_load_acquire(&reach_queued) == n)
			cond_resched();
		if (reach_queue[n % REACH_QUEUE])
			reach_put(reach_queue[n % REACH_QUEUE]);
		else
			reach_error("no object, though alloc does not fail");
		/* reach_getter() may reuse the entry */
		smp_store_release(&reach_unqueued, n + 1);
	}
	reach_wait_for_stop();
	return 0;
}

static int reach_hand_over(void)
{
	unsigned int from = cpumask_first(cpu_online_mask);
	unsigned int to = cpumask_next(from, cpu_online_mask);
	struct task_struct *getter, *putter;

	reach_queued = 0;
	reach_unqueued = 0;
	getter = kthread_create(reach_getter, NULL, "reach_getter");
	if (IS_ERR(getter))
		return PTR_ERR(getter);
	putter = kthread_create(reach_putter, NULL, "reach_putter");
	if (IS_ERR(putter)) {
		kthread_stop(getter);
		return PTR_ERR(putter);
	}
	kthread_bind(getter, from);
	kthread_bind(putter, to);
	wake_up_process(getter);
	wake_up_process(putter);
	/* pairs with the release of reach_putter() */
	while (smp_load_acquire(&reach_unqueued) != REACH_HANDED)
		schedule_timeout_idle(HZ / 10);
	kthread_stop(getter);
	kthread_stop(putter);
	return 0;
}

int reach_handover(void)
{
	int err;

	if (reach_cpus() < 2)
		return 0;
	err = reach_begin(REACH_SIZE, REACH_BUILDS);
	if (err)
		return err;
	err = reach_hand_over();
	if (!err)
		reach_result("handover", 1, REACH_QUEUE + 1,
			     REACH_HANDOVER_MOST);
	reach_end();
	return err;
}
