/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A ring or a chain with one owner and many thieves, after Go's TestPoolDequeue:
 * the values 1, 2, ... are pushed, and each has to be popped once.
 */
#ifndef _TEST_VALUES_H
#define _TEST_VALUES_H

#include "test_pool.h"

/**
 * struct test_values - one such run
 * @nr: the values are 1..@nr
 * @push: called by the owner: push up to @n values, @from and following; returns
 *	how many
 * @pop_head: called by the owner: pop up to @n values
 * @pop_tail: called by thieves, likewise
 * @pause: thieves pause while it is set
 * @at_head: values that the owner has popped, in all runs
 */
struct test_values {
	unsigned long nr;
	unsigned long (*push)(struct test_values *v, unsigned long from,
			      unsigned long n, u32 *seed);
	unsigned int (*pop_head)(struct test_values *v, void **objs,
				 unsigned int n);
	unsigned int (*pop_tail)(struct test_values *v, void **objs,
				 unsigned int n);
	bool pause;
	unsigned long at_head;
	/* private: */
	unsigned long *seen;
	atomic_long_t taken;
	atomic_long_t twice;
	atomic_long_t wrong;
};

void test_values_run(struct kunit *test, struct test_values *v);

#endif /* _TEST_VALUES_H */
