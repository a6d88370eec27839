// SPDX-License-Identifier: GPL-2.0
/*
 * reach_isolated - recalls where nohz_full= isolates the last CPU
 *
 * One task earns a magazine on a CPU, its home, puts K objects there, goes to each other
 * CPU in turn and gets from there. Then it returns home and gets what is left.
 *
 * can build:	home is the isolated CPU, and the pool can build: that CPU is never asked.
 *		The same K objects are there afterwards, and every get has built one.
 *		Every second get may not sleep.
 * asked:	the same on a CPU that is not isolated: the K objects are got
 * no alloc:	home is the isolated CPU, and the pool has no alloc: the K objects are
 *		got, without a NULL before
 * rate:	a task gets for a second, and has another CPU earn again what recalls take
 *		away: no more recalls than the time allows
 *
 * Recalls are counted by the pool. The kernel's count of function-call interrupts would
 * not do, since the kernel makes such calls, too; but a recall that the pool did not
 * count would take the K objects away.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/tick.h>
#include <linux/timekeeping.h>

#include "reach.h"

#define REACH_WARM_OBJS		200U	/* used at once to earn a magazine */
#define REACH_WARM_TURNS	4U
#define REACH_KEPT		8U	/* objects that are put at home */
#define REACH_GETS		1000U	/* on each other CPU */
#define REACH_GETS_A_TICK	100U
#define REACH_EARNS		4U	/* gets and puts that earn the first room */
#define REACH_RATE_MEASURED	NSEC_PER_SEC
/* see pool_recall.c: one more is allowed while no more than the burst is owed */
#define REACH_RATE_NS		NSEC_PER_MSEC
#define REACH_RATE_BURST	(64 + 1)

/**
 * struct reach_home - where a row puts its objects
 * @cpu: there
 * @hand: what the task holds
 * @kept: what it has put there
 */
struct reach_home {
	unsigned int		cpu;
	struct reach_hand	hand;
	void			*kept[REACH_KEPT];
};

/* Use many objects at once at home, so that its magazine has earned room. */
static void reach_home_earn(struct reach_home *home)
{
	unsigned int i;

	reach_go(home->cpu);
	for (i = 0; i < REACH_WARM_TURNS; i++) {
		reach_hand_put(&home->hand, REACH_WARM_OBJS);
		reach_hand_get(&home->hand, REACH_WARM_OBJS);
	}
}

/* A pool, and a task at home that will get up to @gets objects. */
static int reach_home_begin(struct reach_home *home, enum reach_alloc alloc,
			    unsigned int gets)
{
	struct reach_hand *hand = &home->hand;
	int err = reach_begin(REACH_SIZE, alloc);

	if (err)
		return err;
	err = reach_hand_init(hand, REACH_WARM_OBJS + gets);
	while (!err && hand->nr < REACH_WARM_OBJS) {
		hand->objs[hand->nr] = reach_build();
		if (hand->objs[hand->nr])
			hand->nr++;
		else
			err = -ENOMEM;
	}
	if (err) {
		reach_hand_put(hand, hand->nr);
		reach_hand_free(hand);
		reach_end();
		return err;
	}
	reach_home_earn(home);
	return 0;
}

static void reach_home_end(struct reach_home *home)
{
	reach_hand_put(&home->hand, home->hand.nr);
	reach_hand_free(&home->hand);
	reach_end();
}

static void reach_home_keep(struct reach_home *home)
{
	struct reach_hand *hand = &home->hand;

	memcpy(home->kept, &hand->objs[hand->nr - REACH_KEPT], sizeof(home->kept));
	reach_hand_put(hand, REACH_KEPT);
}

/* How many of the objects that were put at home are there? They are got. */
static unsigned int reach_home_count(struct reach_home *home)
{
	struct reach_hand *hand = &home->hand;
	unsigned int i, n = 0;
	void *obj;

	reach_go(home->cpu);
	while (hand->nr < hand->room) {
		obj = reach_taken(syncpool_try_get(&reach_pool));
		if (!obj)
			break;
		hand->objs[hand->nr++] = obj;
		for (i = 0; i < REACH_KEPT; i++)
			n += obj == home->kept[i];
	}
	return n;
}

/* Get on this CPU, until there is nothing more. Returns how many. */
static unsigned int reach_get_here(struct reach_hand *hand, enum reach_alloc alloc)
{
	unsigned int i;
	void *obj;

	for (i = 0; i < REACH_GETS; i++) {
		/* a get that may not sleep asks once in a tick */
		if (i % REACH_GETS_A_TICK == 0)
			schedule_timeout_idle(1);
		obj = syncpool_get(&reach_pool, alloc == REACH_BUILDS && i % 2 ?
				   GFP_NOWAIT | __GFP_NOWARN : GFP_KERNEL);
		if (!reach_taken(obj))
			break;
		hand->objs[hand->nr++] = obj;
	}
	if (i < REACH_GETS && alloc == REACH_BUILDS)
		reach_error("no object, though alloc does not fail");
	return i;
}

