// SPDX-License-Identifier: GPL-2.0
/*
 * pool_track - where each object of the pools in debug mode is
 *
 * One table serves all such pools. An entry says in which pool its object is
 * cached and who put it, or which pool it is out of and who got it:
 *
 *	             add           got                 put
 *	free (NULL) -----> locked -----> out ..lock.. -----> cached
 *	     ^                            |                    |
 *	     +---------------- remove ----+--------------------+
 *
 * Puts and gets come from any context, so nobody waits here, with one exception.
 * Finding an entry takes no lock. @state is a lock that is only tried: an object
 * belongs to one party at a time, so a CPU that finds its entry locked has met a
 * misuse. It is held pinned, so pool_track_end(), which alone waits for it, waits
 * for a CPU that runs.
 *
 *	          | find       trylock       add            remove      copy
 *	----------+---------------------------------------------------------------
 *	find      | -          obj stays     acquire        NULL: none  -
 *	trylock   |            one wins      locked: fails  looks at    copy fails
 *	          |                                         obj again
 *	add       |                          cmpxchg: one   release,    locked: skips
 *	          |                          has the entry  acquire
 *	remove    |                                         needs lock  copy fails
 *
 * The table is several hash tables (pool_table.c), in each of which an object may have
 * one of POOL_TRACK_PROBES entries. They are searched from the newest to the oldest. An
 * object that finds no place is counted by the caller, and tries again when it is got
 * or put the next time.
 *
 * A stack is kept in the entry, and not in the kernel's stack depot: that takes a
 * lock for a stack that it does not know and never gives back its memory, may be
 * off, and here get and put may run in NMI, or with interrupts off, where they
 * take no lock.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/export.h>
#include <linux/hash.h>
#include <linux/minmax.h>
#include <linux/processor.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "pool_hook.h"
#include "pool_table.h"
#include "pool_track.h"

#define POOL_TRACK_PROBES	32U
#define POOL_TRACK_STATE	3U	/* mask of enum pool_track_state */
#define POOL_TRACK_CHANGE	4U

/* The @i-th place where @obj may be. */
static struct pool_track *pool_track_entry(struct pool_table *table, const void *obj,
					   unsigned int i)
{
	return &table->entries[(hash_ptr(obj, table->bits) + i) &
			       (pool_table_size(table) - 1)];
}

/* The entry of @obj, or NULL. */
struct pool_track *pool_track_find(const void *obj)
{
	struct pool_table *table;
	unsigned int i;

	pool_assert_pinned();
	for (table = pool_table_newest(); table; table = table->next) {
		for (i = 0; i < POOL_TRACK_PROBES; i++) {
			struct pool_track *track = pool_track_entry(table, obj, i);

			if (READ_ONCE(track->obj) == obj)
				return track;
		}
	}
	return NULL;
}
EXPORT_SYMBOL_FOR_TEST(pool_track_find);

static struct pool_track *pool_track_add_to(struct pool_table *table, void *obj)
{
	unsigned int i;

	for (i = 0; i < POOL_TRACK_PROBES; i++) {
		struct pool_track *track = pool_track_entry(table, obj, i);

		/*
		 * pool_track_add_to:A: acquire, pairs with pool_track_remove:A;
		 * litmus/debug-reuse
		 */
		if (!READ_ONCE(track->obj) && !cmpxchg(&track->obj, NULL, obj)) {
			track->table = table;
			atomic_inc(&table->used);
			return track;
		}
	}
	return NULL;
}

/* An entry for @obj, which has none, locked; NULL: there is no place. Any context. */
struct pool_track *pool_track_add(void *obj)
{
	struct pool_table *table;
	struct pool_track *track = NULL;

	pool_assert_pinned();
	for (table = pool_table_newest(); table && !track; table = table->next)
		track = pool_track_add_to(table, obj);
	pool_table_grow_later();
	return track;
}

/*
 * Lock the entry of @obj. Returns the state that it had; POOL_TRACK_LOCKED: another has
 * locked it, or it is no longer that of @obj. Any context.
 */
enum pool_track_state pool_track_trylock(struct pool_track *track, const void *obj)
{
	unsigned int state = READ_ONCE(track->state);

