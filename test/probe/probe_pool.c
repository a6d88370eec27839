// SPDX-License-Identifier: GPL-2.0
/*
 * probe_pool - the pools, their objects, and what was wrong
 *
 * All objects exist from the start. alloc marks one as built and free marks it as not
 * built, each by an atomic operation on one bit, so that a get in a probe may call
 * alloc. Errors are only counted where they happen, since printk() takes locks.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/smp.h>
#include <linux/stacktrace.h>

#include "pool_probe.h"

#define PROBE_OBJECTS	4096U		/* of the pool without limits */
#define PROBE_MIN	64U		/* of the pool with limits */
#define PROBE_MAX	512U

/* events that are calls of the allocator, or of the user's callback */
#define PROBE_ALLOCATOR	(BIT(PROBE_KMEM_CACHE_FREE) | BIT(PROBE_MM_PAGE_FREE) |	\
			 BIT(PROBE_MM_PAGE_ALLOC_ZONE_LOCKED) |			\
			 BIT(PROBE_KMALLOC) | BIT(PROBE_KFREE) |		\
			 BIT(PROBE_FREE_CALLBACK))

#define PROBE_STACKS	16
#define PROBE_DEPTH	24
#define PROBE_NEAR	5		/* entries that tell two stacks apart */

/* One call that the pool must not make. */
struct probe_stack {
	enum probe_event	event;
	unsigned int		cpu;
	unsigned int		depth;
	unsigned long		entries[PROBE_DEPTH];
};

const char *const probe_event_names[PROBE_EVENTS] = {
	"sched_switch", "sched_waking", "kmem_cache_free", "mm_page_free",
	"mm_page_alloc_zone_locked", "try_to_wake_up", "nmi", "kmalloc", "kfree",
	"call_rcu", "queue_work_on", "alloc", "free",
};

DEFINE_PER_CPU(struct probe_cpu, probe_cpus);
struct probe_pool probe_pools[PROBE_POOLS];

static atomic_t probe_stamp_errors[POOL_STAMP_ERRORS];
static atomic_t probe_calls[PROBE_EVENTS];
static atomic_t probe_lost;		/* objects that the pools did not free */
static atomic_t probe_stacks_used;
static struct probe_stack probe_stacks[PROBE_STACKS];

static void probe_check(enum pool_stamp_error err)
{
	if (unlikely(err))
		atomic_inc(&probe_stamp_errors[err]);
}

/*
 * Is a burst under way on this CPU in which the pool must not do @event? With PREEMPT_RT
 * all bursts are pinned, so the locks of the allocator must not be taken in those with
 * interrupts on, either. There interrupts may come, which disable them.
 */
bool probe_forbids(const struct probe_cpu *c, enum probe_event event)
{
	if (READ_ONCE(c->since[PROBE_IRQS_OFF]) || READ_ONCE(c->since[PROBE_IN_NMI]))
		return true;
	return IS_ENABLED(CONFIG_PREEMPT_RT) && READ_ONCE(c->since[PROBE_IRQS_ON]) &&
	       !irqs_disabled() && (BIT(event) & PROBE_ALLOCATOR);
}

/* Was the same call recorded, made from the same place? */
static bool probe_is_known(const struct probe_stack *s)
{
	int i, n = min(atomic_read(&probe_stacks_used), PROBE_STACKS);

	for (i = 0; i < n; i++)
		if (probe_stacks[i].event == s->event &&
		    !memcmp(probe_stacks[i].entries, s->entries,
			    PROBE_NEAR * sizeof(s->entries[0])))
			return true;
	return false;
}

/* The pool made a call that it must not make. Pinned. */
void probe_must_not(enum probe_event event)
{
	struct probe_stack s = { .event = event, .cpu = smp_processor_id() };
	int i;

	atomic_inc(&probe_calls[event]);
	if (atomic_read(&probe_stacks_used) >= PROBE_STACKS)
		return;
	s.depth = stack_trace_save(s.entries, PROBE_DEPTH, 2);
	/* another CPU may record the same meanwhile: it is then printed twice */
	if (probe_is_known(&s))
		return;
	i = atomic_inc_return(&probe_stacks_used) - 1;
	if (i < PROBE_STACKS)
		probe_stacks[i] = s;
}

static struct pool_stamp *probe_pick(struct probe_pool *p, unsigned int start)
{
	unsigned int i;

	for_each_set_bit_wrap(i, p->unbuilt, PROBE_OBJECTS, start)
		if (test_and_clear_bit(i, p->unbuilt))
			return &p->objs[i];
	return NULL;
}

static void *probe_alloc(gfp_t gfp, void *data)
{
	struct probe_pool *p = data;
	struct pool_stamp *obj;

	/* these get cached objects only */
	if (unlikely(in_nmi() || (IS_ENABLED(CONFIG_PREEMPT_RT) && !preemptible())))
		probe_must_not(PROBE_ALLOC_CALLBACK);
	obj = probe_pick(p, raw_smp_processor_id() * PROBE_OBJECTS / nr_cpu_ids);
	if (obj)
		probe_check(pool_stamp_build(obj, p));
	return obj;
}

