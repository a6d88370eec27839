/* SPDX-License-Identifier: GPL-2.0 */
/*
 * shim - enough of the kernel for pool_*.c to run in a process, unchanged
 *
 * A thread acts as a CPU: shim_cpu() assigns it one and pins it to a processor.
 * Nothing interrupts such a thread, so the pool's protection against interrupts
 * is compiled and run, but not exercised.
 *
 * per-CPU memory	one copy per CPU, each SHIM_UNIT bytes after the other:
 *			adding a thread-local offset finds it, as in the kernel
 * preempt_disable()	counts in the thread, as in the kernel
 * RCU			preempt_disable() starts a reader; synchronize_rcu()
 *			does a membarrier() and waits until it has seen every
 *			thread outside a reader
 * call_rcu and work	run in one worker thread
 * atomics		the compiler's __atomic builtins. Every fully ordered
 *			operation is a sequentially consistent read-modify-write
 *			rather than a fence, which ThreadSanitizer does not
 *			understand
 *
 * For ThreadSanitizer READ_ONCE() is an acquire, because it cannot see the
 * dependencies that order accesses in the kernel. test/litmus/ checks those.
 *
 * The kernel's objpool and ptr_ring are built over this as well.
 *
 * For each kernel header that the sources include,
 * scripts/bench/bench-native-build generates one that includes this file. It
 * sets SHIM_TSAN to 1 for ThreadSanitizer, else to 0.
 */
#ifndef _SHIM_H
#define _SHIM_H

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* types, compiler */
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef unsigned int gfp_t;
#define __percpu
#define __force
#define __packed		__attribute__((packed))
#define __maybe_unused		__attribute__((unused))
#define __used			__attribute__((used))
#define __section(name)		__attribute__((section(name)))
#define __aligned(n)		__attribute__((aligned(n)))
#define __must_check		__attribute__((warn_unused_result))
#define noinline		__attribute__((noinline))
#define __noclone
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define barrier()		asm volatile("" : : : "memory")
#define BITS_PER_LONG		64
#define U8_MAX			0xff
#define U16_MAX			0xffff
#define SMP_CACHE_BYTES		64
#define PAGE_SIZE		4096UL
#define ____cacheline_aligned_in_smp	__attribute__((aligned(SMP_CACHE_BYTES)))
#define IS_ENABLED(option)	0
#define container_of(ptr, type, member)					\
	((type *)((char *)(ptr) - offsetof(type, member)))
#define static_assert(cond, ...)	_Static_assert(cond, #cond)
#define BUILD_BUG_ON(cond)	_Static_assert(!(cond), #cond)
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define struct_size(p, member, n)					\
	(sizeof(*(p)) + (n) * sizeof((p)->member[0]))
#define BIT(n)			(1UL << (n))
#define GENMASK(h, l)		((~0UL << (l)) & (~0UL >> (63 - (h))))
#define SZ_32K			0x8000
#define SZ_256K			0x40000
#define SZ_64M			0x4000000
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
/* evaluate each argument once, as the kernel's do */
#define min(a, b)							\
({									\
	__auto_type shim_a = (a);					\
	__auto_type shim_b = (b);					\
	shim_a < shim_b ? shim_a : shim_b;				\
})
#define max(a, b)							\
({									\
	__auto_type shim_c = (a);					\
	__auto_type shim_d = (b);					\
	shim_c > shim_d ? shim_c : shim_d;				\
})
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define min3(a, b, c)	min(min(a, b), c)
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define clamp_t(type, v, lo, hi)	clamp((type)(v), (type)(lo), (type)(hi))
#define swap(a, b)							\
	do { typeof(a) shim_tmp = (a); (a) = (b); (b) = shim_tmp; } while (0)
#define rounddown_pow_of_two(n)	(1UL << (63 - __builtin_clzl(n)))
#define roundup_pow_of_two(n)	rounddown_pow_of_two(2 * (n) - 1)
#define ALIGN(x, a)		(((x) + (a) - 1) / (a) * (a))
#define round_down(x, y)	((x) & ~((typeof(x))(y) - 1))
#define _RET_IP_		0UL
#define BUILD_BUG_ON_ZERO(e)	((int)(sizeof(struct { int:(-!!(e)); })))

