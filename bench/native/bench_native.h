/* SPDX-License-Identifier: GPL-2.0 */
/* What the loops of bench_loops.h are made of, for one contender. */
#ifndef _BENCH_NATIVE_H
#define _BENCH_NATIVE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#define BENCH_BURST	100	/* puts, then as many gets */
#define BENCH_STARVED	67	/* puts before as many gets as in a burst */
/* bursts that the side that gets may be ahead of the one that puts */
#define BENCH_AHEAD	(BENCH_CARRY ? BENCH_CHUNKS : 512)
#define BENCH_CHUNKS	16	/* of objects that are carried from one to the other */
#define BENCH_HANDOVERS	3	/* in a round */
#define BENCH_STOCK	65536	/* objects that go round between the two */

/* Chunks of objects from the thread that gets to the thread that puts. */
struct bench_pipe {
	alignas(128) atomic_ulong filled;
	alignas(128) atomic_ulong emptied;
	alignas(128) void *objs[BENCH_CHUNKS][BENCH_BURST];
};

/**
 * struct bench_job - what one thread does
 * @loop: with it
 * @n: turns of the loop
 * @thread: of how many threads this is
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

/* the contender's: what a thread does before and after its job */
void bench_thread_begin(unsigned int thread);
void bench_thread_end(void);

void bench_pin(unsigned int thread);
double bench_now(void);
void bench_relax(unsigned int *spins);
double bench_threads(struct bench_job *jobs, unsigned int n);
void bench_report(const char *work, unsigned int threads, const char *who,
		  double figure);

#endif /* _BENCH_NATIVE_H */
