/* SPDX-License-Identifier: GPL-2.0 */
/* test_next_cpu() - move the calling task to the next CPU that is online, for test modules */
#ifndef _NEXT_CPU_H
#define _NEXT_CPU_H

#include <linux/cpumask.h>
#include <linux/sched.h>
#include <linux/smp.h>

/* If that CPU goes offline meanwhile, the scheduler chooses another. */
static inline void test_next_cpu(void)
{
	unsigned int cpu = cpumask_next(raw_smp_processor_id(), cpu_online_mask);

	if (cpu >= nr_cpu_ids)
		cpu = cpumask_first(cpu_online_mask);
	set_cpus_allowed_ptr(current, cpumask_of(cpu));
}

#endif /* _NEXT_CPU_H */
