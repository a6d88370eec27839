// SPDX-License-Identifier: GPL-2.0
/*
 * works - what the CPUs do with a pool, after the works of bench/
 *
 *	coherence WORK|all CONTENDER|all CPUS...
 *
 * Runs each work with each number of CPUs, in order and at random, in a process of its
 * own. "case" lines: work, contender, order, CPUs, nodes, operations, and for each
 * operation lines moved, those that came from another node, copies made invalid, locked
 * operations; then the CPUs that touched a line that was written, at most, and gets that
 * found nothing. "hot" lines: work, contender, order, CPUs, type, offset of the field, and
 * its share of lines moved and copies made invalid.
 *
 * Nothing here is seen by the runtime, so only what the pool does counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "coherence.h"

#define WORKS_BURST	100U
#define WORKS_BATCH	64U	/* objects in a turn of a hand-over */
#define WORKS_AHEAD	256U	/* objects that the putter is ahead by */
/* objects in the pool for each thief, and of these, those that may be out at once */
#define WORKS_STOCK	80U
#define WORKS_THIEVES	16U
#define WORKS_HOT	8U

/**
 * struct work - what CPUs do
 * @name: of the work
 * @turn: what a CPU does in a turn
 * @hold: objects that a CPU holds, or that the task does
 * @prepare: each CPU's first turn; NULL: none
 * @warm: turns before those that count
 * @turns: turns that count
 * @cpus: at least
 * @one_task: one task that wanders takes all turns, so many on each CPU
 * @in_order: not at random; turns count only what they choose to
 * @rotates: the pool rotates after @prepare
 * @builds: see struct contender_params
 * @reserve: the pool has so many objects from the start, for each CPU
 */
struct work {
	const char *name;
	coherence_turn *turn;
	unsigned int hold;
	coherence_turn *prepare;
	unsigned int warm;
	unsigned int turns;
	unsigned int cpus;
	bool one_task;
	bool in_order;
	bool rotates;
	bool builds;
	unsigned int reserve;
};

static const struct contender *who;
static const struct work *work;
static unsigned int work_cpus, work_nodes;
static unsigned long work_ops, work_missed;
/* objects that were got and not put yet, of each pair of CPUs, or of all */
static unsigned int work_out[COHERENCE_CPUS];

static void *work_get(void)
{
	void *obj = who->get(work->one_task);

	work_missed += !obj;
	return obj;
}

/* For a CPU that gets what others put: waits for it. */
static void work_get_put(void)
{
	while (!work_get())
		shim_relax();
	work_ops++;
}

static void work_puts(unsigned int n)
{
	while (n--)
		who->put(COHERENCE_OBJ);
}

static void turn_put_held(unsigned int cpu)
{
	work_puts(work->hold);
}

/* Get what is held, and put it back. */
static void turn_hold(unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < work->hold; i++)
		work_get();
	work_puts(work->hold);
	work_ops += work->hold;
}

static void turn_bulk(unsigned int cpu)
{
	void *objs[WORKS_BURST];
	unsigned int i;

	work_missed += work->hold - who->get_bulk(work->hold, objs);
	for (i = 0; i < work->hold; i++)
		objs[i] = COHERENCE_OBJ;
	who->put_bulk(work->hold, objs);
	work_ops += work->hold;
}

static void turn_get_nothing(unsigned int cpu)
{
	who->get(false);
	work_ops++;
}

static void turn_try_nothing(unsigned int cpu)
{
	who->try_get();
	work_ops++;
}

static void turn_build(unsigned int cpu)
{
	who->discard(work_get());
	work_ops++;
}

/* Has the other CPU of the pair got any? */
static bool work_pair_got(unsigned int cpu)
{
	return work_out[cpu / 2];
}

/* CPUs in pairs: what one gets the other puts. */
static void turn_handover(unsigned int cpu)
{
	unsigned int *out = &work_out[cpu / 2], i;

	for (i = 0; i < WORKS_BATCH; i++) {
		if (cpu % 2) {
			machine_wait(work_pair_got);
			(*out)--;
			who->put(COHERENCE_OBJ);
		} else {
			work_get_put();
			(*out)++;
		}
	}
}

static void turn_handover_prepare(unsigned int cpu)
{
	if (cpu % 2)
		work_puts(WORKS_AHEAD);
}

