/* SPDX-License-Identifier: GPL-2.0 */
/*
 * shim_machine - the machine that shim.h stands for: threads act as CPUs
 *
 * test/coherence/ has another one, whose CPUs are virtual.
 */
#ifndef _SHIM_MACHINE_H
#define _SHIM_MACHINE_H

/* barriers, and waiting */
#define smp_mb()		((void)__atomic_fetch_add(&shim_depth, 0, __ATOMIC_SEQ_CST))
#define smp_rmb()		smp_mb()	/* the thread sanitizer knows no fences */
#define smp_wmb()		__atomic_thread_fence(__ATOMIC_RELEASE)
#define cpu_relax()		__builtin_ia32_pause()
#define udelay(us)		((void)(us))
#define cond_resched()
#define irq_work_queue(w)	((void)(w))
/* one thread at a time changes a pool here */
#define wait_event(wq, cond)	do { } while (!(cond))

/* CPUs and their memory */
#define SHIM_CPUS		8U
#define SHIM_UNIT		(1UL << 32)
#define nr_cpu_ids		SHIM_CPUS
#define num_possible_cpus()	((int)SHIM_CPUS)
#define cpu_possible(cpu)	true
#define cpu_to_node(cpu)	0
#define cpu_to_mem(cpu)		0
#define for_each_node(nid)	for ((nid) = 0; (nid) < 1; (nid)++)
#define numa_mem_id()		0
#define nr_node_ids		1

extern __thread long shim_offset;	/* of this CPU's copies */
extern __thread unsigned int shim_this_cpu;

/* from the linker: the section with the variables of DEFINE_PER_CPU() */
extern char __start_shim_percpu[], __stop_shim_percpu[];

void shim_cpu(unsigned int cpu);
void shim_cpu_gone(void);
void shim_free_mine(void);
void *shim_alloc_percpu(size_t size);

#define DECLARE_PER_CPU(type, name)	extern type name
#define DEFINE_PER_CPU(type, name)					\
	type name __attribute__((section("shim_percpu"), aligned(64)))
#define __alloc_percpu(size, align)	shim_alloc_percpu(size)
#define free_percpu(p)		((void)(p))	/* pools here live as long as main() */
#define smp_processor_id()	shim_this_cpu
#define raw_smp_processor_id()	((int)shim_this_cpu)
#define per_cpu_ptr(p, cpu)						\
	((typeof(*(p)) *)((char *)(p) + (cpu) * SHIM_UNIT))
#define this_cpu_ptr(p)		((typeof(*(p)) *)((char *)(p) + shim_offset))
#define this_cpu_read(x)	__atomic_load_n(this_cpu_ptr(&(x)), __ATOMIC_RELAXED)
#define this_cpu_write(x, v)	WRITE_ONCE(*this_cpu_ptr(&(x)), v)
#define this_cpu_add(x, n)						\
({									\
	typeof(x) *shim_p = this_cpu_ptr(&(x));				\
	WRITE_ONCE(*shim_p, __atomic_load_n(shim_p, __ATOMIC_RELAXED) + (n)); \
})
#define this_cpu_add_return(x, n)	({ this_cpu_add(x, n); this_cpu_read(x); })
#define this_cpu_sub(x, n)	this_cpu_add(x, -(typeof(x))(n))
#define this_cpu_inc(x)		this_cpu_add(x, 1)
#define this_cpu_dec(x)		this_cpu_sub(x, 1)

/* compare-and-swap against this CPU alone: no lock prefix */
static __always_inline bool shim_try_cmpxchg_local(void **p, void **old, void *new)
{
	void *now;
	bool same;

	/* ThreadSanitizer does not see assembly; and nothing interrupts this */
	if (SHIM_TSAN) {
		now = __atomic_load_n(p, __ATOMIC_RELAXED);
		same = now == *old;
		if (same)
			WRITE_ONCE(*p, new);
		*old = now;
		return same;
	}
	asm volatile("cmpxchgq %3, %1"
		     : "=@ccz" (same), "+m" (*p), "+a" (*old)
		     : "r" (new) : "memory");
	return same;
}

#define this_cpu_try_cmpxchg(x, oldp, new)				\
	shim_try_cmpxchg_local((void **)this_cpu_ptr(&(x)), (void **)(oldp), new)
#define cmpxchg_local(p, old, new)					\
({									\
	void *shim_old = (old);						\
	shim_try_cmpxchg_local((void **)(p), &shim_old, new);		\
	shim_old;							\
})

struct cpumask { unsigned long bits; };
typedef struct cpumask cpumask_var_t[1];
extern const struct cpumask shim_all_cpus;
#define cpu_possible_mask	(&shim_all_cpus)
#define sched_numa_hop_mask(node, step)					\
	((step) ? (const struct cpumask *)ERR_PTR(-EINVAL) : cpu_possible_mask)
#define for_each_possible_cpu(cpu)					\
	for ((cpu) = 0; (cpu) < SHIM_CPUS; (cpu)++)
#define zalloc_cpumask_var(mask, gfp)	((*(mask))->bits = 0, true)
#define free_cpumask_var(mask)		((void)(mask))
#define cpumask_clear(mask)		WRITE_ONCE((mask)->bits, 0)
#define cpumask_test_cpu(cpu, mask)	test_bit(cpu, &(mask)->bits)
#define cpumask_test_and_set_cpu(cpu, mask)	test_and_set_bit(cpu, &(mask)->bits)

