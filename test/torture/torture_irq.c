// SPDX-License-Identifier: GPL-2.0
/*
 * torture_irq - the load from interrupts
 *
 * Each CPU has a timer (softirq), an hrtimer that expires in hardirq even on
 * PREEMPT_RT, an irq_work that both raise, and, if the architecture supports it,
 * an NMI handler. When a CPU goes down, its timers are not stopped: the kernel
 * moves them to other CPUs, and tort_cpu_online() brings them back.
 */
#include <linux/cpuhotplug.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/random.h>
#include <linux/timer.h>

#include "pool_compat.h"
#include "pool_torture.h"

struct tort_cpu {
	struct timer_list	timer;
	struct hrtimer		hrtimer;
	struct irq_work		irq_work;
	struct tort_hand	hands[TORT_CTX_NR];
};

static struct tort_cpu __percpu *tort_cpus;
static int tort_cpuhp_state = -1;

/* Raise this CPU's irq_work: on two CPUs at once, it would share a hand. Pinned. */
void tort_irq_raise(void)
{
	irq_work_queue(&this_cpu_ptr(tort_cpus)->irq_work);
}

/*
 * Both timers pause for as long as they ran, at least. On a slow machine a CPU would do
 * nothing else otherwise: a softirq whose timer is due again when it returns never ends, and
 * on PREEMPT_RT a task that disables softirqs there waits for that.
 */
static void tort_timer(struct timer_list *t)
{
	struct tort_cpu *c = container_of(t, struct tort_cpu, timer);
	unsigned long start = jiffies;

	tort_hand_step(&c->hands[TORT_SOFTIRQ], tort_steps);
	if (torture_must_stop_irq())
		return;
	tort_irq_raise();
	mod_timer(&c->timer, jiffies + 1 + (jiffies - start));
}

static enum hrtimer_restart tort_hrtimer(struct hrtimer *t)
{
	struct tort_cpu *c = container_of(t, struct tort_cpu, hrtimer);
	struct tort_hand *hand = &c->hands[TORT_HRTIMER];
	u64 us = tort_irq_us / 2 + torture_random(&hand->rand) % tort_irq_us;
	ktime_t start = ktime_get(), end;

	tort_hand_step(hand, tort_steps);
	if (torture_must_stop_irq())
		return HRTIMER_NORESTART;
	if (us % 4 == 0)
		tort_irq_raise();
	end = ktime_get();
	hrtimer_set_expires(t, ktime_add_us(ktime_add(end, ktime_sub(end, start)), us));
	return HRTIMER_RESTART;
}

static void tort_irq_work(struct irq_work *w)
{
	struct tort_cpu *c = container_of(w, struct tort_cpu, irq_work);

	tort_hand_step(&c->hands[TORT_IRQ_WORK], tort_steps);
}

void tort_irq_nmi(void)
{
	this_cpu_inc(tort_counts.nmis);
	if (!torture_must_stop_irq())
		tort_hand_step(&this_cpu_ptr(tort_cpus)->hands[TORT_NMI],
			       tort_steps);
}

/* Called on @cpu when it comes up, and at the start on each CPU that is online. */
static int tort_cpu_online(unsigned int cpu)
{
	struct tort_cpu *c = per_cpu_ptr(tort_cpus, cpu);

	this_cpu_inc(tort_counts.onlines);
	pool_timer_delete_sync(&c->timer);
	c->timer.expires = jiffies + 1;
	add_timer_on(&c->timer, cpu);
	hrtimer_cancel(&c->hrtimer);
	hrtimer_start(&c->hrtimer, ns_to_ktime(tort_irq_us * NSEC_PER_USEC),
		      HRTIMER_MODE_REL_PINNED_HARD);
	return 0;
}

static int tort_cpu_offline(unsigned int cpu)
{
	this_cpu_inc(tort_counts.offlines);
	return 0;
}

static void tort_cpu_init(struct tort_cpu *c, unsigned int cpu)
{
	enum tort_ctx ctx;

	timer_setup(&c->timer, tort_timer, TIMER_PINNED);
	pool_hrtimer_setup(&c->hrtimer, tort_hrtimer, CLOCK_MONOTONIC,
			   HRTIMER_MODE_REL_PINNED_HARD);
	c->irq_work = IRQ_WORK_INIT_HARD(tort_irq_work);
	for (ctx = 0; ctx < TORT_CTX_NR; ctx++)
		tort_hand_init(&c->hands[ctx], ctx, cpu);
}

int tort_irq_start(void)
{
	unsigned int cpu;
	int err;

	tort_cpus = alloc_percpu(struct tort_cpu);
	if (!tort_cpus)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		per_cpu(tort_seed, cpu) = get_random_long();
		tort_cpu_init(per_cpu_ptr(tort_cpus, cpu), cpu);
	}
	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "pool_torture:online",
				tort_cpu_online, tort_cpu_offline);
	if (err < 0)
		return err;
	tort_cpuhp_state = err;
	return tort_nmi_start();
}

/* torture_must_stop_irq() is true, so nothing arms itself again. */
void tort_irq_stop(void)
{
	enum tort_ctx ctx;
	unsigned int cpu;

	if (!tort_cpus)
		return;
	tort_nmi_stop();
	if (tort_cpuhp_state >= 0)
		cpuhp_remove_state_nocalls(tort_cpuhp_state);
	for_each_possible_cpu(cpu) {
		struct tort_cpu *c = per_cpu_ptr(tort_cpus, cpu);

		pool_timer_delete_sync(&c->timer);
		hrtimer_cancel(&c->hrtimer);
		irq_work_sync(&c->irq_work);
		for (ctx = 0; ctx < TORT_CTX_NR; ctx++)
			tort_hand_empty(&c->hands[ctx]);
	}
	free_percpu(tort_cpus);
	tort_cpus = NULL;
}
