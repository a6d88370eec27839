// SPDX-License-Identifier: GPL-2.0
/*
 * pool_limit - min, max, and gets that wait
 *
 * Two numbers of a pool, whatever its state. "Existing" is raised before alloc is called
 * and lowered after free has returned: params.max bounds it. "Built" is raised after
 * alloc has returned and lowered before free is called: what is about to be freed is no
 * more to be had, and params.min keeps it up. So a caller that wants to free something that
 * is cached asks pool_limit_drop() first, and what is refused stays cached.
 *
 * A get that has to wait closes the pool (POOL_WAITED), so that all operations take their
 * slow paths, and joins the queue. A put then queues an irq_work, which wakes the first
 * waiter. That one looks for what was put, and so may a get that runs. Such a get does not
 * cost a switch of tasks, and where more tasks than objects are always busy, it would cost
 * one at each put if it had to queue: a task that has put an object needs the next one. So
 * waiters are patient at first. They are strict once the first of them has looked in vain
 * for what was put, or any has slept for POOL_WAIT_PATIENCE:
 *
 *	put --> stash --> irq_work --> first waiter --> its get returns
 *	                                second waiter
 *	get: strict waiters? then wait behind them, or NULL
 *
 * The stash (pool_stash.c) is what every CPU reaches by compare-and-swap, so a put from NMI
 * hands its object over as one from a task does, and takes no lock. The irq_work gives
 * what is in the stash to the waiters, in order of arrival, and wakes them. These are the
 * normal and the starving mode of Go's Mutex: in that one Unlock hands the mutex to the
 * first waiter, and newcomers do not try. The pool is closed a little longer than
 * anybody waits, for POOL_LIMIT_STAY after the last waiter has left.
 *
 * The first waiter looks for itself, too: for what lies in magazines and chains, and for
 * a chance to build. It does so when it arrives, when something was freed or
 * params.max raised, and at each tick while a section may be pinned that began before the
 * pool was closed, since such a put may still have filled a magazine.
 *
 * An object has to find room in the stash if it is one of the last params.min, or it could
 * not be kept when memory for a ring is short. So the stash has at least min slots.
 * Nothing else is special about these objects: they are in use like any other. What
 * stays in the stash is found by gets before they build, and freed by reclaim and age as
 * far as min allows.
 *
 * Why no wake-up is lost. A waiter is in the queue before it looks; a put has stored its
 * object, and a free lowered its number, before it looks for waiters, with a full barrier
 * on each side. So one sees the other. litmus/wait-put, litmus/wait-free. Nobody wakes the
 * first waiter again that has not looked yet (limit->offered); litmus/wait-offer.
 *
 * Operations, the column while the row is under way:
 *
 *	            put, free         get that waits    other get
 *	put         other slot        sees it, or is    finds the object, or not
 *	                              woken
 *	serving     served now, or    under core->lock  finds nothing
 *	            by the next one
 *
 * Conventions: @w is a waiter. "First" is the waiter at the head of the queue.
 */
#include <linux/bug.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "pool_hook.h"
#include "pool_limit.h"
#include "pool_stash.h"
#include "pool_stats.h"

/* how long the pool stays closed after the last waiter, in jiffies */
#define POOL_LIMIT_STAY	HZ
/* until min is filled again after a discard, in jiffies */
#define POOL_LIMIT_FILL	DIV_ROUND_UP(HZ, 20)
/* searches for a slot that must be free */
#define POOL_STASH_TRIES	8U

/*
 * Where the stash counts objects that callers put, or get. While the pool waits for idle,
 * syncpool.uncached.out changes with it; see struct pool_limit.
 */
static atomic_long_t *pool_stash_counter(struct syncpool_core *core, bool caches)
{
	return likely(caches) ? &core->limit->stashed : &core->limit->stashed_idle;
}

/* Take an object from the stash, or NULL. @cached: it continues to count as cached. */
void *__pool_limit_unstash(struct syncpool_core *core, bool cached)
{
	bool caches = cached || pool_core_caches(core);
	/*
	 * __pool_limit_unstash:A: address dependency, pairs with pool_limit_make_room:A, as
	 * every other read of limit->stash does; litmus/ring-init
	 */
	void *obj = pool_stash_take(READ_ONCE(core->limit->stash));

	if (!obj)
		return NULL;
	atomic_long_dec(pool_stash_counter(core, caches));
	if (unlikely(!caches))
		pool_stats_out(core, 1);
	return obj;
}

