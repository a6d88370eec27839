// SPDX-License-Identifier: GPL-2.0
/*
 * bench_worst - slow paths, each stepped in its worst case
 *
 * "slow" lines: operation, number of operations, instructions and locked
 * instructions per operation, the longest run of instructions with preemption
 * off that the pool (or the peer) started, and the longest run of all, since
 * the kernel's allocator and timers have such runs of their own. Other CPUs are
 * idle meanwhile.
 */
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/objpool.h>
#include <linux/printk.h>
#include <linux/ptr_ring.h>
#include <linux/shrinker.h>
#include <linux/workqueue.h>

#include "bench.h"
#include "pool_core.h"

#define BENCH_MANY	2000U
#define BENCH_HUGE	1000000U
#define BENCH_HELD	8U	/* objects that the wandering task holds */

static struct syncpool bench_pool;
static struct objpool_head bench_objpool;
static struct ptr_ring bench_ring;
static void *bench_got[BENCH_MANY];

/* objects are never dereferenced */
#define BENCH_OBJ	((void *)&bench_pool)

static void *bench_alloc_none(gfp_t gfp, void *data)
{
	return NULL;
}

static void bench_free(void *obj, void *data)
{
}

static int bench_make(void)
{
	const struct syncpool_params params = {
		.name = "pool_bench",
		.alloc = bench_alloc_none,
		.free = bench_free,
	};

	return syncpool_init(&bench_pool, &params);
}

static void bench_puts(unsigned int n)
{
	while (n--)
		syncpool_put(&bench_pool, BENCH_OBJ);
}

static void bench_gets(unsigned int n)
{
	while (n--)
		syncpool_get(&bench_pool, GFP_ATOMIC);
}

static void bench_get_got(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		bench_got[i] = syncpool_get(&bench_pool, GFP_ATOMIC);
}

static void bench_put_got(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		syncpool_put(&bench_pool, bench_got[i]);
}

static void bench_put_bulk(unsigned int n)
{
	syncpool_put_bulk(&bench_pool, n, bench_got);
}

static void bench_get_bulk(unsigned int n)
{
	syncpool_get_bulk(&bench_pool, GFP_ATOMIC, n, bench_got);
}

static void bench_count(unsigned int n)
{
	while (n--)
		syncpool_count(&bench_pool);
}

static void bench_stats(unsigned int n)
{
	struct syncpool_stats stats;

	while (n--)
		syncpool_read_stats(&bench_pool, &stats);
}

static void bench_outstanding(unsigned int n)
{
	while (n--)
		syncpool_outstanding(&bench_pool);
}

static void bench_shrink_count(unsigned int n)
{
	struct shrinker *calm = bench_pool.core->calm;
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };

	while (n--)
		calm->count_objects(calm, &sc);
}

/* A scan after an interval in which everything was active: it rotates. */
static void bench_scan(unsigned int n)
{
	struct shrinker *calm = bench_pool.core->calm;
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = n };

	calm->scan_objects(calm, &sc);
}

/* As if nothing had rotated the pool for a minute. */
static void bench_pass_interval(void)
{
	unsigned int i;

	for (i = 0; i < POOL_GENERATIONS; i++)
		bench_pool.core->generations[i].since -= 60 * HZ;
}

static void bench_objpool_puts(unsigned int n)
{
	while (n--)
		objpool_push(BENCH_OBJ, &bench_objpool);
}

static void bench_objpool_gets(unsigned int n)
{
	while (n--)
		objpool_pop(&bench_objpool);
}

static void bench_ring_puts(unsigned int n)
{
	while (n--)
		ptr_ring_produce(&bench_ring, BENCH_OBJ);
}

static void bench_ring_gets(unsigned int n)
{
	while (n--)
		ptr_ring_consume(&bench_ring);
}

struct bench_slow {
	const char *what;
	void (*fn)(unsigned int n);
	unsigned int n;
};

