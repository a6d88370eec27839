// SPDX-License-Identifier: GPL-2.0
/*
 * chain - pool_chain.c: an owner that pushes and adds a ring, and thieves
 *
 * The chain begins with a ring of SLOTS. The owner pushes PUSHES objects, one at a
 * time, adds a ring when that one is full, and then gets POPS objects as an owner does: from
 * the head, else from the tail. Each thief takes one. The one that finds the first ring exhausted
 * unlinks it. With FULL that ring holds an object at first. With RECLAIM the last thread is
 * RCU: after a grace period it frees that ring.
 *
 * Afterwards each object came out once or is in a ring, what was stored in it before the
 * push was seen, and the first ring was unlinked once at most.
 */
#include "model.h"
#include "pool_dequeue.c"
#include "pool_chain.c"
#include "count.h"

static struct pool_chain model_chain[1];
#define C	(&model_chain[0])
#define RING0	((struct pool_ring *)&model_ring0)
#define RING1	((struct pool_ring *)&model_ring1)

/* an object of another chain */
#define STRANGER	15UL

static int unlinked, retired;

void pool_ring_retire(struct pool_ring *ring)
{
	model_assert(ring == RING0);
	model_assert(!unlinked);
	unlinked = 1;
	/* call_rcu() */
	model_write(retired, 1);
}

static void pinned_pop(unsigned int thread)
{
	void *objs[1];
	unsigned int k;

	preempt_disable();
	if (thread)
		k = pool_chain_pop_tail(C, objs, 1);
	else
		k = pool_chain_pop_head(C, objs, 1);
	preempt_enable();
	if (k)
		got(thread, objs[0]);
}

/* The other ring is made here, as pool_ring_alloc() does. The memory has been in use before. */
static void grow(void)
{
	model_write(model_ring1.slots[0], (void *)NULL);
	pool_dequeue_init((struct pool_dequeue *)&model_ring1.d, MODEL_SLOTS, INDEX);
	pool_chain_grow(C, RING1);
}

static void push(unsigned long obj)
{
	void *objs[1];

	objs[0] = (void *)obj;
	model_set_payload(obj);
	preempt_disable();
	if (!pool_chain_push_head(C, objs, 1)) {
		if (C->head == RING0)
			grow();
		if (!pool_chain_push_head(C, objs, 1))
			model_got(0, digit(obj));
	}
	preempt_enable();
}

/* RCU: what was retired is freed, and in use again with other objects, which nobody may see. */
static void reclaim(void)
{
	if (!model_read(retired))
		return;
	model_synchronize_rcu();
	model_write(model_ring0.slots[0], (void *)STRANGER);
	atomic_long_set(&model_ring0.d.head_tail, pool_dequeue_pack(1, 0));
}

static void model_thread(unsigned int thread)
{
	unsigned long obj;

	if (thread) {
		if (RECLAIM && thread == MODEL_THREADS - 1)
			reclaim();
		else
			pinned_pop(thread);
		return;
	}
	for (obj = 1 + FULL; obj <= PUSHES; obj++)
		push(obj);
	for (obj = 1; obj <= POPS; obj++)
		pinned_pop(0);
}

static unsigned long left(const struct model_ring *ring, unsigned int slots)
{
	unsigned long all = 0, obj, i;

	for (i = 0; i < slots; i++) {
		obj = (unsigned long)model_read(ring->slots[i]);
		if (obj && obj != STRANGER)
			all += digit(obj);
	}
	return all;
}

int main(void)
{
	model_ring0.d.size = SLOTS;
	atomic_long_set(&model_ring0.d.head_tail, pool_dequeue_pack(INDEX, INDEX));
	C->head = RING0;
	model_write(C->tail, RING0);
	model_ring1.d.size = MODEL_SLOTS;
	model_write(model_ring1.slots[0], (void *)STRANGER);
	atomic_long_set(&model_ring1.d.head_tail, pool_dequeue_pack(1, 0));
	if (FULL) {
		model_set_payload(1);
		model_write(model_ring0.slots[INDEX & (SLOTS - 1)], (void *)1UL);
		atomic_long_set(&model_ring0.d.head_tail, pool_dequeue_pack(INDEX + 1, INDEX));
	}
	model_run();
	model_assert(model_got_all() + left(&model_ring0, SLOTS) +
		     left(&model_ring1, MODEL_SLOTS) == digits());
	return 0;
}