static bool work_any_got(unsigned int cpu)
{
	return work_out[0];
}

/* Is there more to get than what lies in thieves' magazines? */
static bool work_may_get(unsigned int cpu)
{
	return work_out[0] <= WORKS_THIEVES * work_cpus;
}

/*
 * CPU 0 puts what all others get, one at a time, and none of them is so far ahead that it
 * would find nothing but what lies in other thieves' magazines.
 */
static void turn_thieves(unsigned int cpu)
{
	unsigned int i;

	if (cpu) {
		machine_wait(work_may_get);
		work_get_put();
		work_out[0]++;
		return;
	}
	for (i = 1; i < work_cpus; i++) {
		machine_wait(work_any_got);
		work_out[0]--;
		who->put(COHERENCE_OBJ);
	}
}

static void turn_thieves_prepare(unsigned int cpu)
{
	if (cpu)
		return;
	work_puts(WORKS_STOCK * work_cpus);
	/* it begins a round, so it puts back what it has not got */
	work_out[0] = work_cpus - 1;
}

static void turn_gets(unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < work->hold; i++)
		work_get();
	work_ops += work->hold;
}

static void turn_far_put(unsigned int cpu)
{
	if (cpu % 2)
		work_puts(work->hold);
}

static void turn_far_gets(unsigned int cpu)
{
	if (!(cpu % 2))
		turn_gets(cpu);
}

/* CPU 0 alone does @fn, and that counts, after all have got and put. */
static void work_between(unsigned int cpu, void (*fn)(void))
{
	who->put(work_get() ?: COHERENCE_OBJ);
	if (cpu != work_cpus - 1)
		return;
	mesi_count(true);
	fn();
	mesi_count(false);
	work_ops++;
}

static void work_count(void)
{
	who->count();
}

static void turn_count(unsigned int cpu)
{
	work_between(cpu, work_count);
}

static void turn_rotate(unsigned int cpu)
{
	work_between(cpu, who->rotate);
}

static const struct work works[] = {
	{ "pair", turn_hold, 1, turn_put_held, 20, 50 },
	{ "burst", turn_hold, WORKS_BURST, turn_put_held, 20, 20 },
	{ "bulk", turn_bulk, 16, turn_put_held, 20, 20 },
	{ "bulk-burst", turn_bulk, WORKS_BURST, turn_put_held, 20, 20 },
	{ "reserve", turn_hold, 1, NULL, 50, 50, .reserve = 4 },
	{ "empty", turn_get_nothing, 0, NULL, 2, 20 },
	{ "empty-try", turn_try_nothing, 0, NULL, 2, 20 },
	{ "build", turn_build, 0, NULL, 2, 20, .builds = true },
	{ "handover", turn_handover, 1, turn_handover_prepare, 40, 40, .cpus = 2 },
	{ "thieves", turn_thieves, 1, turn_thieves_prepare, 400, 440, .cpus = 2 },
	{ "wander-1", turn_hold, 1, NULL, 40, 20, .cpus = 2, .one_task = true },
	{ "wander-8", turn_hold, 8, NULL, 40, 20, .cpus = 2, .one_task = true },
	{ "wander-32", turn_hold, 32, NULL, 40, 20, .cpus = 2, .one_task = true },
	{ "victim", turn_gets, WORKS_BURST, turn_put_held, 0, 1, .rotates = true },
	{ "victim-far", turn_far_gets, WORKS_BURST, turn_far_put, 0, 1, .cpus = 2,
	  .rotates = true },
	{ "count", turn_count, 1, turn_put_held, 10, 10, .in_order = true },
	{ "rotate", turn_rotate, 1, turn_put_held, 10, 10, .in_order = true },
};

static bool work_fits(void)
{
	if (work_cpus < work->cpus || (work->turn == turn_handover && work_cpus % 2))
		return false;
	if (work->turn == turn_bulk)
		return who->get_bulk;
	if (work->turn == turn_try_nothing)
		return who->try_get;
	if (work->turn == turn_build || work->reserve)
		return who->discard;
	if (work->turn == turn_count)
		return who->count;
	return (!work->rotates && work->turn != turn_rotate) || who->rotate;
}

