/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cbmc - the accesses of model.h for CBMC's partial orders (--mm sc, tso, pso)
 *
 * CBMC orders accesses to variables. It neither knows that two slots of a ring are two
 * variables, where the index is not constant, nor follows a pointer that another thread has
 * stored. So the slots of a ring, and the pointers to rings, are kept in variables of
 * their own, as numbers; what the code has is the address that tells which one. Everything
 * else is accessed where it lies.
 *
 * A fence orders all that is before it with all that is after it. On TSO a release and an
 * acquire are no instructions, so they are none here; with PSO, which also reorders
 * stores, a release is a fence. Loads are never reordered: a weakened acquire is for
 * GenMC and herd7 to find. A read-modify-write is atomic, and orders nothing by itself.
 */
#ifndef _MODEL_CBMC_H
#define _MODEL_CBMC_H

#ifndef MODEL_RINGS
#define MODEL_RINGS	2
#endif

#define model_assert(cond)	__CPROVER_assert(cond, #cond)
#define model_assume(cond)	__CPROVER_assume(cond)
#define model_fence()		__CPROVER_fence("WWfence", "RRfence", "RWfence", "WRfence")

static bool model_same(const char *a, const char *b)
{
	unsigned int i;

	for (i = 0; a[i] == b[i]; i++)
		if (!a[i])
			return true;
	return false;
}

static void model_release(bool weak)
{
#if MODEL_PSO
	if (!weak)
		model_fence();
#endif
}

static void model_full(bool weak)
{
	if (!weak)
		model_fence();
}

static struct {
	unsigned long s0, s1;
} model_slots0, model_slots1;
static unsigned int model_next0, model_next1, model_tail;

static struct pool_ring *model_ring(unsigned int n)
{
	if (n == 1)
		return (struct pool_ring *)&model_ring0;
	return n == 2 ? (struct pool_ring *)&model_ring1 : NULL;
}

static unsigned int model_ring_number(const void *ring)
{
	if (ring == &model_ring0)
		return 1;
	return ring == &model_ring1 ? 2 : 0;
}

/* In which ring is the slot? Without a second one that takes no solver. */
static bool model_in_ring1(const void *slot)
{
	return MODEL_RINGS > 1 && __CPROVER_same_object(slot, &model_ring1);
}

/* Is it the first slot there? */
#define model_is_first(slot, ring)	(MODEL_SLOTS == 1 || (slot) == &model_ring##ring.slots[0])

static void *model_read_slot(const volatile void *p)
{
	const void *slot = (const void *)p;

	if (model_in_ring1(slot))
		return (void *)(model_is_first(slot, 1) ? model_slots1.s0 : model_slots1.s1);
	return (void *)(model_is_first(slot, 0) ? model_slots0.s0 : model_slots0.s1);
}

static void model_write_slot(volatile void *p, unsigned long v)
{
	const void *slot = (const void *)p;

	if (model_in_ring1(slot)) {
		if (model_is_first(slot, 1))
			model_slots1.s0 = v;
		else
			model_slots1.s1 = v;
	} else if (model_is_first(slot, 0)) {
		model_slots0.s0 = v;
	} else {
		model_slots0.s1 = v;
	}
}

/*
 * What is the caller's own and no slot: the code names it obj or objs, and CBMC would have to
 * ask the solver.
 */
#define model_is_own(x)		(#x[0] == '*' && #x[1] == 'o')

static struct pool_ring *model_read_ring(const volatile void *p)
{
	const void *word = (const void *)p;

	if (word == &model_ring0.next)
		return model_ring(model_next0);
	if (word == &model_ring1.next)
		return model_ring(model_next1);
	return model_ring(model_tail);
}

static void model_write_ring(volatile void *p, const void *ring)
{
	void *word = (void *)p;
	unsigned int n = model_ring_number(ring);

	if (word == &model_ring0.next)
		model_next0 = n;
	else if (word == &model_ring1.next)
		model_next1 = n;
	else
		model_tail = n;
}

#define model_read(x)							\
	_Generic((x),							\
		 void *: model_read_slot(&(x)),				\
		 struct pool_ring *: model_read_ring(&(x)),		\
		 default: (x))
#define model_write(x, v)						\
	_Generic((x),							\
		 void *: model_is_own(x) ? (void)(*(void **)&(x) = (void *)(v)) : \
			 model_write_slot(&(x), (unsigned long)(v)),	\
		 struct pool_ring *: model_write_ring(&(x), (void *)(v)), \
		 default: (void)((x) = (typeof(x))(v)))

#define READ_ONCE(x)							\
	(model_weak(MODEL_READ_ONCE) ? (typeof(x))0 : model_read(x))
#define WRITE_ONCE(x, v)	model_write(x, v)
#define smp_load_acquire(p)	model_read(*(p))
#define smp_store_release(p, v)						\
	do { model_release(model_weak(MODEL_STORE_RELEASE)); model_write(*(p), v); } while (0)
#define smp_mb()		model_full(model_weak(MODEL_MB))
#define smp_rmb()		do { } while (0)

/* no grace period is modelled */
#define preempt_disable()	do { } while (0)
#define preempt_enable()	do { } while (0)
#define model_synchronize_rcu()	do { } while (0)

