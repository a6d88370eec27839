// SPDX-License-Identifier: GPL-2.0
/*
 * mask - pool_generation.c: the bit of a chain, its owner and thieves
 *
 * CPU 0's chain has its bit, and holds PUSHES - 1 objects. The owner pushes one more. Each thief
 * steals one, and clears the bit if it has left the chain empty.
 *
 * Afterwards a chain that holds something has its bit, and nonempty is the number of bits.
 */
#include "model.h"
#include "mask.h"
#include "pool_dequeue.c"
#include "pool_chain.c"
#include "pool_pcp.c"
#include "pool_generation.c"
#include "count.h"

static struct pool_pcp part[1];
static struct pool_generation gen;
static struct pool_nodes nodes;

void pool_ring_retire(struct pool_ring *ring)
{
	model_assert(false);
}

static void push(unsigned long obj)
{
	model_set_payload(obj);
	if (!pool_dequeue_push_one(&part[0].chain.head->d, (void *)obj,
				   atomic_long_read(&part[0].chain.head->d.head_tail))) {
		model_got(0, digit(obj));
		return;
	}
	pool_generation_mark(&gen, 0);
}

static void steal(unsigned int thread)
{
	/* pool_chain_pop_tail_one() of a chain of one ring */
	void *obj = pool_dequeue_pop_tail_one(&READ_ONCE(part[0].chain.tail)->d);

	if (obj)
		got(thread, obj);
	if (pool_chain_is_empty(&part[0].chain))
		pool_generation_unmark(&gen, 0);
}

static void model_thread(unsigned int thread)
{
	if (thread)
		steal(thread);
	else
		push(PUSHES);
}

int main(void)
{
	bool bit;

	gen.pcps = part;
	gen.nodes = &nodes;
	gen.batch = 16;
	part[0].gen = &gen;
	model_ring0.d.size = MODEL_SLOTS;
	part[0].chain.head = (struct pool_ring *)&model_ring0;
	model_write(part[0].chain.tail, (struct pool_ring *)&model_ring0);
	if (PUSHES > 1) {
		model_set_payload(1);
		model_write(model_ring0.slots[INDEX & (MODEL_SLOTS - 1)], (void *)1UL);
	}
	atomic_long_set(&model_ring0.d.head_tail, pool_dequeue_pack(INDEX + PUSHES - 1, INDEX));
	gen.mask->bits = 1;
	atomic_set(&gen.nonempty, 1);
	model_run();
	bit = model_read(gen.mask->bits) & 1;
	model_assert(bit || !pool_dequeue_len((struct pool_dequeue *)&model_ring0.d));
	model_assert(atomic_read(&gen.nonempty) == bit);
	return 0;
}
