// SPDX-License-Identifier: GPL-2.0
/*
 * client-io - a program that works with a file system or a block device and checks every
 * byte, run by clients-guest; on the host it makes the list to check against
 *
 *	client-io list DIR		print a line "SUM SIZE PATH" for each file
 *	client-io read N DIR LIST	N tasks read all files of LIST, each its share
 *	client-io write N FILE MIB SEED
 *		N tasks write MIB of compressible data to FILE, which may be a device, each
 *		its share, past the page cache
 *	client-io check N FILE MIB SEED	N tasks read it back, likewise
 *	client-io swap N MIB SEED	N tasks fill MIB of memory together, and read it twice
 *	client-io pageout N MIB SEED
 *		N tasks fill MIB of memory together, piece by piece, have each swapped out, and
 *		read it; twice
 *	client-io eat MIB SECS		touch MIB of memory and keep it for SECS seconds
 *
 * Each prints "NS nanoseconds UNITS units ERRORS errors", a unit being a file or a page, and
 * ends with status 1 if there was any error. With KILL_MS in the environment, the tasks are
 * killed after so many milliseconds; status 3: some were, and there was no error else.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB	1048576UL
#define PAGE	4096UL
#define BLOCK	(128UL * 1024)
#define PIECE	32UL	/* pages that are swapped out at once */

static char *buffer;	/* of BLOCK bytes */
static size_t prefix;	/* of DIR in the names that ftw() gives */

struct result {
	unsigned long	units;
	unsigned long	errors;
};

static unsigned long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static unsigned long sum_bytes(unsigned long sum, const char *data, size_t n)
{
	unsigned long word;

	for (; n >= sizeof(word); n -= sizeof(word), data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		sum = (sum ^ word) * 0x100000001b3;
		sum ^= sum >> 29;
	}
	while (n--)
		sum = (sum ^ (unsigned char)*data++) * 0x100000001b3;
	return sum;
}

/* The sum of a file and its size; false with errno if it cannot be read */
static bool sum_file(const char *name, unsigned long *sum, size_t *size)
{
	int fd = open(name, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return false;
	*sum = 0xcbf29ce484222325;
	*size = 0;
	while ((n = read(fd, buffer, BLOCK)) > 0) {
		*sum = sum_bytes(*sum, buffer, n);
		*size += n;
	}
	close(fd);
	return n == 0;
}

static int list_file(const char *name, const struct stat *st, int type, struct FTW *ftw)
{
	unsigned long sum;
	size_t size;

	if (type != FTW_F || !S_ISREG(st->st_mode))
		return 0;
	if (!sum_file(name, &sum, &size))
		err(1, "%s", name);
	printf("%016lx %zu %s\n", sum, size, name + prefix);
	return 0;
}

static void read_files(unsigned int task, unsigned int tasks, char **args, struct result *r)
{
	FILE *list = fopen(args[1], "r");
	char path[4096], name[8192];
	unsigned int line = 0;
	unsigned long sum, expected;
	size_t size, want;

	if (!list)
		err(1, "%s", args[1]);
	while (fscanf(list, "%lx %zu %4095[^\n]", &expected, &want, path) == 3) {
		if (line++ % tasks != task)
			continue;
		snprintf(name, sizeof(name), "%s/%s", args[0], path);
		r->units++;
		if (sum_file(name, &sum, &size) && size == want && sum == expected)
			continue;
		warn("%s: %zu of %zu bytes", name, size, want);
		r->errors++;
	}
	fclose(list);
}

/* A page as programs have them: numbers that grow slowly, some of them random */
static void make_page(char *page, unsigned long seed, unsigned long index)
{
	unsigned long x = (seed << 32 ^ index) * 0x9e3779b97f4a7c15 + 1;
	unsigned long *word = (unsigned long *)page;
	unsigned int i;

	for (i = 0; i < PAGE / sizeof(*word); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		word[i] = i % 4 ? index * 512 + i / 4 : x;
	}
}

static int open_device(const char *name, int flags)
{
	int fd = open(name, flags | O_DIRECT);

	if (fd < 0)
		err(1, "%s", name);
	return fd;
}

static void write_pages(unsigned int task, unsigned int tasks, char **args, struct result *r)
{
	unsigned long pages = strtoul(args[1], NULL, 0) * MIB / PAGE, i;
	unsigned long seed = strtoul(args[2], NULL, 0);
	int fd = open_device(args[0], O_RDWR);

	for (i = task; i < pages; i += tasks) {
		make_page(buffer, seed, i);
		r->units++;
		if (pwrite(fd, buffer, PAGE, i * PAGE) == (ssize_t)PAGE)
			continue;
		warn("%s: page %lu", args[0], i);
		r->errors++;
	}
	close(fd);
}

static void check_pages(unsigned int task, unsigned int tasks, char **args, struct result *r)
{
	unsigned long pages = strtoul(args[1], NULL, 0) * MIB / PAGE, i;
	unsigned long seed = strtoul(args[2], NULL, 0);
	int fd = open_device(args[0], O_RDONLY);
	char *want = buffer + PAGE;

	for (i = task; i < pages; i += tasks) {
		make_page(want, seed, i);
		r->units++;
		if (pread(fd, buffer, PAGE, i * PAGE) == (ssize_t)PAGE &&
		    !memcmp(buffer, want, PAGE))
			continue;
		warn("%s: page %lu differs", args[0], i);
		r->errors++;
	}
	close(fd);
}

static char *map_memory(size_t bytes, int flags)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "mmap");
	return memory;
}

