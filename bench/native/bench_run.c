// SPDX-License-Identifier: GPL-2.0
/* bench_run - threads, clocks and lines of result, the same for every contender */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"

double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

void bench_relax(unsigned int *spins)
{
	if (++*spins % 100)
		__builtin_ia32_pause();
	else
		sched_yield();
}

static pthread_barrier_t bench_barrier;

static void *bench_thread(void *arg)
{
	struct bench_job *job = arg;

	bench_thread_begin(job->thread);
	pthread_barrier_wait(&bench_barrier);
	job->loop(job);
	bench_thread_end();
	pthread_barrier_wait(&bench_barrier);
	return NULL;
}

static double bench_cpu_time(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return used.tv_sec * 1e9 + used.tv_nsec;
}

/*
 * Nanoseconds of processor time that @n threads took for their jobs, each: the
 * time until the last is done, if nothing else ran on the machine.
 */
double bench_threads(struct bench_job *jobs, unsigned int n)
{
	pthread_t threads[2];
	unsigned int i;
	double start;

	pthread_barrier_init(&bench_barrier, NULL, n + 1);
	for (i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, bench_thread, &jobs[i]))
			exit(2);
	pthread_barrier_wait(&bench_barrier);
	start = bench_cpu_time();
	pthread_barrier_wait(&bench_barrier);
	start = (bench_cpu_time() - start) / n;
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&bench_barrier);
	return start;
}

void bench_report(const char *work, unsigned int threads, const char *who,
		  double figure)
{
	printf("native,%s,%u,%s,%.3f\n", work, threads, who, figure);
}

