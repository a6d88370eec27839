// SPDX-License-Identifier: GPL-2.0
/*
 * pressure-mem - a program that makes memory short, run by pressure-guest
 *
 *	pressure-mem NODE eat MIB		touch MIB of memory, then exit
 *	pressure-mem NODE stream FILE START MIB RATE
 *		read FILE through the page cache: MIB from START MiB on, and on from
 *		its start after its end, RATE MiB a second; 0: as fast as it goes
 *
 * NODE is where the memory is to come from; -1: anywhere. Prints how many MiB it touched
 * or read.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MIB		1048576UL
#define MPOL_BIND	2

static char buffer[MIB];

static void bind_to(int node)
{
	unsigned long mask = node ? 2 : 1;	/* there are two */

	if (syscall(SYS_set_mempolicy, MPOL_BIND, &mask, 8 * sizeof(mask)))
		err(1, "set_mempolicy");
}

static void eat(size_t bytes)
{
	size_t page = sysconf(_SC_PAGESIZE), i;
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < bytes; i += page)
		memory[i] = 1;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void stream(const char *name, unsigned long from, unsigned long mib, double rate)
{
	int fd = open(name, O_RDONLY);
	double start = now(), ahead;
	unsigned long i;
	ssize_t n;

	if (fd < 0 || lseek(fd, from * MIB, SEEK_SET) < 0)
		err(1, "%s", name);
	for (i = 0; i < mib; i++) {
		n = read(fd, buffer, sizeof(buffer));
		if (n < 0)
			err(1, "%s after %lu MiB", name, i);
		if (n < (ssize_t)sizeof(buffer) && lseek(fd, 0, SEEK_SET))
			err(1, "%s: lseek", name);
		ahead = rate > 0 ? start + (i + 1) / rate - now() : 0;
		if (ahead > 0)
			usleep(ahead * 1e6);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	unsigned long mib;

	if (argc < 4)
		errx(2, "see the head of pressure-mem.c");
	if (atoi(argv[1]) >= 0)
		bind_to(atoi(argv[1]));
	mib = strtoul(argv[argc == 7 ? 5 : 3], NULL, 0);
	if (!strcmp(argv[2], "eat"))
		eat(mib * MIB);
	else if (!strcmp(argv[2], "stream") && argc == 7)
		stream(argv[3], strtoul(argv[4], NULL, 0), mib, atof(argv[6]));
	else
		errx(2, "see the head of pressure-mem.c");
	printf("%lu\n", mib);
	return 0;
}
