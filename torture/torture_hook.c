// SPDX-License-Identifier: GPL-2.0
/*
 * torture_hook - hold an operation up between two of its steps, or interrupt
 * it there
 *
 * What has to happen within a few instructions to go wrong, happens. Only a
 * test build of the pool has the hooks (SYNCPOOL_HOOKS).
 */
#include <linux/delay.h>
#include <linux/rcupdate.h>

#include "compat.h"
#include "pool_torture.h"

/* one hook in so many does something */
#define TORT_HOOK_RATE	64U

static DEFINE_PER_CPU(struct torture_random_state, tort_hook_rand);
static unsigned int tort_hook_us;

/* Any context, pinned. */
static void tort_hook(enum pool_hook_point point)
{
	unsigned long r = torture_random(this_cpu_ptr(&tort_hook_rand)) >> 4;

	if (r % TORT_HOOK_RATE)
		return;
	r /= TORT_HOOK_RATE;
	if (r & 1)
		tort_irq_raise();
	if (r & 6)
		return;
	udelay(1 + (r >> 3) % tort_hook_us);
}

void tort_hook_start(unsigned int us)
{
	tort_hook_us = us;
	if (us)
		WRITE_ONCE(pool_hook_fn, tort_hook);
}

/* When this returns, no hook runs. */
void tort_hook_stop(void)
{
	WRITE_ONCE(pool_hook_fn, NULL);
	synchronize_rcu();
}
