// SPDX-License-Identifier: GPL-2.0
/*
 * torture_hook - delay or interrupt an operation between two of its steps
 *
 * That makes races likely whose window is a few instructions. Only a test build of
 * the pool has the hooks (SYNCPOOL_HOOKS).
 */
#include <linux/delay.h>
#include <linux/rcupdate.h>

#include "pool_hook.h"
#include "pool_torture.h"

/*
 * One hook in this many does something. Where few operations come by, or where a
 * rotation may happen meanwhile, a hook acts more often and delays for longer.
 */
#define TORT_HOOK_RATE	64U
#define TORT_HOOK_RARE	8U

static unsigned int tort_hook_us;

static bool tort_hook_is_rare(enum pool_hook_point point)
{
	return point == POOL_HOOK_VICTIM || point == POOL_HOOK_EXHAUSTED ||
	       point == POOL_HOOK_STEAL;
}

static void tort_hook_act(unsigned long r, unsigned int us)
{
	if (r & 1)
		tort_irq_raise();
	if (!(r & 6))
		udelay(1 + (r >> 3) % us);
}

/* Any context. A drain calls it unpinned. */
static void tort_hook(enum pool_hook_point point)
{
	bool rare = tort_hook_is_rare(point);
	unsigned int rate = rare ? TORT_HOOK_RARE : TORT_HOOK_RATE;
	unsigned long r = tort_any_random();

	preempt_disable();
	if (r % rate == 0)
		tort_hook_act(r / rate, rare ? 8 * tort_hook_us : tort_hook_us);
	preempt_enable();
}

void tort_hook_start(unsigned int us)
{
	tort_hook_us = us;
	if (us)
		WRITE_ONCE(pool_hook_fn, tort_hook);
}

/* When this returns, no hook runs except in drains, which syncpool_exit() waits for. */
void tort_hook_stop(void)
{
	WRITE_ONCE(pool_hook_fn, NULL);
	synchronize_rcu();
}
