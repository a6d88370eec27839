/* SPDX-License-Identifier: GPL-2.0 */
/* rotation - the rest of the kernel for rotation.c */
#ifndef _ROTATION_H
#define _ROTATION_H

#undef this_cpu_read
#undef this_cpu_write
#undef this_cpu_try_cmpxchg
#undef cmpxchg_local
#undef cpumask_test_cpu
#undef cpumask_test_and_set_cpu
#define this_cpu_read(x)	model_read(x)
#define this_cpu_write(x, v)	model_write(x, v)
/* for other CPUs, a load and a store */
#define this_cpu_try_cmpxchg(p, oldp, new)				\
({									\
	bool model_same = model_read(p) == *(oldp);			\
	if (model_same)							\
		model_write(p, new);					\
	model_same;							\
})
#define cmpxchg_local(p, old, new)	(model_write(*(p), new), NULL)
#define cpumask_test_cpu(cpu, mask)	(!!(model_read((mask)->bits) & BIT(cpu)))
#define cpumask_test_and_set_cpu(cpu, mask)	model_test_and_set(cpu, &(mask)->bits)
#define cpumask_test_and_clear_cpu(cpu, mask)				\
	model_test_and_clear(cpu, &(mask)->bits, false)

#endif /* _ROTATION_H */
