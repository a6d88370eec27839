/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of pool_torture.ko share. Names in all of them:
 *
 * @tp		a pool under torture, with counters of our own
 * @hand	the objects that one context of a CPU, or one kthread, holds
 */
#ifndef _POOL_TORTURE_H
#define _POOL_TORTURE_H

#include <linux/percpu.h>
#include <linux/types.h>

/* <linux/torture.h>, or the stand-in for it; see Kbuild */
#include TORTURE_API

#include "syncpool.h"
#include "torture_stamp.h"

#define TORT_HAND	16U	/* objects that a context holds at most */
#define TORT_BURST	1000U	/* objects that a reader gets at once at most */

enum tort_ctx {
	TORT_TASK,
	TORT_SOFTIRQ,
	TORT_HRTIMER,
	TORT_IRQ_WORK,
	TORT_NMI,
	TORT_CTX_NR,
};

/* the holder of an object: the context, and the number of its CPU or kthread */
#define TORT_HOLDER(ctx, n)	(((ctx) + 1U) << 16 | (n))

/**
 * struct tort_pool - a pool under torture
 * @pool: the pool
 * @name: its name
 * @flags: SYNCPOOL_*
 * @slab: objects are from a slab cache, where KASAN sees them; otherwise from the
 *	arena, where they can be built in any context and examined after exit
 * @never_fails: alloc does not fail on purpose
 * @dead: alloc fails
 * @min: see struct syncpool_params
 * @max: objects that may exist, in alloc and free as well
 * @existing: how many do
 * @most: the largest @existing so far
 * @nr_built: objects built and not freed
 * @allocs: objects built
 * @frees: objects freed
 * @fails: calls of alloc that returned NULL
 * @gone: syncpool_exit() has returned; no callback may run
 */
struct tort_pool {
	struct syncpool	*pool;
	const char	*name;
	unsigned int	flags;
	bool		slab;
	bool		never_fails;
	bool		dead;
	unsigned int	min;
	unsigned int	max;
	atomic_t	existing;
	atomic_t	most;
	atomic_long_t	nr_built;
	atomic_long_t	allocs;
	atomic_long_t	frees;
	atomic_long_t	fails;
	bool		gone;
};

struct tort_held {
	struct tort_pool	*tp;
	struct pool_stamp	*obj;
};

struct tort_hand {
	struct torture_random_state	rand;
	enum tort_ctx			ctx;
	u32				holder;
	unsigned int			nr;
	struct tort_held		held[TORT_HAND];
};

/* What each CPU has done. */
struct tort_counts {
	unsigned long ops[TORT_CTX_NR];	/* objects got and put */
	unsigned long nmis;
	unsigned long onlines;
	unsigned long offlines;
};

DECLARE_PER_CPU(struct tort_counts, tort_counts);
DECLARE_PER_CPU(unsigned long, tort_seed);

/*
 * A random number without a hand. Any context: the seed of the CPU changes by one
 * instruction, which no interrupt can split.
 */
static inline unsigned long tort_any_random(void)
{
	u64 z = this_cpu_add_return(tort_seed, 0x9e3779b9UL);

	z = (z ^ (z >> 15)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z >> 8;
}

/* torture_main.c: module parameters that other files read */
extern unsigned int tort_fail_alloc;
extern unsigned int tort_irq_us;
extern unsigned int tort_steps;
extern unsigned int tort_burst;
extern atomic_t tort_errors;

/* torture_pool.c */
int tort_pools_init(unsigned int arena_objects, bool debug);
void tort_pools_settle(void);
void tort_pools_exit(void);
void tort_pools_sum(struct syncpool_stats *sum, struct tort_pool *all);
struct tort_pool *tort_pool_any(unsigned long random);
int tort_pool_open(struct tort_pool *tp, const char *name);
void tort_pool_settle(struct tort_pool *tp);
void tort_pool_close(struct tort_pool *tp);
long tort_pools_lost(void);
bool tort_shrink_begin(void);
unsigned long tort_shrink_end(void);

/* torture_load.c */
void tort_hand_init(struct tort_hand *hand, enum tort_ctx ctx, unsigned int n);
void tort_hand_step(struct tort_hand *hand, unsigned int steps);
void tort_hand_empty(struct tort_hand *hand);
int tort_readers_start(int nreaders);
void tort_readers_stop(void);

/* torture_irq.c */
int tort_irq_start(void);
void tort_irq_stop(void);
void tort_irq_nmi(void);
void tort_irq_raise(void);

/* torture_hook*.c */
void tort_hook_start(unsigned int us);
void tort_hook_stop(void);

/* torture_nmi_*.c */
int tort_nmi_start(void);
void tort_nmi_stop(void);

/* torture_fake.c */
int tort_fakers_start(int nfakewriters);
void tort_fakers_stop(void);
void tort_fakers_free(void);
void tort_fakers_print(void);
unsigned long tort_fakers_shrunk(void);

/* torture_limit.c */
int tort_limit_start(int nwaiters);
void tort_limit_stop(void);
void tort_limit_exit(void);

/* torture_reach.c */
int tort_reach_start(int nroamers, bool alone);
void tort_reach_stop(void);
void tort_reach_exit(void);

#endif /* _POOL_TORTURE_H */
