/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that syncpool is built against (6.1 and
 * later), and between a test build and the real one. No other file asks for a
 * version or a configuration with the preprocessor.
 */
#ifndef _POOL_COMPAT_H
#define _POOL_COMPAT_H

#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/percpu.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/stdarg.h>
#include <linux/topology.h>
#include <linux/version.h>

/*
 * A test build (make SYNCPOOL_KUNIT=1) exports the inner functions and lets a
 * test step in between two steps of an operation; see kunit/.
 */
enum pool_hook_point {
	POOL_HOOK_CLAIMED,	/* thief: slot read, not yet cleared */
	POOL_HOOK_DRAINED,	/* thief: ring found drained, not yet unlinked */
	POOL_HOOK_GET,		/* owner: locked, before private[] is read */
	POOL_HOOK_PUT,		/* owner: locked, before private[] is written */
	POOL_HOOK_SPILL,	/* owner: spilled, private[] not yet moved down */
	POOL_HOOK_REFILL,	/* owner: about to refill from its chain */
	POOL_HOOK_STEAL,	/* owner: about to steal */
	POOL_HOOK_VICTIM,	/* owner: about to look at the victim */
	POOL_HOOK_NR,
};

#ifdef SYNCPOOL_KUNIT
extern void (*pool_hook_fn)(enum pool_hook_point point);
extern unsigned long pool_ring_first_index;
static inline void pool_hook(enum pool_hook_point point)
{
	void (*fn)(enum pool_hook_point point) = READ_ONCE(pool_hook_fn);

	if (fn)
		fn(point);
}

/* The percpu allocator has no fault injection: let it fail as kmalloc() does. */
static inline bool pool_percpu_fails(void)
{
	void *p = kmalloc(1, GFP_KERNEL);

	kfree(p);
	return !p;
}

#define pool_alloc_percpu(type)		\
	(pool_percpu_fails() ? NULL : alloc_percpu(type))
#define EXPORT_SYMBOL_IF_KUNIT(symbol)	EXPORT_SYMBOL_GPL(symbol)
#else
#define pool_alloc_percpu(type)		alloc_percpu(type)
#define pool_ring_first_index		0UL
static inline void pool_hook(enum pool_hook_point point)
{
}

#define EXPORT_SYMBOL_IF_KUNIT(symbol)
#endif

/* Linux 6.6 has it for every architecture; it saves an instruction */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#define pool_this_cpu_try_cmpxchg(pcp, oldp, new)			\
	this_cpu_try_cmpxchg(pcp, oldp, new)
#else
#define pool_this_cpu_try_cmpxchg(pcp, oldp, new) ({			\
	typeof(oldp) __oldp = (oldp);					\
	this_cpu_cmpxchg(pcp, *__oldp, new) == *__oldp;			\
})
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
static inline void *pool_shrinker_data(struct shrinker *shrinker)
{
	return shrinker->private_data;
}

static inline struct shrinker *
pool_shrinker_alloc(void *data, const char *name)
{
	struct shrinker *shrinker = shrinker_alloc(0, "syncpool:%s", name);

	if (shrinker)
		shrinker->private_data = data;
	return shrinker;
}

static inline int pool_shrinker_register(struct shrinker *shrinker,
					 const char *name)
{
	shrinker_register(shrinker);
	return 0;
}

/* also undoes pool_shrinker_alloc() alone; waits for running callbacks */
static inline void pool_shrinker_free(struct shrinker *shrinker)
{
	shrinker_free(shrinker);
}
#else
struct pool_shrinker {
	struct shrinker shrinker;
	void *data;
	bool registered;
};

static inline struct pool_shrinker *to_pool_shrinker(struct shrinker *shrinker)
{
	return container_of(shrinker, struct pool_shrinker, shrinker);
}

static inline void *pool_shrinker_data(struct shrinker *shrinker)
{
	return to_pool_shrinker(shrinker)->data;
}

static inline struct shrinker *
pool_shrinker_alloc(void *data, const char *name)
{
	struct pool_shrinker *ps = kzalloc(sizeof(*ps), GFP_KERNEL);

	if (!ps)
		return NULL;
	ps->data = data;
	return &ps->shrinker;
}

static inline int pool_shrinker_register(struct shrinker *shrinker,
					 const char *name)
{
	int err = register_shrinker(shrinker, "syncpool:%s", name);

	to_pool_shrinker(shrinker)->registered = !err;
	return err;
}

static inline void pool_shrinker_free(struct shrinker *shrinker)
{
	struct pool_shrinker *ps = to_pool_shrinker(shrinker);

	if (ps->registered)
		unregister_shrinker(shrinker);
	kfree(ps);
}
#endif

/* __assign_str() took the source once, until 6.10 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define pool_assign_str(dst, src)	__assign_str(dst)
#else
#define pool_assign_str(dst, src)	__assign_str(dst, src)
#endif

/*
 * CPUs by their distance from @node, nearest at @step 0: a mask, or an
 * ERR_PTR() when there are no more steps. Under rcu_read_lock().
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
static inline const struct cpumask *pool_hop_mask(int node, unsigned int step)
{
	return sched_numa_hop_mask(node, step);
}
#else
static inline const struct cpumask *pool_hop_mask(int node, unsigned int step)
{
	return step ? ERR_PTR(-EINVAL) : cpumask_of_node(node);
}
#endif

#endif /* _POOL_COMPAT_H */
