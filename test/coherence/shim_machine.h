/* SPDX-License-Identifier: GPL-2.0 */
/*
 * shim_machine - the machine that shim.h stands for: virtual CPUs, all in one thread
 *
 * Takes the place of bench/native/shim_machine.h. The runtime sees each access of what is
 * compiled over this header. What is one instruction on x86 is one step here, and what has
 * no lock prefix there counts as not locked: this_cpu_*() and cmpxchg_local(). What the
 * kernel finds by a segment register, and nodes of CPUs, come from functions of the
 * runtime, which nobody sees. Each struct is as long as in a kernel without debugging.
 */
#ifndef _SHIM_MACHINE_H
#define _SHIM_MACHINE_H

/* barriers, and waiting */
#define smp_mb()		shim_mb()
#define smp_rmb()		barrier()
#define smp_wmb()		barrier()
#define cpu_relax()		shim_relax()
#define udelay(us)		((void)(us), shim_relax())
#define cond_resched()
#define irq_work_queue(w)	(w)->func(w)
#define wait_event(wq, cond)	do { shim_flush(); } while (!(cond))

void shim_mb(void);
void shim_relax(void);

/* CPUs and their memory */
#define SHIM_CPUS		256U

extern unsigned int nr_cpu_ids, nr_node_ids;

unsigned int shim_cpu_id(void);
int shim_node(unsigned int cpu);
/* what lies between two calls is one instruction */
void shim_begin_one(void);
void shim_end_one(void);
void shim_call(unsigned int cpu, void (*fn)(void *data), void *data);

#define num_possible_cpus()	((int)nr_cpu_ids)
#define cpu_possible(cpu)	true
#define cpu_to_node(cpu)	shim_node(cpu)
#define cpu_to_mem(cpu)		shim_node(cpu)
#define numa_mem_id()		shim_node(shim_cpu_id())
#define for_each_node(nid)	for ((nid) = 0; (nid) < (int)nr_node_ids; (nid)++)
#define smp_processor_id()	shim_cpu_id()
#define raw_smp_processor_id()	((int)shim_cpu_id())

/* from the linker: the section with the variables of DEFINE_PER_CPU() */
extern char __start_shim_percpu[], __stop_shim_percpu[];

char *shim_cpu_base(unsigned int cpu);
void *shim_alloc_percpu(size_t size, size_t align, const char *tag);

#define DECLARE_PER_CPU(type, name)	extern type name
#define DEFINE_PER_CPU(type, name)					\
	type name __attribute__((section("shim_percpu"), aligned(64)))
#define __alloc_percpu(size, align)	shim_alloc_percpu(size, align, __func__)
#define free_percpu(p)		((void)(p))
#define per_cpu_ptr(p, cpu)						\
	((typeof(*(p)) *)(shim_cpu_base(cpu) +				\
			  ((char *)(p) - __start_shim_percpu)))
#define this_cpu_ptr(p)		per_cpu_ptr(p, shim_cpu_id())
#define this_cpu_read(x)	__atomic_load_n(this_cpu_ptr(&(x)), __ATOMIC_RELAXED)
#define this_cpu_write(x, v)	WRITE_ONCE(*this_cpu_ptr(&(x)), v)
#define this_cpu_add_return(x, n)					\
({									\
	typeof(x) *shim_p = this_cpu_ptr(&(x)), shim_sum;		\
	shim_begin_one();						\
	shim_sum = __atomic_load_n(shim_p, __ATOMIC_RELAXED) + (n);	\
	WRITE_ONCE(*shim_p, shim_sum);					\
	shim_end_one();							\
	shim_sum;							\
})
#define this_cpu_add(x, n)	((void)this_cpu_add_return(x, n))
#define this_cpu_sub(x, n)	this_cpu_add(x, -(typeof(x))(n))
#define this_cpu_inc(x)		this_cpu_add(x, 1)
#define this_cpu_dec(x)		this_cpu_sub(x, 1)

