/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool_reach - is an object built, or refused, while another one lies idle?
 *
 * reach_main.c		the rows, the objects, and the result lines
 * reach_bound.c	one task that goes from CPU to CPU
 * reach_idle.c		gets of what all CPUs have put
 * reach_moving.c	tasks that the scheduler moves as it likes
 * reach_isolated.c	recalls where nohz_full= isolates a CPU
 *
 * The result is in the kernel's log:
 *
 *	pool_reach: reach,WORK,syncpool,CPUS,K,NEEDED,BUILT
 *	pool_reach: reach-get,WORK,syncpool,CPUS,K,IDLE,GOT
 *	pool_reach: ok WORK...
 *	pool_reach: not ok WORK...
 *
 * K is how many objects a task holds at once, or a CPU has put. NEEDED is the most
 * that tasks held or were just getting, and no more: an object is counted from before
 * its get to before its put. Figures are counts, and depend on no clock. Pools must not
 * age meanwhile (age_secs=0): a row fails if its pool rotates by itself.
 */
#ifndef _REACH_H
#define _REACH_H

#include <linux/prandom.h>
#include <linux/types.h>

#include "syncpool.h"

#define REACH_SIZE	256U	/* bytes of an object, as the pool is told */

/* what alloc does */
enum reach_alloc {
	REACH_BUILDS,
	REACH_FAILS,
	REACH_NONE,	/* the pool has no alloc */
};

extern struct syncpool reach_pool;
extern struct rnd_state reach_random;

unsigned int reach_cpus(void);
void reach_go(unsigned int cpu);
void reach_go_anywhere(void);

void *reach_build(void);
void *reach_taken(void *obj);
void reach_put(void *obj);
void reach_error(const char *what);

/* what a task holds: a stack with the newest object on top */
struct reach_hand {
	void		**objs;
	unsigned int	nr;
	unsigned int	room;
};

int reach_hand_init(struct reach_hand *hand, unsigned int room);
void reach_hand_free(struct reach_hand *hand);
bool reach_hand_get(struct reach_hand *hand, unsigned int n);
void reach_hand_put(struct reach_hand *hand, unsigned int n);

int reach_begin(size_t size, enum reach_alloc alloc);
void reach_end(void);
unsigned long reach_built(void);
void reach_result(const char *work, unsigned int k, unsigned long needed,
		  unsigned long most);
void reach_result_got(const char *work, unsigned int k, unsigned long idle,
		      unsigned long got, unsigned long least);

int reach_wander(void);
int reach_cleanup(void);
int reach_handover(void);
int reach_idle(void);
int reach_atomic(void);
int reach_victim(void);
int reach_moving(void);
int reach_holding(void);
int reach_isolated(void);

extern unsigned int reach_secs;

#endif /* _REACH_H */
