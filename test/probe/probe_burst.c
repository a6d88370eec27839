// SPDX-License-Identifier: GPL-2.0
/*
 * probe_burst - what a probe does
 *
 * A burst gets up to 48 objects and puts them, or leaves them for another burst,
 * usually on another CPU, or puts what others have left. So objects pile up on some
 * CPUs, whose chains grow, while others steal.
 *
 *	burst, interrupts on   -> interrupted by any, and by the pool's own allocations
 *	burst, interrupts off  -> interrupted by NMIs
 *	burst in NMI           -> by nothing
 *
 * One of the same level on the same CPU is skipped. An event in a burst of the lower
 * two is the pool's own doing, which is an error.
 *
 * Everything here is pinned: PREEMPT_RT, and Linux 7 everywhere, call a probe where the
 * task may be preempted, even below zone->lock. Where PREEMPT_RT holds that lock with
 * interrupts on, the pool sees that it must not allocate from this.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/smp.h>

#include "pool_probe.h"

#define PROBE_HOLDER_HELD	1U	/* the objects between two bursts */

static u32 probe_random(struct probe_cpu *c)
{
	c->random = c->random * 1664525 + 1013904223 + smp_processor_id();
	return c->random >> 12;
}

static enum probe_level probe_level(void)
{
	if (in_nmi())
		return PROBE_IN_NMI;
	return irqs_disabled() ? PROBE_IRQS_OFF : PROBE_IRQS_ON;
}

static u32 probe_holder(enum probe_level level)
{
	return 2 + smp_processor_id() * PROBE_LEVELS + level;
}

static unsigned int probe_get_some(struct probe_cpu *c, struct probe_pool *p,
				   struct pool_stamp **objs, u32 holder)
{
	unsigned int n;

	for (n = 0; n < PROBE_BURST; n++) {
		objs[n] = n % 2 ? syncpool_try_get(&p->pool) :
				  syncpool_get(&p->pool, GFP_NOWAIT);
		if (!objs[n]) {
			c->nulls++;
			break;
		}
		probe_take(p, objs[n], holder);
	}
	c->gets += n;
	return n;
}

/* Leave @obj for another burst, or put it, if its place @i is taken. */
static void probe_leave(struct probe_pool *p, unsigned int i, struct pool_stamp *obj,
			u32 holder)
{
	probe_pass(p, obj, holder, PROBE_HOLDER_HELD);
	obj = xchg(&p->held[i % PROBE_HELD], obj);
	if (obj)
		probe_put(p, obj, PROBE_HOLDER_HELD);
}

/* Put what others have left, from place @i on. */
static void probe_put_held(struct probe_pool *p, unsigned int i, unsigned int n)
{
	struct pool_stamp *obj;

	while (n--) {
		obj = xchg(&p->held[i++ % PROBE_HELD], NULL);
		if (obj)
			probe_put(p, obj, PROBE_HOLDER_HELD);
	}
}

static void probe_work(struct probe_cpu *c, u32 holder)
{
	struct pool_stamp *objs[PROBE_BURST];
	struct probe_pool *p = &probe_pools[probe_random(c) % PROBE_POOLS];
	unsigned int what = probe_random(c), at = probe_random(c), n;

	if (what % 4 == 0) {
		probe_put_held(p, at, PROBE_BURST);
		return;
	}
	n = probe_get_some(c, p, objs, holder);
	while (n--)
		if (what % 4 == 1)
			probe_leave(p, at + n, objs[n], holder);
		else
			probe_put(p, objs[n], holder);
}

/* Pinned. */
void probe_burst(struct probe_cpu *c, enum probe_event event)
{
	enum probe_level level = probe_level();

	if (c->since[level])
		return;
	c->bursts[event][level]++;
	WRITE_ONCE(c->since[level], ktime_get_mono_fast_ns());
	barrier();
	probe_work(c, probe_holder(level));
	barrier();
	WRITE_ONCE(c->since[level], 0);
}

/* Any context. */
void probe_event(enum probe_event event)
{
	struct probe_cpu *c;

	preempt_disable();
	c = this_cpu_ptr(&probe_cpus);
	if (unlikely(probe_forbids(c, event)))
		probe_must_not(event);
	else if (event < PROBE_NMI && ++c->seen[event] % probe_every == 0)
		probe_burst(c, event);
	preempt_enable();
}

/* In NMI: does this CPU wait for what it holds itself? */
void probe_check_hang(const struct probe_cpu *c)
{
	u64 now = ktime_get_mono_fast_ns(), since;
	enum probe_level level;

	for (level = 0; level < PROBE_LEVELS; level++) {
		since = READ_ONCE(c->since[level]);
		if (since && now - since > PROBE_HANG_NS && now > since) {
			probe_report();
			panic("pool_probe: a burst hangs, %s", level == PROBE_IRQS_ON ?
			      "with interrupts on" : "with interrupts off");
		}
	}
}

/* No probe is registered any more. */
void probe_burst_stop(void)
{
	unsigned int i;

	for (i = 0; i < PROBE_POOLS; i++)
		if (probe_pools[i].objs)
			probe_put_held(&probe_pools[i], 0, PROBE_HELD);
}
