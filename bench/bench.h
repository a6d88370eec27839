/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool_bench - what syncpool and its peers cost, in one module
 *
 * bench_main.c		runs the cases that the module parameter "run" selects
 * bench_step.c		single-steps code: instructions, locked instructions,
 *			and the longest section that cannot be preempted
 * bench_loops.c	syncpool's loops, and the floor
 * bench_peers.c	the peers' loops
 * bench_sheaf.c	those of SLUB's sheaves, for kernels that have them
 * bench_models.c	models of rejected designs
 * bench_worst.c	slow paths, each stepped once, in their worst case
 * bench_multi.c	several CPUs at once
 * bench_wait.c		gets that wait
 * bench_reach.c	objects that objpool needs for one task that wanders
 *
 * Every line of the result begins with "pool_bench: " in the kernel's log.
 */
#ifndef _BENCH_H
#define _BENCH_H

#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/types.h>

#define BENCH_BURST	100U	/* puts, then as many gets */
#define BENCH_BULK	16U
#define BENCH_SIZE	256U	/* bytes of an object */
#define BENCH_RESERVE	4U	/* min, or mempool's min_nr, where alloc gives nothing */

/**
 * struct bench_case - one loop
 * @work: what is measured; cases of the same @work are comparable
 * @who: the contender
 * @ops: operations per turn of the loop
 * @setup: may sleep; returns 0 or an errno
 * @loop: runs @n turns
 * @teardown: may sleep
 */
struct bench_case {
	const char	*work;
	const char	*who;
	unsigned int	ops;
	int		(*setup)(void);
	void		(*loop)(unsigned int n);
	void		(*teardown)(void);
};

/**
 * struct bench_steps - what single-stepping saw
 * @insns: instructions
 * @locked: instructions that lock the bus: a lock prefix, or xchg with memory
 * @pinned: the longest run of instructions with preemption or interrupts off
 * @own: the longest such run that a module started itself, rather than, say,
 *	the kernel's allocator that the module called
 */
struct bench_steps {
	unsigned long insns;
	unsigned long locked;
	unsigned long pinned;
	unsigned long own;
};

/* The same loop around every body, so that the compiler treats all alike. */
#define BENCH_LOOP(fn, body)						\
static noinline void fn(unsigned int n)					\
{									\
	while (n--) {							\
		body;							\
	}								\
}

/* The burst loop of a peer whose get and put are expressions. */
#define BENCH_BURST_LOOP(fn, get, put)					\
static noinline void fn(unsigned int n)					\
{									\
	unsigned int i;							\
									\
	while (n--) {							\
		for (i = 0; i < BENCH_BURST; i++)			\
			put(bench_objs[i]);				\
		for (i = 0; i < BENCH_BURST; i++)			\
			bench_objs[i] = get();				\
	}								\
}

extern void *bench_objs[BENCH_BURST];
extern bool bench_dead;

extern const struct bench_case bench_syncpool_cases[];
extern const unsigned int bench_syncpool_nr;
extern const struct bench_case bench_peer_cases[];
extern const unsigned int bench_peer_nr;
extern const struct bench_case bench_sheaf_cases[];
extern const unsigned int bench_sheaf_nr;
extern const struct bench_case bench_model_cases[];
extern const unsigned int bench_model_nr;

void bench_alone_begin(void);
void bench_alone_end(void);
int bench_step_init(void);
void bench_step_exit(void);
void bench_step(void (*fn)(unsigned int n), unsigned int n,
		struct bench_steps *steps);
void bench_step_best(void (*fn)(unsigned int n), unsigned int n,
		     struct bench_steps *steps);

void *bench_alloc_once(gfp_t gfp, void *data);

int bench_wait(void);
int bench_worst(void);
int bench_multi(void);
int bench_reach(void);

#endif /* _BENCH_H */