/* the tail of a chain */
static struct pool_ring *model_cmpxchg_tail(struct pool_ring *old, struct pool_ring *new,
					    bool weak, bool torn)
{
	unsigned int was;

	model_full(weak);
	if (!torn)
		__CPROVER_atomic_begin();
	was = model_tail;
	if (was == model_ring_number(old))
		model_tail = model_ring_number(new);
	if (!torn)
		__CPROVER_atomic_end();
	model_full(weak);
	return model_ring(was);
}

/* any other word */
#define model_cmpxchg_word(p, old, new)					\
({									\
	typeof(*(p)) model_was;						\
	model_fence();							\
	__CPROVER_atomic_begin();					\
	model_was = *(p);						\
	if (model_was == (old))						\
		*(p) = (new);						\
	__CPROVER_atomic_end();						\
	model_fence();							\
	model_was;							\
})

#define cmpxchg(p, old, new)						\
	_Generic(*(p),							\
		 struct pool_ring *: model_cmpxchg_tail((void *)(old), (void *)(new), \
							model_weak(MODEL_CMPXCHG), \
							model_weak(MODEL_CMPXCHG_ATOMIC)), \
		 default: model_cmpxchg_other(p, old, new))

#define atomic_read(v)		((v)->counter)
#define atomic_read_acquire(v)	((v)->counter)
#define atomic_set(v, n)	((void)((v)->counter = (n)))
#define atomic_long_read(v)	((v)->counter)
#define atomic_long_set(v, n)	((void)((v)->counter = (n)))

#define model_add(v, n, weak)						\
({									\
	long model_sum;							\
	model_full(weak);						\
	__CPROVER_atomic_begin();					\
	model_sum = (v)->counter + (n);					\
	(v)->counter = model_sum;					\
	__CPROVER_atomic_end();						\
	model_full(weak);						\
	model_sum;							\
})
#define atomic_long_add_return(n, v)	model_add(v, n, model_weak(MODEL_ADD_RETURN))
#define atomic_inc(v)		((void)model_add(v, 1, true))
#define atomic_dec(v)		((void)model_add(v, -1, true))
#define atomic_long_inc(v)	((void)model_add(v, 1, true))
#define atomic_long_dec(v)	((void)model_add(v, -1, true))

static bool model_try_cmpxchg(atomic_long_t *v, long *old, long new, bool full)
{
	bool same;

#if MODEL_TSO
	full = true;	/* there is no other compare-and-swap */
#endif
	model_full(!full);
	__CPROVER_atomic_begin();
	same = v->counter == *old;
	if (same)
		v->counter = new;
	else
		*old = v->counter;
	__CPROVER_atomic_end();
	model_full(!full);
	return same;
}

#define atomic_long_try_cmpxchg(v, oldp, new)	model_try_cmpxchg(v, oldp, new, true)
#define atomic_long_try_cmpxchg_relaxed(v, oldp, new)			\
	model_try_cmpxchg(v, oldp, new, false)
#define atomic_long_try_cmpxchg_acquire(v, oldp, new)			\
	model_try_cmpxchg(v, oldp, new, false)

static bool model_test_and_set(unsigned int nr, unsigned long *word)
{
	unsigned long was;

	model_fence();
	__CPROVER_atomic_begin();
	was = *word;
	*word = was | BIT(nr);
	__CPROVER_atomic_end();
	model_fence();
	return was & BIT(nr);
}

static bool model_test_and_clear(unsigned int nr, unsigned long *word, bool weak)
{
	unsigned long was;

	model_full(weak);
	__CPROVER_atomic_begin();
	was = *word;
	*word = was & ~BIT(nr);
	__CPROVER_atomic_end();
	model_full(weak);
	return was & BIT(nr);
}

/* a variable for each thread and for each object */
static unsigned long model_got0, model_got1, model_got2, model_got3;
static int model_payload1, model_payload2, model_payload3;
static bool model_done1, model_done2, model_done3;

static void model_got(unsigned int thread, unsigned long objs)
{
	if (thread == 0)
		model_got0 += objs;
	else if (thread == 1)
		model_got1 += objs;
	else if (thread == 2)
		model_got2 += objs;
	else
		model_got3 += objs;
}

static unsigned long model_got_all(void)
{
	return model_got0 + model_got1 + model_got2 + model_got3;
}

static void model_set_payload(unsigned long obj)
{
	if (obj == 1)
		model_payload1 = 1;
	else if (obj == 2)
		model_payload2 = 2;
	else
		model_payload3 = 3;
}

static int model_payload(unsigned long obj)
{
	if (obj == 1)
		return model_payload1;
	return obj == 2 ? model_payload2 : model_payload3;
}

static void model_thread(unsigned int thread);

static void model_thread1(void)
{
	model_thread(1);
	model_fence();
	model_done1 = true;
}

static void model_thread2(void)
{
	model_thread(2);
	model_fence();
	model_done2 = true;
}

static void model_thread3(void)
{
	model_thread(3);
	model_fence();
	model_done3 = true;
}

/* Run all threads to their ends. */
static void model_run(void)
{
	model_fence();
__CPROVER_ASYNC_1:
	model_thread1();
#if MODEL_THREADS > 2
__CPROVER_ASYNC_2:
	model_thread2();
#endif
#if MODEL_THREADS > 3
__CPROVER_ASYNC_3:
	model_thread3();
#endif
	model_thread(0);
	__CPROVER_assume(model_done1);
	__CPROVER_assume(MODEL_THREADS <= 2 || model_done2);
	__CPROVER_assume(MODEL_THREADS <= 3 || model_done3);
	model_fence();
}

#endif /* _MODEL_CBMC_H */
