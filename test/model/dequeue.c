// SPDX-License-Identifier: GPL-2.0
/*
 * dequeue - pool_dequeue.c: an owner that pushes and pops, and thieves
 *
 * PUSHES objects are pushed, in batches of BATCH; POPS batches are popped between them; each
 * thief takes a batch of STEAL. The ring begins at INDEX, so that it wraps. With ONE the
 * operations of one object are used instead, which are functions of their own.
 *
 * Afterwards each object came out once or is in the ring, what was stored in it before the
 * push was seen, and the word of the ring says what its slots hold.
 */
#include "model.h"
#include "pool_dequeue.c"
#include "count.h"

#define D	((struct pool_dequeue *)&model_ring0.d)

static void push(unsigned long first)
{
	void *objs[BATCH];
	unsigned int i, k;

	for (i = 0; i < BATCH; i++) {
		objs[i] = (void *)(first + i);
		model_set_payload(first + i);
	}
	if (ONE)
		k = pool_dequeue_push_one(D, objs[0], atomic_long_read(&D->head_tail));
	else
		k = pool_dequeue_push_head(D, objs, BATCH);
	/* no room: they did not go in */
	for (i = 0; i < BATCH; i++)
		if (i >= k)
			model_got(0, digit(first + i));
}

static void pop(void)
{
	void *objs[BATCH];
	unsigned int i, k;

	if (ONE) {
		objs[0] = pool_dequeue_pop_one(D);
		k = !!objs[0];
	} else {
		k = pool_dequeue_pop_head(D, objs, BATCH);
	}
	for (i = 0; i < BATCH; i++)
		if (i < k)
			got(0, objs[i]);
}

static void steal(unsigned int thread)
{
	void *objs[STEAL];
	unsigned int i, k;

	if (ONE) {
		objs[0] = pool_dequeue_pop_tail_one(D);
		k = !!objs[0];
	} else {
		k = pool_dequeue_pop_tail(D, objs, STEAL);
	}
	for (i = 0; i < STEAL; i++)
		if (i < k)
			got(thread, objs[i]);
}

static void model_thread(unsigned int thread)
{
	unsigned long obj;

	if (thread) {
		steal(thread);
		return;
	}
	for (obj = 1; obj <= PUSHES; obj += BATCH) {
		push(obj);
		if (obj <= POPS)
			pop();
	}
}

static unsigned long left(void)
{
	unsigned long all = 0, n = 0, i;
	void *obj;

	for (i = 0; i < MODEL_SLOTS; i++) {
		obj = model_read(model_ring0.slots[i]);
		if (!obj)
			continue;
		n++;
		all += digit((unsigned long)obj);
	}
	model_assert(n == pool_dequeue_len(D));
	return all;
}

int main(void)
{
	model_ring0.d.size = MODEL_SLOTS;
	atomic_long_set(&model_ring0.d.head_tail, pool_dequeue_pack(INDEX, INDEX));
	model_run();
	model_assert(model_got_all() + left() == digits());
	return 0;
}
