// SPDX-License-Identifier: GPL-2.0
/*
 * tsan - what gcc's -fsanitize=thread calls at each access
 *
 * The program is linked without gcc's own runtime. An access of another CPU may come
 * between any two calls, and what a call does is one step.
 *
 * Accesses of volatile variables come as plain ones. A read-modify-write has a lock prefix
 * on x86, and takes the line for writing even if a compare-and-swap fails; a load or a
 * store of any order has none.
 */
#include "coherence.h"

#define TSAN_PLAIN(n)							\
void __tsan_read##n(void *p)						\
{									\
	tsan_access(p, n, false);					\
}									\
									\
void __tsan_write##n(void *p)						\
{									\
	tsan_access(p, n, true);					\
}									\
									\
void __tsan_unaligned_read##n(void *p)					\
{									\
	tsan_access(p, n, false);					\
}									\
									\
void __tsan_unaligned_write##n(void *p)					\
{									\
	tsan_access(p, n, true);					\
}

#define TSAN_RMW(bits, type, name, change)				\
type __tsan_atomic##bits##_##name(type *p, type v, int order)		\
{									\
	type old;							\
									\
	tsan_rmw((void *)p, sizeof(*p));				\
	old = *p;							\
	*p = change;							\
	return old;							\
}

#define TSAN_ATOMIC(bits, type)						\
type __tsan_atomic##bits##_load(const type *p, int order)		\
{									\
	tsan_access((void *)p, sizeof(*p), false);			\
	return *p;							\
}									\
									\
void __tsan_atomic##bits##_store(type *p, type v, int order)		\
{									\
	tsan_access((void *)p, sizeof(*p), true);			\
	*p = v;								\
}									\
									\
int __tsan_atomic##bits##_compare_exchange_strong(type *p,		\
	type *old, type v, int order, int failed)			\
{									\
	type now;							\
									\
	tsan_rmw((void *)p, sizeof(*p));				\
	now = *p;							\
	if (now == *old) {						\
		*p = v;							\
		return 1;						\
	}								\
	*old = now;							\
	return 0;							\
}									\
									\
int __tsan_atomic##bits##_compare_exchange_weak(type *p,		\
	type *old, type v, int order, int failed)			\
{									\
	return __tsan_atomic##bits##_compare_exchange_strong(p, old, v, order, failed); \
}									\
									\
TSAN_RMW(bits, type, exchange, v)					\
TSAN_RMW(bits, type, fetch_add, old + v)				\
TSAN_RMW(bits, type, fetch_sub, old - v)				\
TSAN_RMW(bits, type, fetch_and, old & v)				\
TSAN_RMW(bits, type, fetch_or, old | v)					\
TSAN_RMW(bits, type, fetch_xor, old ^ v)

static void tsan_access(void *p, size_t size, bool write)
{
	machine_step();
	mesi_access((uintptr_t)p, size, write);
}

static void tsan_rmw(void *p, size_t size)
{
	tsan_access(p, size, true);
	mesi_locked();
}

TSAN_PLAIN(1)
TSAN_PLAIN(2)
TSAN_PLAIN(4)
TSAN_PLAIN(8)
TSAN_PLAIN(16)

TSAN_ATOMIC(8, u8)
TSAN_ATOMIC(16, u16)
TSAN_ATOMIC(32, u32)
TSAN_ATOMIC(64, u64)

void __tsan_read_range(void *p, unsigned long size)
{
	tsan_access(p, size, false);
}

void __tsan_write_range(void *p, unsigned long size)
{
	tsan_access(p, size, true);
}

void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller)
{
}

void __tsan_func_exit(void)
{
}
