// SPDX-License-Identifier: GPL-2.0
/*
 * nested - the whole pool on one CPU, with an interrupt at every access
 *
 * An operation (get, put, or the handler of a recall) is interrupted before its n-th access
 * to memory, for each n, by another one, which is interrupted before its m-th access, for
 * each m, by a third (DEPTH is 2). And likewise by two that come one after the other. It
 * begins in each state to which the operations BEFORE and up to STEPS more lead, none of them
 * interrupted, so spills, refills and flushes are among those that are.
 *
 * Nothing is left to chance: an execution is given by the operations and by n and m. Before
 * each, all memory is as it was: .data and .bss, what malloc() gave, and per-CPU memory.
 * At the end, each object came out once, was freed once, or is in the pool and comes out
 * of it.
 */
#include "shim.c"
#include "shim_stubs.c"
#include "pool_core.h"
#include "pool_recall.h"

#include "access.h"

#define FIRST		0x10000UL	/* address of the first object */
#define OBJECTS		12U	/* a caller holds all of them at first */
#define HEAP		0x8000UL	/* bytes of allocated memory */
#define STATE		0x40000UL	/* of a state */
#define STATES		0x10000UL

enum op { GET, PUT, RECALL, OPS };

/* What is no part of the state. */
struct model {
	bool on;		/* an operation is under way */
	bool nested;		/* the second interrupts the first, else it comes after it */
	unsigned int depth;
	unsigned int next;	/* which interrupt comes next */
	unsigned long count;	/* accesses since the last one */
	unsigned long at[2];	/* at which access each comes; 0: never */
	enum op by[2];
	enum op first;		/* what is interrupted */
	enum op path[STEPS + 1];
	unsigned int steps;
	unsigned long executions, states;
	unsigned long seen[STATES];	/* hashes */
	char *initial, *before;		/* memory */
};

static struct model *m;

static struct syncpool pool;
static unsigned long held;	/* bits of objects that callers have */
static unsigned long freed;
static char heap[HEAP] ____cacheline_aligned_in_smp;
static size_t heap_used;

/* All memory that is allocated is part of the state. */
static void *heap_take(size_t align, size_t size)
{
	heap_used = (heap_used + align - 1) & ~(align - 1);
	if (heap_used + size > HEAP)
		return NULL;
	heap_used += size;
	return heap + heap_used - size;
}

int posix_memalign(void **p, size_t align, size_t size)
{
	*p = heap_take(align, size);
	return *p ? 0 : ENOMEM;
}

void *malloc(size_t size)
{
	return heap_take(64, size);
}

void *calloc(size_t n, size_t size)
{
	void *p = heap_take(64, n * size);

	return p ? memset(p, 0, n * size) : NULL;
}

void free(void *p)
{
}

static const char names[] = "GPR";

static void wrong(const char *what)
{
	unsigned int i;

	m->on = false;
	printf("%s: after '" MODEL_BEFORE, what);
	for (i = 0; i < m->steps; i++)
		putchar(names[m->path[i]]);
	printf("', %c with %c at access %lu, and %c %s at its access %lu\n", names[m->first],
	       names[m->by[0]], m->at[0], names[m->by[1]], m->nested ? "in that" : "later",
	       m->at[1]);
	exit(1);
}

static void *number_to_object(unsigned int i)
{
	return (void *)(FIRST + i * 64);
}

/* A caller, or free, has the object. */
static void arrives(void *obj, unsigned long *where)
{
	unsigned long i = ((unsigned long)obj - FIRST) / 64;

	if (i >= OBJECTS || obj != number_to_object(i))
		wrong("no object came out");
	if ((held | freed) & BIT(i))
		wrong("an object came out twice");
	*where |= BIT(i);
}

static void model_free(void *obj, void *data)
{
	arrives(obj, &freed);
}

static void do_get(void)
{
	void *obj = model_get(&pool);

	if (obj)
		arrives(obj, &held);
}

static void do_put(void)
{
	unsigned int i = held ? __builtin_ctzl(held) : OBJECTS;

	if (i == OBJECTS)
		return;
	held &= ~BIT(i);
	model_put(&pool, number_to_object(i));
}