/* what only makes sense in the kernel */
struct module { const char *name; };
struct device;
#define THIS_MODULE		((struct module *)NULL)
#define module_name(mod)	((mod)->name)
#define EXPORT_SYMBOL_GPL(x)
#define EXPORT_PER_CPU_SYMBOL_GPL(x)
#define DEFINE_CLASS(...)
#define DEFINE_FREE(...)
#define lockdep_assert_held(lock)	((void)(lock))
#define lockdep_assert_not_held(lock)	((void)(lock))
#define might_lock(lock)	((void)(lock))
struct lock_class_key { };
#define lockdep_register_key(key)	((void)(key))
#define lockdep_unregister_key(key)	((void)(key))
/* builds for sanitizers check what lockdep would */
#if SHIM_CHECK
#define lockdep_assert(cond)						\
	((void)((cond) || shim_warn("lockdep_assert(%s)\n", #cond)))
#else
#define lockdep_assert(cond)
#endif
#define lockdep_assert_preemption_disabled()	lockdep_assert(shim_depth)
#define might_sleep()
#define might_alloc(gfp)	((void)(gfp))
#define in_nmi()		0
#define in_hardirq()		0
#define in_task()		1
#define irqs_disabled()		0
#define gfpflags_allow_blocking(gfp)	((gfp) & GFP_KERNEL)
#define schedule_timeout_uninterruptible(n)	((void)(n))
#define preemptible()		1
#define current_gfp_context(gfp)	(gfp)
#define GFP_KERNEL		1U
#define GFP_NOWAIT		2U
#define GFP_ATOMIC		4U
#define __GFP_NOWARN		0U
#define __GFP_NORETRY		0U
#define __GFP_NOMEMALLOC	0U
#define __GFP_ZERO		0U
typedef void *(mempool_alloc_t)(gfp_t gfp, void *data);
typedef void (mempool_free_t)(void *obj, void *data);
#define ERR_PTR(err)		((void *)(long)(err))
#define PTR_ERR(ptr)		((long)(ptr))
#define IS_ERR(ptr)		((unsigned long)(ptr) >= (unsigned long)-4095)
#define IS_ERR_OR_NULL(ptr)	(!(ptr) || IS_ERR(ptr))
#define WARN(cond, ...)		(unlikely(cond) ? shim_warn(__VA_ARGS__) : 0)
#define WARN_ON_ONCE(cond)	WARN(cond, "%s\n", #cond)
int shim_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define READ_ONCE(x)							\
	__atomic_load_n(&(x), SHIM_TSAN ? __ATOMIC_ACQUIRE : __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define data_race(expr)		(expr)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n(p, (v), __ATOMIC_RELEASE)

/* atomics */
typedef struct { int counter; } atomic_t;
typedef struct { long counter; } atomic_long_t;
#define shim_rmw(v, n)							\
	__atomic_add_fetch(&(v)->counter, (n), __ATOMIC_SEQ_CST)
#define atomic_read(v)		__atomic_load_n(&(v)->counter, __ATOMIC_RELAXED)
#define atomic_read_acquire(v)	smp_load_acquire(&(v)->counter)
#define atomic_set(v, n)	WRITE_ONCE((v)->counter, n)
#define atomic_inc(v)		((void)shim_rmw(v, 1))
#define atomic_dec(v)		((void)shim_rmw(v, -1))
#define atomic_dec_return_release(v)					\
	__atomic_sub_fetch(&(v)->counter, 1, __ATOMIC_RELEASE)
#define atomic_long_read(v)	__atomic_load_n(&(v)->counter, __ATOMIC_RELAXED)
#define atomic_long_set(v, n)	WRITE_ONCE((v)->counter, n)
#define atomic_long_inc(v)	((void)shim_rmw(v, 1))
#define atomic_long_add_return(n, v)	shim_rmw(v, n)
#define shim_try_cmpxchg(p, oldp, new, order)				\
	__atomic_compare_exchange_n(p, oldp, new, false, order, __ATOMIC_RELAXED)
#define atomic_dec_and_test(v)	(__atomic_sub_fetch(&(v)->counter, 1, __ATOMIC_SEQ_CST) == 0)
#define atomic_long_xchg(v, n)		__atomic_exchange_n(&(v)->counter, n, __ATOMIC_SEQ_CST)
#define atomic_long_add(n, v)		((void)__atomic_fetch_add(&(v)->counter, n, __ATOMIC_RELAXED))
#define atomic_long_sub(n, v)		((void)__atomic_fetch_sub(&(v)->counter, n, __ATOMIC_RELAXED))
#define atomic_long_dec(v)		atomic_long_sub(1, v)
#define atomic_long_dec_return(v)	shim_rmw(v, -1)
#define atomic_inc_return(v)		shim_rmw(v, 1)
#define atomic_long_inc_return(v)	__atomic_add_fetch(&(v)->counter, 1, __ATOMIC_SEQ_CST)
#define atomic_long_try_cmpxchg(v, oldp, new)				\
	shim_try_cmpxchg(&(v)->counter, oldp, new, __ATOMIC_SEQ_CST)
#define atomic_long_try_cmpxchg_relaxed(v, oldp, new)			\
	shim_try_cmpxchg(&(v)->counter, oldp, new, __ATOMIC_RELAXED)
#define atomic_long_try_cmpxchg_acquire(v, oldp, new)			\
	shim_try_cmpxchg(&(v)->counter, oldp, new, __ATOMIC_ACQUIRE)
#define try_cmpxchg_acquire(p, oldp, new)				\
	shim_try_cmpxchg(p, oldp, new, __ATOMIC_ACQUIRE)
#define try_cmpxchg_release(p, oldp, new)				\
	shim_try_cmpxchg(p, oldp, new, __ATOMIC_RELEASE)
#define xchg(p, v)		__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define cmpxchg(p, old, new)						\
({									\
	typeof(*(p)) shim_old = (old);					\
	shim_try_cmpxchg(p, &shim_old, new, __ATOMIC_SEQ_CST);		\
	shim_old;							\
})

#define atomic_cmpxchg_relaxed(v, old, new)				\
({									\
	int shim_was = (old);						\
	shim_try_cmpxchg(&(v)->counter, &shim_was, new, __ATOMIC_RELAXED); \
	shim_was;							\
})

typedef struct { int counter; } refcount_t;
#define refcount_set(r, n)	WRITE_ONCE((r)->counter, n)
#define refcount_sub_and_test(n, r)	(!shim_rmw(r, -(n)))
#define refcount_dec_and_test(r)	refcount_sub_and_test(1, r)

static inline bool test_bit(unsigned int nr, const unsigned long *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED) & BIT(nr);
}

static inline void set_bit(unsigned int nr, unsigned long *word)
{
	__atomic_fetch_or(word, BIT(nr), __ATOMIC_SEQ_CST);
}

static inline void clear_bit(unsigned int nr, unsigned long *word)
{
	__atomic_fetch_and(word, ~BIT(nr), __ATOMIC_SEQ_CST);
}

static inline bool test_and_set_bit(unsigned int nr, unsigned long *word)
{
	return __atomic_fetch_or(word, BIT(nr), __ATOMIC_SEQ_CST) & BIT(nr);
}

/* CPUs, their memory, locks and barriers */
#include <shim_machine.h>

#define NUMA_NO_NODE		(-1)
#define N_MEMORY		0
#define node_state(nid, state)	true
#define first_memory_node	0
#define NODE_DATA(nid)		NULL
#define mod_node_page_state(node, item, n)	((void)(n))
#define PAGE_SHIFT		12
#define SWAP_CLUSTER_MAX	32UL
#define __ffs(word)		((unsigned int)__builtin_ctzl(word))
struct reclaim_state { unsigned long reclaimed; };
struct task_struct { struct reclaim_state *reclaim_state; };
extern struct task_struct shim_current;
#define current			(&shim_current)
/* no thread sleeps for an object: no pool has limits */
#define TASK_RUNNING		0U
#define TASK_KILLABLE		1U
#define TASK_UNINTERRUPTIBLE	2U
#define set_current_state(s)	((void)(s))
#define __set_current_state(s)	((void)(s))
#define signal_pending_state(s, task)	false
#define schedule_timeout(n)	((void)(n))
#define schedule_hrtimeout(t, mode)	((void)*(t))
#define wake_up_process(task)	((void)(task))
#define TRACE_DEFINE_ENUM(name)	struct task_struct

/* RCU */
struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

struct llist_node { struct llist_node *next; };
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));

/* memory */
#define alloc_hooks(call)	(call)
#define KMALLOC_MAX_SIZE	(4UL << 20)
#define kstrdup(s, gfp)		strdup(s)
#define strscpy(to, from, size)	snprintf(to, size, "%s", from)

/* locks */
#define raw_spinlock_t		spinlock_t
#define raw_spin_lock_init(l)	spin_lock_init(l)
#define raw_spin_lock_irqsave(l, flags)	spin_lock_irqsave(l, flags)
#define raw_spin_unlock_irqrestore(l, flags)	spin_unlock_irqrestore(l, flags)
#define raw_local_irq_save(flags)	((flags) = 0)
#define raw_local_irq_restore(flags)	((void)(flags))
#define spin_lock_irqsave(l, flags)	((flags) = 0, spin_lock(l))
#define spin_unlock_irqrestore(l, flags)	((void)(flags), spin_unlock(l))
#define spin_lock_irq(l)	spin_lock(l)
#define spin_unlock_irq(l)	spin_unlock(l)
#define spin_lock_bh(l)		spin_lock(l)
#define spin_unlock_bh(l)	spin_unlock(l)

/* lists */
struct list_head { struct list_head *next, *prev; };
#define LIST_HEAD(name)		struct list_head name = { &(name), &(name) }
#define list_for_each_entry(pos, head, member)				\
	for (pos = container_of((head)->next, typeof(*pos), member);	\
	     &pos->member != (head);					\
	     pos = container_of(pos->member.next, typeof(*pos), member))

#define list_for_each_entry_safe(pos, tmp, head, member)			\
	for (pos = container_of((head)->next, typeof(*pos), member),	\
	     tmp = container_of(pos->member.next, typeof(*pos), member); \
	     &pos->member != (head);					\
	     pos = tmp, tmp = container_of(pos->member.next, typeof(*pos), member))
#define list_first_entry_or_null(head, type, member)			\
	(list_empty(head) ? NULL : container_of((head)->next, type, member))

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

static inline void list_add_tail(struct list_head *item, struct list_head *head)
{
	item->prev = head->prev;
	item->next = head;
	head->prev->next = item;
	head->prev = item;
}

static inline void list_del(struct list_head *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
}

static inline void list_del_init(struct list_head *item)
{
	list_del(item);
	INIT_LIST_HEAD(item);
}

/* work; as long as in a kernel of 64 bits without debugging, so that fields keep their lines */
struct work_struct;
typedef void (*work_func_t)(struct work_struct *work);
struct work_struct {
	work_func_t func;
	struct work_struct *next;
	bool pending, after_rcu;
	long unused;
};
struct rcu_work {
	struct work_struct work;
	long unused[3];
};
struct delayed_work {
	struct work_struct work;
	long unused[7];
};
struct irq_work {
	void (*func)(struct irq_work *work);
	long unused[3];
};
struct workqueue_struct;
typedef struct { long unused[3]; } wait_queue_head_t;
#define __WORK_INITIALIZER(w, fn)	{ .func = (fn) }
/* field by field, as GenMC demands */
static inline void shim_init_work(struct work_struct *work, work_func_t func, bool after_rcu)
{
	work->func = func;
	work->next = NULL;
	work->pending = false;
	work->after_rcu = after_rcu;
}

#define INIT_WORK(w, fn)	shim_init_work(w, fn, false)
#define INIT_DELAYED_WORK(w, fn)	INIT_WORK(&(w)->work, fn)
#define to_delayed_work(w)	container_of(w, struct delayed_work, work)
#define queue_delayed_work(wq, w, n)	((void)(w))
#define IRQ_WORK_INIT_HARD(fn)	((struct irq_work){ .func = (fn) })
#define INIT_RCU_WORK(w, fn)	shim_init_work(&(w)->work, fn, true)
#define to_rcu_work(w)		container_of(w, struct rcu_work, work)
#define queue_work(wq, w)	shim_queue(w)
#define system_unbound_wq	((struct workqueue_struct *)NULL)
#define trace_syncpool_build_enabled()	false
#define queue_rcu_work(wq, w)	shim_queue(&(w)->work)
#define flush_rcu_work(w)	shim_flush()
#define flush_workqueue(wq)	shim_flush()
#define cancel_work_sync(w)	shim_flush()
#define cancel_delayed_work_sync(w)	((void)(w))
#define init_irq_work(w, fn)	((w)->func = (fn))
#define init_waitqueue_head(w)	((void)(w))
#define wake_up_all(w)		((void)(w))
#define irq_work_sync(w)	((void)(w))
#define work_pending(w)		((w)->pending)
#define rcu_barrier()		shim_flush()
#define wait_event_timeout(wq, cond, t)	wait_event(wq, cond)
#define within_module(addr, mod)	false
void shim_queue(struct work_struct *work);
void shim_flush(void);

/* the shrinker, for a thread that acts as reclaim */
struct shrink_control { unsigned long nr_to_scan, nr_scanned; };
struct shrinker {
	unsigned long (*count_objects)(struct shrinker *s, struct shrink_control *sc);
	unsigned long (*scan_objects)(struct shrinker *s, struct shrink_control *sc);
	int seeks;
	long batch;
	void *private_data;
};
#define SHRINK_STOP		(~0UL)
#define SHRINK_EMPTY		(~0UL - 1)
#define shrinker_alloc(flags, ...)	((struct shrinker *)calloc(1, sizeof(struct shrinker)))
#define shrinker_register(s)	((void)(s))
#define shrinker_free(s)	free(s)

/* time, static keys, trace events, debugfs */
#define HZ			100
#define jiffies			0UL
#define time_after_eq(a, b)	((long)((a) - (b)) >= 0)
#define time_before(a, b)	((long)((a) - (b)) < 0)
#define NSEC_PER_USEC		1000L
#define NSEC_PER_MSEC		1000000L
#define ktime_get_mono_fast_ns()	0
typedef long long ktime_t;
#define ktime_get()		((ktime_t)0)
#define ktime_add_ns(t, ns)	((ktime_t)((t) + (ns)))
#define ktime_after(a, b)	((a) > (b))
typedef int64_t s64;
#define DECLARE_STATIC_KEY_FALSE(name)	extern bool name
#define DEFINE_STATIC_KEY_FALSE(name)	bool name
#define static_branch_unlikely(key)	unlikely(*(key))
#define TP_PROTO(...)		__VA_ARGS__
#define DECLARE_EVENT_CLASS(...)
#define TRACE_EVENT(name, proto, ...)	SHIM_EVENT(name, proto)
#define DEFINE_EVENT(class, name, proto, args)	SHIM_EVENT(name, TP_PROTO(proto))
#define SHIM_EVENT(name, ...)						\
	static inline void trace_##name(__VA_ARGS__) {}
struct seq_file;
#define seq_printf(m, ...)	((void)(m))
#define seq_puts(m, s)		((void)(m))
#define DEFINE_SHOW_ATTRIBUTE(name)					\
	static int (*const name##_fops)(struct seq_file *, void *) = name##_show
struct dentry;
#define debugfs_create_dir(...)	((struct dentry *)NULL)
#define debugfs_create_file(name, mode, dir, data, fops)	((void)(fops))
#define debugfs_remove(d)	((void)(d))
#define devm_add_action_or_reset(dev, fn, data)	((void)(fn), -EOPNOTSUPP)

#endif /* _SHIM_H */
