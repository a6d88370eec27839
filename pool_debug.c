// SPDX-License-Identifier: GPL-2.0
/*
 * pool_debug - debug mode: make misuse visible
 *
 * For the pools that syncpool.debug names, and for one with SYNCPOOL_DEBUG. Such a
 * pool stays closed, so every operation comes through here, and other pools pay
 * nothing. One put in four is dropped, as Go does under its race detector, so
 * that no user relies on getting back what it put. The steal order is random.
 * With SYNCPOOL_POISON a cached object is filled with POISON_FREE and checked
 * when it leaves.
 *
 * Every object, cached or out, is in a table with its pool and with who put it or
 * got it (pool_track.c). A second put of a cached object, to any pool, is refused
 * and reported with both callers. Who holds what is out, pool_holders.c shows.
 *
 * Two mistakes that only a kernel with CONFIG_DEBUG_ATOMIC_SLEEP knows are reported
 * on any: a get whose flags allow it to sleep where it must not, as far as the
 * kernel counts that; and a free that sleeps, of a pool that did not say so. What
 * sleeps is switched away from by its own will, which the scheduler counts apart
 * from preemption. On PREEMPT_RT it counts a wait for a spinlock in the same way, so
 * that there the second mistake is not looked for.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/jump_label.h>
#include <linux/kconfig.h>
#include <linux/poison.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "pool_compat.h"
#include "pool_debug.h"
#include "pool_kasan.h"
#include "pool_select.h"
#include "pool_table.h"
#include "pool_track.h"

/* frames of this module above a user's get, at most */
#define POOL_DEBUG_OWN_FRAMES	8U

DEFINE_STATIC_KEY_FALSE(pool_debug_key);

static DEFINE_PER_CPU(u32, pool_debug_seed);

static atomic_t pool_debug_ended;

/*
 * A pool may end in a callback of CPU hotplug, under whose lock the key cannot be turned
 * off. So the first pool in debug mode cannot be created there, either.
 */
static void pool_debug_end(struct work_struct *work)
{
	while (atomic_add_unless(&pool_debug_ended, -1, 0))
		static_branch_dec(&pool_debug_key);
}

static DECLARE_WORK(pool_debug_work, pool_debug_end);

int pool_debug_enable(struct syncpool_core *core)
{
	int err;

	if (!(core->params.flags & SYNCPOOL_DEBUG) && !pool_selects(core->name))
		return 0;
	err = pool_table_begin();
	if (err)
		return err;
	core->debug = true;
	core->special = true;
	static_branch_inc(&pool_debug_key);
	return 0;
}

static void pool_debug_end_later(void)
{
	atomic_inc(&pool_debug_ended);
	queue_work(pool_system_wq(), &pool_debug_work);
}

/* @core, which is empty, is about to be freed. */
void pool_debug_disable(struct syncpool_core *core)
{
	if (core->counting)
		pool_debug_end_later();
	if (!core->debug)
		return;
	pool_debug_end_later();
	pool_track_end(core);
}

/*
 * The key as one more pool's that counts, or one less's. Nothing is held: this takes the lock
 * of CPU hotplug, under which a pool may end.
 */
void pool_debug_hold_key(void)
{
	static_branch_inc(&pool_debug_key);
}

void pool_debug_release_key(void)
{
	static_branch_dec(&pool_debug_key);
}

/*
 * Have gets count hits and misses, from 0 on, or not any more. Returns whether that is a
 * change: as long as a pool counts, it holds the key. The pool is closed meanwhile, so that
 * all gets come here.
 */
bool pool_debug_set_counting(struct syncpool_core *core, bool on)
{
	unsigned int cpu;
	bool changed;

	mutex_lock(&core->reclaim_lock);
	changed = core->counting != on;
	if (changed && on) {
		for_each_possible_cpu(cpu) {
			WRITE_ONCE(per_cpu_ptr(core->counters, cpu)->hits, 0);
			WRITE_ONCE(per_cpu_ptr(core->counters, cpu)->misses, 0);
		}
		WRITE_ONCE(core->special, true);
	}
	WRITE_ONCE(core->counting, on);
	pool_core_update(core);
	mutex_unlock(&core->reclaim_lock);
	return changed;
}

/* No pool in debug mode is left: wait for the work that turns the key off. */
void pool_debug_exit(void)
{
	flush_work(&pool_debug_work);
}

/* xorshift32, since get_random_u32() may not be called in NMI. */
static u32 pool_debug_random(void)
{
	u32 x = this_cpu_read(pool_debug_seed) ?: smp_processor_id() + 1;

	pool_assert_pinned();
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	this_cpu_write(pool_debug_seed, x);
	return x;
}

unsigned int __pool_debug_random_cpu(struct syncpool_core *core)
{
	if (!core->debug)
		return smp_processor_id();
	return pool_debug_random() % nr_cpu_ids;
}

