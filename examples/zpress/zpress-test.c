// SPDX-License-Identifier: GPL-2.0
/*
 * zpress-test - check that /dev/zpress behaves as the head of zpress.c says
 *
 *	zpress-test DEVICE
 *
 * Prints "ok NAME" or "not ok NAME: why" for each check; exits with 1 if any
 * fails.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK	(128 * 1024)		/* most that one write takes */

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

int main(int argc, char **argv)
{
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
	return failures != 0;
}
