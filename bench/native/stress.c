// SPDX-License-Identifier: GPL-2.0
/*
 * stress - the pool in user space, for ThreadSanitizer and AddressSanitizer
 *
 *	stress SECONDS
 *
 * Threads get and put, one by one, in bursts and in bulk, one side more than the
 * other, while another thread rotates, shrinks and counts. Each object carries
 * an ownership stamp, whose first error ends the run. Its plain fields make two
 * owners at once, or a hand-over without release and acquire, a data race that
 * ThreadSanitizer reports. At the end everything built has been freed once.
 */
#include <time.h>
#include <unistd.h>

#include "pool_core.h"
#include "pool_reclaim.h"
#include "pool_stamp.h"

#define STRESS_THREADS	4
#define STRESS_HOLD	300
#define STRESS_LENT	100	/* holds what no thread does; see stress_lend() */

static struct syncpool stress_pool;
static atomic_long_t stress_built, stress_freed;
static bool stress_stop;

static void stress_check(const struct pool_stamp *obj, enum pool_stamp_error err,
			 const char *doing)
{
	if (!err)
		return;
	fprintf(stderr, "stress: %s: %s; state %#x, last holder %u\n", doing,
		pool_stamp_error_name(err), (unsigned int)atomic_read(&obj->state),
		obj->holder);
	abort();
}

static void *stress_alloc(gfp_t gfp, void *data)
{
	struct pool_stamp *obj = calloc(1, sizeof(*obj));

	if (!obj)
		return NULL;
	pool_stamp_init(obj);
	stress_check(obj, pool_stamp_build(obj, &stress_pool), "alloc");
	atomic_long_inc(&stress_built);
	return obj;
}

static void stress_free(void *obj, void *data)
{
	stress_check(obj, pool_stamp_free(obj, &stress_pool), "free");
	atomic_long_inc(&stress_freed);
	free(obj);
}

static unsigned int stress_random(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16;
}

static unsigned int stress_get(void **objs, unsigned int n, int me, bool bulk)
{
	unsigned int i;

	if (bulk)
		n = syncpool_get_bulk(&stress_pool, GFP_KERNEL, n, objs);
	for (i = 0; i < n; i++) {
		if (!bulk)
			objs[i] = syncpool_get(&stress_pool, GFP_KERNEL);
		stress_check(objs[i], pool_stamp_take(objs[i], &stress_pool, me), "get");
	}
	return n;
}

static void stress_put(void **objs, unsigned int n, int me, bool bulk)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		stress_check(objs[i], pool_stamp_give(objs[i], &stress_pool, me), "put");
		if (!bulk)
			syncpool_put(&stress_pool, objs[i]);
	}
	if (bulk)
		syncpool_put_bulk(&stress_pool, n, objs);
}

/* what the threads hand each other: one puts what the other got */
static pthread_mutex_t stress_lock = PTHREAD_MUTEX_INITIALIZER;
static void *stress_lent[STRESS_HOLD];
static unsigned int stress_nr_lent;

static void stress_pass(void *obj, int from, int to, const char *doing)
{
	stress_check(obj, pool_stamp_pass(obj, &stress_pool, from, to), doing);
}

static void stress_lend(void **objs, unsigned int *n, int me)
{
	pthread_mutex_lock(&stress_lock);
	while (*n && stress_nr_lent < STRESS_HOLD) {
		void *obj = objs[--*n];

		stress_pass(obj, me, STRESS_LENT, "lend");
		stress_lent[stress_nr_lent++] = obj;
	}
	pthread_mutex_unlock(&stress_lock);
}

static void stress_borrow(void **objs, unsigned int *n, int me)
{
	pthread_mutex_lock(&stress_lock);
	while (*n < STRESS_HOLD && stress_nr_lent) {
		void *obj = stress_lent[--stress_nr_lent];

		stress_pass(obj, STRESS_LENT, me, "borrow");
		objs[(*n)++] = obj;
	}
	pthread_mutex_unlock(&stress_lock);
}

