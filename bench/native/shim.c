// SPDX-License-Identifier: GPL-2.0
/* shim - the machine of shim_machine.h */
#define _GNU_SOURCE
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "pool_core.h"

#define SHIM_AREA	(64UL << 20)	/* bytes of per-CPU memory for a CPU */
#define SHIM_BATCH	64U		/* callbacks handed to the worker at once */

__thread long shim_offset;
__thread unsigned int shim_this_cpu;
__thread unsigned long shim_depth;
struct shim_reader shim_readers[SHIM_CPUS];
const struct cpumask shim_all_cpus = { BIT(SHIM_CPUS) - 1 };

static unsigned long *shim_depths[SHIM_CPUS];
static char *shim_area;
static size_t shim_area_used;
static pthread_mutex_t shim_lock = PTHREAD_MUTEX_INITIALIZER;

static void shim_die(const char *what)
{
	perror(what);
	exit(2);
}

static void shim_map(char *addr, size_t size)
{
	unsigned long start = (unsigned long)addr & ~(PAGE_SIZE - 1);

	size += (unsigned long)addr - start;
	if (mmap((void *)start, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
		 -1, 0) != (void *)start)
		shim_die("no room for per-CPU memory");
}

/* Copy the variables of DEFINE_PER_CPU(), and map alloc_percpu()'s area. */
static void __attribute__((constructor)) shim_init(void)
{
	size_t size = __stop_shim_percpu - __start_shim_percpu;
	unsigned int cpu;

	shim_area = mmap(NULL, SHIM_AREA, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (shim_area == MAP_FAILED)
		shim_die("mmap");
	for (cpu = 1; cpu < SHIM_CPUS; cpu++) {
		shim_map(__start_shim_percpu + cpu * SHIM_UNIT, size);
		memcpy(__start_shim_percpu + cpu * SHIM_UNIT,
		       __start_shim_percpu, size);
		/* libraries lie below the area, and nothing lies below them */
		shim_map(shim_area - SHIM_CPUS * SHIM_UNIT + cpu * SHIM_UNIT,
			 SHIM_AREA);
	}
	shim_map(shim_area - SHIM_CPUS * SHIM_UNIT, SHIM_AREA);
	shim_area -= SHIM_CPUS * SHIM_UNIT;
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0))
		shim_die("membarrier");
	pool_ready = true;
}

void *shim_alloc_percpu(size_t size)
{
	char *p;

	pthread_mutex_lock(&shim_lock);
	p = shim_area + shim_area_used;
	shim_area_used += (size + 127) & ~127UL;
	pthread_mutex_unlock(&shim_lock);
	if (shim_area_used > SHIM_AREA)
		shim_die("per-CPU memory is used up");
	return p;
}

/* Make this thread act as @cpu. */
void shim_cpu(unsigned int cpu)
{
	unsigned int online = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu % online, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		shim_die("sched_setaffinity");
	shim_this_cpu = cpu;
	shim_offset = cpu * SHIM_UNIT;
	__atomic_store_n(&shim_depths[cpu], &shim_depth, __ATOMIC_RELEASE);
}

/* Read-modify-writes in place of membarrier(), for ThreadSanitizer. */
static void shim_wait_counted(unsigned int cpu)
{
	unsigned long *pinned = &shim_readers[cpu].pinned;
	unsigned long was = __atomic_fetch_add(pinned, 0, __ATOMIC_SEQ_CST);

	while (was % 2 && __atomic_load_n(pinned, __ATOMIC_ACQUIRE) == was)
		usleep(10);
}

static void shim_wait_reader(unsigned int cpu)
{
	unsigned long *depth = __atomic_load_n(&shim_depths[cpu], __ATOMIC_ACQUIRE);

	if (SHIM_TSAN)
		shim_wait_counted(cpu);
	else
		while (depth && __atomic_load_n(depth, __ATOMIC_ACQUIRE))
			usleep(10);
}

/* held while a thread's depth is read: it is freed with the thread */
static pthread_mutex_t shim_reader_lock = PTHREAD_MUTEX_INITIALIZER;