/* Slots of the stash. */
static unsigned int pool_limit_room(const struct pool_limit *limit)
{
	const struct pool_stash *stash = READ_ONCE(limit->stash);

	return stash ? stash->room : 0;
}

/*
 * Store @obj for those that wait, or for any get if nobody does. @cached: it was cached
 * before. False: there is no room. Pinned; any context.
 */
static bool __pool_limit_stash(struct syncpool_core *core, void *obj, bool cached)
{
	bool caches = cached || pool_core_caches(core);

	pool_assert_pinned();
	if (pool_limit_stashed(core) >= (long)pool_limit_room(core->limit))
		return false;
	/* before it can be found */
	atomic_long_inc(pool_stash_counter(core, caches));
	if (!pool_stash_store(READ_ONCE(core->limit->stash), obj)) {
		atomic_long_dec(pool_stash_counter(core, caches));
		return false;
	}
	/*
	 * __pool_limit_stash:A: full barrier, by the compare-and-swap that has stored the
	 * object, pairs with pool_limit_place:A; litmus/wait-put, litmus/wait-offer
	 */
	if (pool_limit_has_waiters(core) && !READ_ONCE(core->limit->offered))
		irq_work_queue(&core->limit->irq);
	/* last, since it may be what syncpool_wait_idle() waits for */
	if (unlikely(!caches))
		pool_stats_out(core, -1);
	return true;
}

/*
 * An object was taken from a chain or a magazine for a caller, while the pool waits for
 * idle: as if it had been moved to the stash, and taken from there. Pinned.
 */
void pool_limit_took_idling(struct syncpool_core *core)
{
	pool_assert_pinned();
	atomic_long_inc(&core->limit->stashed);
	atomic_long_dec(&core->limit->stashed_idle);
	pool_stats_out(core, 1);
}

/* Store @obj of a caller's. Otherwise as above. */
bool pool_limit_stash(struct syncpool_core *core, void *obj)
{
	return __pool_limit_stash(core, obj, false);
}

/*
 * Store @obj, which is one of the last params.min. @cached: it was cached before. False:
 * there is no room, since the slots are full of objects that the pool did not build. Any
 * context.
 */
bool pool_limit_keep(struct syncpool_core *core, void *obj, bool cached)
{
	unsigned int tries = 0;
	bool kept;

	preempt_disable();
	/* again, if a slot became free behind the search */
	do {
		kept = __pool_limit_stash(core, obj, cached);
	} while (!kept && ++tries < POOL_STASH_TRIES);
	preempt_enable();
	return kept;
}

/* The rest of pool_limit_reserve(): do fewer than @max objects exist? */
bool pool_limit_reserve_one(struct syncpool *pool, unsigned int max)
{
	long n = atomic_long_read(&pool->limit.existing);

	do {
		if (n >= (long)max)
			return false;
	} while (!atomic_long_try_cmpxchg(&pool->limit.existing, &n, n + 1));
	return true;
}

/* Have the first waiter look again. After a full barrier; any context. */
void pool_limit_kick(struct syncpool_core *core)
{
	if (!pool_limit_has_waiters(core) || READ_ONCE(core->limit->offered))
		return;
	WRITE_ONCE(core->limit->kicked, true);
	irq_work_queue(&core->limit->irq);
}

/* Build what params.min demands. Any context. */
void pool_limit_fill_later(struct syncpool_core *core)
{
	WRITE_ONCE(core->limit->lacks, true);
	irq_work_queue(&core->limit->irq);
}

/* alloc returned no object. @known: the first waiter knows it, since it has called alloc. */
void pool_limit_unreserve(struct syncpool *pool, bool known)
{
	struct syncpool_core *core;

	/* also a full barrier, as at pool_limit_freed:A */
	atomic_long_dec_return(&pool->limit.existing);
	if (known)
		return;
	rcu_read_lock();
	core = READ_ONCE(pool->core);
	if (core)
		pool_limit_kick(core);
	rcu_read_unlock();
}

