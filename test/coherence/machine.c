// SPDX-License-Identifier: GPL-2.0
/*
 * machine - virtual CPUs, all in one thread
 *
 * Each CPU has a stack, on which it takes its turns of a work. In order, each CPU takes one
 * whole turn after the other. At random, another CPU may continue at every access, but
 * which one follows from a fixed seed, so that every run is the same.
 *
 * Grace periods end, and work items run, when all CPUs have taken their turns.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#include "coherence.h"

/* one access in so many is one before which another CPU continues */
#define MACHINE_SWITCH	8U

/**
 * struct machine_cpu - a CPU
 * @context: where it begins
 * @began: it did, and continues at @at; swapcontext() would be a system call each time
 * @at: see @began
 * @turns: left to take
 * @ready: what it waits for; NULL: it does not
 */
struct machine_cpu {
	ucontext_t context;
	bool began;
	jmp_buf at;
	unsigned int turns;
	machine_ready *ready;
};

bool machine_random;
unsigned int nr_cpu_ids, nr_node_ids;
struct cpumask shim_all_cpus, shim_node_cpus[COHERENCE_NODES];

static struct machine_cpu machine_cpus[COHERENCE_CPUS];
static jmp_buf machine_main;
static coherence_turn *machine_turn;
static unsigned int machine_now;	/* the CPU that runs */
static unsigned int machine_held;	/* no other one may continue */
static bool machine_on_cpu;
static u64 machine_seed = 88172645463325252ULL;
static unsigned long machine_gps;
static struct work_struct *machine_works;

void machine_init(unsigned int cpus, unsigned int nodes)
{
	unsigned int cpu;

	nr_cpu_ids = cpus;
	nr_node_ids = nodes;
	for (cpu = 0; cpu < cpus; cpu++) {
		set_bit(SHIM_BIT(cpu), shim_word(cpu, &shim_all_cpus));
		set_bit(SHIM_BIT(cpu), shim_word(cpu, &shim_node_cpus[machine_node(cpu)]));
	}
}

unsigned int machine_cpu(void)
{
	return machine_now;
}

unsigned int shim_cpu_id(void)
{
	return machine_now;
}

unsigned int machine_node(unsigned int cpu)
{
	return cpu * nr_node_ids / nr_cpu_ids;
}

int shim_node(unsigned int cpu)
{
	return machine_node(cpu);
}

/* A number below @n. */
unsigned int machine_draw(unsigned int n)
{
	machine_seed ^= machine_seed << 13;
	machine_seed ^= machine_seed >> 7;
	machine_seed ^= machine_seed << 17;
	return (machine_seed >> 33) % n;
}

/* Let another CPU continue. */
static void machine_switch(void)
{
	if (!_setjmp(machine_cpus[machine_now].at))
		_longjmp(machine_main, 1);
}

/* Before an access: another CPU may continue here. */
void machine_step(void)
{
	if (machine_random && machine_on_cpu && !machine_held &&
	    !machine_draw(MACHINE_SWITCH))
		machine_switch();
}

void shim_begin_one(void)
{
	machine_step();
	machine_held++;
}

void shim_end_one(void)
{
	machine_held--;
}

/* A full barrier is a locked instruction on its own stack. */
void shim_mb(void)
{
	mesi_locked();
}

/* The CPU that runs waits for another one. */
void shim_relax(void)
{
	if (!machine_on_cpu || machine_held)
		return;
	if (!machine_random) {
		fprintf(stderr, "a CPU waits, but each turn is taken at once\n");
		abort();
	}
	machine_switch();
}

/* In a turn: wait for what another CPU does. */
void machine_wait(machine_ready *ready)
{
	if (ready(machine_now))
		return;
	machine_cpus[machine_now].ready = ready;
	shim_relax();
}

/* Interrupt @cpu, which is between two accesses, with fn(@data). */
void shim_call(unsigned int cpu, void (*fn)(void *data), void *data)
{
	unsigned int now = machine_now;

	machine_held++;
	machine_now = cpu;
	fn(data);
	machine_now = now;
	machine_held--;
}

/* What runs on the stack of a CPU. */
static void machine_loop(unsigned int cpu)
{
	struct machine_cpu *me = &machine_cpus[cpu];

	while (me->turns) {
		machine_turn(cpu);
		me->turns--;
		if (!machine_random)
			machine_switch();
	}
	_longjmp(machine_main, 1);
}

static void machine_start(unsigned int cpu, unsigned int turns)
{
	struct machine_cpu *me = &machine_cpus[cpu];

	me->turns = turns;
	me->began = false;
	getcontext(&me->context);
	me->context.uc_stack.ss_sp = memory_stack(cpu, &me->context.uc_stack.ss_size);
	makecontext(&me->context, (void (*)(void))machine_loop, 1, cpu);
}

static void machine_continue(unsigned int cpu)
{
	struct machine_cpu *me = &machine_cpus[cpu];

	if (me->ready && !me->ready(cpu))
		return;
	me->ready = NULL;
	machine_now = cpu;
	machine_on_cpu = true;
	if (!_setjmp(machine_main)) {
		if (me->began)
			_longjmp(me->at, 1);
		me->began = true;
		setcontext(&me->context);
	}
	machine_on_cpu = false;
}

/* As many CPUs as still have turns are in @cpus. */
static void machine_run_random(unsigned int *cpus, unsigned int n)
{
	unsigned int i;

	while (n) {
		i = machine_draw(n);
		machine_continue(cpus[i]);
		if (!machine_cpus[cpus[i]].turns)
			cpus[i] = cpus[--n];
	}
}

static void machine_run_in_order(unsigned int turns)
{
	unsigned int cpu;

	while (turns--)
		for (cpu = 0; cpu < nr_cpu_ids; cpu++)
			machine_continue(cpu);
}

/* Have each CPU take @turns of @turn. */
void machine_each(coherence_turn *turn, unsigned int turns)
{
	unsigned int cpus[COHERENCE_CPUS], cpu;

	machine_turn = turn;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		machine_start(cpu, turns);
		cpus[cpu] = cpu;
	}
	if (machine_random)
		machine_run_random(cpus, nr_cpu_ids);
	else
		machine_run_in_order(turns);
	machine_settle();
}

/* Have @cpu alone take one. */
void machine_on(unsigned int cpu, coherence_turn *turn)
{
	machine_turn = turn;
	machine_start(cpu, 1);
	do {
		machine_continue(cpu);
	} while (machine_cpus[cpu].turns);
}

static void machine_flush(unsigned int cpu)
{
	shim_flush();
}

/* No CPU is in any operation: a grace period ends, and work items run, on CPU 0. */
void machine_settle(void)
{
	bool counting = mesi_count(false);

	machine_gps++;
	if (machine_works)
		machine_on(0, machine_flush);
	mesi_count(counting);
}

/* grace periods */

void synchronize_rcu(void)
{
	machine_gps++;
}

unsigned long start_poll_synchronize_rcu(void)
{
	return machine_gps + 1;
}

bool poll_state_synchronize_rcu(unsigned long gp)
{
	return machine_gps >= gp;
}

/* what is freed is not used again */
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
}

/* work items */

void shim_queue(struct work_struct *work)
{
	if (work->pending)
		return;
	work->pending = true;
	work->next = machine_works;
	machine_works = work;
}

void shim_flush(void)
{
	struct work_struct *work;

	while ((work = machine_works)) {
		machine_works = work->next;
		work->pending = false;
		machine_gps += work->after_rcu;
		work->func(work);
	}
}