static long bench_slow_here(void *arg)
{
	const struct bench_slow *slow = arg;
	struct bench_steps steps;

	bench_step(slow->fn, slow->n, &steps);
	pr_info("pool_bench: slow,%s,%u,%lu.%02lu,%lu.%03lu,%lu,%lu\n", slow->what,
		slow->n, steps.insns / slow->n,
		steps.insns % slow->n * 100 / slow->n, steps.locked / slow->n,
		steps.locked % slow->n * 1000 / slow->n, steps.own,
		steps.pinned);
	return 0;
}

static void bench_slow_on(unsigned int cpu, const char *what,
			  void (*fn)(unsigned int n), unsigned int n)
{
	struct bench_slow slow = { what, fn, n };

	work_on_cpu(cpu, bench_slow_here, &slow);
}

static void bench_slow(const char *what, void (*fn)(unsigned int n),
		       unsigned int n)
{
	bench_slow_on(0, what, fn, n);
}

/* Run fn(@n) on @cpu. */
struct bench_do {
	void (*fn)(unsigned int n);
	unsigned int n;
};

static long bench_do_here(void *arg)
{
	const struct bench_do *d = arg;

	d->fn(d->n);
	return 0;
}

static void bench_do_on(unsigned int cpu, void (*fn)(unsigned int n),
			unsigned int n)
{
	struct bench_do d = { fn, n };

	work_on_cpu(cpu, bench_do_here, &d);
}

/* Mark the chain of every possible CPU, though it may be empty. */
static void bench_mark_all(void)
{
	struct pool_generation *gen = bench_pool.core->active;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (!cpumask_test_and_set_cpu(cpu, gen->mask))
			atomic_inc(&gen->nonempty);
}

static int bench_worst_own(void)
{
	unsigned int i;
	int err = bench_make();

	if (err)
		return err;
	bench_slow("put; chain grows", bench_puts, BENCH_MANY);
	bench_slow("get; own chain", bench_gets, BENCH_MANY);
	bench_slow("get; nothing anywhere", bench_gets, 1);
	for (i = 0; i < BENCH_MANY; i++)
		bench_got[i] = BENCH_OBJ;
	bench_slow("put_bulk", bench_put_bulk, BENCH_MANY);
	bench_slow("get_bulk", bench_get_bulk, BENCH_MANY);
	bench_mark_all();
	bench_slow("get; every chain marked and empty", bench_gets, 1);
	bench_slow("count", bench_count, 1);
	bench_slow("count_objects", bench_shrink_count, 1);
	bench_slow("outstanding", bench_outstanding, 1);
	bench_slow("read_stats", bench_stats, 1);
	bench_do_on(0, bench_puts, BENCH_MANY);
	syncpool_cleanup(&bench_pool);
	bench_slow("get; from the victim", bench_gets, BENCH_MANY);
	syncpool_exit(&bench_pool);
	return 0;
}

/* One stop of a task that wanders: it gets @n objects and puts them back. */
static void bench_stop_at(unsigned int n)
{
	bench_get_got(n);
	bench_put_got(n);
}

/* What a recall interrupts a CPU for: its magazine is flushed. */
static void bench_flush(unsigned int n)
{
	call_single_data_t *csd = &bench_pool.core->recall_csd;
	unsigned long flags;

	local_irq_save(flags);
	csd->func(csd->info);
	local_irq_restore(flags);
}

/* A burst from the victim, on the CPU that put it and on another one. */
static int bench_worst_victim(void)
{
	int err = bench_make();

	if (err)
		return err;
	bench_do_on(0, bench_puts, BENCH_BURST);
	syncpool_cleanup(&bench_pool);
	bench_slow_on(0, "get; from the own victim", bench_gets, BENCH_BURST);
	bench_do_on(0, bench_puts, BENCH_BURST);
	syncpool_cleanup(&bench_pool);
	bench_slow_on(1, "get; from another CPU's victim", bench_gets, BENCH_BURST);
	syncpool_exit(&bench_pool);
	return 0;
}