/* What pool_recall_here() does; it finds the part busy if it interrupts its owner. */
static void do_recall(void)
{
	struct pool_ring *ring = NULL;
	void *obj = NULL;

	preempt_disable();
	pool_recall_flush(READ_ONCE(pool.core->active), 0, &ring, &obj);
	preempt_enable();
	if (obj)
		arrives(obj, &held);
}

static void operate(enum op op)
{
	if (op == GET)
		do_get();
	else if (op == PUT)
		do_put();
	else
		do_recall();
}

/* Before an access. */
void model_point(void)
{
	enum op op;

	if (!m || !m->on || m->next > 1 || m->depth != (m->nested ? m->next : 0))
		return;
	if (++m->count != m->at[m->next])
		return;
	m->count = 0;
	op = m->by[m->next++];
	m->depth++;
	operate(op);
	m->depth--;
}

static size_t data_size(void)
{
	return _end - __data_start;
}

static void save(char *to)
{
	memcpy(to, __data_start, data_size());
	memcpy(to + data_size(), shim_area, shim_area_used);
}

static void restore(const char *from)
{
	memcpy(__data_start, from, data_size());
	memcpy(shim_area, from + data_size(), shim_area_used);
	/* rings that were retired */
	shim_my_frees = NULL;
	shim_my_nr = 0;
}

/* All that is in the pool comes out of it. */
static void check(void)
{
	unsigned long before;

	do {
		before = held;
		do_get();
		do_recall();
	} while (held != before);
	if ((held | freed) != BIT(OBJECTS) - 1)
		wrong("an object is lost");
}

/* One execution. Returns how many of the two interrupts came. */
static unsigned int execute(void)
{
	restore(m->before);
	m->executions++;
	m->depth = 0;
	m->next = 0;
	m->count = 0;
	m->on = true;
	operate(m->first);
	m->on = false;
	check();
	return m->next;
}

/* Two interrupts, the second at each access in turn. */
static void twice(bool nested)
{
	m->nested = nested;
	for (m->at[1] = 1;; m->at[1]++)
		for (m->by[1] = 0; m->by[1] < OPS; m->by[1]++)
			if (execute() < 2 && m->by[1] == 0)
				return;
}

/* One, at each access in turn, and two. */
static void interrupt(enum op op)
{
	m->first = op;
	for (m->at[0] = 1;; m->at[0]++)
		for (m->by[0] = 0; m->by[0] < OPS; m->by[0]++) {
			m->at[1] = 0;
			m->nested = true;
			if (!execute())
				return;
			if (DEPTH > 1) {
				twice(true);
				twice(false);
			}
		}
}

/* Has the state, which is in memory, been seen before? */
static bool seen(void)
{
	size_t size = data_size() + shim_area_used, i;
	unsigned long hash = 14695981039346656037UL, *slot;

	for (i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)m->before[i]) * 1099511628211UL;
	for (slot = &m->seen[hash % STATES]; *slot; slot = &m->seen[(slot - m->seen + 1) % STATES])
		if (*slot == hash)
			return true;
	*slot = hash;
	m->states++;
	return false;
}

/* The states to which @steps more operations lead. */
static void explore(unsigned int steps)
{
	char *state = m->initial + m->steps * STATE;
	enum op op;

	save(state);
	memcpy(m->before, state, STATE);
	if (!seen())
		for (op = 0; op < OPS; op++)
			interrupt(op);
	for (op = 0; steps && op < OPS; op++) {
		restore(state);
		m->path[m->steps++] = op;
		operate(op);
		explore(steps - 1);
		m->steps--;
	}
}

int main(void)
{
	const struct syncpool_params params = {
		.name = "model", .free = model_free, .obj_size = BYTES,
	};
	size_t size = sizeof(*m) + STATE * (STEPS + 2);
	char *area = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	const char *op;

	if (area == MAP_FAILED)
		return 2;
	setbuf(stdout, NULL);
	m = (struct model *)area;
	m->before = (char *)(m + 1);
	m->initial = m->before + STATE;
	if (data_size() > STATE / 2)
		return 2;
	shim_cpu(0);
	if (syncpool_init(&pool, &params))
		return 2;
	held = BIT(OBJECTS) - 1;
	for (op = MODEL_BEFORE; *op; op++)
		operate(strchr(names, *op) - names);
	explore(STEPS);
	printf("No errors: %lu states, %lu executions\n", m->states, m->executions);
	return 0;
}