/* An object was built. @reserved: it counts as existing already. */
void pool_limit_built(struct syncpool *pool, bool reserved)
{
	struct syncpool_core *core;

	if (!reserved)
		atomic_long_inc(&pool->limit.existing);
	if (likely(!READ_ONCE(pool->params.max)))
		return;
	rcu_read_lock();
	core = READ_ONCE(pool->core);
	/* syncpool_resize() came while alloc ran */
	if (core && pool_limit_is_over(pool)) {
		WRITE_ONCE(core->limit->over, true);
		irq_work_queue(&core->limit->irq);
	}
	rcu_read_unlock();
}

/* An object has been freed. Any context. */
void pool_limit_freed(struct syncpool *pool)
{
	struct syncpool_core *core;

	rcu_read_lock();
	/*
	 * pool_limit_freed:A: full barrier, pairs with pool_limit_place:A and
	 * pool_core_register:B; litmus/wait-free
	 */
	atomic_long_dec_return(&pool->limit.existing);
	core = READ_ONCE(pool->core);
	if (unlikely(core && READ_ONCE(core->limit) && READ_ONCE(core->mode) != POOL_ENDED)) {
		pool_limit_kick(core);
		if (pool_limit_lacks(pool))
			pool_limit_fill_later(core);
	}
	rcu_read_unlock();
}

/*
 * How many of @n cached objects may be freed? They are not among those built any more. Any
 * context.
 */
unsigned int pool_limit_drop(struct syncpool_core *core, unsigned int n)
{
	struct syncpool *pool = READ_ONCE(core->pool);
	long built, min;

	if (unlikely(!pool))
		return n;
	/*
	 * pool_limit_drop:A: RCU reader, pairs with pool_resize_set:A; litmus/resize-min
	 */
	rcu_read_lock();
	min = READ_ONCE(core->mode) == POOL_ENDED ? 0 : READ_ONCE(pool->params.min);
	if (likely(!min)) {
		atomic_long_sub(n, &pool->limit.built);
	} else {
		built = atomic_long_read(&pool->limit.built);
		do {
			n = clamp_t(long, built - min, 0, n);
		} while (n && !atomic_long_try_cmpxchg(&pool->limit.built, &built, built - n));
	}
	rcu_read_unlock();
	return n;
}

/*
 * Keep those of the cached @objs that the pool needs. Returns how many, from the first on,
 * may be freed, and are not among those built any more. Any context.
 */
unsigned int pool_limit_retain(struct syncpool_core *core, void **objs, unsigned int n)
{
	struct syncpool *pool = READ_ONCE(core->pool);
	unsigned int k = pool_limit_drop(core, n), i;

	for (i = k; i < n; i++) {
		if (pool_limit_keep(core, objs[i], true))
			continue;
		objs[k++] = objs[i];
		if (pool)
			atomic_long_dec(&pool->limit.built);
	}
	return k;
}

/* Objects that may be freed, at most; may be out of date. */
unsigned long pool_limit_excess(const struct syncpool_core *core)
{
	const struct syncpool *pool = READ_ONCE(core->pool);
	unsigned int min = pool ? READ_ONCE(pool->params.min) : 0;

	if (likely(!min))
		return ULONG_MAX;
	return max(atomic_long_read(&pool->limit.built) - (long)min, 0L);
}

/* Close the pool, under core->lock. Returns whether it was open. */
static bool pool_limit_close_locked(struct syncpool_core *core)
{
	if (core->waited)
		return false;
	pool_core_set_waited(core, true);
	WRITE_ONCE(core->limit->gp, get_state_synchronize_rcu());
	return true;
}

/* More objects exist than may: puts take their slow path until that is over. */
void pool_limit_close(struct syncpool_core *core)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&core->lock, flags);
	pool_limit_close_locked(core);
	raw_spin_unlock_irqrestore(&core->lock, flags);
	queue_delayed_work(pool_wq, &core->limit->open_work, POOL_LIMIT_STAY);
}

