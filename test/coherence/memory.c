// SPDX-License-Identifier: GPL-2.0
/*
 * memory - where the kernel code's memory lies, and what is where
 *
 * All of it is one area, so that neither the order of allocations in other libraries nor
 * the address at which the kernel loads anything changes a count:
 *
 *	| CPU 0's variables | CPU 1's | ... | stacks of the CPUs | slabs and pages |
 *
 * and, before it in the numbers of lines, what the program has from the start. As in SLUB,
 * objects of one size class lie side by side, so small ones of different owners share a
 * line. What is freed is not used again.
 *
 * Each word of 8 bytes has a tag, its type and its place there. The type is named after
 * the function that allocates it.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "coherence.h"

#define MEMORY_UNIT	(64UL << 10)	/* of a CPU */
#define MEMORY_STACK	(64UL << 10)
#define MEMORY_HEAP	BIT(30)
#define MEMORY_LINE	64
#define MEMORY_AREA	(COHERENCE_CPUS * (MEMORY_UNIT + MEMORY_STACK) + MEMORY_HEAP)
#define MEMORY_STACKS	(COHERENCE_CPUS * MEMORY_UNIT)
#define MEMORY_SLABS	(MEMORY_STACKS + COHERENCE_CPUS * MEMORY_STACK)

/* types that have no tag */
enum memory_type {
	MEMORY_UNKNOWN,
	MEMORY_STATIC,
	MEMORY_ON_STACK,
	MEMORY_TAGGED,
};

/* the rest is what allocating functions are called */
static const char *memory_types[MEMORY_TYPES] = { "unknown", "static", "stack" };
static unsigned int memory_nr_types = MEMORY_TAGGED;

struct memory_tag {
	u16 type;
	u16 word;
};

/* sizes of SLUB's caches, up to a page; above, whole pages */
static const size_t memory_classes[] = {
	8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096,
};

static struct memory_slab {
	char *next;
	char *end;
} memory_slabs[ARRAY_SIZE(memory_classes)];

static char *memory_area, *memory_heap;
static struct memory_tag *memory_tags;
static size_t memory_percpu;	/* bytes of each CPU that are in use */

static void *memory_map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	return p;
}

void memory_init(void)
{
	size_t size = __stop_shim_percpu - __start_shim_percpu;
	unsigned int cpu;

	memory_area = memory_map(MEMORY_AREA);
	memory_tags = memory_map(MEMORY_AREA / sizeof(long) * sizeof(*memory_tags));
	memory_heap = memory_area + MEMORY_SLABS;
	memory_percpu = ALIGN(size, MEMORY_LINE);
	for (cpu = 0; cpu < COHERENCE_CPUS; cpu++)
		memcpy(shim_cpu_base(cpu), __start_shim_percpu, size);
}

static size_t memory_static_lines(void)
{
	return (_end - __executable_start) / MEMORY_LINE + 2;
}

size_t memory_lines(void)
{
	return memory_static_lines() + MEMORY_AREA / MEMORY_LINE;
}

char *shim_cpu_base(unsigned int cpu)
{
	return memory_area + cpu * MEMORY_UNIT;
}

void *memory_stack(unsigned int cpu, size_t *size)
{
	*size = MEMORY_STACK;
	return memory_area + MEMORY_STACKS + cpu * MEMORY_STACK;
}

static unsigned int memory_type(const char *name)
{
	unsigned int i;

	for (i = MEMORY_TAGGED; i < memory_nr_types; i++)
		if (!strcmp(memory_types[i], name))
			return i;
	if (memory_nr_types == MEMORY_TYPES) {
		fprintf(stderr, "too many functions that allocate\n");
		exit(2);
	}
	memory_types[memory_nr_types] = name;
	return memory_nr_types++;
}

const char *memory_type_name(unsigned int type)
{
	return memory_types[type];
}

static void memory_tag(const char *p, size_t size, const char *name)
{
	struct memory_tag *tag = &memory_tags[(p - memory_area) / sizeof(long)];
	unsigned int type = memory_type(name), word;

	for (word = 0; word < size / sizeof(long); word++)
		*tag++ = (struct memory_tag){ type, min_t(unsigned int, word, U16_MAX) };
}

static void *memory_pages(size_t size)
{
	char *p = memory_heap;

	memory_heap += ALIGN(size, PAGE_SIZE);
	if (memory_heap > memory_area + MEMORY_AREA) {
		fprintf(stderr, "the machine has no memory left\n");
		exit(2);
	}
	return p;
}

void *shim_alloc(size_t size, const char *tag)
{
	struct memory_slab *slab = memory_slabs;
	const size_t *class = memory_classes;
	char *p;

	while (class < memory_classes + ARRAY_SIZE(memory_classes) && *class < size) {
		class++;
		slab++;
	}
	if (class == memory_classes + ARRAY_SIZE(memory_classes)) {
		p = memory_pages(size);
	} else {
		if (slab->end - slab->next < (long)*class) {
			slab->next = memory_pages(PAGE_SIZE);
			slab->end = slab->next + PAGE_SIZE;
		}
		p = slab->next;
		slab->next += *class;
	}
	memory_tag(p, size, tag);
	return p;
}

void *shim_zalloc(size_t size, const char *tag)
{
	void *p = shim_alloc(size, tag);

	/* it is zero; the CPU that cleared it has the lines */
	mesi_access((uintptr_t)p, size, true);
	return p;
}

void *shim_alloc_percpu(size_t size, size_t align, const char *tag)
{
	size_t at = ALIGN(memory_percpu, align);
	unsigned int cpu;

	memory_percpu = at + size;
	if (memory_percpu > MEMORY_UNIT) {
		fprintf(stderr, "per-CPU memory is used up\n");
		exit(2);
	}
	for (cpu = 0; cpu < COHERENCE_CPUS; cpu++)
		memory_tag(shim_cpu_base(cpu) + at, size, tag);
	return __start_shim_percpu + at;
}

/* An access elsewhere would be one that is not counted. */
static void memory_refuse(uintptr_t addr)
{
	fprintf(stderr, "an access to memory that the machine does not have: %#lx\n", addr);
	abort();
}

void memory_find(uintptr_t addr, struct memory_place *place)
{
	uintptr_t start = (uintptr_t)__executable_start & ~(MEMORY_LINE - 1UL);
	const struct memory_tag *tag;
	size_t at = addr - (uintptr_t)memory_area;

	if (addr >= start && addr < (uintptr_t)_end) {
		*place = (struct memory_place){
			.line = (addr - start) / MEMORY_LINE,
			.type = MEMORY_STATIC,
		};
		return;
	}
	if (addr < (uintptr_t)memory_area || at >= MEMORY_AREA)
		memory_refuse(addr);
	tag = &memory_tags[at / sizeof(long)];
	place->line = memory_static_lines() + at / MEMORY_LINE;
	place->type = tag->type;
	place->word = tag->word;
	if (at >= MEMORY_STACKS && at < MEMORY_SLABS)
		place->type = MEMORY_ON_STACK;
}
