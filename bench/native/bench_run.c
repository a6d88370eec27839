// SPDX-License-Identifier: GPL-2.0
/* bench_run - threads, clocks and result lines, the same for every contender */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bench_native.h"

/* Pin this thread to its processor. */
void bench_pin(unsigned int thread)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(thread % sysconf(_SC_NPROCESSORS_ONLN), &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		exit(2);
}

double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

/* Sleeps now and then, so that waiting does not count as work. */
void bench_relax(unsigned int *spins)
{
	if (++*spins % 100)
		__builtin_ia32_pause();
	else
		usleep(10);
}

static pthread_barrier_t bench_barrier;

static double bench_cpu_time(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return used.tv_sec * 1e9 + used.tv_nsec;
}

static void *bench_thread(void *arg)
{
	struct bench_job *job = arg;

	bench_thread_begin(job->thread);
	pthread_barrier_wait(&bench_barrier);
	job->took = bench_cpu_time();
	job->loop(job);
	job->took = bench_cpu_time() - job->took;
	bench_thread_end();
	pthread_barrier_wait(&bench_barrier);
	return NULL;
}

/*
 * Nanoseconds of processor time that each of @n threads took on average: the
 * time until the last one ended, as if nothing else ran on the machine.
 */
double bench_threads(struct bench_job *jobs, unsigned int n)
{
	pthread_t threads[2];
	double took = 0;
	unsigned int i;

	pthread_barrier_init(&bench_barrier, NULL, n);
	for (i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, bench_thread, &jobs[i]))
			exit(2);
	for (i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
		took += jobs[i].took;
	}
	pthread_barrier_destroy(&bench_barrier);
	return took / n;
}

void bench_report(const char *work, unsigned int threads, const char *who,
		  double figure)
{
	printf("native,%s,%u,%s,%.3f\n", work, threads, who, figure);
}

