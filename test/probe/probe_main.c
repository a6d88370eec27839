// SPDX-License-Identifier: GPL-2.0
/*
 * probe_main - parameters, start and end, the verdict
 *
 * The test runs from when the module is loaded until it is unloaded.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/random.h>

#include "pool_probe.h"

bool probe_kprobes_wanted = true;
module_param_named(kprobes, probe_kprobes_wanted, bool, 0444);
MODULE_PARM_DESC(kprobes, "probes in functions, too, and not only on tracepoints");

bool probe_eats = true;
module_param_named(eat, probe_eats, bool, 0444);
MODULE_PARM_DESC(eat, "a task takes all memory that is free, again and again");

unsigned int probe_every = 8;
module_param_named(every, probe_every, uint, 0444);
MODULE_PARM_DESC(every, "one burst for so many events of a kind on a CPU");

unsigned int probe_cleanup_ms = 20;
module_param_named(cleanup_ms, probe_cleanup_ms, uint, 0444);
MODULE_PARM_DESC(cleanup_ms, "time between two cleanups");

static unsigned long probe_sum_bursts(enum probe_event event, enum probe_level level)
{
	unsigned long sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(probe_cpus, cpu).bursts[event][level];
	return sum;
}

static void probe_print_counts(void)
{
	unsigned long gets = 0, nulls = 0;
	enum probe_event event;
	unsigned int cpu;

	for (event = 0; event <= PROBE_NMI; event++)
		pr_info("end: bursts of %s: on %lu off %lu nmi %lu\n",
			probe_event_names[event], probe_sum_bursts(event, PROBE_IRQS_ON),
			probe_sum_bursts(event, PROBE_IRQS_OFF),
			probe_sum_bursts(event, PROBE_IN_NMI));
	for_each_possible_cpu(cpu) {
		gets += per_cpu(probe_cpus, cpu).gets;
		nulls += per_cpu(probe_cpus, cpu).nulls;
	}
	pr_info("end: gets %lu nulls %lu\n", gets, nulls);
}

static void probe_stop(void)
{
	unsigned int errors;

	probe_load_stop();
	probe_events_stop();
	probe_nmi_stop();
	probe_burst_stop();
	probe_print_counts();
	probe_pool_stop();
	errors = probe_report();
	pr_alert("End of test: %s\n", errors ? "FAILURE" : "SUCCESS");
}

static int __init probe_init(void)
{
	unsigned int cpu;
	int err;

	if (!probe_every)
		return -EINVAL;
	for_each_possible_cpu(cpu)
		per_cpu(probe_cpus, cpu).random = get_random_u32();
	err = probe_pool_start();
	err = err ?: probe_nmi_start();
	err = err ?: probe_load_start();
	err = err ?: probe_events_start();
	if (err)
		probe_stop();
	return err;
}

static void __exit probe_exit(void)
{
	probe_stop();
}

module_init(probe_init);
module_exit(probe_exit);
MODULE_DESCRIPTION("Test of syncpool: get and put in probes");
MODULE_LICENSE("GPL");
