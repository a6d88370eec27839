// SPDX-License-Identifier: GPL-2.0
/*
 * zpress-run - compress a file through /dev/zpress with many processes at once
 *
 *	zpress-run DEVICE FILE OUT CHUNK JOBS PASSES
 *
 * Cuts FILE into chunks of CHUNK bytes. JOBS processes, each of which opens the
 * device itself, take the next chunk from a shared counter, write it and read
 * its frame back, until FILE has been compressed PASSES times. The frames of
 * the last pass go to OUT in the order of their chunks, which makes a valid
 * .zst file.
 *
 * Prints "bytes N packed N ns N": the bytes written, the size of OUT, and the
 * time from the first write to the last read.
 */

#include <err.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What processes write for each other; the rest is inherited by fork(). */
struct shared {
	atomic_long	next;		/* next chunk, over all passes */
	atomic_int	go;		/* set when every process is ready */
	size_t		len[];		/* of each chunk's frame */
};

static struct shared *shared;
static unsigned char *frames;		/* @slot bytes for each chunk */
static const unsigned char *data;
static size_t size, chunk, slot;
static long nr_chunks, passes;

static void *map_shared(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		err(1, "no memory for %zu bytes", len);
	return p;
}

static void map_input(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", path);
	if (!st.st_size)
		errx(1, "%s is empty: nothing to compress", path);
	size = st.st_size;
	data = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (data == MAP_FAILED)
		err(1, "cannot map %s", path);
	close(fd);
}

static void write_all(int fd, const unsigned char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n <= 0)
			err(1, "write");
		buf += n;
		len -= n;
	}
}

/* The device returns 0 when all queued frames have been read. */
static size_t read_all(int fd, unsigned char *buf, size_t room)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = read(fd, buf + len, room - len);

		if (n < 0)
			err(1, "read from the device");
		if (!n)
			return len;
		len += n;
		if (len == room)
			errx(1, "a frame is larger than its chunk allows");
	}
}

/* Length of the chunk that starts at @at: the last one may be short. */
static size_t chunk_len(size_t at)
{
	if (at + chunk > size)
		return size - at;
	return chunk;
}

static void run_job(const char *device)
{
	const long total = nr_chunks * passes;
	int fd = open(device, O_RDWR);
	unsigned char *scratch = malloc(slot);
	long i;

	if (fd < 0 || !scratch)
		err(1, "%s", device);
	while (!atomic_load(&shared->go))
		usleep(1000);

	while ((i = atomic_fetch_add(&shared->next, 1)) < total) {
		long c = i % nr_chunks;
		size_t at = c * chunk;

		write_all(fd, data + at, chunk_len(at));
		if (i < total - nr_chunks)	/* not the last pass */
			read_all(fd, scratch, slot);
		else
			shared->len[c] = read_all(fd, frames + c * slot, slot);
	}
	close(fd);
}

static void start_jobs(const char *device, int jobs)
{
	for (int j = 0; j < jobs; j++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "cannot start process %d", j);
		if (!pid) {
			run_job(device);
			_exit(0);
		}
	}
	usleep(100 * 1000);		/* let each get ready */
}

static void wait_jobs(int jobs)
{
	int failed = 0;

	while (jobs--) {
		int status;

		if (wait(&status) < 0)
			err(1, "wait");
		failed += !WIFEXITED(status) || WEXITSTATUS(status);
	}
	if (failed)
		errx(1, "%d processes failed", failed);
}

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static size_t store_frames(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	size_t total = 0;

	if (fd < 0)
		err(1, "%s", path);
	for (long c = 0; c < nr_chunks; c++) {
		write_all(fd, frames + c * slot, shared->len[c]);
		total += shared->len[c];
	}
	if (close(fd))
		err(1, "%s", path);
	return total;
}

static long positive(const char *arg, const char *what)
{
	char *end;
	long n = strtol(arg, &end, 10);

	if (*end || n < 1)
		errx(2, "%s must be above 0, not \"%s\"", what, arg);
	return n;
}

int main(int argc, char **argv)
{
	long long start;
	int jobs;

	if (argc != 7)
		errx(2, "usage: %s DEVICE FILE OUT CHUNK JOBS PASSES", argv[0]);
	chunk = positive(argv[4], "CHUNK");
	jobs = positive(argv[5], "JOBS");
	passes = positive(argv[6], "PASSES");

	map_input(argv[2]);
	nr_chunks = (size + chunk - 1) / chunk;
	slot = chunk + chunk / 128 + 1024;	/* incompressible data grows */
	frames = map_shared(nr_chunks * slot);
	shared = map_shared(sizeof(*shared) + nr_chunks * sizeof(size_t));

	start_jobs(argv[1], jobs);
	start = now_ns();
	atomic_store(&shared->go, 1);
	wait_jobs(jobs);
	start = now_ns() - start;

	printf("bytes %zu packed %zu ns %lld\n", size * passes,
	       store_frames(argv[3]), start);
	return 0;
}
