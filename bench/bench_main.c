// SPDX-License-Identifier: GPL-2.0
/*
 * bench_main - runs the cases and prints a line for each
 *
 * The module does all its work in its init, and then stays loaded until rmmod.
 * A result is a line of CSV after "pool_bench: ".
 */
#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "bench.h"
#include "pool_core.h"

#define BENCH_ROUNDS	7
#define BENCH_TEXT	32	/* bytes, enough for a number */
#define BENCH_TURNS	2000U	/* operations in a round, within a tick */

static char *run = "loops";
module_param(run, charp, 0444);
MODULE_PARM_DESC(run, "loops, empty, models, worst, multi or reach");

/* Nanoseconds of the best round; one per instruction under QEMU's -icount. */
static u64 bench_best(const struct bench_case *c, unsigned int turns)
{
	u64 start, took, best = U64_MAX;
	unsigned int i;

	bench_alone_begin();
	for (i = 0; i < BENCH_ROUNDS; i++) {
		/* else every preempt_enable() takes its unlikely branch */
		cond_resched();
		start = ktime_get_ns();
		c->loop(turns);
		took = ktime_get_ns() - start;
		best = min(best, took);
	}
	bench_alone_end();
	return best;
}

/* @n / @d with two decimal places, in @text */
static const char *bench_ratio(char *text, u64 n, unsigned int d)
{
	u64 hundredths = div_u64(n * 100, d);

	snprintf(text, BENCH_TEXT, "%llu.%02llu", div_u64(hundredths, 100), hundredths % 100);
	return text;
}

static int bench_run(const struct bench_case *c)
{
	unsigned int turns = BENCH_TURNS / c->ops, ops = turns * c->ops;
	unsigned int few = max(1U, BENCH_BURST / c->ops), few_ops = few * c->ops;
	char clock[BENCH_TEXT], insns[BENCH_TEXT], locked[BENCH_TEXT];
	struct bench_steps steps;
	u64 best;
	int err = c->setup();

	if (err)
		return err;
	c->loop(few);
	best = bench_best(c, turns);
	bench_step_best(c->loop, few, &steps);
	c->teardown();
	pr_info("pool_bench: loop,%s,%s,%s,%s,%s,%lu\n", c->work, c->who,
		bench_ratio(clock, best, ops),
		bench_ratio(insns, steps.insns, few_ops),
		bench_ratio(locked, steps.locked, few_ops), steps.pinned);
	return 0;
}

static int bench_run_all(const struct bench_case *cases, unsigned int nr,
			 const char *work)
{
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++) {
		if (work && strcmp(cases[i].work, work))
			continue;
		err = bench_run(&cases[i]);
		if (err) {
			pr_err("pool_bench: %s, %s: error %d\n", cases[i].work,
			       cases[i].who, err);
			return err;
		}
	}
	return 0;
}

static int bench_loops(const char *work)
{
	int err = bench_run_all(bench_syncpool_cases, bench_syncpool_nr, work);

	err = err ?: bench_run_all(bench_peer_cases, bench_peer_nr, work);
	if (BENCH_SHEAVES)
		err = err ?: bench_run_all(bench_sheaf_cases, bench_sheaf_nr, work);
	if (!work)
		err = err ?: bench_wait();
	return err;
}

/* Bytes of a pool per CPU, whose generations but the first hold @len */
static size_t bench_per_cpu(unsigned int len)
{
	return pool_pcp_size(POOL_MAGAZINE_MAX) +
	       (POOL_GENERATIONS - 1) * pool_pcp_size(len) +
	       sizeof(struct pool_counters);
}

static int bench_start(void)
{
	pr_info("pool_bench: machine,cpus,%u\n", nr_cpu_ids);
	pr_info("pool_bench: memory,pool,%zu\n",
		sizeof(struct syncpool) + sizeof(struct syncpool_core));
	pr_info("pool_bench: memory,cpu,%zu\n", bench_per_cpu(POOL_MAGAZINE_SMALL));
	pr_info("pool_bench: memory,cpu-earned,%zu\n", bench_per_cpu(POOL_MAGAZINE_MAX));
	if (!strcmp(run, "loops"))
		return bench_loops(NULL);
	if (!strcmp(run, "models"))
		return bench_run_all(bench_model_cases, bench_model_nr, NULL);
	if (!strcmp(run, "empty"))
		return bench_loops("empty");
	if (!strcmp(run, "worst"))
		return bench_worst();
	if (!strcmp(run, "multi"))
		return bench_multi();
	if (!strcmp(run, "reach"))
		return bench_reach();
	return -EINVAL;
}

static int __init bench_init(void)
{
	int err = bench_step_init();

	if (err)
		return err;
	err = bench_start();
	bench_step_exit();
	return err;
}

static void __exit bench_exit(void)
{
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("Costs of syncpool and of its peers");
MODULE_LICENSE("GPL");
