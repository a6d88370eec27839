/* SPDX-License-Identifier: GPL-2.0 */
/*
 * genmc - the accesses of model.h for GenMC 0.9 (--lkmm)
 *
 * Each has the strength that the kernel documents, no more. The checker itself comes with
 * a header of this kind; what it lacks is here: relaxed and acquire forms of
 * try_cmpxchg, and bit operations. A weakened access is a relaxed one, or none.
 */
#ifndef _MODEL_GENMC_H
#define _MODEL_GENMC_H

#include <assert.h>

#ifndef MODEL_MARKED
#define MODEL_MARKED	0
#endif

void __VERIFIER_lkmm_fence(const char *);
void __VERIFIER_rcu_read_lock(void);
void __VERIFIER_rcu_read_unlock(void);
void __VERIFIER_synchronize_rcu(void);
void __VERIFIER_assume(int);

#define model_same(a, b)	(!__builtin_strcmp(a, b))
#define model_assert(cond)	assert(cond)
#define model_assume(cond)	__VERIFIER_assume(cond)
#define model_full(weak)	((weak) ? (void)0 : __VERIFIER_lkmm_fence("mb"))
#define model_load(p, order)	__atomic_load_n(p, order)
#define model_store(p, v, order)	__atomic_store_n(p, v, order)

#define READ_ONCE(x)							\
	(model_weak(MODEL_READ_ONCE) ? (typeof(x))0 : model_load(&(x), __ATOMIC_RELAXED))
#define WRITE_ONCE(x, v)						\
	(model_weak(MODEL_WRITE_ONCE) ? (void)((x) = (v)) :		\
	 model_store(&(x), v, __ATOMIC_RELAXED))
#define smp_load_acquire(p)						\
	(model_weak(MODEL_LOAD_ACQUIRE) ? model_load(p, __ATOMIC_RELAXED) : \
	 model_load(p, __ATOMIC_ACQUIRE))
#define smp_store_release(p, v)						\
	(model_weak(MODEL_STORE_RELEASE) ? model_store(p, v, __ATOMIC_RELAXED) : \
	 model_store(p, v, __ATOMIC_RELEASE))
#define smp_mb()		model_full(model_weak(MODEL_MB))
#define smp_rmb()							\
	(model_weak(MODEL_RMB) ? (void)0 : __VERIFIER_lkmm_fence("rmb"))

/* fully ordered, unless weak */
#define model_cmpxchg(p, old, new, weak)				\
({									\
	typeof(*(p)) model_old = (old);					\
	model_full(weak);						\
	__atomic_compare_exchange_n(p, &model_old, new, false,		\
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED); \
	model_full(weak);						\
	model_old;							\
})
/* a load and a store */
#define model_cmpxchg_torn(p, old, new)					\
({									\
	typeof(*(p)) model_old = model_load(p, __ATOMIC_RELAXED);	\
	if (model_old == (old))						\
		model_store(p, new, __ATOMIC_RELAXED);			\
	model_old;							\
})
#define cmpxchg(p, old, new)						\
	(model_weak(MODEL_CMPXCHG_ATOMIC) ? model_cmpxchg_torn(p, old, new) : \
	 model_cmpxchg(p, old, new, model_weak(MODEL_CMPXCHG)))

#define atomic_read(v)		model_load(&(v)->counter, __ATOMIC_RELAXED)
#define atomic_read_acquire(v)						\
	(model_weak(MODEL_LOAD_ACQUIRE) ? atomic_read(v) :		\
	 model_load(&(v)->counter, __ATOMIC_ACQUIRE))
