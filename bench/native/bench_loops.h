/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The loops of Go's sync pool_test.go, on the bench_get() and bench_put() that
 * the including file defines, so that the compiler sees each contender's calls
 * as it would in a user's code.
 */
#include "bench_native.h"

static void bench_loop_pool(struct bench_job *job)
{
	void *obj = bench_object();

	while (job->n--) {
		bench_put(obj);
		obj = bench_get();
	}
	bench_put(obj);
}

static void bench_loop_burst(struct bench_job *job, unsigned int puts)
{
	void *objs[BENCH_BURST];
	unsigned int i, have;

	for (have = 0; have < puts; have++)
		objs[have] = bench_object();
	while (job->n--) {
		for (i = 0; i < puts && i < have; i++)
			bench_put(objs[i]);
		for (i = 0, have = 0; i < BENCH_BURST; i++) {
			objs[have] = bench_get();
			have += !!objs[have];
		}
		/* gets may also return what another thread put */
		while (have > puts)
			bench_put(objs[--have]);
		while (have < puts)
			objs[have++] = bench_object();
	}
	for (i = 0; i < have; i++)
		bench_put(objs[i]);
}

static void bench_loop_overflow(struct bench_job *job)
{
	bench_loop_burst(job, BENCH_BURST);
}

static void bench_loop_starvation(struct bench_job *job)
{
	bench_loop_burst(job, BENCH_STARVED);
}

/*
 * Where objects are interchangeable (BENCH_CARRY is 0) the two sides exchange
 * only counts. Otherwise the figure includes the cost of carrying the objects.
 */
static void bench_loop_getter(struct bench_job *job)
{
	struct bench_pipe *pipe = job->pipe;
	unsigned long turn;
	unsigned int i, spins = 0;
	void *obj;

	for (turn = 0; turn < job->n; turn++) {
		while (turn - atomic_load_explicit(&pipe->emptied, memory_order_acquire) ==
		       BENCH_AHEAD)
			bench_relax(&spins);
		for (i = 0; i < BENCH_BURST; i++) {
			while (!(obj = bench_get()))
				bench_relax(&spins);
			if (BENCH_CARRY)
				pipe->objs[turn % BENCH_CHUNKS][i] = obj;
		}
		atomic_store_explicit(&pipe->filled, turn + 1, memory_order_release);
	}
}

static void bench_loop_putter(struct bench_job *job)
{
	struct bench_pipe *pipe = job->pipe;
	unsigned long turn;
	unsigned int i, spins = 0;

	for (turn = 0; turn < job->n; turn++) {
		while (atomic_load_explicit(&pipe->filled, memory_order_acquire) == turn)
			bench_relax(&spins);
		for (i = 0; i < BENCH_BURST; i++)
			bench_put(BENCH_CARRY ? pipe->objs[turn % BENCH_CHUNKS][i] :
						bench_object());
		atomic_store_explicit(&pipe->emptied, turn + 1, memory_order_release);
	}
}

static void bench_parallel(const char *work, const char *who, unsigned int threads,
			   void (*loop)(struct bench_job *job), unsigned long turns,
			   unsigned int ops)
{
	struct bench_job jobs[2] = {
		{ .loop = loop, .n = turns / threads, .thread = 0 },
		{ .loop = loop, .n = turns / threads, .thread = 1 },
	};

	bench_report(work, threads, who, bench_threads(jobs, threads) / turns / ops);
}

static void bench_handover(const char *who, unsigned long turns)
{
	static struct bench_pipe pipe;
	struct bench_job jobs[2] = {
		{ .loop = bench_loop_getter, .n = turns, .thread = 0, .pipe = &pipe },
		{ .loop = bench_loop_putter, .n = turns, .thread = 1, .pipe = &pipe },
	};

	atomic_store(&pipe.filled, 0);
	atomic_store(&pipe.emptied, 0);
	bench_report("handover", 2, who, bench_threads(jobs, 2) / turns / BENCH_BURST);
}

/* Go's own names for the first three; figures are ns for a put and a get. */
static void bench_all(const char *who, unsigned long turns)
{
	unsigned int threads, i;

	for (threads = 1; threads <= 2; threads++) {
		bench_parallel("pool", who, threads, bench_loop_pool, turns, 1);
		bench_parallel("overflow", who, threads, bench_loop_overflow,
			       turns / BENCH_BURST, BENCH_BURST);
		bench_parallel("starvation", who, threads, bench_loop_starvation,
			       turns / BENCH_BURST, BENCH_BURST);
	}
	/* two threads that wait for each other suffer most from other load */
	for (i = 0; i < BENCH_HANDOVERS; i++)
		bench_handover(who, turns / BENCH_BURST / 4);
}