/* A thread that acted as a CPU ends. */
void shim_cpu_gone(void)
{
	pthread_mutex_lock(&shim_reader_lock);
	__atomic_store_n(&shim_depths[shim_this_cpu], NULL, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&shim_reader_lock);
}

/* grace periods that have begun, and that are over */
static unsigned long shim_gp_begun, shim_gp_over;

unsigned long start_poll_synchronize_rcu(void)
{
	return __atomic_load_n(&shim_gp_begun, __ATOMIC_SEQ_CST) + 1;
}

bool poll_state_synchronize_rcu(unsigned long gp)
{
	return __atomic_load_n(&shim_gp_over, __ATOMIC_SEQ_CST) >= gp;
}

void synchronize_rcu(void)
{
	unsigned long gp = __atomic_add_fetch(&shim_gp_begun, 1, __ATOMIC_SEQ_CST);
	unsigned int cpu;

	syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
	pthread_mutex_lock(&shim_reader_lock);
	for (cpu = 0; cpu < SHIM_CPUS; cpu++)
		if (cpu != shim_this_cpu)
			shim_wait_reader(cpu);
	/* in order, though several may overlap: the lock lets each wait once more */
	if (gp > shim_gp_over)
		__atomic_store_n(&shim_gp_over, gp, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&shim_reader_lock);
}

/* the worker; under shim_lock */
static pthread_cond_t shim_more = PTHREAD_COND_INITIALIZER;
static pthread_cond_t shim_done = PTHREAD_COND_INITIALIZER;
static struct work_struct *shim_works;
static struct rcu_head *shim_frees;
static bool shim_working, shim_started;
static __thread struct rcu_head *shim_my_frees;
static __thread unsigned int shim_my_nr;

static void shim_free_all(struct rcu_head *head)
{
	while (head) {
		struct rcu_head *next = head->next;

		head->func(head);
		head = next;
	}
}

/* The worker polls, since call_rcu() wakes nobody. Under shim_lock. */
static void shim_nap(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&shim_more, &shim_lock, &until);
}

static void *shim_worker(void *unused)
{
	struct work_struct *work;
	struct rcu_head *frees;

	shim_cpu(SHIM_CPUS - 1);
	pthread_mutex_lock(&shim_lock);
	for (;;) {
		while (!shim_works && !shim_frees) {
			shim_working = false;
			pthread_cond_broadcast(&shim_done);
			shim_nap();
		}
		shim_working = true;
		work = shim_works;
		if (work) {
			shim_works = work->next;
			work->pending = false;
		}
		frees = shim_frees;
		shim_frees = NULL;
		pthread_mutex_unlock(&shim_lock);
		if (frees || work->after_rcu)
			synchronize_rcu();
		shim_free_all(frees);
		if (work)
			work->func(work);
		pthread_mutex_lock(&shim_lock);
	}
	return unused;
}

/* There is work. Under shim_lock. */
static void shim_start(void)
{
	pthread_t thread;

	if (!shim_started && pthread_create(&thread, NULL, shim_worker, NULL))
		shim_die("pthread_create");
	shim_started = true;
	shim_working = true;
}

void shim_queue(struct work_struct *work)
{
	pthread_mutex_lock(&shim_lock);
	if (!work->pending) {
		work->pending = true;
		work->next = shim_works;
		shim_works = work;
		shim_start();
	}
	pthread_mutex_unlock(&shim_lock);
}

void shim_flush(void)
{
	pthread_mutex_lock(&shim_lock);
	pthread_cond_signal(&shim_more);
	while (shim_working)
		pthread_cond_wait(&shim_done, &shim_lock);
	pthread_mutex_unlock(&shim_lock);
}

/* Hand this thread's callbacks to the worker. */
void shim_free_mine(void)
{
	struct rcu_head *last = shim_my_frees;

	if (!last)
		return;
	pthread_mutex_lock(&shim_lock);
	while (last->next)
		last = last->next;
	last->next = shim_frees;
	shim_frees = shim_my_frees;
	shim_start();
	pthread_mutex_unlock(&shim_lock);
	shim_my_frees = NULL;
	shim_my_nr = 0;
}

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	head->func = func;
	head->next = shim_my_frees;
	shim_my_frees = head;
	if (++shim_my_nr == SHIM_BATCH)
		shim_free_mine();
}
