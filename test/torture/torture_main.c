// SPDX-License-Identifier: GPL-2.0
/*
 * pool_torture - torture test of syncpool, modelled on rcutorture
 *
 * Runs from insmod to rmmod, or for shutdown_secs. Then every object is put back,
 * the counters of the pools are compared with our own, and the last line says
 * SUCCESS or FAILURE. A calm run consists of roamers alone, and judges how many
 * objects were built; see torture_reach.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/module.h>

#include "pool_torture.h"

static int nreaders = -1;
module_param(nreaders, int, 0444);
MODULE_PARM_DESC(nreaders, "kthreads that get and put; -1: two per CPU, at least 4");
static int nfakewriters = 4;
module_param(nfakewriters, int, 0444);
MODULE_PARM_DESC(nfakewriters, "kthreads that rotate, shrink, poll, wait, create pools");
static int nroamers = -1;
module_param(nroamers, int, 0444);
MODULE_PARM_DESC(nroamers, "kthreads that nobody binds, half of which wander from CPU to CPU; -1: one per CPU, at least 2");
static int nwaiters = -1;
module_param(nwaiters, int, 0444);
MODULE_PARM_DESC(nwaiters, "kthreads that wait for the objects of a pool with limits; -1: four per CPU");
static bool calm;
module_param(calm, bool, 0444);
MODULE_PARM_DESC(calm, "start nothing but roamers, and fail if more objects are built than are needed and two per CPU");
static int stat_interval = 15;
module_param(stat_interval, int, 0444);
MODULE_PARM_DESC(stat_interval, "seconds between lines of statistics; 0: none");
static int stutter = 4;
module_param(stutter, int, 0444);
MODULE_PARM_DESC(stutter, "seconds of load between pauses of an eighth of that; 0: no pauses");
static int shuffle_interval = 3;
module_param(shuffle_interval, int, 0444);
MODULE_PARM_DESC(shuffle_interval, "seconds between changes of the idle CPU; 0: none");
static int onoff_interval;
module_param(onoff_interval, int, 0444);
MODULE_PARM_DESC(onoff_interval, "jiffies between CPU hotplug operations; 0: none");
static int onoff_holdoff;
module_param(onoff_holdoff, int, 0444);
MODULE_PARM_DESC(onoff_holdoff, "seconds before the first of them");
static int shutdown_secs;
module_param(shutdown_secs, int, 0444);
MODULE_PARM_DESC(shutdown_secs, "seconds until power-off; 0: never");
static int verbose;
module_param(verbose, int, 0444);
MODULE_PARM_DESC(verbose, "print what is started and stopped");
static unsigned int irq_us = 1000;
module_param(irq_us, uint, 0444);
MODULE_PARM_DESC(irq_us, "microseconds between the hrtimer interrupts of a CPU");
static unsigned int irq_steps = 6;
module_param(irq_steps, uint, 0444);
MODULE_PARM_DESC(irq_steps, "operations per interrupt");
static unsigned int fail_alloc = 61;
module_param(fail_alloc, uint, 0444);
MODULE_PARM_DESC(fail_alloc, "one alloc in this many fails; 0: none");
static unsigned int burst = TORT_BURST;
module_param(burst, uint, 0444);
MODULE_PARM_DESC(burst, "objects that a reader gets at once at most");
static unsigned int objects = 65536;
module_param(objects, uint, 0444);
MODULE_PARM_DESC(objects, "objects in the arena");
static unsigned int hook_us = 30;
module_param(hook_us, uint, 0444);
MODULE_PARM_DESC(hook_us, "longest delay between two steps of an operation, in microseconds; test builds only; 0: none");
static bool debug_pool;
module_param(debug_pool, bool, 0444);
MODULE_PARM_DESC(debug_pool, "add a pool in debug mode");

unsigned int tort_fail_alloc, tort_irq_us, tort_steps, tort_burst;
atomic_t tort_errors = ATOMIC_INIT(0);

static struct task_struct *tort_stats_task;

/* Any context. Prints the first few errors. */
void tort_error(const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	if (atomic_inc_return(&tort_errors) > 20)
		return;
	va_start(args, fmt);
	vaf.va = &args;
	pr_alert("!!! %pV", &vaf);
	va_end(args);
}

static void tort_sum_counts(struct tort_counts *sum)
{
	unsigned long *to = (unsigned long *)sum;
	unsigned int cpu, i;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		/* all fields are counters of this type */
		const unsigned long *from =
			(const unsigned long *)per_cpu_ptr(&tort_counts, cpu);

		for (i = 0; i < sizeof(*sum) / sizeof(*to); i++)
			to[i] += READ_ONCE(from[i]);
	}
}

