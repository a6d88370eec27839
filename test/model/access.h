/* SPDX-License-Identifier: GPL-2.0 */
/*
 * access - what code built with gcc's -fsanitize=thread calls at each access to memory
 *
 * Nothing else runs meanwhile, so the order of an atomic access does not matter.
 */
#ifndef _ACCESS_H
#define _ACCESS_H

#define ACCESS(name)	void __tsan_##name(void *p) { model_point(); }
ACCESS(read1) ACCESS(read2) ACCESS(read4) ACCESS(read8) ACCESS(read16)
ACCESS(write1) ACCESS(write2) ACCESS(write4) ACCESS(write8) ACCESS(write16)
ACCESS(unaligned_read2) ACCESS(unaligned_read4) ACCESS(unaligned_read8)
ACCESS(unaligned_write2) ACCESS(unaligned_write4) ACCESS(unaligned_write8)

void __tsan_init(void) { }
void __tsan_func_entry(void *caller) { }
void __tsan_func_exit(void) { }
void __tsan_atomic_thread_fence(int order) { model_point(); }
void __tsan_read_range(void *p, size_t size) { model_point(); }
void __tsan_write_range(void *p, size_t size) { model_point(); }

#define FETCH(bits, name, op)						\
	uint##bits##_t __tsan_atomic##bits##_fetch_##name(uint##bits##_t *p, uint##bits##_t v, \
							  int order)	\
	{								\
		uint##bits##_t was;					\
									\
		model_point();						\
		was = *p;						\
		*p = was op v;						\
		return was;						\
	}

#define ATOMIC(bits)							\
	uint##bits##_t __tsan_atomic##bits##_load(const uint##bits##_t *p, int order) \
	{								\
		model_point();						\
		return *p;						\
	}								\
	void __tsan_atomic##bits##_store(uint##bits##_t *p, uint##bits##_t v, int order) \
	{								\
		model_point();						\
		*p = v;							\
	}								\
	uint##bits##_t __tsan_atomic##bits##_exchange(uint##bits##_t *p, uint##bits##_t v, \
						      int order)	\
	{								\
		uint##bits##_t was;					\
									\
		model_point();						\
		was = *p;						\
		*p = v;							\
		return was;						\
	}								\
	int __tsan_atomic##bits##_compare_exchange_strong(uint##bits##_t *p, \
		uint##bits##_t *old, uint##bits##_t new, int order, int fail) \
	{								\
		uint##bits##_t was;					\
									\
		model_point();						\
		was = *p;						\
		if (was != *old) {					\
			*old = was;					\
			return 0;					\
		}							\
		*p = new;						\
		return 1;						\
	}								\
	FETCH(bits, add, +)						\
	FETCH(bits, sub, -)						\
	FETCH(bits, or, |)						\
	FETCH(bits, and, &)

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

#endif /* _ACCESS_H */