static void pool_limit_open(struct work_struct *work)
{
	struct syncpool_core *core = container_of(to_delayed_work(work), struct pool_limit,
						  open_work)->core;
	unsigned long flags;
	struct syncpool *pool = READ_ONCE(core->pool);
	bool again = false;

	raw_spin_lock_irqsave(&core->lock, flags);
	/* the last one to leave comes here again */
	if (core->waited && !pool_limit_has_waiters(core)) {
		again = (pool && pool_limit_is_over(pool)) ||
			time_before(jiffies, core->limit->left_at + POOL_LIMIT_STAY);
		if (!again)
			pool_core_set_waited(core, false);
	}
	raw_spin_unlock_irqrestore(&core->lock, flags);
	if (again)
		queue_delayed_work(pool_wq, &core->limit->open_work, POOL_LIMIT_STAY);
}

static struct pool_waiter *pool_limit_first(struct syncpool_core *core)
{
	lockdep_assert_held(&core->lock);
	return list_first_entry_or_null(&core->limit->waiters, struct pool_waiter, node);
}

/*
 * Let nobody overtake @w, which waits. The first waiter may have been woken and not run yet,
 * so puts queue the irq_work again, and the one that is queued here serves what they have
 * stored meanwhile.
 */
static void pool_limit_make_strict(struct syncpool_core *core, struct pool_waiter *w)
{
	lockdep_assert_held(&core->lock);
	w->strict = true;
	WRITE_ONCE(core->limit->nr_strict, core->limit->nr_strict + 1);
	WRITE_ONCE(core->limit->offered, false);
	irq_work_queue(&core->limit->irq);
}

/* Wait behind all others. False: the pool has ended. */
bool pool_limit_join(struct syncpool_core *core, struct pool_waiter *w)
{
	unsigned long flags;
	bool ended;

	INIT_LIST_HEAD(&w->node);
	w->task = current;
	w->kicked = true;
	w->patient_until = ktime_add_ns(ktime_get(), pool_wait_patience);
	raw_spin_lock_irqsave(&core->lock, flags);
	ended = core->mode == POOL_ENDED;
	if (!ended) {
		list_add_tail(&w->node, &core->limit->waiters);
		atomic_inc(&core->limit->nr_waiters);
		/* others would take one by one what it collects */
		if (w->n > 1)
			pool_limit_make_strict(core, w);
		pool_limit_close_locked(core);
	}
	raw_spin_unlock_irqrestore(&core->lock, flags);
	/* so that the one whose cookie limit->gp is begins */
	if (!ended && !poll_state_synchronize_rcu(READ_ONCE(core->limit->gp)))
		start_poll_synchronize_rcu();
	return !ended;
}

/* Where in the queue is @w? If it is the first, it is about to look. */
enum pool_place pool_limit_place(struct syncpool_core *core, struct pool_waiter *w)
{
	enum pool_place place = POOL_PLACE_BEHIND;
	unsigned long flags;

	raw_spin_lock_irqsave(&core->lock, flags);
	if (list_empty(&w->node)) {
		place = POOL_PLACE_NONE;
	} else if (pool_limit_first(core) == w) {
		place = POOL_PLACE_FIRST;
		w->kicked = false;
		w->looks = true;
		w->tried |= core->limit->offered;
		WRITE_ONCE(core->limit->offered, false);
	}
	raw_spin_unlock_irqrestore(&core->lock, flags);
	/*
	 * pool_limit_place:A: full barrier, pairs with __pool_limit_stash:A and
	 * pool_put_kick:A, litmus/wait-put, litmus/wait-offer, with pool_limit_freed:A,
	 * litmus/wait-free, and with pool_resize_set:B, litmus/wait-resize
	 */
	smp_mb();
	return place;
}

static void pool_limit_remove(struct syncpool_core *core, struct pool_waiter *w)
{
	lockdep_assert_held(&core->lock);
	list_del_init(&w->node);
	atomic_dec(&core->limit->nr_waiters);
	WRITE_ONCE(core->limit->offered, false);
	if (w->strict)
		WRITE_ONCE(core->limit->nr_strict, core->limit->nr_strict - 1);
}

static void pool_limit_hand(struct syncpool_core *core, struct pool_waiter *w, void *obj)
{
	w->objs[w->got++] = obj;
	if (w->got == w->n)
		pool_limit_remove(core, w);
}