/* The core of @pool, if that is in debug mode, or NULL. Pinned. */
static struct syncpool_core *pool_debug_core(const struct syncpool *pool)
{
	struct syncpool_core *core = READ_ONCE(pool->core);

	pool_assert_pinned();
	return core && core->debug ? core : NULL;
}

/* Who called into this module. */
static void pool_debug_caller(struct pool_stack *stack)
{
	unsigned long addrs[POOL_TRACK_DEPTH + POOL_DEBUG_OWN_FRAMES];
	unsigned int n = pool_stack_save(addrs, ARRAY_SIZE(addrs)), i = 0;

	while (i < n && pool_is_own_text(addrs[i]))
		i++;
	stack->nr = min(n - i, POOL_TRACK_DEPTH);
	memcpy(stack->addrs, addrs + i, stack->nr * sizeof(*addrs));
}

/* Say where @obj is. @track: its entry, locked, or NULL. */
static void pool_debug_note(struct syncpool_core *core, struct pool_track *track, void *obj,
			    enum pool_track_state state, const struct pool_stack *stack)
{
	if (!track)
		track = pool_track_add(obj);
	if (!track) {
		atomic_long_inc(&core->untracked);
		return;
	}
	pool_track_set(track, core, stack);
	pool_track_unlock(track, state);
}

/* @track, which is locked, says that @obj is cached already. */
static void pool_debug_report(struct syncpool_core *core, void *obj,
			      const struct pool_track *track, unsigned long caller)
{
	const struct syncpool_core *in = track->core;

	if (in == core)
		pool_core_warn(core, POOL_WARNED_DOUBLE_PUT,
			       "double put of %p by %pS, put before by %pS",
			       obj, (void *)caller, (void *)track->stack.addrs[0]);
	else
		pool_core_warn(core, POOL_WARNED_FOREIGN,
			       "put of %p by %pS, which is in pool %s (%u of %s), put there by %pS",
			       obj, (void *)caller, in->name, in->id,
			       pool_owner_name(in->owner, "the kernel"),
			       (void *)track->stack.addrs[0]);
}

/*
 * Is @obj cached, or in somebody else's hands just now? Reports it. Otherwise locks
 * its entry.
 */
static bool pool_debug_is_cached(struct syncpool_core *core, void *obj,
				 struct pool_track *track, unsigned long caller)
{
	enum pool_track_state state = pool_track_trylock(track, obj);

	if (state == POOL_TRACK_OUT)
		return false;
	if (state == POOL_TRACK_CACHED) {
		pool_debug_report(core, obj, track, caller);
		pool_track_unlock(track, state);
	} else {
		pool_core_warn(core, POOL_WARNED_DOUBLE_PUT,
			       "put of %p by %pS, which another call is about to put or get",
			       obj, (void *)caller);
	}
	return true;
}

/* Is @obj, which a caller discards, cached? Reports it. Any context. */
bool __pool_debug_refuses(struct syncpool *pool, void *obj, unsigned long caller)
{
	struct pool_track *track;
	struct syncpool_core *core;
	bool refuses = false;

	preempt_disable();
	core = pool_debug_core(pool);
	track = core ? pool_track_find(obj) : NULL;
	if (track) {
		refuses = pool_debug_is_cached(core, obj, track, caller);
		if (!refuses)
			pool_track_unlock(track, POOL_TRACK_OUT);
	}
	preempt_enable();
	return refuses;
}

/* Any context. */
enum pool_debug_verdict pool_debug_put(struct syncpool *pool, void *obj,
				       unsigned long caller)
{
	const struct pool_stack stack = { .nr = 1, .addrs = { caller } };
	struct syncpool_core *core = pool_debug_core(pool);
	struct pool_track *track;

	if (!core)
		return POOL_DEBUG_KEEP;
	track = pool_track_find(obj);
	if (track && pool_debug_is_cached(core, obj, track, caller))
		return POOL_DEBUG_REFUSE;
	if (core->params.flags & SYNCPOOL_POISON)
		memset(obj, POISON_FREE, core->params.obj_size);
	/* also what is dropped, which the pool may have to keep */
	pool_debug_note(core, track, obj, POOL_TRACK_CACHED, &stack);
	return pool_debug_random() % 4 ? POOL_DEBUG_KEEP : POOL_DEBUG_DROP;
}

/* @obj was cached, as @track says, which is locked. */
static void pool_debug_check_poison(void *obj, const struct pool_track *track)
{
	struct syncpool_core *core = track->core;
	const struct syncpool_params *params = &core->params;
	u8 *changed;

	if (!(params->flags & SYNCPOOL_POISON))
		return;
	changed = memchr_inv(obj, POISON_FREE, params->obj_size);
	if (changed)
		pool_core_warn(core, POOL_WARNED_POISON,
			       "use after put of %p: byte %td is %#x, put by %pS",
			       obj, changed - (u8 *)obj, *changed,
			       (void *)track->stack.addrs[0]);
}

