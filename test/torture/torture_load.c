// SPDX-License-Identifier: GPL-2.0
/*
 * torture_load - get and put
 *
 * A hand is what one context holds: it gets a few objects, keeps them over several
 * runs, and puts them or passes them on through the exchange, so that objects
 * leave a pool on one CPU, or in one context, and return on another. Interrupts and
 * roamers use hands. Kthreads ("readers") do as well, and each is one of
 *
 *	a consumer, which only gets, and leaves the objects in the exchange;
 *	a producer, which only puts what it finds there;
 *	a burster, which gets up to 1,000 objects at once and puts them all, or up to
 *	32, many times over, as a user does that has its CPU to itself;
 *	one that uses its hand as interrupts do.
 */
#include <linux/cpumask.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "pool_torture.h"

#define TORT_EXCHANGE	512U
#define TORT_BURST_NICE	10
#define TORT_HOT	32U	/* objects of a small burst at most */
#define TORT_HOT_TIMES	128U	/* small bursts in a row at most */

DEFINE_PER_CPU(struct tort_counts, tort_counts);
DEFINE_PER_CPU(unsigned long, tort_seed);

static void *tort_exchange[TORT_EXCHANGE];

struct tort_reader {
	struct tort_hand	hand;
	unsigned int		index;
	void			**burst;
	struct task_struct	*task;
};

static struct tort_reader *tort_readers;
static int tort_nreaders;

void tort_hand_init(struct tort_hand *hand, enum tort_ctx ctx, unsigned int n)
{
	memset(hand, 0, sizeof(*hand));
	hand->ctx = ctx;
	hand->holder = TORT_HOLDER(ctx, n);
}

static unsigned long tort_rand(struct tort_hand *hand)
{
	/* the low bits of some generators are poor */
	return torture_random(&hand->rand) >> 4;
}

static void tort_count(struct tort_hand *hand, unsigned long n)
{
	this_cpu_add(tort_counts.ops[hand->ctx], n);
}

static struct pool_stamp *tort_get(struct tort_hand *hand, struct tort_pool *tp,
				   gfp_t gfp)
{
	struct pool_stamp *obj;

	obj = tort_rand(hand) % 4 ? syncpool_get(tp->pool, gfp)
				  : syncpool_try_get(tp->pool);
	if (!obj)
		return NULL;
	tort_count(hand, 1);
	tort_take(obj, tp, hand->holder);
	return obj;
}

static void tort_put(struct tort_hand *hand, struct tort_pool *tp,
		     struct pool_stamp *obj)
{
	tort_give(obj, tp, hand->holder);
	syncpool_put(tp->pool, obj);
	tort_count(hand, 1);
}

/* Leave @obj to another holder. False if the slot is taken. Any context. */
static bool tort_deposit(struct tort_hand *hand, struct pool_stamp *obj)
{
	void **slot = &tort_exchange[tort_rand(hand) % TORT_EXCHANGE];

	tort_report(obj, pool_stamp_check_held(obj, obj->owner, hand->holder),
		    "deposit");
	return !cmpxchg(slot, NULL, obj);
}

/* The same with several tries. */
static bool tort_deposit_somewhere(struct tort_hand *hand, struct pool_stamp *obj)
{
	unsigned int tries = 4;

	while (tries--)
		if (tort_deposit(hand, obj))
			return true;
	return false;
}

/* An object that another holder has left, or NULL. Its owner is its pool. */
static struct pool_stamp *tort_collect(struct tort_hand *hand, unsigned int i)
{
	struct pool_stamp *obj;

	if (!READ_ONCE(tort_exchange[i]))
		return NULL;
	obj = xchg(&tort_exchange[i], NULL);
	if (obj)
		tort_pass(obj, hand->holder);
	return obj;
}

static struct tort_pool *tort_owner(const struct pool_stamp *obj)
{
	return (struct tort_pool *)obj->owner;
}