/*
 * @w has found @obj itself: there may be more. False: it has been served meanwhile.
 */
bool pool_limit_give(struct syncpool_core *core, struct pool_waiter *w, void *obj)
{
	unsigned long flags;
	bool takes;

	raw_spin_lock_irqsave(&core->lock, flags);
	w->kicked = true;
	takes = !list_empty(&w->node);
	if (takes)
		pool_limit_hand(core, w, obj);
	raw_spin_unlock_irqrestore(&core->lock, flags);
	return takes;
}

/* @offer: there is something for it, unless it is overtaken. */
static void pool_limit_kick_first(struct syncpool_core *core, bool offer)
{
	struct pool_waiter *w = pool_limit_first(core);

	if (!w)
		return;
	w->kicked = true;
	if (offer && !core->limit->nr_strict)
		WRITE_ONCE(core->limit->offered, true);
	wake_up_process(w->task);
}

/*
 * Give what is in the stash to those that wait. If nobody is strict, the first one is to be
 * woken and looks for it.
 */
static void pool_limit_serve_locked(struct syncpool_core *core)
{
	struct pool_waiter *w;
	void *obj;

	while ((w = pool_limit_first(core)) && core->limit->nr_strict) {
		obj = pool_limit_unstash(core);
		if (!obj)
			return;
		pool_limit_hand(core, w, obj);
		/* it looks no more for what lies elsewhere, so the next one has to */
		if (list_empty(&w->node) && (w->kicked || w->looks))
			WRITE_ONCE(core->limit->kicked, true);
		/* it takes the lock before it leaves */
		wake_up_process(w->task);
	}
	if (w && pool_limit_stashed(core) > 0)
		WRITE_ONCE(core->limit->kicked, true);
}

static void pool_limit_serve(struct irq_work *irq)
{
	struct syncpool_core *core = container_of(irq, struct pool_limit, irq)->core;
	unsigned long flags;
	bool closed;

	/* pool_limit_serve:A: lock, pairs with pool_limit_leave:A; litmus/hand-over */
	raw_spin_lock_irqsave(&core->lock, flags);
	pool_limit_serve_locked(core);
	if (xchg(&core->limit->kicked, false))
		pool_limit_kick_first(core, true);
	closed = xchg(&core->limit->over, false) && pool_limit_close_locked(core);
	raw_spin_unlock_irqrestore(&core->lock, flags);
	if (closed)
		queue_delayed_work(pool_wq, &core->limit->open_work, POOL_LIMIT_STAY);
	if (xchg(&core->limit->lacks, false) && READ_ONCE(core->mode) != POOL_ENDED)
		queue_delayed_work(pool_wq, &core->limit->fill_work, POOL_LIMIT_FILL);
}

/*
 * Count @w, once. Who sees the number grow may rely on it that nobody overtakes, or that the
 * get has returned.
 */
static void pool_limit_count(struct syncpool_core *core, struct pool_waiter *w)
{
	if (w->slept && !w->counted)
		atomic_long_inc(&core->waits);
	w->counted = w->slept;
}

/* Sleep until @w is handed an object or is to look again, for @timeout at most. */
void pool_limit_sleep(struct syncpool_core *core, struct pool_waiter *w,
		      unsigned int state, long timeout)
{
	bool patient = !ktime_after(ktime_get(), w->patient_until);
	unsigned long flags;
	bool waits, sleep;

	set_current_state(state);
	raw_spin_lock_irqsave(&core->lock, flags);
	w->looks = false;
	waits = !list_empty(&w->node);
	if (waits && !w->strict && (w->tried || !patient))
		pool_limit_make_strict(core, w);
	sleep = waits && !(w->kicked && pool_limit_first(core) == w);
	raw_spin_unlock_irqrestore(&core->lock, flags);
	if (sleep && !signal_pending_state(state, current)) {
		w->slept = true;
		if (w->strict)
			pool_limit_count(core, w);
		if (w->strict || timeout == 1)
			schedule_timeout(timeout);
		else
			schedule_hrtimeout(&w->patient_until, HRTIMER_MODE_ABS);
	}
	__set_current_state(TASK_RUNNING);
}

