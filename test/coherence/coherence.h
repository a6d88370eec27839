/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of test/coherence/ share; see README.md. */
#ifndef _COHERENCE_H
#define _COHERENCE_H

#include "shim.h"

#define COHERENCE_CPUS	256U
#define COHERENCE_NODES	8U
#define COHERENCE_WORDS	(COHERENCE_CPUS / 64)

/* a set of CPUs */
struct coherence_cpus {
	u64 bits[COHERENCE_WORDS];
};

/* what happened since mesi_reset() */
struct mesi_counts {
	unsigned long moved;	/* lines, from one CPU's cache to another's */
	unsigned long remote;	/* of these, from another node */
	unsigned long invalid;	/* copies that a write made invalid */
	unsigned long locked;	/* operations with a lock prefix, and full barriers */
};

/* mesi.c: the caches */
void mesi_init(void);
void mesi_reset(bool counting);
bool mesi_count(bool counting);
void mesi_access(uintptr_t addr, size_t size, bool write);
void mesi_locked(void);
void mesi_read_counts(struct mesi_counts *counts);
unsigned int mesi_widest(void);
void mesi_print_hot(const char *prefix, unsigned long ops, unsigned int most);

/* memory.c: addresses, and what lies there */
/* where an access goes to: @line is its number, @type and @word what it belongs to */
struct memory_place {
	size_t line;
	unsigned int type;
	unsigned int word;
};

#define MEMORY_TYPES	64U

/* from the linker: the program */
extern char __executable_start[], _end[];

void memory_init(void);
size_t memory_lines(void);
void *memory_stack(unsigned int cpu, size_t *size);
void memory_find(uintptr_t addr, struct memory_place *place);
const char *memory_type_name(unsigned int type);

/* machine.c: CPUs */
typedef void coherence_turn(unsigned int cpu);
typedef bool machine_ready(unsigned int cpu);

extern bool machine_random;

void machine_init(unsigned int cpus, unsigned int nodes);
unsigned int machine_cpu(void);
unsigned int machine_node(unsigned int cpu);
void machine_step(void);
void machine_wait(machine_ready *ready);
void machine_each(coherence_turn *turn, unsigned int turns);
void machine_on(unsigned int cpu, coherence_turn *turn);
unsigned int machine_draw(unsigned int n);
void machine_settle(void);

/**
 * struct contender_params - what a work needs of a pool
 * @objs: objects at most
 * @builds: a get that finds none builds one
 * @min: objects that the pool builds when it is made, and keeps
 */
struct contender_params {
	unsigned int objs;
	bool builds;
	unsigned int min;
};

/**
 * struct contender - a pool
 * @name: of the pool
 * @make: make it, empty but for params.min
 * @get: an object, or NULL; of a task that may sleep, or of any context
 * @put: the other way
 *
 * What follows is NULL where a pool has no such call:
 *
 * @try_get: as @get, building nothing
 * @discard: an object that came from @get is not put
 * @get_bulk: several
 * @put_bulk: several
 * @rotate: as garbage collection does
 * @count: objects in it
 */
struct contender {
	const char *name;
	void (*make)(const struct contender_params *params);
	void *(*get)(bool sleeps);
	void (*put)(void *obj);
	void *(*try_get)(void);
	void (*discard)(void *obj);
	unsigned int (*get_bulk)(unsigned int n, void **objs);
	void (*put_bulk)(unsigned int n, void **objs);
	void (*rotate)(void);
	unsigned long (*count)(void);
};

/* from the linker: all that are linked in */
extern const struct contender *const __start_contenders[];
extern const struct contender *const __stop_contenders[];

#define CONTENDER(c)							\
	static const struct contender *const contender_##c		\
	__section("contenders") __used = &(c)

/* objects are never looked into */
#define COHERENCE_OBJ	((void *)0x1000)

#endif /* _COHERENCE_H */
