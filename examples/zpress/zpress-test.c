// SPDX-License-Identifier: GPL-2.0
/*
 * zpress-test - check that /dev/zpress behaves as the head of zpress.c says
 *
 *	zpress-test DEVICE
 *
 * Run it as root, with debugfs mounted, and the module loaded with a "max" below the
 * number of CPUs, so that writers have to wait for workspaces. Needs userfaultfd.
 *
 * Prints "ok NAME" or "not ok NAME: why" for each check; exits with 1 if any
 * fails.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK	(128 * 1024)		/* most that one write takes */
#define PAGE	4096
#define WRITERS	16			/* for each workspace that may exist */
#define MOST	1024			/* writers */
#define TURNS	20			/* writes of each of them */
#define PATIENCE 30			/* seconds that a write may take here */

#define MAX	"/sys/module/zpress/parameters/max"
#define STATS	"/sys/kernel/debug/zpress/stats"

static const char *device;
static unsigned char in[2 * CHUNK], out[2 * CHUNK];
static int failures;

static void check(int good, const char *name)
{
	if (good) {
		printf("ok zpress: %s\n", name);
	} else {
		printf("not ok zpress: %s (errno %d: %s)\n", name, errno,
		       strerror(errno));
		failures++;
	}
	fflush(stdout);
	errno = 0;
}

static int open_device(int flags)
{
	int fd = open(device, O_RDWR | flags);

	if (fd < 0) {
		perror(device);
		exit(1);
	}
	return fd;
}

/* The content size in a frame's header, or -1. */
static long content_size(const unsigned char *f)
{
	static const unsigned char magic[] = { 0x28, 0xb5, 0x2f, 0xfd };
	int single = f[4] & 0x20, flag = f[4] >> 6;
	const unsigned char *p = f + 5 + !single;
	long size = 0;

	if (memcmp(f, magic, 4) || (!flag && !single))
		return -1;
	for (int i = (1 << flag) - 1; i >= 0; i--)
		size = size << 8 | p[i];
	return flag == 1 ? size + 256 : size;
}

static void test_write_read(void)
{
	int fd = open_device(0);
	ssize_t n;

	check(read(fd, out, sizeof(out)) == 0, "an unwritten file reads as end of file");
	check(write(fd, in, 0) == 0 && read(fd, out, 1) == 0,
	      "an empty write makes no frame");
	check(write(fd, in, 1000) == 1000, "a write takes all its data");
	n = read(fd, out, sizeof(out));
	check(n > 0 && content_size(out) == 1000, "a read returns one frame");
	check(read(fd, out, sizeof(out)) == 0, "and then end of file");
	check(write(fd, in, sizeof(in)) == CHUNK, "more than 128 KiB is a short write");
	check(read(fd, out, sizeof(out)) > 0 && content_size(out) == CHUNK,
	      "its frame holds what was taken");
	close(fd);
}

static void test_short_reads(void)
{
	static unsigned char again[sizeof(out)];
	int fd = open_device(0);
	ssize_t n, whole, len = 0;

	write(fd, in, 5000);
	whole = read(fd, out, sizeof(out));
	write(fd, in, 5000);
	while ((n = read(fd, again + len, 7)) > 0)
		len += n;
	check(n == 0 && len == whole && !memcmp(out, again, len),
	      "reads of 7 bytes return the same frame");

	write(fd, in, 300);
	write(fd, in, 500);
	n = read(fd, out, sizeof(out));
	check(n > 0 && content_size(out) == 300, "two writes queue two frames");
	n = read(fd, out, sizeof(out));
	check(n > 0 && content_size(out) == 500, "which are read in their order");
	close(fd);
}

static void test_apart(void)
{
	int a = open_device(0), b = open_device(0);

	write(a, in, 1000);
	check(read(b, out, sizeof(out)) == 0, "files do not see each other's frames");
	check(read(a, out, sizeof(out)) > 0, "but their own");
	write(a, in, 1000);
	close(a);
	check(read(b, out, sizeof(out)) == 0, "close drops unread frames");
	close(b);
}

static void test_bad_buffers(void)
{
	int fd = open_device(0);
	unsigned char *hole = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(hole + 4096, 4096);
	check(write(fd, hole + 4096, 100) < 0 && errno == EFAULT,
	      "write from an unmapped buffer: EFAULT");
	check(write(fd, hole, 8192) < 0 && errno == EFAULT,
	      "write from a buffer with a hole: EFAULT");
	check(read(fd, out, sizeof(out)) == 0, "a failed write leaves no frame");
	write(fd, in, 1000);
	check(read(fd, hole + 4096, 100) < 0 && errno == EFAULT,
	      "read to an unmapped buffer: EFAULT");
	check(read(fd, out, sizeof(out)) > 0 && content_size(out) == 1000,
	      "a failed read loses nothing");
	check(lseek(fd, 0, SEEK_SET) < 0 && errno == ESPIPE, "no seeking: ESPIPE");
	close(fd);
}

