/* SPDX-License-Identifier: GPL-2.0 */
/*
 * nested - the kernel for pool_*.c in nested.c: shim.h, where an interrupt may come
 *
 * gcc's -fsanitize=thread puts a call before each access to memory, plain ones included;
 * nested.c has these functions. It does not see what the shim writes in assembly.
 */
#ifndef _NESTED_H
#define _NESTED_H

#include "shim.h"

/* operations that lead to the first state: G, P and R, as in GPP */
#define MODEL_STRING(s)	#s
#define MODEL_NAME(s)	MODEL_STRING(s)
#define MODEL_BEFORE	MODEL_NAME(BEFORE)

struct syncpool;

void model_point(void);
void *model_get(struct syncpool *pool);
void model_put(struct syncpool *pool, void *obj);

/* from the linker: .data and .bss */
extern char __data_start[], _end[];

#undef this_cpu_try_cmpxchg
#define this_cpu_try_cmpxchg(x, oldp, new)				\
({									\
	model_point();							\
	shim_try_cmpxchg_local((void **)this_cpu_ptr(&(x)), (void **)(oldp), new); \
})
#undef cmpxchg_local
#define cmpxchg_local(p, old, new)					\
({									\
	void *shim_old = (old);						\
	model_point();							\
	shim_try_cmpxchg_local((void **)(p), &shim_old, new);		\
	shim_old;							\
})

#endif /* _NESTED_H */