static unsigned int reach_get_elsewhere(struct reach_home *home, enum reach_alloc alloc)
{
	unsigned int cpu, n = 0;

	for_each_online_cpu(cpu) {
		if (cpu == home->cpu)
			continue;
		reach_go(cpu);
		n += reach_get_here(&home->hand, alloc);
	}
	return n;
}

static unsigned long reach_recalls(void)
{
	struct syncpool_stats stats;

	syncpool_read_stats(&reach_pool, &stats);
	return stats.recalls;
}

/* @stays: what lies on @cpu must stay there. Otherwise all of it must be got. */
static int reach_isolated_one(const char *work, unsigned int cpu, enum reach_alloc alloc,
			      bool stays)
{
	struct reach_home home = { .cpu = cpu };
	unsigned long got, built, recalls;
	unsigned int left;
	int err = reach_home_begin(&home, alloc, reach_cpus() * REACH_GETS);

	if (err)
		return err;
	reach_home_keep(&home);
	got = reach_get_elsewhere(&home, alloc);
	built = reach_built();
	recalls = reach_recalls();
	left = reach_home_count(&home);
	pr_info("%s isolated, %s, CPU %u: %lu got elsewhere, %lu of them built, %u of %u left there, %lu recalls\n",
		left == (stays ? REACH_KEPT : 0) && !recalls == stays &&
		got - built == REACH_KEPT - left ? "ok" : "not ok",
		work, cpu, got, built, left, REACH_KEPT, recalls);
	reach_home_end(&home);
	return 0;
}

/* On the CPU that recalls take from: earn room again, and leave *@data there, if need be. */
static void reach_rate_earn(void *data)
{
	void *obj, **spare = data;
	unsigned int i;

	for (i = 0; i < REACH_EARNS; i++) {
		obj = reach_taken(syncpool_try_get(&reach_pool));
		if (!obj)
			swap(obj, *spare);
		if (obj)
			reach_put(obj);
	}
}

/*
 * Get for a while. After each recall the magazine is filled again, so that the next get
 * wants another one. Returns how many nanoseconds it was.
 */
static u64 reach_rate_get(unsigned int home, unsigned long *gets)
{
	u64 start = ktime_get_mono_fast_ns(), took = 0;
	unsigned long recalls = 0;
	void *obj, *spare = NULL;

	while (took < REACH_RATE_MEASURED) {
		if (!*gets || reach_recalls() != recalls) {
			recalls = reach_recalls();
			spare = spare ?: reach_build();
			smp_call_function_single(home, reach_rate_earn, &spare, 1);
		}
		obj = reach_taken(syncpool_get(&reach_pool, GFP_KERNEL));
		if (obj)
			syncpool_discard(&reach_pool, obj);
		++*gets;
		cond_resched();
		took = ktime_get_mono_fast_ns() - start;
	}
	if (spare)
		reach_put(spare);
	return took;
}

static void reach_rate_measure(unsigned int cpu, unsigned int home)
{
	unsigned long gets = 0, recalls, most;
	u64 took;

	reach_go(cpu);
	took = reach_rate_get(home, &gets);
	recalls = reach_recalls();
	/* one CPU is asked */
	most = div_u64(took, REACH_RATE_NS) + REACH_RATE_BURST;
	pr_info("%s isolated, rate: %lu recalls in %lu gets and %llu us, at most %lu\n",
		recalls <= most ? "ok" : "not ok", recalls, gets,
		div_u64(took, NSEC_PER_USEC), most);
}

/* Gets on @cpu recall from @home_cpu. */
static int reach_rate(unsigned int cpu, unsigned int home_cpu)
{
	struct reach_home home = { .cpu = home_cpu };
	int err = reach_home_begin(&home, REACH_BUILDS, 0);

	if (err)
		return err;
	reach_rate_measure(cpu, home_cpu);
	reach_home_end(&home);
	return 0;
}

int reach_isolated(void)
{
	unsigned int first = cpumask_first(cpu_online_mask);
	unsigned int last = cpumask_last(cpu_online_mask);
	int err;

	if (first == last || tick_nohz_full_cpu(first) || !tick_nohz_full_cpu(last)) {
		pr_err("not ok isolated: set-up: nohz_full= has to isolate the last of several CPUs\n");
		return 0;
	}
	err = reach_isolated_one("can build", last, REACH_BUILDS, true);
	err = err ?: reach_isolated_one("asked", first, REACH_BUILDS, false);
	err = err ?: reach_isolated_one("no alloc", last, REACH_NONE, false);
	return err ?: reach_rate(last, first);
}
