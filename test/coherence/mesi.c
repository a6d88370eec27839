// SPDX-License-Identifier: GPL-2.0
/*
 * mesi - the caches of the virtual CPUs
 *
 * Caches are infinite, so a line leaves one only because another CPU writes to it:
 *
 *	            read                         write
 *	invalid     moves here; all that have    moves here; all other copies
 *	            it share it                  become invalid
 *	shared      -                            all other copies become invalid
 *	exclusive,  -                            -
 *	modified
 *
 * A line that no cache has comes from memory, which counts as no move: there is no other
 * CPU that it could wait for. Whether an exclusive line was modified makes no difference
 * to what moves, so both are one state here: one CPU has the line.
 *
 * A move, or a copy made invalid, is counted for the word that was accessed: what has the
 * same type and the same place in it is one field of all objects of that type.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "coherence.h"

#define MESI_LINE	64UL
#define MESI_TYPE_WORDS	512U	/* of a type; what lies behind counts as the last */

/**
 * struct mesi_line - a line
 * @have: CPUs in whose caches it is
 * @touched: CPUs that accessed it while counting
 * @written: by any of them
 * @round: of mesi_reset() that @touched is about
 */
struct mesi_line {
	struct coherence_cpus have;
	struct coherence_cpus touched;
	u32 round;
	bool written;
};

struct mesi_field {
	unsigned long moved;
	unsigned long invalid;
};

static struct mesi_line *mesi_lines;
static struct mesi_counts mesi_counts;
static struct mesi_field mesi_fields[MEMORY_TYPES][MESI_TYPE_WORDS];
static bool mesi_counting;
static u32 mesi_round;
/* lines that were touched in this round */
static size_t *mesi_touched, mesi_nr_touched, mesi_max_touched;

void mesi_init(void)
{
	mesi_lines = mmap(NULL, memory_lines() * sizeof(*mesi_lines),
			  PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mesi_lines == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
}

/* Count nothing that was before. */
void mesi_reset(bool counting)
{
	memset(&mesi_counts, 0, sizeof(mesi_counts));
	memset(mesi_fields, 0, sizeof(mesi_fields));
	mesi_nr_touched = 0;
	mesi_round++;
	mesi_counting = counting;
}

/* Count from here on, or not. Returns whether that was so before. */
bool mesi_count(bool counting)
{
	bool was = mesi_counting;

	mesi_counting = counting;
	return was;
}

void mesi_read_counts(struct mesi_counts *counts)
{
	*counts = mesi_counts;
}

void mesi_locked(void)
{
	mesi_counts.locked += mesi_counting;
}

static bool cpus_test(const struct coherence_cpus *cpus, unsigned int cpu)
{
	return cpus->bits[cpu / 64] >> cpu % 64 & 1;
}

static void cpus_set(struct coherence_cpus *cpus, unsigned int cpu)
{
	cpus->bits[cpu / 64] |= 1UL << cpu % 64;
}

static unsigned int cpus_weight(const struct coherence_cpus *cpus)
{
	unsigned int i, n = 0;

	for (i = 0; i < COHERENCE_WORDS; i++)
		n += __builtin_popcountl(cpus->bits[i]);
	return n;
}

/* Does any CPU of @node have it? */
static bool cpus_on_node(const struct coherence_cpus *cpus, unsigned int node)
{
	unsigned int cpu;

	for (cpu = 0; cpu < COHERENCE_CPUS; cpu++)
		if (cpus_test(cpus, cpu) && machine_node(cpu) == node)
			return true;
	return false;
}

static void mesi_touch(struct mesi_line *line, unsigned int cpu, bool write)
{
	if (line->round != mesi_round) {
		line->round = mesi_round;
		line->written = false;
		memset(&line->touched, 0, sizeof(line->touched));
		if (mesi_nr_touched == mesi_max_touched) {
			mesi_max_touched = 2 * mesi_max_touched + 1024;
			mesi_touched = reallocarray(mesi_touched, mesi_max_touched,
						    sizeof(*mesi_touched));
			if (!mesi_touched)
				exit(2);
		}
		mesi_touched[mesi_nr_touched++] = line - mesi_lines;
	}
	cpus_set(&line->touched, cpu);
	line->written |= write;
}

static void mesi_count_access(const struct mesi_line *line, unsigned int cpu,
			      const struct memory_place *place, bool moves, bool write)
{
	unsigned int others = cpus_weight(&line->have) - !moves;
	unsigned int word = place->word < MESI_TYPE_WORDS ? place->word : MESI_TYPE_WORDS - 1;
	struct mesi_field *field = &mesi_fields[place->type][word];

	if (moves) {
		mesi_counts.moved++;
		field->moved++;
		if (!cpus_on_node(&line->have, machine_node(cpu)))
			mesi_counts.remote++;
	}
	if (write) {
		mesi_counts.invalid += others;
		field->invalid += others;
	}
}

static void mesi_access_line(uintptr_t addr, unsigned int cpu, bool write)
{
	struct memory_place place;
	struct mesi_line *line;
	unsigned int n;
	bool has;

	memory_find(addr, &place);
	line = &mesi_lines[place.line];
	has = cpus_test(&line->have, cpu);
	if (mesi_counting)
		mesi_touch(line, cpu, write);
	if (has && !write)
		return;
	n = cpus_weight(&line->have);
	if (has && n == 1)
		return;
	if (mesi_counting && n)
		mesi_count_access(line, cpu, &place, !has, write);
	if (write)
		memset(&line->have, 0, sizeof(line->have));
	cpus_set(&line->have, cpu);
}

/* The CPU that runs reads or writes @size bytes at @addr. */
void mesi_access(uintptr_t addr, size_t size, bool write)
{
	unsigned int cpu = machine_cpu();
	uintptr_t end = addr + size;

	for (; addr < end; addr = (addr | (MESI_LINE - 1)) + 1)
		mesi_access_line(addr, cpu, write);
}

/* Of the lines that were written, the one that most CPUs touched: how many did? */
unsigned int mesi_widest(void)
{
	unsigned int n, widest = 0;
	size_t i;

	for (i = 0; i < mesi_nr_touched; i++) {
		const struct mesi_line *line = &mesi_lines[mesi_touched[i]];

		n = cpus_weight(&line->touched);
		if (line->written && n > widest)
			widest = n;
	}
	return widest;
}

/* The fields that moved most: "PREFIX,TYPE,OFFSET,MOVED,INVALID" an operation. */
void mesi_print_hot(const char *prefix, unsigned long ops, unsigned int most)
{
	unsigned int type, word, best_type = 0, best_word = 0;
	struct mesi_field *field, *best;

	while (most--) {
		best = NULL;
		for (type = 0; type < MEMORY_TYPES; type++) {
			for (word = 0; word < MESI_TYPE_WORDS; word++) {
				field = &mesi_fields[type][word];
				if (best && field->moved + field->invalid <=
					    best->moved + best->invalid)
					continue;
				best = field;
				best_type = type;
				best_word = word;
			}
		}
		if (!(best->moved + best->invalid))
			return;
		printf("%s,%s,%u,%.4f,%.4f\n", prefix, memory_type_name(best_type),
		       best_word * 8, (double)best->moved / ops,
		       (double)best->invalid / ops);
		*best = (struct mesi_field){ 0, 0 };
	}
}