static void tort_print(const char *when)
{
	struct syncpool_stats s = { 0 };
	struct tort_pool all = { 0 };
	struct tort_counts n;
	unsigned long ops = 0;
	enum tort_ctx ctx;

	tort_sum_counts(&n);
	for (ctx = 0; ctx < TORT_CTX_NR; ctx++)
		ops += n.ops[ctx];
	tort_pools_sum(&s, &all);
	pr_alert("%s: operations %lu (task %lu, softirq %lu, hrtimer %lu, irq_work %lu, nmi %lu), objects %lu, offlines %lu, shrunk %lu, nmis %lu, nested %lu, errors %d\n",
		 when, ops, n.ops[TORT_TASK], n.ops[TORT_SOFTIRQ],
		 n.ops[TORT_HRTIMER], n.ops[TORT_IRQ_WORK], n.ops[TORT_NMI],
		 s.allocs, n.offlines, tort_fakers_shrunk(), n.nmis, s.nested,
		 atomic_read(&tort_errors));
	pr_alert("%s: pools: refills %lu, spills %lu, steals %lu, stolen %lu, victim hits %lu, rotations %lu, grows %lu, failed allocs %ld\n",
		 when, s.refills, s.spills, s.steals, s.stolen, s.victim_hits,
		 s.rotations, s.grows, atomic_long_read(&all.fails));
}

static int tort_stats(void *arg)
{
	DEFINE_TORTURE_RANDOM(rand);
	int i;

	while (!torture_must_stop()) {
		for (i = 0; i < stat_interval * 10 && !torture_must_stop(); i++)
			torture_hrtimeout_ms(100, 1, &rand);
		tort_print("so far");
	}
	torture_kthread_stopping("tort_stats");
	return 0;
}

static void tort_cleanup(void)
{
	if (torture_cleanup_begin())
		return;
	torture_stop_kthread(tort_stats, tort_stats_task);
	tort_fakers_stop();
	tort_hook_stop();
	tort_irq_stop();
	tort_limit_stop();
	tort_reach_stop();
	tort_readers_stop();
	tort_pools_settle();
	if (torture_onoff_failures())
		tort_error("CPU hotplug failed\n");
	if (!calm) {
		tort_fakers_print();
		tort_print("end");
	}
	tort_limit_exit();
	tort_reach_exit();
	tort_pools_exit();
	tort_fakers_free();
	pr_alert("%s: lost %ld\n", calm ? "calm" : "end", tort_pools_lost());
	if (atomic_read(&tort_errors))
		pr_alert("End of test: FAILURE: %d errors\n",
			 atomic_read(&tort_errors));
	else
		pr_alert("End of test: SUCCESS\n");
	torture_cleanup_end();
}

/* What a calm run does without. */
static int tort_start_load(void)
{
	int err = tort_irq_start();

	if (!err)
		tort_hook_start(hook_us);
	err = err ?: tort_readers_start(nreaders);
	err = err ?: tort_fakers_start(nfakewriters);
	err = err ?: tort_limit_start(nwaiters);
	if (!err && stat_interval > 0)
		err = torture_create_kthread(tort_stats, NULL, tort_stats_task);
	if (!err && shuffle_interval > 0)
		err = torture_shuffle_init(shuffle_interval * HZ);
	if (!err && stutter > 0)
		err = torture_stutter_init(max(stutter * HZ / 8, 2), stutter * HZ);
	return err ?: torture_onoff_init(onoff_holdoff * HZ, onoff_interval, NULL);
}

static int tort_start(void)
{
	int err = tort_pools_init(objects, debug_pool);

	if (!err && !calm)
		err = tort_start_load();
	err = err ?: tort_reach_start(nroamers, calm);
	return err ?: torture_shutdown_init(shutdown_secs, tort_cleanup);
}

static int __init tort_init(void)
{
	int err;

	if (!objects || !burst || burst > TORT_BURST || !irq_us ||
	    nfakewriters < 0 || nreaders < -1 || nroamers < -1 || nwaiters < -1)
		return -EINVAL;
	if (!torture_init_begin("pool", verbose))
		return -EBUSY;
	if (nreaders < 0)
		nreaders = max(4, 2 * (int)num_online_cpus());
	if (nroamers < 0)
		nroamers = max(2, (int)num_online_cpus());
	if (nwaiters < 0)
		nwaiters = 4 * num_online_cpus();
	tort_fail_alloc = fail_alloc;
	tort_irq_us = irq_us;
	tort_steps = irq_steps;
	tort_burst = burst;
	pr_alert("Start of test: calm=%d nreaders=%d nfakewriters=%d nroamers=%d nwaiters=%d stutter=%d shuffle_interval=%d onoff_interval=%d irq_us=%u irq_steps=%u fail_alloc=%u burst=%u debug_pool=%d\n",
		 calm, nreaders, nfakewriters, nroamers, nwaiters, stutter, shuffle_interval,
		 onoff_interval, irq_us, irq_steps, fail_alloc, burst, debug_pool);
	err = tort_start();
	torture_init_end();
	if (err) {
		tort_error("cannot start: %d\n", err);
		tort_cleanup();
	}
	return err;
}

module_init(tort_init);
module_exit(tort_cleanup);
MODULE_DESCRIPTION("Torture test of syncpool");
MODULE_LICENSE("GPL");