/* A caller takes @obj out of @core. */
static void pool_debug_hand_out(struct syncpool_core *core, void *obj)
{
	struct pool_track *track = pool_track_find(obj);
	enum pool_track_state state;
	struct pool_stack stack;

	if (track) {
		state = pool_track_trylock(track, obj);
		if (state == POOL_TRACK_LOCKED)
			return;
		if (state == POOL_TRACK_CACHED)
			pool_debug_check_poison(obj, track);
	}
	pool_debug_caller(&stack);
	pool_debug_note(core, track, obj, POOL_TRACK_OUT, &stack);
}

/* May the caller, who is not pinned, not sleep? Always false where nobody can tell. */
static bool pool_debug_is_atomic(void)
{
	return preempt_count() || irqs_disabled() || rcu_preempt_depth();
}

static void pool_debug_report_gfp(struct syncpool_core *core, gfp_t gfp)
{
	struct pool_stack stack;

	pool_debug_caller(&stack);
	pool_core_warn(core, POOL_WARNED_GFP,
		       "get by %pS in atomic context, with flags that may sleep: %pGg",
		       stack.nr ? (void *)stack.addrs[0] : NULL, &gfp);
}

/* A get is about to build an object. Any context, unpinned. */
void __pool_debug_check_gfp(struct syncpool *pool, gfp_t gfp)
{
	struct syncpool_core *core;

	if (!gfpflags_allow_blocking(gfp) || !pool_debug_is_atomic())
		return;
	preempt_disable();
	core = pool_debug_core(pool);
	if (core)
		pool_debug_report_gfp(core, gfp);
	preempt_enable();
}

/* A get returns @obj, or NULL. @hit: it did not build it. Any context, unpinned. */
static void pool_debug_return(struct syncpool *pool, void *obj, bool hit)
{
	struct syncpool_core *core;

	preempt_disable();
	core = READ_ONCE(pool->core);
	if (core && READ_ONCE(core->counting)) {
		if (hit)
			this_cpu_inc(core->counters->hits);
		else
			this_cpu_inc(core->counters->misses);
	}
	if (core && core->debug && obj)
		pool_debug_hand_out(core, obj);
	preempt_enable();
}

/* A get returns @obj, which it found, or NULL. Any context, unpinned. */
void __pool_debug_got(struct syncpool *pool, void *obj, gfp_t gfp)
{
	__pool_debug_check_gfp(pool, gfp);
	pool_debug_return(pool, obj, obj);
}

/* A get returns @obj, which it built. Any context, unpinned. */
void __pool_debug_built(struct syncpool *pool, void *obj)
{
	pool_debug_return(pool, obj, false);
}

/*
 * @obj leaves its pool, to be freed. It is in no table if the pool is not in debug mode.
 * Any context.
 */
void __pool_debug_leave(void *obj)
{
	enum pool_track_state state;
	struct pool_track *track;

	preempt_disable();
	track = pool_track_find(obj);
	state = track ? pool_track_trylock(track, obj) : POOL_TRACK_LOCKED;
	if (state == POOL_TRACK_CACHED)
		pool_debug_check_poison(obj, track);
	if (state != POOL_TRACK_LOCKED)
		pool_track_remove(track);
	preempt_enable();
}

/* Free @obj. Did that sleep, though the pool did not say so? */
static bool pool_debug_free_sleeps(const struct syncpool_params *params, void *obj)
{
	const bool may = IS_ENABLED(CONFIG_PREEMPT_RT) ||
			 (params->flags & SYNCPOOL_FREE_SLEEPS);
	unsigned long switches = current->nvcsw;

	__pool_debug_leave(obj);
	pool_kasan_free(params, obj);
	return current->nvcsw != switches && !may;
}

static void pool_debug_report_sleep(struct syncpool_core *core)
{
	pool_core_warn(core, POOL_WARNED_SLEEP,
		       "free sleeps, without SYNCPOOL_FREE_SLEEPS: %ps", core->params.free);
}

/* Free an object of @pool, in the context of a put. */
void __pool_debug_free(struct syncpool *pool, void *obj)
{
	struct syncpool_core *core;

	if (!pool_debug_free_sleeps(&pool->params, obj))
		return;
	preempt_disable();
	core = pool_debug_core(pool);
	if (core)
		pool_debug_report_sleep(core);
	preempt_enable();
}

/* Free an object that was cached in @core. */
void __pool_debug_free_taken(struct syncpool_core *core, void *obj)
{
	if (pool_debug_free_sleeps(&core->params, obj) && core->debug)
		pool_debug_report_sleep(core);
}
