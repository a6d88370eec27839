/* SPDX-License-Identifier: GPL-2.0 */
/* handover - the rest of the kernel for handover.c */
#ifndef _HANDOVER_H
#define _HANDOVER_H

#undef raw_spin_lock_irqsave
#undef raw_spin_unlock_irqrestore
static pthread_mutex_t model_lock;
#define raw_spin_lock_irqsave(l, flags)					\
	((void)(l), (flags) = 0, pthread_mutex_lock(&model_lock))
#define raw_spin_unlock_irqrestore(l, flags)				\
	((void)(l), (void)(flags), pthread_mutex_unlock(&model_lock))
#undef irq_work_queue
#define irq_work_queue(w)	model_write(queued, 1)
/* what sets up a pool is not called, and the checker cannot read it */
#undef INIT_DELAYED_WORK
#undef kzalloc
#define INIT_DELAYED_WORK(w, fn)	((void)(fn))
#define kzalloc(size, gfp)	calloc(1, size)
#undef xchg
#define xchg(p, v)		__atomic_exchange_n(p, v, __ATOMIC_RELAXED)
#define atomic_long_try_cmpxchg(v, oldp, new)				\
	model_try_cmpxchg(v, oldp, new, __ATOMIC_ACQUIRE)
#define atomic_long_dec_return(v)	model_add(v, -1L, false)
#define atomic_long_sub(n, v)	((void)model_add(v, -(long)(n), true))

static int queued;

#endif /* _HANDOVER_H */