/* Fill the queue of @fd, which must be O_NONBLOCK. */
static int fill(int fd)
{
	ssize_t n;

	for (int i = 0; i < 100; i++) {
		n = write(fd, in, CHUNK);
		if (n < 0)
			return errno == EAGAIN;
	}
	return 0;
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void test_full_queue(void)
{
	int fd = open_device(O_NONBLOCK);
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	struct sigaction sa = { .sa_handler = on_alarm };
	int status = 1;
	pid_t pid;

	check(poll(&p, 1, 0) == 1 && p.revents == POLLOUT, "poll: an empty file is writable");
	check(fill(fd), "O_NONBLOCK: a full queue returns EAGAIN");
	check(poll(&p, 1, 0) == 1 && p.revents == POLLIN, "poll: a full file is readable only");

	fcntl(fd, F_SETFL, 0);
	sigaction(SIGALRM, &sa, NULL);
	alarm(1);
	check(write(fd, in, CHUNK) < 0 && errno == EINTR,
	      "a signal interrupts a waiting writer");

	pid = fork();
	if (!pid)
		_exit(write(fd, in, CHUNK) != CHUNK);
	usleep(300 * 1000);
	check(waitpid(pid, &status, WNOHANG) == 0, "a writer waits for room");
	while (waitpid(pid, &status, WNOHANG) == 0 && read(fd, out, sizeof(out)) > 0)
		usleep(10 * 1000);
	check(WIFEXITED(status) && !WEXITSTATUS(status), "and continues when there is some");
	close(fd);
}

static pid_t start(void)
{
	pid_t pid = fork();

	if (pid < 0) {
		perror("fork");
		exit(1);
	}
	return pid;
}

/* The number after @key in the file @path; 0 if it has none. */
static long number_in(const char *path, const char *key)
{
	FILE *f = fopen(path, "r");
	char line[128];
	long n = 0;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			n = atol(line + strlen(key));
	if (f)
		fclose(f);
	return n;
}

/* Is @f, of @len bytes, the frame of the @size bytes at @data, which do not compress? */
static int holds(const unsigned char *f, ssize_t len, const unsigned char *data, long size)
{
	const unsigned char *block = f + len - size - 3;

	/* one block, which is the last and is stored as it is */
	return len > size + 3 && content_size(f) == size &&
	       (block[0] | block[1] << 8 | block[2] << 16) == (size << 3 | 1) &&
	       !memcmp(block + 3, data, size);
}

/* Writer @n: writes data that no other does, and reads it back. Returns 0 if all is right. */
static int write_some(int n)
{
	int fd = open_device(0);

	for (int i = 0; i < TURNS; i++) {
		const unsigned char *data = in + (n * TURNS + i) % CHUNK;
		long size = PAGE + i * 997;

		if (write(fd, data, size) != size ||
		    !holds(out, read(fd, out, sizeof(out)), data, size))
			return 1;
	}
	return 0;
}

static void test_many_writers(int max)
{
	long waits = number_in(STATS, "waits "), most = 0, n;
	int writers = max * WRITERS, status, bad = 0;
	pid_t pid;

	if (writers > MOST)
		writers = MOST;
	for (int i = 0; i < writers; i++) {
		pid = start();
		if (!pid)
			_exit(write_some(i));
	}
	/* until there is no child left */
	while ((pid = waitpid(-1, &status, WNOHANG)) >= 0) {
		bad += pid && status;
		n = number_in(STATS, "built ") - number_in(STATS, "freed ");
		if (n > most)
			most = n;
		if (!pid)
			usleep(10 * 1000);
	}
	check(!bad, "many more writers than workspaces: each reads what it wrote");
	check(most > 0 && most <= max, "and no more than max workspaces exist");
	check(number_in(STATS, "waits ") > waits, "for which writers have waited");
}

/* A page that never comes: its user waits until it is killed. */
static void *slow_page(void)
{
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	area.range.start = (unsigned long)page;
	area.range.len = PAGE;
	if (fd < 0 || page == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &area))
		_exit(1);
	return page;
}

/* Does @pid end well, within PATIENCE? Else it is killed. */
static int ends(pid_t pid)
{
	int status = 1;

	for (int i = 0; i < PATIENCE * 10; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return !status;
		usleep(100 * 1000);
	}
	kill(pid, SIGKILL);
	return 0;
}

static void test_slow_page(int max)
{
	int writers = max < MOST ? max + 1 : MOST, stuck = 0, i;
	pid_t pids[MOST], pid;

	for (i = 0; i < writers; i++) {
		pids[i] = start();
		if (!pids[i])
			_exit(write(open_device(0), slow_page(), PAGE) != PAGE);
	}
	usleep(300 * 1000);
	for (i = 0; i < writers; i++)
		stuck += waitpid(pids[i], NULL, WNOHANG) == 0;
	check(stuck == writers, "writes wait for pages that do not come");
	pid = start();
	if (!pid)
		_exit(write_some(0));
	check(ends(pid), "and hold no workspace meanwhile");
	for (i = 0; i < writers; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
}

int main(int argc, char **argv)
{
	int max;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DEVICE\n", argv[0]);
		return 2;
	}
	device = argv[1];
	srand(1);
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = rand();		/* incompressible, to fill queues */

	test_write_read();
	test_short_reads();
	test_apart();
	test_bad_buffers();
	test_full_queue();
	max = number_in(MAX, "");
	test_many_writers(max);
	test_slow_page(max);
	return failures != 0;
}
