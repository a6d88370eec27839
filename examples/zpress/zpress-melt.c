// SPDX-License-Identifier: GPL-2.0
/*
 * zpress-melt - eat memory step by step and watch a pool return its own
 *
 *	zpress-melt STATS STEP_MIB PAUSE_MS RESERVE_MIB
 *
 * STATS is a file of "name number" lines with "cached" (objects), such as
 * /sys/kernel/debug/zpress/stats. Allocates and touches STEP_MIB at a time until
 * nothing is cached, or until it holds the memory that was available at the start,
 * less RESERVE_MIB. The kernel counts what the pool would return as available, so
 * this cannot finish without the pool's memory, and leaves the guest enough to keep
 * running. Then it releases all of it and samples a little longer.
 *
 * Prints a line for each sample: milliseconds, phase (idle, eat or free), MiB
 * eaten, objects cached, MiB free, MiB available as the kernel estimates it.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MIB	(1024L * 1024)
#define LINGER	8			/* samples before and after eating */

struct sample {
	long	ms;
	long	eaten;			/* MiB */
	long	cached;			/* objects */
	long	free;			/* MiB */
	long	available;		/* MiB */
};

static const char *stats_path;

static long lookup(const char *path, const char *key)
{
	FILE *f = fopen(path, "r");
	char line[128];
	long value = -1;

	if (!f)
		err(1, "%s", path);
	while (value < 0 && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, key, strlen(key)))
			value = atol(line + strlen(key));
	}
	fclose(f);
	if (value < 0)
		errx(1, "%s has no line \"%s\"", path, key);
	return value;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000L + ts.tv_nsec / 1000000;
}

static struct sample take(long start, const char *phase, long eaten)
{
	struct sample s = {
		.ms = now_ms() - start,
		.eaten = eaten,
		.cached = lookup(stats_path, "cached "),
		.free = lookup("/proc/meminfo", "MemFree: ") / 1024,
		.available = lookup("/proc/meminfo", "MemAvailable: ") / 1024,
	};

	printf("%ld %s %ld %ld %ld %ld\n", s.ms, phase, s.eaten, s.cached,
	       s.free, s.available);
	fflush(stdout);
	return s;
}

static void eat(unsigned char *at, long bytes)
{
	long page = sysconf(_SC_PAGESIZE);

	for (long i = 0; i < bytes; i += page)
		at[i] = 1;
}

static void linger(long start, const char *phase, long pause_ms)
{
	for (int i = 0; i < LINGER; i++) {
		take(start, phase, 0);
		usleep(pause_ms * 1000);
	}
}

/* Eat up to @limit MiB, or until the pool is empty. */
static void feast(unsigned char *food, long start, long limit, long step,
		  long pause_ms)
{
	long eaten = 0;

	while (eaten + step <= limit) {
		eat(food + eaten * MIB, step * MIB);
		eaten += step;
		usleep(pause_ms * 1000);
		if (!take(start, "eat", eaten).cached)
			break;
	}
}

int main(int argc, char **argv)
{
	long step, pause_ms, reserve, limit, start = now_ms();
	unsigned char *food;

	if (argc != 5)
		errx(2, "usage: %s STATS STEP_MIB PAUSE_MS RESERVE_MIB", argv[0]);
	stats_path = argv[1];
	step = atol(argv[2]);
	pause_ms = atol(argv[3]);
	reserve = atol(argv[4]);
	if (step < 1 || pause_ms < 1 || reserve < 1)
		errx(2, "STEP_MIB, PAUSE_MS and RESERVE_MIB must be above 0");

	linger(start, "idle", pause_ms);
	/* what the pool would return counts as available */
	limit = take(start, "idle", 0).available - reserve;
	if (limit < step)
		errx(1, "no memory to eat: %ld MiB", limit);
	food = mmap(NULL, limit * MIB, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (food == MAP_FAILED)
		err(1, "cannot map %ld MiB", limit);

	feast(food, start, limit, step, pause_ms);
	munmap(food, limit * MIB);
	linger(start, "free", pause_ms);
	return 0;
}
