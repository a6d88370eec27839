// SPDX-License-Identifier: GPL-2.0
/*
 * bench_reach - how many objects objpool needs where one task wanders
 *
 * The wandering task of test/reach/reach_bound.c: at each CPU it gets K objects
 * and puts them back. The number of objects of an objpool is fixed when it is
 * made, so the figure is the least with which no get fails, found by trying all.
 * "reach" lines: work, contender, CPUs, K, objects needed, objects found.
 */
#include <linux/cpumask.h>
#include <linux/objpool.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "bench.h"

#define BENCH_ROUNDS	10U	/* visits to each CPU, half of them in order */
#define BENCH_MOST	400U	/* objects that a task holds */
#define BENCH_LIMIT	4096U	/* objects to try */

static struct objpool_head bench_objpool;
static void *bench_hand[BENCH_MOST];

/* Get @k objects and put them back. False if a get failed. */
static bool bench_visit(unsigned int k)
{
	unsigned int n;

	for (n = 0; n < k; n++) {
		bench_hand[n] = objpool_pop(&bench_objpool);
		if (!bench_hand[n])
			break;
	}
	k -= n;
	while (n--)
		objpool_push(bench_hand[n], &bench_objpool);
	return !k;
}

static unsigned int bench_random_cpu(struct rnd_state *random)
{
	unsigned int n = prandom_u32_state(random) % num_online_cpus();
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (!n--)
			break;
	return cpu;
}

static bool bench_wander(unsigned int k)
{
	struct rnd_state random;
	unsigned int round, cpu;

	prandom_seed_state(&random, 1);
	for (round = 0; round < BENCH_ROUNDS; round++) {
		for_each_online_cpu(cpu) {
			set_cpus_allowed_ptr(current,
					     cpumask_of(round % 2 ?
							bench_random_cpu(&random) :
							cpu));
			if (!bench_visit(k))
				return false;
		}
	}
	return true;
}

/* Is an objpool of @n objects enough? 1, 0 or an errno */
static int bench_enough(unsigned int k, unsigned int n)
{
	bool enough;
	int err = objpool_init(&bench_objpool, n, sizeof(long), GFP_KERNEL, NULL,
			       NULL, NULL);

	if (err)
		return err;
	enough = bench_wander(k);
	objpool_free(&bench_objpool);
	return enough;
}

int bench_reach(void)
{
	static const unsigned int ks[] = { 1, 2, 8, 32, 100, BENCH_MOST };
	unsigned int i, n;
	int enough = 0;

	for (i = 0; i < ARRAY_SIZE(ks) && enough >= 0; i++) {
		for (n = 1, enough = 0; n < BENCH_LIMIT && !enough; n++)
			enough = bench_enough(ks[i], n);
		if (enough > 0)
			pr_info("pool_bench: reach,wander,objpool,%u,%u,%u,%u\n",
				num_online_cpus(), ks[i], ks[i], n - 1);
	}
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	return min(enough, 0);
}
