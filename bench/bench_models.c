// SPDX-License-Identifier: GPL-2.0
/*
 * bench_models - models of rejected designs beside the one that syncpool uses,
 * for docs/performance.md
 *
 * "fast-pair" and "fast-burst": the magazine, with room for a whole burst, so
 * that only the fast path is counted. All of these are safe against interrupts.
 *	flag		a flag tested and set before the count is read
 *	count		the count itself swapped for a mark
 *	slot		Go's single slot by compare-and-swap, and a magazine
 *			behind it
 *	slots		compare-and-swap on the magazine's entries, the count a
 *			hint: in use
 *
 * "block": move a block to a place where other CPUs can take it, and back;
 * figures are per object. "block-thief": the same, taken back as another CPU
 * would.
 *	packed		pool_dequeue, head and tail in one word: in use
 *	split		head and tail in separate words (Chase and Lev)
 *	hand-over	the block itself changes hands
 */
#include <linux/percpu.h>

#include "bench.h"
#include "../pool_dequeue.c"

#define MODEL_ROOM	128
#define MODEL_BLOCK	20U
#define MODEL_BUSY	(-1L)

struct model_cpu {
	long nr;
	long busy;
	void *slot;
	void *objs[MODEL_ROOM];
};

static DEFINE_PER_CPU(struct model_cpu, model_cpus);
static int model_object;

static int model_setup(void)
{
	struct model_cpu *m;
	unsigned int i;

	preempt_disable();
	m = this_cpu_ptr(&model_cpus);
	memset(m, 0, sizeof(*m));
	/* one object for a pair: in the first entry, and in the slot */
	m->slot = &model_object;
	m->objs[1] = &model_object;
	m->nr = 1;
	preempt_enable();
	for (i = 0; i < BENCH_BURST; i++)
		bench_objs[i] = &model_object;
	return 0;
}

static void model_teardown(void)
{
}

static __always_inline void *model_flag_get(void)
{
	struct model_cpu *m;
	void *obj = NULL;

	preempt_disable();
	m = this_cpu_ptr(&model_cpus);
	if (likely(!READ_ONCE(m->busy))) {
		WRITE_ONCE(m->busy, 1);
		barrier();
		if (likely(m->nr))
			obj = m->objs[m->nr--];
		barrier();
		WRITE_ONCE(m->busy, 0);
	}
	preempt_enable();
	return obj;
}

static __always_inline void model_flag_put(void *obj)
{
	struct model_cpu *m;

	preempt_disable();
	m = this_cpu_ptr(&model_cpus);
	if (likely(!READ_ONCE(m->busy))) {
		WRITE_ONCE(m->busy, 1);
		barrier();
		if (likely(m->nr < MODEL_ROOM - 1))
			m->objs[++m->nr] = obj;
		barrier();
		WRITE_ONCE(m->busy, 0);
	}
	preempt_enable();
}

static __always_inline void *model_count_get(void)
{
	struct model_cpu *m;
	void *obj = NULL;
	long nr;

	preempt_disable();
	m = this_cpu_ptr(&model_cpus);
	nr = READ_ONCE(m->nr);
	if (likely(nr > 0) && likely(try_cmpxchg_local(&m->nr, &nr, MODEL_BUSY))) {
		obj = m->objs[nr];
		barrier();
		WRITE_ONCE(m->nr, nr - 1);
	}
	preempt_enable();
	return obj;
}

static __always_inline void model_count_put(void *obj)
{
	struct model_cpu *m;
	unsigned long nr;

	preempt_disable();
	m = this_cpu_ptr(&model_cpus);
	nr = READ_ONCE(m->nr);
	if (likely(nr < MODEL_ROOM - 1) &&
	    likely(try_cmpxchg_local(&m->nr, &nr, MODEL_BUSY))) {
		m->objs[nr + 1] = obj;
		barrier();
		WRITE_ONCE(m->nr, nr + 1);
	}
	preempt_enable();
}