	if (!(state & POOL_TRACK_STATE))
		return POOL_TRACK_LOCKED;
	/*
	 * pool_track_trylock:A: full barrier, pairs with pool_track_unlock:A;
	 * litmus/debug-table; and with pool_track_copy:B; litmus/debug-holder
	 */
	if (cmpxchg(&track->state, state, state & ~POOL_TRACK_STATE) != state)
		return POOL_TRACK_LOCKED;
	if (READ_ONCE(track->obj) == obj)
		return state & POOL_TRACK_STATE;
	smp_store_release(&track->state, state);	/* as pool_track_unlock:A */
	return POOL_TRACK_LOCKED;
}
EXPORT_SYMBOL_FOR_TEST(pool_track_trylock);

void pool_track_unlock(struct pool_track *track, enum pool_track_state state)
{
	unsigned int changes = (track->state & ~POOL_TRACK_STATE) + POOL_TRACK_CHANGE;

	/*
	 * pool_track_unlock:A: release, pairs with pool_track_trylock:A;
	 * litmus/debug-table; and with pool_track_copy:A; litmus/debug-holder
	 */
	smp_store_release(&track->state, changes | state);
}
EXPORT_SYMBOL_FOR_TEST(pool_track_unlock);

/* Locked. */
void pool_track_set(struct pool_track *track, struct syncpool_core *core,
		    const struct pool_stack *stack)
{
	unsigned int i;

	WRITE_ONCE(track->core, core);
	WRITE_ONCE(track->stack.nr, stack->nr);
	for (i = 0; i < stack->nr; i++)
		WRITE_ONCE(track->stack.addrs[i], stack->addrs[i]);
}

/* Locked, and stays so until the entry is added anew. */
void pool_track_remove(struct pool_track *track)
{
	WRITE_ONCE(track->core, NULL);
	atomic_dec(&track->table->used);
	/*
	 * pool_track_remove:A: release, after the entry was read; pairs with
	 * pool_track_add_to:A; litmus/debug-reuse
	 */
	smp_store_release(&track->obj, NULL);
}

/* Copy who got an object out of @core. False: the entry says nothing of the kind now. */
static bool pool_track_copy(const struct pool_track *track, const struct syncpool_core *core,
			    struct pool_stack *stack)
{
	/*
	 * pool_track_copy:A: acquire, pairs with pool_track_unlock:A;
	 * litmus/debug-holder
	 */
	unsigned int state = smp_load_acquire(&track->state), i;

	if ((state & POOL_TRACK_STATE) != POOL_TRACK_OUT || READ_ONCE(track->core) != core)
		return false;
	stack->nr = min(READ_ONCE(track->stack.nr), POOL_TRACK_DEPTH);
	for (i = 0; i < stack->nr; i++)
		stack->addrs[i] = READ_ONCE(track->stack.addrs[i]);
	/*
	 * pool_track_copy:B: read barrier, pairs with pool_track_trylock:A;
	 * litmus/debug-holder
	 */
	smp_rmb();
	return READ_ONCE(track->state) == state;
}

/* Call @fn for each object out of @core, which is in debug mode. May sleep. */
void pool_track_walk_out(const struct syncpool_core *core,
			 void (*fn)(void *arg, const struct pool_stack *stack), void *arg)
{
	struct pool_table *table;
	struct pool_stack stack;
	unsigned int i;

	for (table = pool_table_newest(); table; table = table->next) {
		for (i = 0; i < pool_table_size(table); i++) {
			if (pool_track_copy(&table->entries[i], core, &stack))
				fn(arg, &stack);
			if (!(i % SZ_1K))
				cond_resched();
		}
	}
}
EXPORT_SYMBOL_FOR_TEST(pool_track_walk_out);

static void pool_track_purge_one(struct pool_track *track, const struct syncpool_core *core)
{
	enum pool_track_state state;
	void *obj;

	while (READ_ONCE(track->core) == core && (obj = READ_ONCE(track->obj))) {
		state = pool_track_trylock(track, obj);
		if (state == POOL_TRACK_LOCKED) {
			/* a put to another pool, by mistake */
			cpu_relax();
		} else if (track->core != core) {
			pool_track_unlock(track, state);
		} else {
			pool_track_remove(track);
		}
	}
}

static void pool_track_purge(const struct syncpool_core *core)
{
	struct pool_table *table;
	unsigned int i;

	for (table = pool_table_newest(); table; table = table->next) {
		for (i = 0; i < pool_table_size(table); i++) {
			pool_track_purge_one(&table->entries[i], core);
			if (!(i % SZ_1K))
				cond_resched();
		}
	}
}

/* @core, which nobody reaches any more, is about to be freed. May sleep. */
void pool_track_end(struct syncpool_core *core)
{
	pool_track_purge(core);
	pool_table_end();
}