static void tort_hand_get(struct tort_hand *hand)
{
	struct tort_pool *tp = tort_pool_any(tort_rand(hand));
	gfp_t gfp = hand->ctx == TORT_TASK ? GFP_KERNEL
					   : GFP_NOWAIT | __GFP_NOWARN;
	struct pool_stamp *obj = NULL;

	if (tort_rand(hand) % 8 == 0)
		obj = tort_collect(hand, tort_rand(hand) % TORT_EXCHANGE);
	if (obj)
		tp = tort_owner(obj);
	else
		obj = tort_get(hand, tp, gfp);
	if (obj)
		hand->held[hand->nr++] = (struct tort_held){ tp, obj };
}

static void tort_hand_put(struct tort_hand *hand)
{
	unsigned int i = tort_rand(hand) % hand->nr;
	struct tort_held held = hand->held[i];

	hand->held[i] = hand->held[--hand->nr];
	if (tort_rand(hand) % 8 || !tort_deposit(hand, held.obj))
		tort_put(hand, held.tp, held.obj);
}

/* A few gets and puts, in whatever context. */
void tort_hand_step(struct tort_hand *hand, unsigned int steps)
{
	unsigned int up = tort_rand(hand) % 8;

	/* some runs mostly get, others mostly put */
	while (steps--) {
		if (hand->nr < TORT_HAND &&
		    (!hand->nr || tort_rand(hand) % 8 < up))
			tort_hand_get(hand);
		else
			tort_hand_put(hand);
	}
}

void tort_hand_empty(struct tort_hand *hand)
{
	while (hand->nr) {
		hand->nr--;
		tort_put(hand, hand->held[hand->nr].tp,
			 hand->held[hand->nr].obj);
	}
}

/* Get objects of one pool, one by one or in bulk. Returns how many. */
static unsigned int tort_burst_get(struct tort_reader *r, struct tort_pool *tp,
				   unsigned int n, bool bulk)
{
	struct pool_stamp *obj;
	unsigned int got, i;

	if (bulk) {
		got = syncpool_get_bulk(tp->pool, GFP_KERNEL, n, r->burst);
		for (i = 0; i < got; i++)
			tort_take(r->burst[i], tp, r->hand.holder);
		tort_count(&r->hand, got);
		return got;
	}
	for (got = 0, i = 0; i < n; i++) {
		obj = i % 4 ? syncpool_get(tp->pool, GFP_KERNEL) : syncpool_try_get(tp->pool);
		if (!obj)
			continue;
		tort_take(obj, tp, r->hand.holder);
		r->burst[got++] = obj;
	}
	tort_count(&r->hand, got);
	return got;
}

static void tort_burst_put(struct tort_reader *r, struct tort_pool *tp,
			   unsigned int n, bool bulk)
{
	unsigned int i;

	tort_count(&r->hand, n);
	if (bulk) {
		for (i = 0; i < n; i++)
			tort_give(r->burst[i], tp, r->hand.holder);
		/* put_bulk skips NULLs among the objects */
		if (n < tort_burst)
			r->burst[n++] = NULL;
		syncpool_put_bulk(tp->pool, n, r->burst);
		return;
	}
	for (i = 0; i < n; i++) {
		tort_give(r->burst[i], tp, r->hand.holder);
		syncpool_put(tp->pool, r->burst[i]);
	}
}

static void tort_do_burst(struct tort_reader *r)
{
	unsigned long rand = tort_rand(&r->hand);
	struct tort_pool *tp = tort_pool_any(rand >> 16);
	bool large = rand & BIT(12);
	unsigned int want = 1 + rand % (large ? tort_burst : TORT_HOT);
	unsigned int times = large ? 1 : 1 + (rand >> 24) % TORT_HOT_TIMES;
	unsigned int n;

	while (times--) {
		n = tort_burst_get(r, tp, want, rand & BIT(13));
		if (rand & BIT(14))
			cond_resched();
		tort_burst_put(r, tp, n, rand & BIT(15));
	}
}

