// SPDX-License-Identifier: GPL-2.0
/*
 * reach_idle - gets of what all CPUs have put
 *
 * One task puts K objects on every CPU, goes to one CPU, lets the others sleep,
 * and gets until there is nothing more. The pool has no alloc, or one that fails.
 *
 * idle:	GFP_KERNEL must return every object
 * atomic:	GFP_NOWAIT with preemption disabled, and try_get, may leave one
 *		object on each other CPU
 * victim:	after a cleanup every CPU must be able to get every object
 *
 * warm: each CPU has used many objects at once before, so that its magazine is
 * as large as it ever becomes.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "reach.h"

#define REACH_WARM_OBJS	200U	/* used at once by a warm CPU */
#define REACH_WARM_TURNS	4U

enum reach_how {
	REACH_KERNEL,
	REACH_NOWAIT,
	REACH_TRY,
};

static const unsigned int reach_ks[] = { 1, 8, 100 };

static void *reach_get(enum reach_how how)
{
	void *obj;

	switch (how) {
	case REACH_KERNEL:
		return syncpool_get(&reach_pool, GFP_KERNEL);
	case REACH_NOWAIT:
		preempt_disable();
		obj = syncpool_get(&reach_pool, GFP_NOWAIT | __GFP_NOWARN);
		preempt_enable();
		return obj;
	default:
		return syncpool_try_get(&reach_pool);
	}
}

/* Get until there is nothing more, or @n objects. Returns how many. */
static unsigned int reach_get_all(struct reach_hand *hand, enum reach_how how,
				  unsigned int n)
{
	unsigned int got = 0;
	void *obj;

	while (got < n && hand->nr < hand->room) {
		obj = reach_taken(reach_get(how));
		if (!obj)
			break;
		hand->objs[hand->nr++] = obj;
		got++;
	}
	return got;
}

/* Use many objects at once on every CPU in turn. The pool is empty. */
static void reach_warm(struct reach_hand *hand)
{
	unsigned int cpu, i;

	for_each_online_cpu(cpu) {
		reach_go(cpu);
		for (i = 0; i < REACH_WARM_TURNS; i++) {
			reach_hand_put(hand, REACH_WARM_OBJS);
			reach_get_all(hand, REACH_KERNEL, REACH_WARM_OBJS);
		}
	}
}

/* Put @k objects on every CPU. Returns how many lie idle. */
static unsigned int reach_spread(struct reach_hand *hand, unsigned int k)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		reach_go(cpu);
		reach_hand_put(hand, k);
	}
	return hand->room - hand->nr;
}

/* Make a pool, and objects for @k on every CPU, all in @hand. */
static int reach_prepare(struct reach_hand *hand, unsigned int k,
			 enum reach_alloc alloc)
{
	int err = reach_begin(REACH_SIZE, alloc);

	if (err)
		return err;
	err = reach_hand_init(hand, max(k * reach_cpus(), REACH_WARM_OBJS));
	if (err) {
		reach_end();
		return err;
	}
	while (hand->nr < hand->room) {
		hand->objs[hand->nr] = reach_build();
		if (!hand->objs[hand->nr])
			break;
		hand->nr++;
	}
	if (hand->nr < hand->room)
		reach_error("not enough memory for the test's objects");
	return 0;
}

static void reach_finish(struct reach_hand *hand)
{
	reach_hand_put(hand, hand->nr);
	reach_hand_free(hand);
	reach_end();
}

/* @spare: objects that may remain */
static int reach_idle_one(const char *work, unsigned int k, enum reach_how how,
			  enum reach_alloc alloc, bool warm, unsigned int spare)
{
	struct reach_hand hand;
	unsigned int idle, got, i;
	int err = reach_prepare(&hand, k, alloc);

	if (err)
		return err;
	if (warm)
		reach_warm(&hand);
	idle = reach_spread(&hand, k);
	reach_go(cpumask_first(cpu_online_mask));
	schedule_timeout_idle(HZ / 10);
	got = reach_get_all(&hand, how, UINT_MAX);
	/* the last get had one of the others flush what its use has earned it */
	for (i = 0; warm && how != REACH_KERNEL && i < 4 * reach_cpus(); i++) {
		schedule_timeout_idle(2);
		got += reach_get_all(&hand, how, UINT_MAX);
	}
	reach_result_got(work, k, idle, got, idle - min(spare, idle));
	reach_finish(&hand);
	return 0;
}

int reach_idle(void)
{
	unsigned int i, k;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(reach_ks) && !err; i++) {
		k = reach_ks[i];
		err = reach_idle_one("idle", k, REACH_KERNEL, REACH_NONE, false, 0);
		err = err ?: reach_idle_one("idle-warm", k, REACH_KERNEL,
					    REACH_NONE, true, 0);
		err = err ?: reach_idle_one("idle-fails", k, REACH_KERNEL,
					    REACH_FAILS, true, 0);
	}
	return err;
}

int reach_atomic(void)
{
	/* NULL only where fewer than one object per CPU is left; warm: at last */
	unsigned int i, k, spare = reach_cpus() - 1;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(reach_ks) && !err; i++) {
		k = reach_ks[i];
		err = reach_idle_one("nowait", k, REACH_NOWAIT, REACH_NONE,
				     false, spare);
		err = err ?: reach_idle_one("nowait-warm", k, REACH_NOWAIT,
					    REACH_NONE, true, spare);
		err = err ?: reach_idle_one("try", k, REACH_TRY, REACH_NONE,
					    false, spare);
		err = err ?: reach_idle_one("try-warm", k, REACH_TRY, REACH_NONE,
					    true, spare);
	}
	return err;
}

/* Returns how many objects of the victim @cpu can take, of @idle. */
static int reach_victim_from(unsigned int cpu, unsigned int k, bool warm,
			     unsigned int *idle, unsigned int *got)
{
	struct reach_hand hand;
	int err = reach_prepare(&hand, k, REACH_NONE);

	if (err)
		return err;
	if (warm)
		reach_warm(&hand);
	*idle = reach_spread(&hand, k);
	syncpool_cleanup(&reach_pool);
	reach_go(cpu);
	*got = reach_get_all(&hand, REACH_TRY, UINT_MAX);
	reach_finish(&hand);
	return 0;
}

/* The CPU that can take the fewest counts. */
static int reach_victim_one(const char *work, unsigned int k, bool warm)
{
	unsigned int cpu, idle = 0, got, least = UINT_MAX;
	int err = 0;

	for_each_online_cpu(cpu) {
		err = reach_victim_from(cpu, k, warm, &idle, &got);
		if (err)
			return err;
		least = min(least, got);
	}
	reach_result_got(work, k, idle, least, idle);
	return 0;
}

int reach_victim(void)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(reach_ks) && !err; i++) {
		err = reach_victim_one("victim", reach_ks[i], false);
		err = err ?: reach_victim_one("victim-warm", reach_ks[i], true);
	}
	return err;
}