static int bench_worst_reach(void)
{
	unsigned int i;
	int err = bench_make();

	if (err)
		return err;
	bench_do_on(0, bench_puts, BENCH_HELD);
	for (i = 1; i <= 4 * num_online_cpus(); i++)
		bench_do_on(i % num_online_cpus(), bench_stop_at, BENCH_HELD);
	bench_slow_on(1, "pair; a task that wanders with 8", bench_stop_at, BENCH_HELD);
	syncpool_exit(&bench_pool);

	err = bench_make();
	if (err)
		return err;
	/* earns the CPU the largest magazine, and leaves it full */
	bench_do_on(0, bench_puts, BENCH_BURST);
	for (i = 0; i < 10; i++)
		bench_do_on(0, bench_stop_at, BENCH_BURST);
	bench_slow_on(0, "recall; a full magazine is flushed", bench_flush, 1);
	bench_slow_on(0, "recall; nothing to flush", bench_flush, 1);
	syncpool_exit(&bench_pool);
	return 0;
}

/* One CPU gets what another has put. */
static int bench_worst_handover(void)
{
	int err = bench_make();

	if (err)
		return err;
	/* nobody can steal from a magazine, so put more than is got */
	bench_do_on(1, bench_puts, 100);
	bench_slow_on(1, "handover; syncpool put", bench_puts, BENCH_MANY);
	bench_slow_on(0, "handover; syncpool get", bench_gets, BENCH_MANY);
	syncpool_exit(&bench_pool);

	err = objpool_init(&bench_objpool, BENCH_MANY, 64, GFP_KERNEL, NULL, NULL,
			   NULL);
	if (err)
		return err;
	while (objpool_pop(&bench_objpool))
		;
	bench_slow_on(1, "handover; objpool put", bench_objpool_puts, BENCH_MANY);
	bench_slow_on(0, "handover; objpool get", bench_objpool_gets, BENCH_MANY);
	objpool_free(&bench_objpool);

	err = ptr_ring_init(&bench_ring, BENCH_MANY, GFP_KERNEL);
	if (err)
		return err;
	bench_slow_on(1, "handover; ptr_ring put", bench_ring_puts, BENCH_MANY);
	bench_slow_on(0, "handover; ptr_ring get", bench_ring_gets, BENCH_MANY);
	ptr_ring_cleanup(&bench_ring, NULL);
	return 0;
}

/*
 * A scan for one object that has to rotate: the rotation, queueing the drain
 * and, if a chain holds one, freeing the object.
 */
static int bench_worst_rotation(const char *what, unsigned int cached)
{
	unsigned int i;
	int err = bench_make();

	if (err)
		return err;
	/* the first time that work is queued costs more */
	bench_do_on(0, bench_puts, 1);
	bench_pass_interval();
	bench_do_on(0, bench_scan, 1);
	syncpool_cleanup(&bench_pool);
	syncpool_cleanup(&bench_pool);
	for (i = 0; i < cached; i += BENCH_MANY)
		bench_do_on(0, bench_puts, min(cached, BENCH_MANY));
	bench_pass_interval();
	bench_slow(what, bench_scan, 1);
	syncpool_exit(&bench_pool);
	return 0;
}

int bench_worst(void)
{
	int err = bench_worst_own();

	if (!err)
		err = bench_worst_rotation("rotation; 10 objects", 10);
	if (!err)
		err = bench_worst_rotation("rotation; 1000 objects", 1000);
	if (!err)
		err = bench_worst_rotation("rotation; 1000000 objects", BENCH_HUGE);
	if (!err && num_online_cpus() > 1)
		err = bench_worst_victim();
	if (!err && num_online_cpus() > 1)
		err = bench_worst_reach();
	if (!err && num_online_cpus() > 1)
		err = bench_worst_handover();
	return err;
}