static inline bool cpumask_test_and_clear_cpu(unsigned int cpu, struct cpumask *mask)
{
	return __atomic_fetch_and(&mask->bits, ~BIT(cpu), __ATOMIC_SEQ_CST) & BIT(cpu);
}

static inline unsigned int cpumask_next_and(int cpu, const struct cpumask *a,
					    const struct cpumask *b)
{
	unsigned long bits = __atomic_load_n(&a->bits, __ATOMIC_RELAXED) & b->bits;

	bits &= ~0UL << (cpu + 1);
	return bits ? (unsigned int)__builtin_ctzl(bits) : SHIM_CPUS;
}

#define cpumask_next_wrap(cpu, mask, start, wrap)	(((cpu) + 1) % (int)SHIM_CPUS)

static inline unsigned int cpumask_next(int cpu, const struct cpumask *mask)
{
	unsigned long bits = __atomic_load_n(&mask->bits, __ATOMIC_RELAXED);

	bits &= ~0UL << (cpu + 1);
	return bits ? (unsigned int)__builtin_ctzl(bits) : SHIM_CPUS;
}

#define cpumask_bits(mask)	(&(mask)->bits)
#define cpumask_first(mask)	cpumask_next(-1, mask)
#define cpu_online_mask	cpu_possible_mask
#define cpumask_subset(a, b)	(!(READ_ONCE((a)->bits) & ~(b)->bits))

/* a thread cannot be interrupted: every CPU seems to be offline */
typedef struct { int unused; } call_single_data_t;
#define INIT_CSD(csd, fn, data)	((void)(fn))
#define smp_call_function_single(cpu, fn, data, wait)	((void)(fn), -ENXIO)
#define smp_call_function_single_async(cpu, csd)	((void)(csd), -ENXIO)
#define HK_TYPE_MISC		0
#define housekeeping_cpu(cpu, type)	true

/* preemption and RCU */
struct shim_reader {
	unsigned long pinned;	/* for ThreadSanitizer: odd while pinned */
} __attribute__((aligned(128)));

extern struct shim_reader shim_readers[SHIM_CPUS];
extern __thread unsigned long shim_depth;

static __always_inline void preempt_disable(void)
{
	if (!shim_depth++ && SHIM_TSAN)
		__atomic_fetch_add(&shim_readers[shim_this_cpu].pinned, 1,
				   __ATOMIC_SEQ_CST);
	barrier();
}

static __always_inline void preempt_enable(void)
{
	barrier();
	if (!--shim_depth && SHIM_TSAN)
		__atomic_fetch_add(&shim_readers[shim_this_cpu].pinned, 1,
				   __ATOMIC_SEQ_CST);
}

#define rcu_read_lock()		preempt_disable()
#define rcu_read_unlock()	preempt_enable()
void synchronize_rcu(void);
unsigned long start_poll_synchronize_rcu(void);
#define get_state_synchronize_rcu()	start_poll_synchronize_rcu()
bool poll_state_synchronize_rcu(unsigned long gp);

/* memory */
/*
 * Aligned to cache lines, as in the kernel from that size on. Large rings are
 * not, since glibc has no fast way to do that.
 */
static inline void *kzalloc(size_t size, gfp_t gfp)
{
	void *p;

	if (size > PAGE_SIZE / 4)
		return calloc(1, size);
	return posix_memalign(&p, SMP_CACHE_BYTES, size) ? NULL : memset(p, 0, size);
}

#define kvzalloc(size, gfp)	calloc(1, size)
#define kmalloc(size, gfp)	malloc(size)
#define kfree(p)		free((void *)(p))
#define kmalloc_node(size, gfp, node)	malloc(size)
#define kmalloc_array_noprof(n, size, gfp)	calloc(n, size)
#define kvmalloc_array_noprof(n, size, gfp)	calloc(n, size)
#define __vmalloc_node(size, align, gfp, node, caller)	malloc(size)
#define kvfree(p)		free(p)

/* locks */
struct mutex { pthread_mutex_t m; };
#define DEFINE_MUTEX(name)	struct mutex name = { PTHREAD_MUTEX_INITIALIZER }
#define mutex_init(l)		pthread_mutex_init(&(l)->m, NULL)
#define mutex_lock(l)		pthread_mutex_lock(&(l)->m)
#define mutex_trylock(l)	(!pthread_mutex_trylock(&(l)->m))
#define mutex_unlock(l)		pthread_mutex_unlock(&(l)->m)

/* no queue of waiters: at most two threads contend, so it would stay empty */
typedef struct { int held; } spinlock_t;
#define spin_lock_init(l)	WRITE_ONCE((l)->held, 0)

static __always_inline void spin_lock(spinlock_t *l)
{
	int free = 0;

	preempt_disable();
	while (!shim_try_cmpxchg(&l->held, &free, 1, __ATOMIC_ACQUIRE)) {
		while (READ_ONCE(l->held))
			__builtin_ia32_pause();
		free = 0;
	}
}

static __always_inline void spin_unlock(spinlock_t *l)
{
	smp_store_release(&l->held, 0);
	preempt_enable();
}

#endif /* _SHIM_MACHINE_H */
