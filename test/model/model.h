/* SPDX-License-Identifier: GPL-2.0 */
/*
 * model - the kernel for pool_*.c under a model checker
 *
 * It stands for each kernel header that the sources include. What orders nothing comes from
 * bench/native/shim.h; each access that does is one of the macros of cbmc.h or genmc.h.
 *
 * To weaken a barrier, scripts/test/model defines WEAK_OP, the kind of the macro, and
 * WEAK_IN, the function that uses it. The code itself stays as it is.
 *
 * A harness defines MODEL_THREADS and model_thread(), which is called once for each thread,
 * then calls model_run(). An object is a small number, never 0. What is stored in it before
 * a put has to be seen by the get that returns it.
 */
#ifndef _MODEL_H
#define _MODEL_H

#include "shim.h"

/* kinds of macros, for WEAK_OP */
enum model_op {
	MODEL_NOTHING,
	MODEL_READ_ONCE,
	MODEL_WRITE_ONCE,
	MODEL_LOAD_ACQUIRE,
	MODEL_STORE_RELEASE,
	MODEL_MB,
	MODEL_RMB,
	MODEL_ADD_RETURN,
	MODEL_CAS_ACQUIRE,
	MODEL_CMPXCHG,
	MODEL_CMPXCHG_ATOMIC,
	MODEL_BITOP,
	MODEL_PREEMPT,
	MODEL_RCU,
};

#ifndef WEAK_OP
#define WEAK_OP		MODEL_NOTHING
#define WEAK_IN		none
#endif
/* the op at hand, in this function, is to be weakened */
#define model_string(name)	#name
#define model_name(name)	model_string(name)
#define model_weak(op)	(WEAK_OP == (op) && model_same(__func__, model_name(WEAK_IN)))

#undef READ_ONCE
#undef WRITE_ONCE
#undef smp_load_acquire
#undef smp_store_release
#undef smp_mb
#undef smp_rmb
#undef cmpxchg
#undef cpumask_test_and_clear_cpu
#undef atomic_read
#undef atomic_read_acquire
#undef atomic_set
#undef atomic_inc
#undef atomic_dec
#undef atomic_long_read
#undef atomic_long_set
#undef atomic_long_inc
#undef atomic_long_dec
#undef atomic_long_add_return
#undef atomic_long_try_cmpxchg
#undef atomic_long_try_cmpxchg_relaxed
#undef atomic_long_try_cmpxchg_acquire

/* GenMC clears no structure */
#undef IRQ_WORK_INIT_HARD
#define IRQ_WORK_INIT_HARD(fn)						\
({									\
	struct irq_work model_irq;					\
	model_irq.func = (fn);						\
	model_irq;							\
})

/* one part is modelled, that of CPU 0 */
#undef per_cpu_ptr
#undef this_cpu_ptr
#undef smp_processor_id
#define per_cpu_ptr(p, cpu)	((void)(cpu), (p))
#define this_cpu_ptr(p)		(p)
#define smp_processor_id()	0U

#ifndef MODEL_SLOTS
#define MODEL_SLOTS	2	/* of a ring */
#endif
/* the rings, and memory for their slots behind them */
struct model_ring {
	struct pool_ring *next;
	void *unused[2];
	struct {
		atomic_long_t head_tail;
		unsigned int size;
	} d;
	void *slots[MODEL_SLOTS];
};

static struct model_ring model_ring0, model_ring1;

#if MODEL_CBMC
#include "cbmc.h"
#else
#include "genmc.h"
#endif

#endif /* _MODEL_H */