static __always_inline bool shim_try_cmpxchg_local(void **p, void **old, void *new)
{
	void *now;
	bool same;

	shim_begin_one();
	now = __atomic_load_n(p, __ATOMIC_RELAXED);
	same = now == *old;
	if (same)
		WRITE_ONCE(*p, new);
	shim_end_one();
	*old = now;
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

/* as long as there are CPUs, and of their own, as with CONFIG_CPUMASK_OFFSTACK */
struct cpumask { unsigned long bits[SHIM_CPUS / BITS_PER_LONG]; };
typedef struct cpumask *cpumask_var_t;
extern struct cpumask shim_all_cpus, shim_node_cpus[];
#define SHIM_WORDS		((nr_cpu_ids - 1) / BITS_PER_LONG + 1)
#define SHIM_BIT(cpu)		((cpu) % BITS_PER_LONG)
#define shim_word(cpu, mask)	(&(mask)->bits[(cpu) / BITS_PER_LONG])
#define cpu_possible_mask	(&shim_all_cpus)
#define cpu_online_mask		cpu_possible_mask
/* as if all other nodes were at the same distance */
#define sched_numa_hop_mask(node, step)					\
	((step) == 0 ? (const struct cpumask *)&shim_node_cpus[node] :	\
	 (step) == 1 ? (const struct cpumask *)cpu_possible_mask : ERR_PTR(-EINVAL))
#define for_each_possible_cpu(cpu)					\
	for ((cpu) = 0; (cpu) < nr_cpu_ids; (cpu)++)
#define zalloc_cpumask_var(mask, gfp)					\
	(*(mask) = shim_zalloc(SHIM_WORDS * sizeof(long), #mask))
#define free_cpumask_var(mask)		((void)(mask))
#define cpumask_test_cpu(cpu, mask)	test_bit(SHIM_BIT(cpu), shim_word(cpu, mask))
#define cpumask_test_and_set_cpu(cpu, mask)				\
	test_and_set_bit(SHIM_BIT(cpu), shim_word(cpu, mask))
#define cpumask_test_and_clear_cpu(cpu, mask)				\
	(!!(__atomic_fetch_and(shim_word(cpu, mask), ~BIT(SHIM_BIT(cpu)), \
			       __ATOMIC_SEQ_CST) & BIT(SHIM_BIT(cpu))))
#define cpumask_bits(mask)		((mask)->bits)
#define cpumask_next(cpu, mask)		cpumask_next_and(cpu, mask, cpu_possible_mask)
#define cpumask_first(mask)		cpumask_next(-1, mask)
#define cpumask_next_wrap(cpu, mask, start, wrap)	(((cpu) + 1) % (int)nr_cpu_ids)

static inline unsigned int cpumask_next_and(int cpu, const struct cpumask *a,
					    const struct cpumask *b)
{
	unsigned long bits;
	unsigned int i;

	for (cpu++; cpu < (int)nr_cpu_ids; cpu = (i + 1) * BITS_PER_LONG) {
		i = cpu / BITS_PER_LONG;
		bits = __atomic_load_n(&a->bits[i], __ATOMIC_RELAXED) & b->bits[i] &
		       ~0UL << SHIM_BIT(cpu);
		if (bits)
			return i * BITS_PER_LONG + __builtin_ctzl(bits);
	}
	return nr_cpu_ids;
}

static inline bool cpumask_subset(const struct cpumask *a, const struct cpumask *b)
{
	unsigned int i;

	for (i = 0; i < SHIM_WORDS; i++)
		if (__atomic_load_n(&a->bits[i], __ATOMIC_RELAXED) & ~b->bits[i])
			return false;
	return true;
}

/* an interrupt, between two accesses of @cpu; how the kernel brings it there is not seen */
typedef struct {
	void (*func)(void *data);
	void *info;
	long unused[2];
} __attribute__((aligned(32))) call_single_data_t;
#define INIT_CSD(csd, fn, data)						\
	(*(csd) = (call_single_data_t){ .func = (fn), .info = (data) })
#define smp_call_function_single(cpu, fn, data, wait)	(shim_call(cpu, fn, data), 0)
#define smp_call_function_single_async(cpu, csd)			\
	(shim_call(cpu, (csd)->func, (csd)->info), 0)
#define HK_TYPE_MISC		0
#define housekeeping_cpu(cpu, type)	true

/* preemption and RCU: a CPU has one task; grace periods end between two rounds */
#define preempt_disable()	barrier()
#define preempt_enable()	barrier()
#define rcu_read_lock()		barrier()
#define rcu_read_unlock()	barrier()
extern unsigned long shim_depth;
void synchronize_rcu(void);
unsigned long start_poll_synchronize_rcu(void);
#define get_state_synchronize_rcu()	start_poll_synchronize_rcu()
bool poll_state_synchronize_rcu(unsigned long gp);

/* memory: never used again, so no line moves because of the allocator */
void *shim_alloc(size_t size, const char *tag);
void *shim_zalloc(size_t size, const char *tag);
#define kzalloc(size, gfp)		shim_zalloc(size, __func__)
#define kvzalloc(size, gfp)		shim_zalloc(size, __func__)
#define kmalloc(size, gfp)		shim_alloc(size, __func__)
#define kfree(p)			((void)(p))
#define kmalloc_node(size, gfp, node)	shim_alloc(size, __func__)
#define kmalloc_array_noprof(n, size, gfp)	shim_zalloc((n) * (size), __func__)
#define kvmalloc_array_noprof(n, size, gfp)	shim_zalloc((n) * (size), __func__)
#define __vmalloc_node(size, align, gfp, node, caller)			\
	shim_alloc(max_t(size_t, size, PAGE_SIZE), __func__)
#define kvfree(p)			((void)(p))

/* libc's has its table outside of what is seen */
#undef isgraph
#define isgraph(c)			((c) > ' ' && (c) <= '~')

/* locks */
struct mutex {
	long held;
	long unused[3];
};

#define DEFINE_MUTEX(name)	struct mutex name = { 0 }
#define mutex_init(l)		WRITE_ONCE((l)->held, 0)
#define mutex_trylock(l)						\
({									\
	long shim_free = 0;						\
	shim_try_cmpxchg(&(l)->held, &shim_free, 1, __ATOMIC_ACQUIRE);	\
})
#define mutex_lock(l)							\
	do { while (!mutex_trylock(l)) shim_relax(); } while (0)
#define mutex_unlock(l)		__atomic_exchange_n(&(l)->held, 0, __ATOMIC_RELEASE)

/* the kernel's queued spinlock: 1 while it is held, and the last CPU that waits */
typedef struct { u32 val; } spinlock_t;
#define spin_lock_init(l)	WRITE_ONCE((l)->val, 0)
void shim_spin_wait(spinlock_t *l);

static __always_inline void spin_lock(spinlock_t *l)
{
	u32 free = 0;

	if (!shim_try_cmpxchg(&l->val, &free, 1, __ATOMIC_ACQUIRE))
		shim_spin_wait(l);
}

static __always_inline void spin_unlock(spinlock_t *l)
{
	smp_store_release((u8 *)&l->val, 0);
}

#endif /* _SHIM_MACHINE_H */
