/* SPDX-License-Identifier: GPL-2.0 */
/* What the loops of bench_loops.h use, and what a contender provides. */
#ifndef _BENCH_NATIVE_H
#define _BENCH_NATIVE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#define BENCH_BURST	100	/* puts, then as many gets */
#define BENCH_STARVED	67	/* puts before as many gets as in a burst */
/* bursts by which the getter may be ahead of the putter */
#define BENCH_AHEAD	(BENCH_CARRY ? BENCH_CHUNKS : 512)
#define BENCH_CHUNKS	16	/* chunks of objects in a pipe */
#define BENCH_HANDOVERS	3	/* hand-overs in a round */
#define BENCH_STOCK	65536	/* objects that circulate between the two */

/* Carries chunks of objects from the getter to the putter. */
struct bench_pipe {
	alignas(128) atomic_ulong filled;
	alignas(128) atomic_ulong emptied;
	alignas(128) void *objs[BENCH_CHUNKS][BENCH_BURST];
};

/**
 * struct bench_job - what one thread does
 * @loop: the loop, called with the job
 * @n: turns of the loop
 * @thread: index of the thread
 * @took: nanoseconds of processor time
 * @pipe: for the two sides of a hand-over
 */
struct bench_job {
	void (*loop)(struct bench_job *job);
	unsigned long n;
	unsigned int thread;
	double took;
	struct bench_pipe *pipe;
};

/* provided by the contender; called before and after a thread's job */
void bench_thread_begin(unsigned int thread);
void bench_thread_end(void);

void bench_pin(unsigned int thread);
double bench_now(void);
void bench_relax(unsigned int *spins);
double bench_threads(struct bench_job *jobs, unsigned int n);
void bench_report(const char *work, unsigned int threads, const char *who,
		  double figure);

#endif /* _BENCH_NATIVE_H */
