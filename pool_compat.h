/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What syncpool needs of the kernel and what changes from one version to the next. No
 * other file asks for the version.
 */
#ifndef _POOL_COMPAT_H
#define _POOL_COMPAT_H

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kallsyms.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/swap.h>
#include <linux/topology.h>
#include <linux/version.h>
#include <linux/workqueue.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
static inline void *pool_shrinker_data(struct shrinker *shrinker)
{
	return shrinker->private_data;
}

static inline struct shrinker *
pool_shrinker_alloc(void *data, const char *name, const char *suffix)
{
	struct shrinker *shrinker = shrinker_alloc(SHRINKER_NUMA_AWARE,
						   "syncpool:%s%s", name, suffix);

	if (shrinker)
		shrinker->private_data = data;
	return shrinker;
}

static inline int pool_shrinker_register(struct shrinker *shrinker,
					 const char *name, const char *suffix)
{
	shrinker_register(shrinker);
	return 0;
}

/* Waits for running callbacks. Undoes pool_shrinker_alloc() alone, too. */
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
pool_shrinker_alloc(void *data, const char *name, const char *suffix)
{
	struct pool_shrinker *ps = kzalloc(sizeof(*ps), GFP_KERNEL);

	if (!ps)
		return NULL;
	ps->data = data;
	ps->shrinker.flags = SHRINKER_NUMA_AWARE;
	return &ps->shrinker;
}

static inline int pool_shrinker_register(struct shrinker *shrinker,
					 const char *name, const char *suffix)
{
	int err = register_shrinker(shrinker, "syncpool:%s%s", name, suffix);

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

/* For what may take long and is nobody's in particular. */
static inline struct workqueue_struct *pool_system_wq(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	return system_dfl_wq;
#else
	return system_unbound_wq;
#endif
}

/*
 * What the reclaim that calls a shrinker counts as progress, beside pages of the LRU and
 * of slabs. 6.4 has mm_account_reclaimed_pages(), but nothing that reads it.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define pool_reclaimed		reclaimed
#else
#define pool_reclaimed		reclaimed_slab
#endif

static inline unsigned long pool_reclaim_progress(void)
{
	return current->reclaim_state ? current->reclaim_state->pool_reclaimed : 0;
}

/* @pages were freed since @before; a free callback that frees slabs counts those itself. */
static inline void pool_reclaim_account(unsigned long before, unsigned long pages)
{
	struct reclaim_state *state = current->reclaim_state;

	if (state && state->pool_reclaimed - before < pages)
		state->pool_reclaimed = before + pages;
}

/* Have lockdep tell @work from others that are initialized at the same place. */
#ifdef CONFIG_LOCKDEP
#define pool_work_set_key(work, key)	\
	lockdep_init_map(&(work)->lockdep_map, "syncpool", key, 0)
#else
#define pool_work_set_key(work, key)	((void)(work), (void)(key))
#endif

/*
 * CPUs within @step hops of @node, the nearest at step 0: a mask, or an
 * ERR_PTR() if there is no such step. Call inside rcu_read_lock().
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

/* Save up to @n return addresses in @addrs: how many. Any context. */
#ifdef CONFIG_STACKTRACE
static inline unsigned int pool_stack_save(unsigned long *addrs, unsigned int n)
{
	return stack_trace_save(addrs, n, 0);
}
#else
static inline unsigned int pool_stack_save(unsigned long *addrs, unsigned int n)
{
	return 0;
}
#endif

/*
 * A kernel that loads no modules has no names of their states, nor struct module. In place
 * of a module a test has memory whose address is used, and the name; kfree() it.
 */
#ifdef CONFIG_MODULES
static inline bool pool_module_goes(unsigned long state)
{
	return state == MODULE_STATE_GOING;
}

static inline struct module *pool_module_fake(const char *name)
{
	struct module *mod = kzalloc(sizeof(*mod), GFP_KERNEL);

	if (mod)
		strscpy(mod->name, name, sizeof(mod->name));
	return mod;
}
#else
static inline bool pool_module_goes(unsigned long state)
{
	return false;
}

static inline struct module *pool_module_fake(const char *name)
{
	return kzalloc(1, GFP_KERNEL);
}
#endif

/* Is @addr in this module? In the kernel's image only the function's name can tell. */
#ifdef MODULE
static inline bool pool_is_own_text(unsigned long addr)
{
	return within_module(addr, THIS_MODULE);
}
#else
static inline bool pool_is_own_text(unsigned long addr)
{
	char symbol[KSYM_SYMBOL_LEN], *name = symbol;

	sprint_symbol_no_offset(symbol, addr);
	name += strspn(name, "_");
	return str_has_prefix(name, "pool_") || str_has_prefix(name, "syncpool_");
}
#endif

/*
 * Timers, for the tests; a file that uses these includes the kernel's header.
 * 6.13 has hrtimer_setup() and 6.15 no longer has hrtimer_init(), nor
 * del_timer_sync(), whose new name came with 6.2.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define pool_hrtimer_setup	hrtimer_setup
#else
#define pool_hrtimer_setup(timer, fn, clock, mode)			\
do {									\
	struct hrtimer *_timer = (timer);				\
									\
	hrtimer_init(_timer, clock, mode);				\
	_timer->function = (fn);					\
} while (0)
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define pool_timer_delete_sync	timer_delete_sync
#else
#define pool_timer_delete_sync	del_timer_sync
#endif

#endif /* _POOL_COMPAT_H */
