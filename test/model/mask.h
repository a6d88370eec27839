/* SPDX-License-Identifier: GPL-2.0 */
/* mask - the rest of the kernel for mask.c */
#ifndef _MASK_H
#define _MASK_H

#undef cpumask_test_cpu
#undef cpumask_test_and_set_cpu
#define cpumask_test_cpu(cpu, mask)	(!!(model_read((mask)->bits) & BIT(cpu)))
#define cpumask_test_and_set_cpu(cpu, mask)	model_test_and_set(cpu, &(mask)->bits)
#define cpumask_test_and_clear_cpu(cpu, mask)				\
	model_test_and_clear(cpu, &(mask)->bits, model_weak(MODEL_BITOP))
#undef this_cpu_add_return
#undef this_cpu_inc
#undef this_cpu_read
#undef this_cpu_sub
/* counters play no part */
#define this_cpu_add_return(x, n)	0L
#define this_cpu_inc(x)		((void)0)
#define this_cpu_read(x)	0L
#define this_cpu_sub(x, n)	((void)0)

#endif /* _MASK_H */