static void *stress_thread(void *arg)
{
	int me = (long)arg;
	unsigned int seed = me + 1, n = 0, k;
	void *objs[STRESS_HOLD];

	shim_cpu(me);
	while (!__atomic_load_n(&stress_stop, __ATOMIC_RELAXED)) {
		unsigned int what = stress_random(&seed);

		k = min(stress_random(&seed) % 64 + 1, STRESS_HOLD - n);
		n += stress_get(objs + n, k, me, what & 1);
		if (!(what & 6)) {
			if (me % 2)
				stress_lend(objs, &n, me);
			else
				stress_borrow(objs, &n, me);
		}
		if (!(what & 8) || n == STRESS_HOLD) {
			stress_put(objs, n, me, what & 16);
			n = 0;
		}
	}
	stress_put(objs, n, me, false);
	shim_free_mine();
	shim_cpu_gone();
	return NULL;
}

static void *stress_reclaim(void *arg)
{
	struct syncpool_core *core = stress_pool.core;
	unsigned int seed = 99;
	struct syncpool_stats stats;

	shim_cpu(STRESS_THREADS);
	while (!__atomic_load_n(&stress_stop, __ATOMIC_RELAXED)) {
		switch (stress_random(&seed) % 4) {
		case 0:
			syncpool_cleanup(&stress_pool);
			break;
		case 1:
			syncpool_count(&stress_pool);
			syncpool_read_stats(&stress_pool, &stats);
			break;
		default:
			mutex_lock(&core->reclaim_lock);
			pool_reclaim_rotate(core, POOL_REASON_CALM, NUMA_NO_NODE);
			mutex_unlock(&core->reclaim_lock);
			pool_reclaim_free(core, &core->old, NUMA_NO_NODE, 0,
					  stress_random(&seed) % 200);
			pool_reclaim_free(core, &core->victim, NUMA_NO_NODE, 0,
					  stress_random(&seed) % 200);
		}
		usleep(200);
	}
	shim_free_mine();
	shim_cpu_gone();
	return NULL;
}

static void stress_run(unsigned int secs)
{
	pthread_t threads[STRESS_THREADS + 1];
	long i;

	for (i = 0; i <= STRESS_THREADS; i++)
		if (pthread_create(&threads[i], NULL, i < STRESS_THREADS ? stress_thread :
				   stress_reclaim, (void *)i))
			exit(2);
	sleep(secs);
	__atomic_store_n(&stress_stop, true, __ATOMIC_RELAXED);
	for (i = 0; i <= STRESS_THREADS; i++)
		pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	const struct syncpool_params params = {
		.name = "stress",
		.alloc = stress_alloc,
		.free = stress_free,
		.obj_size = sizeof(struct pool_stamp),
	};
	struct syncpool_stats stats;
	unsigned int i;

	shim_cpu(SHIM_CPUS - 2);
	if (argc != 2 || syncpool_init(&stress_pool, &params))
		return 2;
	stress_run(atoi(argv[1]));
	for (i = 0; i < stress_nr_lent; i++) {
		void *obj = stress_lent[i];

		stress_check(obj, pool_stamp_give(obj, &stress_pool, STRESS_LENT), "put");
		syncpool_put(&stress_pool, obj);
	}
	syncpool_read_stats(&stress_pool, &stats);
	syncpool_exit(&stress_pool);
	shim_free_mine();
	shim_flush();
	printf("built %ld freed %ld steals %lu rotations %lu rings %lu victim hits %lu\n",
	       atomic_long_read(&stress_built), atomic_long_read(&stress_freed),
	       stats.steals, stats.rotations, stats.grows, stats.victim_hits);
	/* a run in which nothing happened shows nothing */
	return atomic_long_read(&stress_built) != atomic_long_read(&stress_freed) ||
	       !stats.steals || !stats.rotations || !stats.grows || !stats.victim_hits;
}