/* A task's share of MIB of memory, in @pages pages */
static char *map_share(unsigned int tasks, char **args, unsigned long *pages)
{
	char *memory;

	*pages = strtoul(args[0], NULL, 0) * MIB / PAGE / tasks;
	memory = map_memory(*pages * PAGE, MAP_PRIVATE | MAP_NORESERVE);
	madvise(memory, *pages * PAGE, MADV_NOHUGEPAGE);
	return memory;
}

static void check_memory(const char *memory, unsigned long pages, unsigned long seed,
			 struct result *r)
{
	unsigned long i;

	for (i = 0; i < pages; i++) {
		make_page(buffer, seed, i);
		r->units++;
		if (!memcmp(buffer, memory + i * PAGE, PAGE))
			continue;
		warnx("page %lu of seed %lu differs", i, seed);
		r->errors++;
	}
}

static void swap_pages(unsigned int task, unsigned int tasks, char **args, struct result *r)
{
	unsigned long seed = strtoul(args[1], NULL, 0) * 1000 + task, pages, i;
	char *memory = map_share(tasks, args, &pages);
	unsigned int pass;

	for (i = 0; i < pages; i++)
		make_page(memory + i * PAGE, seed, i);
	for (pass = 0; pass < 2; pass++)
		check_memory(memory, pages, seed, r);
}

static void pageout_pages(unsigned int task, unsigned int tasks, char **args, struct result *r)
{
	unsigned long seed = strtoul(args[1], NULL, 0) * 1000 + task, pages, i;
	char *memory = map_share(tasks, args, &pages);
	unsigned int pass;

	for (pass = 0; pass < 2; pass++, seed += tasks) {
		for (i = 0; i < pages; i++) {
			make_page(memory + i * PAGE, seed, i);
			if ((i + 1) % PIECE && i + 1 < pages)
				continue;
			if (madvise(memory + i / PIECE * PIECE * PAGE, (i % PIECE + 1) * PAGE,
				    MADV_PAGEOUT))
				err(1, "madvise");
		}
		check_memory(memory, pages, seed, r);
	}
}

static void eat(unsigned int task, unsigned int tasks, char **args, struct result *r)
{
	size_t bytes = strtoul(args[0], NULL, 0) * MIB, i;
	char *memory = map_memory(bytes, MAP_PRIVATE | MAP_NORESERVE);

	for (i = 0; i < bytes; i += PAGE)
		make_page(memory + i, 1, i);
	r->units = bytes / PAGE;
	sleep(strtoul(args[1], NULL, 0));
}

/* Run @work in so many tasks, and print what they did together */
static int run(unsigned int tasks, char **args,
	       void (*work)(unsigned int task, unsigned int tasks, char **args, struct result *r))
{
	struct result *results = (struct result *)map_memory(tasks * sizeof(*results), MAP_SHARED);
	unsigned long units = 0, errors = 0, killed = 0;
	const char *kill_ms = getenv("KILL_MS");
	unsigned long start = now();
	pid_t pids[tasks];
	unsigned int i;
	int status;

	for (i = 0; i < tasks; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			err(1, "fork");
		if (!pids[i]) {
			work(i, tasks, args, &results[i]);
			_exit(0);
		}
	}
	if (kill_ms) {
		usleep(strtoul(kill_ms, NULL, 0) * 1000);
		for (i = 0; i < tasks; i++)
			kill(pids[i], SIGKILL);
	}
	while (wait(&status) > 0) {
		if (kill_ms && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			killed++;
		else
			errors += status != 0;
	}
	for (i = 0; i < tasks; i++) {
		units += results[i].units;
		errors += results[i].errors;
	}
	printf("%lu nanoseconds %lu units %lu errors\n", now() - start, units, errors);
	return errors ? 1 : killed ? 3 : 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (posix_memalign((void **)&buffer, PAGE, BLOCK))
		errx(1, "no memory");
	if (argc == 3 && !strcmp(what, "list")) {
		prefix = strlen(argv[2]) + 1;
		return nftw(argv[2], list_file, 16, FTW_PHYS) != 0;
	}
	if (argc == 5 && !strcmp(what, "read"))
		return run(strtoul(argv[2], NULL, 0), argv + 3, read_files);
	if (argc == 6 && !strcmp(what, "write"))
		return run(strtoul(argv[2], NULL, 0), argv + 3, write_pages);
	if (argc == 6 && !strcmp(what, "check"))
		return run(strtoul(argv[2], NULL, 0), argv + 3, check_pages);
	if (argc == 5 && !strcmp(what, "swap"))
		return run(strtoul(argv[2], NULL, 0), argv + 3, swap_pages);
	if (argc == 5 && !strcmp(what, "pageout"))
		return run(strtoul(argv[2], NULL, 0), argv + 3, pageout_pages);
	if (argc == 4 && !strcmp(what, "eat"))
		return run(1, argv + 2, eat);
	fprintf(stderr, "usage: client-io list|read|write|check|swap|pageout|eat ...\n");
	return 2;
}