#define atomic_set(v, n)	model_store(&(v)->counter, n, __ATOMIC_RELAXED)
#define atomic_long_read(v)	atomic_read(v)
#define atomic_long_set(v, n)	atomic_set(v, n)
#define model_add(v, n, weak)						\
({									\
	typeof((v)->counter) model_sum;					\
	model_full(weak);						\
	model_sum = __atomic_add_fetch(&(v)->counter, n, __ATOMIC_RELAXED); \
	model_full(weak);						\
	model_sum;							\
})
#define atomic_inc(v)		((void)model_add(v, 1, true))
#define atomic_dec(v)		((void)model_add(v, -1, true))
#define atomic_long_inc(v)	((void)model_add(v, 1, true))
#define atomic_long_dec(v)	((void)model_add(v, -1, true))
#define atomic_long_add_return(n, v)					\
	model_add(v, (long)(n), model_weak(MODEL_ADD_RETURN))
#define model_try_cmpxchg(v, oldp, new, order)				\
	__atomic_compare_exchange_n(&(v)->counter, oldp, (long)(new), false, order, \
				    __ATOMIC_RELAXED)
#define atomic_long_try_cmpxchg_relaxed(v, oldp, new)			\
	model_try_cmpxchg(v, oldp, new, __ATOMIC_RELAXED)
#define atomic_long_try_cmpxchg_acquire(v, oldp, new)			\
	(model_weak(MODEL_CAS_ACQUIRE) ?				\
	 model_try_cmpxchg(v, oldp, new, __ATOMIC_RELAXED) :		\
	 model_try_cmpxchg(v, oldp, new, __ATOMIC_ACQUIRE))

#define model_bitop(name, nr, word, mask, weak)				\
({									\
	unsigned long model_was;					\
	model_full(weak);						\
	model_was = __atomic_fetch_##name(word, mask, __ATOMIC_RELAXED);	\
	model_full(weak);						\
	!!(model_was & BIT(nr));						\
})
#define model_test_and_set(nr, word)	model_bitop(or, nr, word, BIT(nr), false)
#define model_test_and_clear(nr, word, weak)	model_bitop(and, nr, word, ~BIT(nr), weak)

#define model_read(x)		model_load(&(x), __ATOMIC_RELAXED)
#define model_write(x, v)	model_store(&(x), v, __ATOMIC_RELAXED)

/* a pinned section; shim.h's functions of this name are not used */
#define preempt_disable()						\
	do { if (!model_weak(MODEL_PREEMPT)) __VERIFIER_rcu_read_lock(); } while (0)
#define preempt_enable()						\
	do { if (!model_weak(MODEL_PREEMPT)) __VERIFIER_rcu_read_unlock(); } while (0)
#define model_synchronize_rcu()						\
	do { if (!model_weak(MODEL_RCU)) __VERIFIER_synchronize_rcu(); } while (0)

/* a word for each thread; plain, as what is stored in objects is */
static unsigned long model_gots[MODEL_THREADS];
static int model_payloads[PUSHES + 1];

static void model_got(unsigned int thread, unsigned long objs)
{
	model_gots[thread] += objs;
}

static unsigned long model_got_all(void)
{
	unsigned long all = 0;
	unsigned int i;

	for (i = 0; i < MODEL_THREADS; i++)
		all += model_gots[i];
	return all;
}

/* The checker orders plain accesses by no grace period: a harness with one says MODEL_MARKED. */
static void model_set_payload(unsigned long obj)
{
	if (MODEL_MARKED)
		model_write(model_payloads[obj], (int)obj);
	else
		model_payloads[obj] = obj;
}

static int model_payload(unsigned long obj)
{
	return MODEL_MARKED ? model_read(model_payloads[obj]) : model_payloads[obj];
}

static void model_thread(unsigned int thread);

static void *model_start(void *thread)
{
	model_thread((unsigned long)thread);
	return NULL;
}

/* Run all threads to their ends. */
static void model_run(void)
{
	pthread_t threads[MODEL_THREADS];
	unsigned long i;

	for (i = 1; i < MODEL_THREADS; i++)
		pthread_create(&threads[i], NULL, model_start, (void *)i);
	model_thread(0);
	for (i = 1; i < MODEL_THREADS; i++)
		pthread_join(threads[i], NULL);
}

#endif /* _MODEL_GENMC_H */