static void probe_free(void *obj, void *data)
{
	struct probe_pool *p = data;
	struct pool_stamp *stamp = obj;

	preempt_disable();
	if (unlikely(probe_forbids(this_cpu_ptr(&probe_cpus), PROBE_FREE_CALLBACK)))
		probe_must_not(PROBE_FREE_CALLBACK);
	preempt_enable();
	probe_check(pool_stamp_free(stamp, p));
	/* what was written to the object comes before who builds it next */
	smp_mb__before_atomic();
	set_bit(stamp - p->objs, p->unbuilt);
}

/* After a get. */
void probe_take(struct probe_pool *p, struct pool_stamp *obj, u32 holder)
{
	probe_check(pool_stamp_take(obj, p, holder));
}

/* Between two holders. */
void probe_pass(struct probe_pool *p, struct pool_stamp *obj, u32 from, u32 to)
{
	probe_check(pool_stamp_pass(obj, p, from, to));
}

void probe_put(struct probe_pool *p, struct pool_stamp *obj, u32 holder)
{
	probe_check(pool_stamp_give(obj, p, holder));
	syncpool_put(&p->pool, obj);
}

static int probe_pool_init(struct probe_pool *p, bool limits)
{
	const struct syncpool_params params = {
		.name = limits ? "probe-limits" : "probe",
		.alloc = probe_alloc,
		.free = probe_free,
		.data = p,
		.obj_size = sizeof(struct pool_stamp),
		.min = limits ? PROBE_MIN : 0,
		.max = limits ? PROBE_MAX : 0,
	};
	unsigned int i;

	p->objs = kvcalloc(PROBE_OBJECTS, sizeof(*p->objs), GFP_KERNEL);
	p->unbuilt = bitmap_alloc(PROBE_OBJECTS, GFP_KERNEL);
	if (!p->objs || !p->unbuilt)
		return -ENOMEM;
	for (i = 0; i < PROBE_OBJECTS; i++)
		pool_stamp_init(&p->objs[i]);
	bitmap_fill(p->unbuilt, PROBE_OBJECTS);
	return syncpool_init(&p->pool, &params);
}

int probe_pool_start(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < PROBE_POOLS; i++) {
		err = probe_pool_init(&probe_pools[i], i == 1);
		if (err)
			return err;
	}
	return 0;
}

static void probe_pool_stats(struct probe_pool *p)
{
	struct syncpool_stats s;

	syncpool_read_stats(&p->pool, &s);
	pr_info("%s: built %lu freed %lu refills %lu spills %lu steals %lu victims %lu rotations %lu grows %lu nested %lu waits %lu recalls %lu reclaimed %lu\n",
		p->pool.params.name, s.allocs, s.frees, s.refills, s.spills, s.steals,
		s.victim_hits, s.rotations, s.grows, s.nested, s.waits, s.recalls,
		s.reclaimed);
}

/* No probe and no task uses the pools any more. */
void probe_pool_stop(void)
{
	unsigned int i, left;

	for (i = 0; i < PROBE_POOLS; i++) {
		struct probe_pool *p = &probe_pools[i];

		if (!p->pool.params.name)
			goto free;
		probe_pool_stats(p);
		syncpool_exit(&p->pool);
		left = PROBE_OBJECTS - bitmap_weight(p->unbuilt, PROBE_OBJECTS);
		atomic_add(left, &probe_lost);
free:
		bitmap_free(p->unbuilt);
		kvfree(p->objs);
	}
}

static void probe_print_stacks(void)
{
	int i, n = min(atomic_read(&probe_stacks_used), PROBE_STACKS);

	for (i = 0; i < n; i++) {
		const struct probe_stack *s = &probe_stacks[i];

		pr_alert("!!! CPU %u: get or put called %s where it must call nothing:\n",
			 s->cpu, probe_event_names[s->event]);
		stack_trace_print(s->entries, s->depth, 1);
	}
}

/* Print what was wrong. Returns how much. */
unsigned int probe_report(void)
{
	unsigned int errors = atomic_read(&probe_lost), n, i;

	if (errors)
		pr_alert("!!! %u objects are lost\n", errors);
	for (i = 0; i < POOL_STAMP_ERRORS; i++) {
		n = atomic_read(&probe_stamp_errors[i]);
		errors += n;
		if (n)
			pr_alert("!!! %u times: %s\n", n, pool_stamp_error_name(i));
	}
	for (i = 0; i < PROBE_EVENTS; i++) {
		n = atomic_read(&probe_calls[i]);
		errors += n;
		if (n)
			pr_alert("!!! get or put called %s where it must call nothing, %u times\n",
				 probe_event_names[i], n);
	}
	probe_print_stacks();
	return errors;
}
