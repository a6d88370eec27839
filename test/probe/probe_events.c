// SPDX-License-Identifier: GPL-2.0
/*
 * probe_events - probes on tracepoints, and kprobes
 *
 * Most of these tracepoints are not exported, so they are looked up by name. A probe has
 * the prototype of its tracepoint, which check_trace_callback_type_*() compares when
 * this is compiled. With it a probe may be called directly, by a static call, or through
 * a pointer, by the iterator that calls several, also where the kernel checks types
 * (CFI) or targets (IBT) of such calls.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/kmem.h>
#include <trace/events/sched.h>

#include "pool_probe.h"

static void probe_sched_switch(void *data, bool preempt, struct task_struct *prev,
			       struct task_struct *next, unsigned int prev_state)
{
	probe_event(PROBE_SCHED_SWITCH);
}

static void probe_sched_waking(void *data, struct task_struct *p)
{
	probe_event(PROBE_SCHED_WAKING);
}

static void probe_kmem_cache_free(void *data, unsigned long call_site, const void *ptr,
				  const struct kmem_cache *s)
{
	probe_event(PROBE_KMEM_CACHE_FREE);
}

static void probe_mm_page_free(void *data, struct page *page, unsigned int order)
{
	probe_event(PROBE_MM_PAGE_FREE);
}

static void probe_zone_locked(void *data, struct page *page, unsigned int order,
			      int migratetype, int percpu_refill)
{
	probe_event(PROBE_MM_PAGE_ALLOC_ZONE_LOCKED);
}

static void probe_kmalloc(void *data, unsigned long call_site, const void *ptr,
			  size_t bytes_req, size_t bytes_alloc, gfp_t gfp_flags, int node)
{
	probe_event(PROBE_KMALLOC);
}

static void probe_kfree(void *data, unsigned long call_site, const void *ptr)
{
	if (!ZERO_OR_NULL_PTR(ptr))
		probe_event(PROBE_KFREE);
}

struct probe_tracepoint {
	enum probe_event	event;
	void			*probe;
	struct tracepoint	*tp;
	bool			on;
};

static struct probe_tracepoint probe_tracepoints[] = {
	{ PROBE_SCHED_SWITCH, probe_sched_switch },
	{ PROBE_SCHED_WAKING, probe_sched_waking },
	{ PROBE_KMEM_CACHE_FREE, probe_kmem_cache_free },
	{ PROBE_MM_PAGE_FREE, probe_mm_page_free },
	{ PROBE_MM_PAGE_ALLOC_ZONE_LOCKED, probe_zone_locked },
	{ PROBE_KMALLOC, probe_kmalloc },
	{ PROBE_KFREE, probe_kfree },
};

/* Compiles only if the prototypes are right. */
static void probe_check_types(void)
{
	check_trace_callback_type_sched_switch(probe_sched_switch);
	check_trace_callback_type_sched_waking(probe_sched_waking);
	check_trace_callback_type_kmem_cache_free(probe_kmem_cache_free);
	check_trace_callback_type_mm_page_free(probe_mm_page_free);
	check_trace_callback_type_mm_page_alloc_zone_locked(probe_zone_locked);
	check_trace_callback_type_kmalloc(probe_kmalloc);
	check_trace_callback_type_kfree(probe_kfree);
}

static int probe_kprobe(struct kprobe *kp, struct pt_regs *regs);

static struct kprobe probe_kprobes[] = {
	{ .symbol_name = "try_to_wake_up", .pre_handler = probe_kprobe },
	{ .symbol_name = "call_rcu", .pre_handler = probe_kprobe },
	{ .symbol_name = "queue_work_on", .pre_handler = probe_kprobe },
};

static const enum probe_event probe_kprobe_events[] = {
	PROBE_TRY_TO_WAKE_UP, PROBE_CALL_RCU, PROBE_QUEUE_WORK_ON,
};

static unsigned int probe_kprobes_on;

static int probe_kprobe(struct kprobe *kp, struct pt_regs *regs)
{
	probe_event(probe_kprobe_events[kp - probe_kprobes]);
	return 0;
}

static void probe_find(struct tracepoint *tp, void *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probe_tracepoints); i++)
		if (!strcmp(tp->name, probe_event_names[probe_tracepoints[i].event]))
			probe_tracepoints[i].tp = tp;
}

static int probe_register_tracepoints(void)
{
	unsigned int i;
	int err;

	for_each_kernel_tracepoint(probe_find, NULL);
	for (i = 0; i < ARRAY_SIZE(probe_tracepoints); i++) {
		struct probe_tracepoint *t = &probe_tracepoints[i];

		err = t->tp ? tracepoint_probe_register(t->tp, t->probe, NULL) : -ENOENT;
		if (err) {
			pr_alert("!!! no probe on %s: %d\n", probe_event_names[t->event], err);
			return err;
		}
		t->on = true;
	}
	return 0;
}

int probe_events_start(void)
{
	int err = probe_register_tracepoints();

	probe_check_types();
	while (!err && probe_kprobes_wanted && probe_kprobes_on < ARRAY_SIZE(probe_kprobes)) {
		struct kprobe *kp = &probe_kprobes[probe_kprobes_on];

		err = register_kprobe(kp);
		if (err)
			pr_alert("!!! no kprobe in %s: %d\n", kp->symbol_name, err);
		else
			probe_kprobes_on++;
	}
	return err;
}

/* When this returns, no probe runs. */
void probe_events_stop(void)
{
	unsigned int i;

	while (probe_kprobes_on)
		unregister_kprobe(&probe_kprobes[--probe_kprobes_on]);
	for (i = 0; i < ARRAY_SIZE(probe_tracepoints); i++) {
		struct probe_tracepoint *t = &probe_tracepoints[i];

		if (t->on)
			tracepoint_probe_unregister(t->tp, t->probe, NULL);
		t->on = false;
	}
	tracepoint_synchronize_unregister();
}
