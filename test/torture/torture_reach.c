// SPDX-License-Identifier: GPL-2.0
/*
 * torture_reach - tasks that move, and whether gets reach what they left behind
 *
 * "Roamers" are kthreads that hold objects while they move from CPU to CPU. Every
 * second roamer wanders: it binds itself to one online CPU after the other. The
 * others sleep now and then, and the scheduler moves them as it likes.
 *
 * They share a pool that nobody else uses, the calm pool. Its alloc does not fail on
 * purpose. A budget limits how many objects they hold together, and half of the time
 * they want more than that. So an idle object that a get does not reach shows: one
 * more is built. Three counts describe them:
 *
 *	asked	objects that are held, or that a get or put works on; at most the
 *		budget
 *	held	objects of which the get has returned and the put is not called yet
 *	needed	the peak of held
 *
 * The budget is what the pool has to serve: if it reaches everything idle, it builds
 * no more, however gets and puts overlap. `needed` never overstates that, since it
 * leaves out what gets and puts work on. It becomes equal to the budget at the first
 * moment when the budget is spent and no get or put is under way. The verdict allows
 * one object per CPU on top of it, the one that Go's sync.Pool keeps for each P.
 *
 * It is part of a calm run only, in which roamers are alone: nothing rotates the
 * pool, and no CPU goes down. In a full run roamers also use the other pools, and
 * the figures are printed without a verdict. There one in either direction would be
 * wrong: rotations free what was out of reach, so a bad pool passes, and a hook that
 * delays a thief keeps what it carries from everybody, so a good pool fails. What can be
 * judged is how many objects existed at one moment; scripts/guest/torture-modes does.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "next_cpu.h"
#include "pool_torture.h"

#define TORT_ROAMER_FIRST	0x4000U	/* as a holder; readers are below it */

struct tort_roamer {
	struct tort_hand	hand;	/* for the other pools */
	struct pool_stamp	*objs[TORT_HAND];	/* of the calm pool */
	unsigned int		nr;
	unsigned int		cpu;
	bool			wanders;
	unsigned long		moves;
	struct task_struct	*task;
};

static struct tort_pool tort_calm = {
	.name = "torture-calm",
	.slab = true,
	.never_fails = true,
};

static bool tort_alone;
static int tort_budget;
static atomic_t tort_asked = ATOMIC_INIT(0);
static atomic_t tort_held = ATOMIC_INIT(0);
static atomic_t tort_needed = ATOMIC_INIT(0);
static struct tort_roamer *tort_roamers;
static int tort_nroamers;

static void tort_hold(void)
{
	int held = atomic_inc_return(&tort_held);
	int peak = atomic_read(&tort_needed);

	while (held > peak && !atomic_try_cmpxchg(&tort_needed, &peak, held))
		;
}

/* False: the budget is spent, or there is no memory. */
static bool tort_calm_get(struct tort_roamer *r)
{
	struct pool_stamp *obj;

	if (!atomic_add_unless(&tort_asked, 1, tort_budget))
		return false;
	/* may sleep, so the pool may wait for what other CPUs have */
	obj = syncpool_get(tort_calm.pool, GFP_KERNEL);
	if (!obj) {
		atomic_dec(&tort_asked);
		return false;
	}
	tort_hold();
	tort_take(obj, &tort_calm, r->hand.holder);
	r->objs[r->nr++] = obj;
	return true;
}

/* Fully ordered, unlike atomic_dec(): no CPU sees these out of turn with the put. */
static void tort_calm_put(struct tort_roamer *r)
{
	struct pool_stamp *obj = r->objs[--r->nr];

	tort_give(obj, &tort_calm, r->hand.holder);
	atomic_dec_return(&tort_held);
	syncpool_put(tort_calm.pool, obj);
	atomic_dec_return(&tort_asked);
}

static void tort_calm_use(struct tort_roamer *r, unsigned int want)
{
	unsigned int n = 0;

	while (r->nr < want && tort_calm_get(r))
		n++;
	while (r->nr > want) {
		tort_calm_put(r);
		n++;
	}
	this_cpu_add(tort_counts.ops[TORT_TASK], n);
}

