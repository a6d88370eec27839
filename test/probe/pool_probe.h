/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool_probe - get and put in probes, where any lock may be held
 *
 * What a tracer does that takes its buffers from a pool: a probe runs below the locks of
 * whatever it traces, rq->lock, p->pi_lock and zone->lock among them. With interrupts off
 * the pool must call nothing that takes a lock. Three checks notice if it does:
 *
 *	- Each event that a probe reports, and a few more (kmalloc(), kfree(), call_rcu(),
 *	  queue_work()), is an error while a burst with interrupts off runs on this CPU:
 *	  no interrupt can come, so the pool made it. The report shows the stack.
 *	- A burst that runs for PROBE_HANG_NS waits for a lock that its CPU holds. An NMI
 *	  finds it and panics, which shows the stack.
 *	- lockdep, in a kernel that has it.
 *
 * Calls go down the list, which is that of Kbuild:
 *
 *	probe_main	parameters, start and end, the verdict
 *	probe_load	tasks that move, that clean up, and that make memory short
 *	probe_events	tracepoints and kprobes
 *	probe_nmi	NMIs
 *	probe_burst	what a probe does
 *	probe_pool	the pools and their objects
 */
#ifndef _POOL_PROBE_H
#define _POOL_PROBE_H

#include <linux/percpu.h>
#include <linux/types.h>

#include "pool_stamp.h"
#include "syncpool.h"

#define PROBE_BURST	48U		/* objects that a burst gets */
#define PROBE_HELD	1024U		/* places for objects between two bursts */
#define PROBE_HANG_NS	(20 * NSEC_PER_SEC)

/*
 * Events, in the order of probe_event_names[]. Those up to PROBE_NMI start bursts, the
 * others are only errors within one.
 */
enum probe_event {
	PROBE_SCHED_SWITCH,
	PROBE_SCHED_WAKING,
	PROBE_KMEM_CACHE_FREE,
	PROBE_MM_PAGE_FREE,
	PROBE_MM_PAGE_ALLOC_ZONE_LOCKED,
	PROBE_TRY_TO_WAKE_UP,
	PROBE_NMI,
	PROBE_KMALLOC,
	PROBE_KFREE,
	PROBE_CALL_RCU,
	PROBE_QUEUE_WORK_ON,
	PROBE_ALLOC_CALLBACK,
	PROBE_FREE_CALLBACK,
	PROBE_EVENTS,
};

/* What a burst may be interrupted by: only by those of higher levels. */
enum probe_level {
	PROBE_IRQS_ON,
	PROBE_IRQS_OFF,
	PROBE_IN_NMI,		/* or in a kprobe by int3, which counts as one */
	PROBE_LEVELS,
};

/**
 * struct probe_cpu - of one CPU, which alone writes it
 * @since: when the burst of that level began; 0: none runs
 * @random: state of its pseudorandom numbers
 * @seen: events that started a burst or might have
 * @bursts: how many
 * @gets: objects that bursts got
 * @nulls: gets of theirs that returned NULL
 */
struct probe_cpu {
	u64		since[PROBE_LEVELS];
	u32		random;
	unsigned long	seen[PROBE_EVENTS];
	unsigned long	bursts[PROBE_EVENTS][PROBE_LEVELS];
	unsigned long	gets;
	unsigned long	nulls;
};

DECLARE_PER_CPU(struct probe_cpu, probe_cpus);

/**
 * struct probe_pool - a pool, whose objects exist before the first probe runs
 * @pool: the pool
 * @objs: all objects
 * @unbuilt: a bit for each: the pool does not have it
 * @held: objects that one burst got and another one will put, or NULL
 */
struct probe_pool {
	struct syncpool		pool;
	struct pool_stamp	*objs;
	unsigned long		*unbuilt;
	struct pool_stamp	*held[PROBE_HELD];
};

#define PROBE_POOLS	2U

extern struct probe_pool probe_pools[PROBE_POOLS];
extern const char *const probe_event_names[PROBE_EVENTS];
extern bool probe_kprobes_wanted;
extern bool probe_eats;
extern unsigned int probe_every;
extern unsigned int probe_cleanup_ms;

/* probe_pool.c */
int probe_pool_start(void);
void probe_pool_stop(void);
void probe_take(struct probe_pool *p, struct pool_stamp *obj, u32 holder);
void probe_pass(struct probe_pool *p, struct pool_stamp *obj, u32 from, u32 to);
void probe_put(struct probe_pool *p, struct pool_stamp *obj, u32 holder);
void probe_must_not(enum probe_event event);
bool probe_forbids(const struct probe_cpu *c, enum probe_event event);
unsigned int probe_report(void);

/* probe_burst.c */
void probe_event(enum probe_event event);
void probe_burst(struct probe_cpu *c, enum probe_event event);
void probe_check_hang(const struct probe_cpu *c);
void probe_burst_stop(void);

/* probe_nmi.c */
int probe_nmi_start(void);
void probe_nmi_stop(void);

/* probe_events.c */
int probe_events_start(void);
void probe_events_stop(void);

/* probe_load.c */
int probe_load_start(void);
void probe_load_stop(void);

#endif /* _POOL_PROBE_H */
