/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pressure - pools for memory pressure to act on
 *
 *	pressure_main	the commands and figures in debugfs
 *	pressure_user	tasks: those that use a pool, one that holds off grace
 *			periods, one that writes down samples
 *	pressure_pool	the pools, their objects, and what happens to these
 *	pressure_policy	syncpool, and the two that it is compared with
 *
 * Counts are the module's own: it counts what its callbacks are asked for. What the
 * pool counts is compared with that by the guest's script.
 */
#ifndef _PRESSURE_H
#define _PRESSURE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "pool_stamp.h"
#include "syncpool.h"

struct seq_file;
struct shrinker;
struct task_struct;

#define PRESSURE_NAME_LEN	32
#define PRESSURE_NODES		2
#define PRESSURE_USERS		8
#define PRESSURE_SAMPLES	1200	/* ten minutes */

/**
 * struct pressure_obj - the first bytes of an object
 * @stamp: who owns it; the pool may queue the object by the first words
 * @node: for the policies that have a list
 * @nid: the node of the CPU that put it last
 */
struct pressure_obj {
	struct pool_stamp	stamp;
	struct list_head	node;
	int			nid;
};

/**
 * struct pressure_sample - what is true at one moment
 * @ms: since the module was loaded
 * @phase: what the guest's script does; an index into pressure_phases[]
 * @cached: objects in the pool
 * @rebuilt: objects built so far that had been built before
 * @free: MiB of memory that are free
 * @available: MiB that count as available
 */
struct pressure_sample {
	u32	ms;
	u32	phase;
	u32	cached;
	u32	rebuilt;
	u32	free;
	u32	available;
};

struct pressure_pool;

struct pressure_policy {
	const char	*name;
	int		(*init)(struct pressure_pool *p);
	void		(*exit)(struct pressure_pool *p);
	void		*(*get)(struct pressure_pool *p);
	void		(*put)(struct pressure_pool *p, struct pressure_obj *obj);
	unsigned long	(*count)(struct pressure_pool *p);
};

/**
 * struct pressure_user - a task that uses a pool
 * @pool: the pool
 * @task: the task
 * @id: holder of the objects that it has out
 * @each: how many objects it gets, touches, and puts back
 * @period_us: how long it sleeps then; 0: it does not
 */
struct pressure_user {
	struct pressure_pool	*pool;
	struct task_struct	*task;
	u32			id;
	unsigned int		each;
	unsigned long		period_us;
};

/**
 * struct pressure_pool - a pool under test
 * @list: in pressure_pools
 * @name: unique
 * @policy: what kind of pool it is
 * @ended: its figures are left
 * @nr: objects that its use needs
 * @size: bytes of each
 * @known: does the pool know @size?
 * @sync: the pool, if it is a syncpool
 * @lock: of the list
 * @idle: objects, if the pool is a list
 * @nr_idle: their number
 * @shrinker: of a list that has one
 * @users: who uses it
 * @nr_users: how many they are
 * @nr_samples: so many of @samples are filled
 * @samples: the pool over time
 * @gets: gets by its users
 * @built: objects built
 * @fails: times that memory for one was asked for and there was none
 * @freed: objects freed, by the node of the CPU that put them last
 * @asked: of those, what neither reclaim, nor a work item, nor a user freed: somebody has
 *	written to drop_caches, which takes what is in use, too
 * @spilled: what spread could not leave in magazines, in pushes
 * @errors: of the ownership stamp
 */
struct pressure_pool {
	struct list_head	list;
	char			name[PRESSURE_NAME_LEN];
	const struct pressure_policy *policy;
	bool			ended;
	unsigned int		nr;
	size_t			size;
	bool			known;
	struct syncpool		*sync;
	spinlock_t		lock;	/* of idle and nr_idle */
	struct list_head	idle;
	unsigned long		nr_idle;
	struct shrinker		*shrinker;
	struct pressure_user	users[PRESSURE_USERS];
	unsigned int		nr_users;
	unsigned int		nr_samples;
	struct pressure_sample	*samples;
	atomic_long_t		gets;
	atomic_long_t		built;
	atomic_long_t		fails;
	atomic_long_t		freed[PRESSURE_NODES];
	atomic_long_t		asked;
	unsigned long		spilled;
	atomic_t		errors;
};

extern struct mutex pressure_lock;
extern struct list_head pressure_pools;
extern unsigned int pressure_phase;

int pressure_use(struct pressure_pool *p, unsigned long period_us, unsigned int each);
void pressure_rest(struct pressure_pool *p);
bool pressure_is_user(void);
int pressure_hold(unsigned int ms);
int pressure_sampler_start(void);
void pressure_sampler_stop(void);

int pressure_pool_make(const char *name, const char *policy, unsigned int nr,
		       size_t size, bool known);
struct pressure_pool *pressure_pool_find(const char *name);
int pressure_pool_prefill(struct pressure_pool *p);
int pressure_pool_spread(struct pressure_pool *p);
void pressure_pool_end(struct pressure_pool *p);
void pressure_pool_forget(struct pressure_pool *p);
long pressure_rebuilt(const struct pressure_pool *p);
long pressure_freed(const struct pressure_pool *p);
unsigned int pressure_take(struct pressure_pool *p, struct pressure_obj **objs,
			   unsigned int n, u32 holder);
void pressure_give(struct pressure_pool *p, struct pressure_obj **objs,
		   unsigned int n, u32 holder);
void *pressure_alloc(gfp_t gfp, void *data);
void pressure_free(void *obj, void *data);

const struct pressure_policy *pressure_policy_find(const char *name);

#endif /* _PRESSURE_H */