static void turn_make(unsigned int cpu)
{
	const struct contender_params params = {
		.objs = work_cpus * (work->hold + WORKS_AHEAD / 2),
		.builds = work->builds,
		.min = work_cpus * work->reserve,
	};

	who->make(&params);
}

static void turn_rotate_once(unsigned int cpu)
{
	who->rotate();
}

/* Another CPU than @cpu, for a task that leaves it. */
static unsigned int work_next(unsigned int cpu)
{
	unsigned int steps = machine_random ? 1 + machine_draw(work_cpus - 1) : 1;

	return (cpu + steps) % work_cpus;
}

static void work_turns(unsigned int turns)
{
	static unsigned int cpu;	/* where a task is that wanders */
	unsigned int i;

	if (!work->one_task && !work->in_order) {
		machine_each(work->turn, turns);
		return;
	}
	if (work->one_task)
		turns *= work_cpus;
	for (i = 0; i < turns; i++) {
		if (work->in_order) {
			machine_each(work->turn, 1);
			continue;
		}
		cpu = work_next(cpu);
		machine_on(cpu, work->turn);
	}
	machine_settle();
}

static void work_print(void)
{
	const char *order = machine_random ? "random" : "order";
	double ops = work_ops ?: 1;
	struct mesi_counts counts;
	char prefix[100];

	mesi_read_counts(&counts);
	printf("case,%s,%s,%s,%u,%u,%lu,%.4f,%.4f,%.4f,%.4f,%u,%lu\n", work->name, who->name,
	       order, work_cpus, work_nodes, work_ops, counts.moved / ops,
	       counts.remote / ops, counts.invalid / ops, counts.locked / ops,
	       mesi_widest(), work_missed);
	snprintf(prefix, sizeof(prefix), "hot,%s,%s,%s,%u", work->name, who->name, order,
		 work_cpus);
	mesi_print_hot(prefix, ops, WORKS_HOT);
}

static void work_run(void)
{
	memory_init();
	machine_init(work_cpus, work_nodes);
	mesi_init();
	machine_on(0, turn_make);
	if (work->prepare)
		machine_each(work->prepare, 1);
	else if (work->one_task)
		machine_on(0, turn_put_held);
	if (work->rotates)
		machine_on(0, turn_rotate_once);
	machine_settle();
	/* once more, with what work items have changed */
	work_turns(work->warm / 2);
	work_turns(work->warm - work->warm / 2);
	work_ops = 0;
	work_missed = 0;
	mesi_reset(!work->in_order);
	work_turns(work->turns);
	work_print();
}

/* In a process of its own, so that nothing is left of another work. */
static int work_fork(bool random)
{
	pid_t pid;
	int status;

	machine_random = random;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		work_run();
		exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		status = -1;
	if (status)
		fprintf(stderr, "%s of %s with %u CPUs, %s: status %#x\n", work->name,
			who->name, work_cpus, random ? "random" : "in order", status);
	return !!status;
}

static unsigned int nodes_of(unsigned int cpus)
{
	if (cpus < 2)
		return 1;
	if (cpus <= 16)
		return 2;
	return cpus <= 64 ? 4 : COHERENCE_NODES;
}

static bool is_wanted(const char *wanted, const char *name)
{
	return !strcmp(wanted, "all") || !strcmp(wanted, name);
}

static int run_all(const char *wanted, const char *contender)
{
	const struct contender *const *c;
	int failed = 0;

	for (work = works; work < works + ARRAY_SIZE(works); work++) {
		for (c = __start_contenders; c < __stop_contenders; c++) {
			who = *c;
			if (!is_wanted(wanted, work->name) || !is_wanted(contender, who->name) ||
			    !work_fits())
				continue;
			failed |= work_fork(false);
			if (!work->in_order)
				failed |= work_fork(true);
		}
	}
	return failed;
}

int main(int argc, char **argv)
{
	int i, failed = 0;

	if (argc < 4) {
		fprintf(stderr, "usage: coherence WORK|all CONTENDER|all CPUS...\n");
		return 2;
	}
	for (i = 3; i < argc; i++) {
		work_cpus = atoi(argv[i]);
		if (!work_cpus || work_cpus > COHERENCE_CPUS)
			return 2;
		work_nodes = nodes_of(work_cpus);
		failed |= run_all(argv[1], argv[2]);
	}
	return failed ? 1 : 0;
}
