/* SPDX-License-Identifier: GPL-2.0 */
/* count - objects 1..PUSHES of a harness, each a digit of a sum: none comes out twice. */
#ifndef _COUNT_H
#define _COUNT_H

static unsigned long digit(unsigned long obj)
{
	return 1UL << (4 * obj);
}

static unsigned long digits(void)
{
	unsigned long all = 0, obj;

	for (obj = 1; obj <= PUSHES; obj++)
		all += digit(obj);
	return all;
}

/* @entry came out of the pool. */
static void got(unsigned int thread, void *entry)
{
	unsigned long obj = (unsigned long)entry;

	model_assert(obj >= 1 && obj <= PUSHES);
	model_assert(model_payload(obj) == (int)obj);
	model_got(thread, digit(obj));
}

#endif /* _COUNT_H */