static noinline void *model_slot_get_more(void)
{
	return model_flag_get();
}

static noinline void model_slot_put_more(void *obj)
{
	model_flag_put(obj);
}

static __always_inline void *model_slot_get(void)
{
	void *obj;

	preempt_disable();
	obj = this_cpu_read(model_cpus.slot);
	if (unlikely(!obj) ||
	    unlikely(!this_cpu_try_cmpxchg(model_cpus.slot, &obj, NULL)))
		obj = model_slot_get_more();
	preempt_enable();
	return obj;
}

static __always_inline void model_slot_put(void *obj)
{
	void *old = NULL;

	preempt_disable();
	if (unlikely(!this_cpu_try_cmpxchg(model_cpus.slot, &old, obj)))
		model_slot_put_more(obj);
	preempt_enable();
}

static __always_inline void *model_slots_get(void)
{
	unsigned long nr;
	void *obj;

	preempt_disable();
	nr = this_cpu_read(model_cpus.nr);
	obj = this_cpu_read(model_cpus.objs[nr]);
	if (likely(obj) &&
	    likely(this_cpu_try_cmpxchg(model_cpus.objs[nr], &obj, NULL)))
		this_cpu_write(model_cpus.nr, nr - 1);
	preempt_enable();
	return obj;
}

static __always_inline void model_slots_put(void *obj)
{
	unsigned long nr;
	void *old = NULL;

	preempt_disable();
	nr = this_cpu_read(model_cpus.nr) + 1;
	if (likely(this_cpu_try_cmpxchg(model_cpus.objs[nr], &old, obj)))
		this_cpu_write(model_cpus.nr, nr);
	preempt_enable();
}

