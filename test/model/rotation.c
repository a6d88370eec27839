// SPDX-License-Identifier: GPL-2.0
/*
 * rotation - pool_reclaim.c, pool_generation.c and pool_pcp.c: a magazine whose generation is
 * rotated
 *
 * The owner gets or puts (PUT) in a pinned section, if it finds the generation active. Thread 1
 * is pool_rotate(), then a grace period, after which pool_generation_disown() says that there
 * are no owners, as in pool_reclaim_cleanup(). Thread 2 is another CPU, which takes from the
 * magazine when it may. What a drain does with plain accesses the checker does not order after
 * a grace period; litmus/drain does.
 *
 * this_cpu_cmpxchg() is a load and a store for other CPUs. Afterwards the object came out
 * once or is in the magazine.
 */
#include "model.h"
#include "rotation.h"
#include "pool_dequeue.c"
#include "pool_chain.c"
#include "pool_pcp.c"
#include "pool_generation.c"
#include "pool_reclaim.c"
#include "count.h"

#define OBJ	((void *)2UL)	/* 1 is a guard */

static union {
	struct pool_pcp pcp;
	char bytes[512];
} part, others;
static struct pool_generation gen, second, third;
static struct syncpool_core core = {
	.active = &gen,
	.victim = &second,
	.old = &third,
};

atomic_t pool_suspended;
struct mutex pool_list_lock;	/* protects the list of pools */
struct workqueue_struct *pool_wq;

void pool_ring_retire(struct pool_ring *ring)
{
}

/* Whether a grace period is over is what thread 1 says. */
unsigned long start_poll_synchronize_rcu(void)
{
	return 0;
}

bool poll_state_synchronize_rcu(unsigned long gp)
{
	return false;
}

static void owner(void)
{
	void *obj = NULL;
	bool put = false;

	preempt_disable();
	if (pool_core_pcp(&core) == &part.pcp) {
		model_set_payload(2);
		if (PUT)
			put = __syncpool_magazine_put(&part.pcp.magazine, OBJ);
		else
			obj = __syncpool_magazine_get(&part.pcp.magazine);
	}
	/* the caller has it still */
	if (PUT && !put)
		model_got(0, digit(2));
	preempt_enable();
	if (obj)
		got(0, obj);
}

/* what the fast path finds is core->active here */
void pool_core_update(struct syncpool_core *core)
{
}

static void rotate(void)
{
	pool_rotate(&core, POOL_REASON_CLEANUP, NUMA_NO_NODE);
	model_synchronize_rcu();
	pool_generation_disown(core.victim);
}

/* pool_generation_take_from(), whose structures the checker takes for accesses of mixed size */
static void take(unsigned int thread)
{
	void *obj = NULL;

	preempt_disable();
	if (pool_generation_is_open(&gen))
		obj = pool_shared_take(&part.pcp.magazine.objs[POOL_FIRST]);
	preempt_enable();
	if (obj)
		got(thread, obj);
}

static void model_thread(unsigned int thread)
{
	if (thread == 0)
		owner();
	else if (thread == 1)
		rotate();
	else
		take(thread);
}

int main(void)
{
	unsigned long left;

	gen.pcps = &part.pcp;
	second.pcps = &others.pcp;
	third.pcps = &others.pcp;
	part.pcp.gen = &gen;
	pool_pcp_init(&part.pcp, 1);
	pool_pcp_set_capacity(&part.pcp, 1);
	pool_generation_open(&gen, 0);
	if (!PUT) {
		model_set_payload(2);
		model_write(part.pcp.magazine.objs[POOL_FIRST], OBJ);
		model_write(part.pcp.magazine.top, (u32)POOL_FIRST);
	}
	model_run();
	left = model_read(part.pcp.magazine.objs[POOL_FIRST]) == OBJ ? digit(2) : 0;
	model_assert(model_got_all() + left == digit(2));
	return 0;
}