static void tort_roam(struct tort_roamer *r, bool rest)
{
	if (r->wanders)
		test_next_cpu();
	if (rest || !r->wanders)
		torture_hrtimeout_us(50, 500000, &r->hand.rand);
	cond_resched();
	if (r->cpu == raw_smp_processor_id())
		return;
	r->cpu = raw_smp_processor_id();
	WRITE_ONCE(r->moves, r->moves + 1);
}

static int tort_roamer(void *arg)
{
	struct tort_roamer *r = arg;
	unsigned int round = 0;
	unsigned long rand;

	r->cpu = raw_smp_processor_id();
	set_user_nice(current, MAX_NICE);
	while (!torture_must_stop()) {
		rand = torture_random(&r->hand.rand) >> 4;
		tort_calm_use(r, rand % (TORT_HAND + 1));
		if (!tort_alone)
			tort_hand_step(&r->hand, 16);
		tort_roam(r, ++round % 16 == 0);
		stutter_wait("tort_roamer");
	}
	tort_calm_use(r, 0);
	tort_hand_empty(&r->hand);
	torture_kthread_stopping("tort_roamer");
	return 0;
}

/*
 * On PREEMPT_RT no task may be bound while a CPU goes offline, see
 * tort_reader_bind(). CPUs also go offline by other means than this module's, so
 * roamers wander there in a calm run only.
 */
static void tort_roamer_init(struct tort_roamer *r, unsigned int i)
{
	tort_hand_init(&r->hand, TORT_TASK, TORT_ROAMER_FIRST + i);
	r->wanders = i % 2 == 0 && (tort_alone || !IS_ENABLED(CONFIG_PREEMPT_RT));
}

/* @alone: this is a calm run. */
int tort_reach_start(int nroamers, bool alone)
{
	int i, err;

	tort_alone = alone;
	tort_budget = nroamers * (int)TORT_HAND / 2;
	err = tort_pool_open(&tort_calm, tort_calm.name);
	if (err)
		return err;
	tort_roamers = kcalloc(nroamers, sizeof(*tort_roamers), GFP_KERNEL);
	if (!tort_roamers)
		return -ENOMEM;
	tort_nroamers = nroamers;
	for (i = 0; !err && i < nroamers; i++) {
		tort_roamer_init(&tort_roamers[i], i);
		err = torture_create_kthread(tort_roamer, &tort_roamers[i],
					     tort_roamers[i].task);
	}
	return err;
}

void tort_reach_stop(void)
{
	int i;

	for (i = 0; i < tort_nroamers; i++)
		torture_stop_kthread(tort_roamer, tort_roamers[i].task);
	if (tort_calm.pool)
		tort_pool_settle(&tort_calm);
}

static unsigned long tort_moves(bool wanders)
{
	unsigned long n = 0;
	int i;

	for (i = 0; i < tort_nroamers; i++)
		if (tort_roamers[i].wanders == wanders)
			n += READ_ONCE(tort_roamers[i].moves);
	return n;
}

/*
 * Nothing is out. In a calm run the kernel rotates the pool only if memory runs short.
 * What was freed then had to be built again, and does not count against the pool;
 * without a rotation, a pool that frees what it builds again gets no excuse.
 */
static void tort_reach_judge(void)
{
	long built = atomic_long_read(&tort_calm.allocs);
	long freed = atomic_long_read(&tort_calm.frees);
	int needed = atomic_read(&tort_needed);
	unsigned int cpus = num_online_cpus();
	/*
	 * Two per CPU: what a CPU has just stolen is out of reach while the host lets
	 * its virtual CPU wait. scripts/test/reach judges by one.
	 */
	long limit = needed + 2 * (long)cpus;
	struct syncpool_stats s;

	syncpool_read_stats(tort_calm.pool, &s);
	pr_alert("%s: reach: built %ld, needed %d, existed %d, CPUs %u, freed %ld, rotations %lu, recalls %lu, wandered %lu, migrated %lu\n",
		 tort_alone ? "calm" : "end", built, needed,
		 atomic_read(&tort_calm.most), cpus, freed,
		 s.rotations, s.recalls, tort_moves(true), tort_moves(false));
	if (s.rotations)
		limit += freed;
	if (tort_alone && built > limit)
		tort_error("reach: more objects were built than are needed and two per CPU\n");
}

void tort_reach_exit(void)
{
	if (!tort_calm.pool)
		return;
	tort_reach_judge();
	tort_pool_close(&tort_calm);
	kfree(tort_roamers);
}