static void tort_do_consumer(struct tort_reader *r)
{
	struct tort_hand *hand = &r->hand;
	unsigned int i;

	for (i = 0; i < 64; i++) {
		/* first what the last deposit found no free slot for */
		if (!hand->nr)
			tort_hand_get(hand);
		if (!hand->nr)
			continue;
		/* most slots are taken: it is the producers' turn */
		if (!tort_deposit_somewhere(hand, hand->held[hand->nr - 1].obj))
			break;
		hand->nr--;
	}
}

static void tort_do_producer(struct tort_reader *r)
{
	struct pool_stamp *obj;
	unsigned int i;

	for (i = 0; i < TORT_EXCHANGE; i++) {
		obj = tort_collect(&r->hand, i);
		if (obj)
			tort_put(&r->hand, tort_owner(obj), obj);
	}
}

/*
 * Consumers and producers stay on a CPU while it is online. Not on PREEMPT_RT,
 * where a task that holds a spinlock cannot migrate: if its only CPU goes offline
 * meanwhile, the scheduler gives it another mask, and affine_move_task() of Linux
 * 6.1 and 6.12 warns of that when the task releases the lock.
 */
static void tort_reader_bind(struct tort_reader *r)
{
	unsigned int cpu = r->index / 4 * 2 + r->index % 2;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return;
	cpu %= nr_cpu_ids;
	if (r->index % 4 < 2 && cpu_online(cpu))
		set_cpus_allowed_ptr(current, cpumask_of(cpu));
}

static void tort_reader_run(struct tort_reader *r)
{
	switch (r->index % 4) {
	case 0:
		tort_do_consumer(r);
		break;
	case 1:
		tort_do_producer(r);
		break;
	case 2:
		tort_do_burst(r);
		break;
	default:
		tort_hand_step(&r->hand, 64);
	}
}

static int tort_reader(void *arg)
{
	struct tort_reader *r = arg;
	unsigned int round = 0;

	/* most operations are those of bursters, which cost the least */
	set_user_nice(current, r->index % 4 == 2 ? TORT_BURST_NICE : MAX_NICE);
	while (!torture_must_stop()) {
		if (round++ % 1024 == 0)
			tort_reader_bind(r);
		tort_reader_run(r);
		if (round % 64 == 0)
			torture_hrtimeout_us(200, 1000000, &r->hand.rand);
		cond_resched();
		stutter_wait("tort_reader");
	}
	tort_hand_empty(&r->hand);
	torture_kthread_stopping("tort_reader");
	return 0;
}

int tort_readers_start(int nreaders)
{
	int i, err = 0;

	tort_readers = kcalloc(nreaders, sizeof(*tort_readers), GFP_KERNEL);
	if (!tort_readers)
		return -ENOMEM;
	tort_nreaders = nreaders;
	for (i = 0; !err && i < nreaders; i++) {
		struct tort_reader *r = &tort_readers[i];

		tort_hand_init(&r->hand, TORT_TASK, i);
		r->index = i;
		r->burst = vmalloc(array_size(tort_burst, sizeof(void *)));
		if (!r->burst)
			return -ENOMEM;
		err = torture_create_kthread(tort_reader, r, r->task);
	}
	return err;
}

/* All other holders have stopped, so the exchange is emptied here. */
void tort_readers_stop(void)
{
	struct tort_hand hand;
	struct pool_stamp *obj;
	int i;

	for (i = 0; i < tort_nreaders; i++) {
		torture_stop_kthread(tort_reader, tort_readers[i].task);
		vfree(tort_readers[i].burst);
	}
	kfree(tort_readers);
	tort_hand_init(&hand, TORT_TASK, tort_nreaders);
	for (i = 0; i < TORT_EXCHANGE; i++) {
		obj = tort_collect(&hand, i);
		if (obj)
			tort_put(&hand, tort_owner(obj), obj);
	}
}