#define MODEL_LOOPS(model)						\
BENCH_LOOP(model_##model##_pair, model_##model##_put(model_##model##_get())) \
static noinline void model_##model##_burst(unsigned int n)		\
{									\
	unsigned int i;							\
									\
	while (n--) {							\
		for (i = 0; i < BENCH_BURST; i++)			\
			model_##model##_put(bench_objs[i]);		\
		for (i = 0; i < BENCH_BURST; i++)			\
			bench_objs[i] = model_##model##_get();		\
	}								\
}

MODEL_LOOPS(flag)
MODEL_LOOPS(count)
MODEL_LOOPS(slot)
MODEL_LOOPS(slots)

/* a ring of one page, the largest that pool_chain uses */
static struct {
	struct pool_dequeue d;
	void *slots[256];
} model_packed;

static int model_packed_setup(void)
{
	memset(&model_packed, 0, sizeof(model_packed));
	pool_dequeue_init(&model_packed.d, 256, 0);
	return model_setup();
}

static noinline void model_packed_push(void)
{
	pool_dequeue_push_head(&model_packed.d, bench_objs, MODEL_BLOCK);
}

static noinline void model_packed_pop(void)
{
	pool_dequeue_pop_head(&model_packed.d, bench_objs, MODEL_BLOCK);
}

static noinline void model_packed_steal(void)
{
	pool_dequeue_pop_tail(&model_packed.d, bench_objs, MODEL_BLOCK);
}

BENCH_LOOP(model_packed_loop, model_packed_push(); model_packed_pop())
BENCH_LOOP(model_packed_thief, model_packed_push(); model_packed_steal())

static struct {
	unsigned long head ____cacheline_aligned;
	unsigned long tail ____cacheline_aligned;
	void *slots[256];
} model_split;

static noinline void model_split_push(void)
{
	unsigned long head = model_split.head;
	unsigned int i;

	if (head + MODEL_BLOCK - READ_ONCE(model_split.tail) > 256)
		return;
	for (i = 0; i < MODEL_BLOCK; i++)
		WRITE_ONCE(model_split.slots[(head + i) % 256], bench_objs[i]);
	/* store the slots before head; pairs with the thief's smp_rmb() */
	smp_store_release(&model_split.head, head + MODEL_BLOCK);
}

/* The owner's claim must be visible before it reads what thieves claimed. */
static noinline void model_split_pop(void)
{
	unsigned long head = model_split.head - MODEL_BLOCK;
	unsigned int i;

	WRITE_ONCE(model_split.head, head);
	/* pairs with the thief's compare-and-swap */
	smp_mb();
	if (READ_ONCE(model_split.tail) > head)
		return;
	for (i = 0; i < MODEL_BLOCK; i++)
		bench_objs[i] = READ_ONCE(model_split.slots[(head + i) % 256]);
}

/* One at a time: the owner may take a range without synchronization. */
static noinline void model_split_steal(void)
{
	unsigned int i;

	for (i = 0; i < MODEL_BLOCK; i++) {
		unsigned long tail = READ_ONCE(model_split.tail);

		/* read tail before head; pairs with the owner's smp_mb() */
		smp_rmb();
		if (tail == READ_ONCE(model_split.head))
			return;
		bench_objs[i] = READ_ONCE(model_split.slots[tail % 256]);
		if (cmpxchg(&model_split.tail, tail, tail + 1) != tail)
			return;
	}
}

BENCH_LOOP(model_split_loop, model_split_push(); model_split_pop())
BENCH_LOOP(model_split_thief, model_split_push(); model_split_steal())

/* a stack of blocks for any CPU; a real one would also have to prevent ABA */
struct model_block {
	struct model_block *next;
	void *objs[MODEL_BLOCK];
};

static struct model_block model_blocks[2];
static struct model_block *model_depot, *model_mine;

static int model_blocks_setup(void)
{
	model_mine = &model_blocks[0];
	model_depot = NULL;
	return model_setup();
}

static noinline void model_blocks_push(void)
{
	do {
		model_mine->next = READ_ONCE(model_depot);
	} while (cmpxchg(&model_depot, model_mine->next, model_mine) !=
		 model_mine->next);
}

static noinline void model_blocks_pop(void)
{
	do {
		model_mine = READ_ONCE(model_depot);
	} while (cmpxchg(&model_depot, model_mine, model_mine->next) != model_mine);
}

BENCH_LOOP(model_blocks_loop, model_blocks_push(); model_blocks_pop())

const struct bench_case bench_model_cases[] = {
	{ "fast-pair", "flag", 1, model_setup, model_flag_pair, model_teardown },
	{ "fast-burst", "flag", BENCH_BURST, model_setup, model_flag_burst,
	  model_teardown },
	{ "fast-pair", "count", 1, model_setup, model_count_pair, model_teardown },
	{ "fast-burst", "count", BENCH_BURST, model_setup, model_count_burst,
	  model_teardown },
	{ "fast-pair", "slot", 1, model_setup, model_slot_pair, model_teardown },
	{ "fast-burst", "slot", BENCH_BURST, model_setup, model_slot_burst,
	  model_teardown },
	{ "fast-pair", "slots", 1, model_setup, model_slots_pair, model_teardown },
	{ "fast-burst", "slots", BENCH_BURST, model_setup, model_slots_burst,
	  model_teardown },
	{ "block", "packed", MODEL_BLOCK, model_packed_setup, model_packed_loop,
	  model_teardown },
	{ "block", "split", MODEL_BLOCK, model_setup, model_split_loop,
	  model_teardown },
	{ "block", "hand-over", MODEL_BLOCK, model_blocks_setup, model_blocks_loop,
	  model_teardown },
	{ "block-thief", "packed", MODEL_BLOCK, model_packed_setup,
	  model_packed_thief, model_teardown },
	{ "block-thief", "split", MODEL_BLOCK, model_setup, model_split_thief,
	  model_teardown },
	{ "block-thief", "hand-over", MODEL_BLOCK, model_blocks_setup,
	  model_blocks_loop, model_teardown },
};

const unsigned int bench_model_nr = ARRAY_SIZE(bench_model_cases);