/* @w waits no more. Returns how many objects it has. */
unsigned int pool_limit_leave(struct syncpool_core *core, struct pool_waiter *w)
{
	unsigned long flags;

	/* pool_limit_leave:A: lock, pairs with pool_limit_serve:A; litmus/hand-over */
	raw_spin_lock_irqsave(&core->lock, flags);
	if (!list_empty(&w->node))
		pool_limit_remove(core, w);
	/*
	 * It has not looked since it was to, or not to the end, or there may be something
	 * that it could not reach.
	 */
	if (w->kicked || w->looks || !poll_state_synchronize_rcu(core->limit->gp) ||
	    pool_core_may_hold(core))
		pool_limit_kick_first(core, false);
	WRITE_ONCE(core->limit->left_at, jiffies);
	raw_spin_unlock_irqrestore(&core->lock, flags);
	pool_limit_count(core, w);
	if (!pool_limit_has_waiters(core))
		queue_delayed_work(pool_wq, &core->limit->open_work, POOL_LIMIT_STAY);
	return w->got;
}

/* The pool has ended: send away those that wait. */
void pool_limit_end(struct syncpool_core *core)
{
	struct pool_waiter *w, *next;
	unsigned long flags;

	if (!core->limit)
		return;
	pool_report(pool_limit_has_waiters(core), core, "syncpool_exit() during a get that waits");
	raw_spin_lock_irqsave(&core->lock, flags);
	list_for_each_entry_safe(w, next, &core->limit->waiters, node) {
		pool_limit_remove(core, w);
		wake_up_process(w->task);
	}
	raw_spin_unlock_irqrestore(&core->lock, flags);
}

/* The pool has ended, and nobody sleeps in a call of it. */
void pool_limit_stop(struct syncpool_core *core)
{
	if (!core->limit)
		return;
	irq_work_sync(&core->limit->irq);
	cancel_delayed_work_sync(&core->limit->fill_work);
	cancel_delayed_work_sync(&core->limit->open_work);
}

/* @core had no limits so far. */
static int pool_limit_alloc(struct syncpool_core *core, work_func_t fill)
{
	struct pool_limit *limit = kzalloc(sizeof(*limit), GFP_KERNEL);

	if (!limit)
		return -ENOMEM;
	limit->core = core;
	/* nobody has waited yet */
	limit->left_at = jiffies - 1;
	INIT_LIST_HEAD(&limit->waiters);
	limit->irq = IRQ_WORK_INIT_HARD(pool_limit_serve);
	INIT_DELAYED_WORK(&limit->open_work, pool_limit_open);
	pool_core_own_work(core, &limit->open_work.work);
	INIT_DELAYED_WORK(&limit->fill_work, fill);
	pool_core_own_work(core, &limit->fill_work.work);
	/*
	 * pool_limit_alloc:A: release, pairs with pool_limit_has_waiters:A and the address
	 * dependency from every other read of core->limit; litmus/activate
	 */
	smp_store_release(&core->limit, limit);
	/* like @limit, in force before the bounds are */
	WRITE_ONCE(core->special, true);
	return 0;
}

/*
 * Have room for @n objects in the stash. Under core->resize_lock, or before the pool is
 * active. @fill: builds what params.min demands. May sleep. -ENOMEM.
 */
int pool_limit_make_room(struct syncpool_core *core, unsigned int n, work_func_t fill)
{
	struct pool_stash *stash;
	unsigned int room;

	if (!core->limit && pool_limit_alloc(core, fill))
		return -ENOMEM;
	room = pool_limit_room(core->limit);
	if (room >= n)
		return 0;
	stash = pool_stash_alloc(n - room, GFP_KERNEL);
	if (!stash)
		return -ENOMEM;
	pool_stash_push(stash, core->limit->stash);
	/*
	 * pool_limit_make_room:A: release, pairs with __pool_limit_unstash:A;
	 * litmus/ring-init
	 */
	smp_store_release(&core->limit->stash, stash);
	return 0;
}

/* The stash is empty, and nobody reaches it. */
void pool_limit_free(struct syncpool_core *core)
{
	if (!core->limit)
		return;
	pool_stash_free(core->limit->stash);
	kfree(core->limit);
}
