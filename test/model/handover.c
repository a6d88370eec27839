// SPDX-License-Identifier: GPL-2.0
/*
 * handover - pool_limit.c and pool_stash.c: a put and a get that waits
 *
 * The put stores its object and looks for waiters; the get joins the queue and looks for
 * objects. The irq_work would come later, under the lock. With MODEL_THREADS=3 another get
 * takes what it finds and does not wait.
 *
 * Afterwards the object came out once, or lies in the stash. There the waiter does not sleep
 * beside it, unless the irq_work is still to come.
 */
#include "model.h"
#include "handover.h"
#include "pool_stash.c"
#include "pool_limit.c"
#include "count.h"

#define OBJ	((void *)2UL)	/* 1 is a guard */

struct task_struct shim_current;
struct workqueue_struct *pool_wq;

/* all sections that began before the pool was closed have ended */
bool poll_state_synchronize_rcu(unsigned long gp)
{
	return true;
}

unsigned long start_poll_synchronize_rcu(void)
{
	return 0;
}

void pool_core_set_waited(struct syncpool_core *core, bool waited)
{
	WRITE_ONCE(core->mode, waited ? POOL_WAITED : POOL_NORMAL);
}

static struct syncpool_core core;
static struct pool_limit limit;
static struct {
	struct pool_stash stash;
	void *slots[2];
} memory;
static struct pool_waiter waiter;
static void *handed[1];

static void put(void)
{
	model_set_payload(2);
	if (!pool_limit_stash(&core, OBJ))
		model_got(0, digit(2));
}

static void wait(void)
{
	void *obj;

	if (!pool_limit_join(&core, &waiter))
		return;
	if (pool_limit_place(&core, &waiter) != POOL_PLACE_FIRST)
		return;
	obj = pool_limit_unstash(&core);
	if (!obj)
		return;	/* asleep */
	got(1, obj);
	/* else it was given another one meanwhile */
	model_assert(pool_limit_give(&core, &waiter, obj) && handed[0] == obj);
}

static void take(unsigned int thread)
{
	void *obj = pool_limit_unstash(&core);

	if (obj)
		got(thread, obj);
}

static void model_thread(unsigned int thread)
{
	if (thread == 0)
		put();
	else if (thread == 1)
		wait();
	else
		take(thread);
}

static unsigned long left(void)
{
	unsigned long all = 0, i;

	for (i = 0; i < ARRAY_SIZE(memory.slots); i++)
		if (memory.slots[i])
			all += digit((unsigned long)memory.slots[i]);
	return all;
}

int main(void)
{
	memory.stash.size = 2;
	memory.stash.room = 2;
	limit.stash = &memory.stash;
	limit.core = &core;
	INIT_LIST_HEAD(&limit.waiters);
	core.limit = &limit;
	core.mode = POOL_WAITED;
	core.waited = true;
	waiter.n = 1;
	waiter.objs = handed;
	model_run();
	model_assert(model_got_all() + left() == digit(2));
	/* it sleeps although there is an object, and nothing will wake it */
	model_assert(handed[0] || queued || !left());
	return 0;
}
