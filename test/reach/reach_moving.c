// SPDX-License-Identifier: GPL-2.0
/*
 * reach_moving - tasks that the scheduler moves as it likes
 *
 * moving:	T tasks, each of which holds 1 to K objects at a time, at random,
 *		works, sleeps, or gives way, with the objects and without. Where
 *		there are fewer than CPUs, others that do the same without
 *		objects keep the scheduler busy.
 * holding:	a task for each CPU, which holds one object while it sleeps
 *
 * What is needed is the most that were out at once, or were being got: alloc may have
 * built an object for a get that has not returned. One object more may be built for
 * each CPU, for an object that lies where another CPU cannot take it at that moment.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "reach.h"

/**
 * struct reach_mover - a task
 * @task: it
 * @hand: what it holds
 * @random: its own source of random numbers
 * @gets: objects that it got
 * @moves: times that it was on another CPU than at the get before
 * @cpu: where it was
 */
struct reach_mover {
	struct task_struct	*task;
	struct reach_hand	hand;
	struct rnd_state	random;
	unsigned long		gets;
	unsigned long		moves;
	unsigned int		cpu;
};

static atomic_t reach_out, reach_peak;
static bool reach_sleepy;	/* sleep with every object in hand */

static unsigned int reach_below(struct reach_mover *m, unsigned int n)
{
	return prandom_u32_state(&m->random) % n;
}

/* Objects are out: count them. */
static void reach_count(int n)
{
	int out = atomic_add_return(n, &reach_out);
	int peak = atomic_read(&reach_peak);

	while (out > peak && !atomic_try_cmpxchg(&reach_peak, &peak, out))
		;
}

static void reach_get_one(struct reach_mover *m)
{
	unsigned int cpu;

	/* before the get: it needs an object, which alloc may have built already */
	reach_count(1);
	if (!reach_hand_get(&m->hand, 1)) {
		atomic_dec(&reach_out);
		return;
	}
	cpu = raw_smp_processor_id();
	m->moves += cpu != m->cpu;
	m->cpu = cpu;
	m->gets++;
}

static void reach_put_one(struct reach_mover *m)
{
	/* before the put: an object that is back must not count */
	atomic_dec(&reach_out);
	reach_hand_put(&m->hand, 1);
}

static void reach_rest(struct reach_mover *m)
{
	unsigned int us;

	if (reach_sleepy) {
		usleep_range(100, 400);
		return;
	}
	switch (reach_below(m, 4)) {
	case 0:
		us = 20 + reach_below(m, 200);
		usleep_range(us, us + 20);
		break;
	case 1:
		schedule();
		break;
	default:
		udelay(reach_below(m, 20));
	}
	cond_resched();
}

static int reach_mover_run(void *data)
{
	struct reach_mover *m = data;
	unsigned int n;

	while (!kthread_should_stop()) {
		n = m->hand.room ? 1 + reach_below(m, m->hand.room) : 0;
		while (n--)
			reach_get_one(m);
		reach_rest(m);
		while (m->hand.nr)
			reach_put_one(m);
		reach_rest(m);
	}
	return 0;
}

static int reach_mover_start(struct reach_mover *m, unsigned int seed,
			     unsigned int k)
{
	int err = reach_hand_init(&m->hand, k);

	if (err)
		return err;
	prandom_seed_state(&m->random, seed);
	m->task = kthread_run(reach_mover_run, m, "reach_mover/%u", seed);
	if (!IS_ERR(m->task))
		return 0;
	reach_hand_free(&m->hand);
	return PTR_ERR(m->task);
}

/*
 * Let @nr tasks run, each of which holds up to @k objects, and others up to @all
 * tasks.
 */
static int reach_move(struct reach_mover *movers, unsigned int nr,
		      unsigned int all, unsigned int k, const char *work)
{
	unsigned long gets = 0, moves = 0;
	unsigned int started;
	int err = 0;

	atomic_set(&reach_out, 0);
	atomic_set(&reach_peak, 0);
	for (started = 0; started < all; started++) {
		err = reach_mover_start(&movers[started], started,
					started < nr ? k : 0);
		if (err)
			break;
	}
	if (!err)
		schedule_timeout_idle(reach_secs * HZ);
	while (started--) {
		kthread_stop(movers[started].task);
		reach_hand_free(&movers[started].hand);
		gets += movers[started].gets;
		moves += movers[started].moves;
	}
	pr_info("%s: %lu gets, %lu moves in %u seconds\n", work, gets, moves,
		reach_secs);
	return err;
}

static void reach_move_result(const char *work, unsigned int k)
{
	unsigned long peak = atomic_read(&reach_peak);
	struct syncpool_stats stats;

	reach_result(work, k, peak, peak + reach_cpus());
	syncpool_read_stats(&reach_pool, &stats);
	pr_info("%s: %lu recalls, %lu steals, %lu objects stolen\n", work,
		stats.recalls, stats.steals, stats.stolen);
	if (stats.rotations)
		pr_err("not ok %s: the pool rotated %lu times by itself\n",
		       work, stats.rotations);
}

static int reach_move_one(const char *work, unsigned int nr, unsigned int k)
{
	unsigned int all = nr < reach_cpus() ? 2 * reach_cpus() : nr;
	struct reach_mover *movers;
	int err;

	movers = kvcalloc(all, sizeof(*movers), GFP_KERNEL);
	if (!movers)
		return -ENOMEM;
	err = reach_begin(REACH_SIZE, REACH_BUILDS);
	if (!err) {
		err = reach_move(movers, nr, all, k, work);
		if (!err)
			reach_move_result(work, k);
		reach_end();
	}
	kvfree(movers);
	return err;
}

int reach_moving(void)
{
	unsigned int cpus = reach_cpus();
	const unsigned int rows[][2] = {	/* tasks, objects */
		{ 1, 32 },
		{ cpus, 1 }, { cpus, 32 },
		{ 4 * cpus, 1 }, { 4 * cpus, 32 },
	};
	char work[32];
	unsigned int i;
	int err = 0;

	reach_sleepy = false;
	for (i = 0; i < ARRAY_SIZE(rows) && !err; i++) {
		snprintf(work, sizeof(work), "moving-%u", rows[i][0]);
		err = reach_move_one(work, rows[i][0], rows[i][1]);
	}
	return err;
}

int reach_holding(void)
{
	reach_sleepy = true;
	return reach_move_one("holding", reach_cpus(), 1);
}
