// SPDX-License-Identifier: GPL-2.0
/*
 * torture_pool - the pools under torture, their objects and our counters
 *
 * The callbacks of each pool keep counters of their own, which those of the pool
 * must match once nothing moves. Objects come from a slab cache, so that the
 * kernel's checkers see misuse, or from an arena, which is memory that stays until
 * the end: the stamp of a freed object there reveals any later use, and an object
 * that was lost can be found.
 */
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/hardirq.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "pool_context.h"
#include "pool_torture.h"

/* how long it may take until nothing moves, under emulation and lockdep */
#define TORT_SETTLE	(30 * HZ)

static void *tort_alloc(gfp_t gfp, void *data);
static void tort_free(void *obj, void *data);

static struct tort_pool tort_pools[] = {
	{ .name = "torture-arena" },
	{ .name = "torture-slab", .slab = true },
	{ .name = "torture-sleeps", .slab = true, .flags = SYNCPOOL_FREE_SLEEPS },
	{ .name = "torture_lazy" },
	{ .name = "torture-debug", .flags = SYNCPOOL_DEBUG },
};

#define TORT_LAZY	3U
#define TORT_DEBUG	4U

static DEFINE_SYNCPOOL(torture_lazy, tort_alloc, tort_free,
		       &tort_pools[TORT_LAZY]);
static unsigned int tort_npools;

static struct kmem_cache *tort_cache;
static struct pool_stamp *tort_arena;
static unsigned long *tort_arena_map;
static unsigned int tort_arena_objects;

static DEFINE_MUTEX(tort_shrink_lock);	/* of what follows */
static struct task_struct *tort_shrink_task;	/* written under it, read by any task */
static unsigned long tort_shrunk;

static atomic_long_t tort_lost = ATOMIC_LONG_INIT(0);

struct tort_pool *tort_pool_any(unsigned long random)
{
	return &tort_pools[random % tort_npools];
}

/* Any context. */
static struct pool_stamp *tort_arena_alloc(unsigned long start)
{
	unsigned int tries, i = start % tort_arena_objects;

	for (tries = 0; tries < 4; tries++) {
		/* a hint, since it may be taken by now */
		i = data_race(find_next_zero_bit(tort_arena_map,
						 tort_arena_objects, i));
		if (i >= tort_arena_objects)
			i = 0;
		else if (!test_and_set_bit_lock(i, tort_arena_map))
			return &tort_arena[i];
	}
	return NULL;
}

/* The state outlives the free, so a second free is caught. */
static void tort_construct(void *mem)
{
	pool_stamp_init(mem);
}

static struct pool_stamp *tort_slab_alloc(gfp_t gfp)
{
	/* where lockdep checks raw locks, it holds hardirq to PREEMPT_RT's rules */
	if (!pool_may_call_user() ||
	    (IS_ENABLED(CONFIG_PROVE_RAW_LOCK_NESTING) && in_hardirq()))
		return NULL;
	return kmem_cache_alloc(tort_cache, gfp | __GFP_NOWARN);
}

/* An object begins to exist. */
static void tort_pool_exists(struct tort_pool *tp)
{
	int n = atomic_inc_return(&tp->existing), most = atomic_read(&tp->most);

	while (n > most && !atomic_try_cmpxchg(&tp->most, &most, n))
		;
	if (tp->max && n > (int)tp->max)
		tort_error("%s: %d objects exist, %u may\n", tp->name, n, tp->max);
}

/* Does alloc fail on purpose? */
static bool tort_alloc_fails(struct tort_pool *tp, unsigned long random)
{
	if (READ_ONCE(tp->dead))
		return true;
	return !tp->never_fails && tort_fail_alloc && random % tort_fail_alloc == 0;
}

static void *tort_alloc(gfp_t gfp, void *data)
{
	struct tort_pool *tp = data;
	struct pool_stamp *obj = NULL;
	unsigned long r = tort_any_random();

	/* not pool_may_call_user(), which is among what is tested here */
	if (in_nmi())
		tort_error("%s: alloc called in NMI\n", tp->name);
	if (READ_ONCE(tp->gone))
		tort_error("%s: alloc called after exit\n", tp->name);
	tort_pool_exists(tp);
	if (!tort_alloc_fails(tp, r))
		obj = tp->slab ? tort_slab_alloc(gfp) : tort_arena_alloc(r >> 8);
	if (!obj) {
		atomic_dec(&tp->existing);
		atomic_long_inc(&tp->fails);
		return NULL;
	}
	tort_make(obj, tp);
	atomic_long_inc(&tp->allocs);
	atomic_long_inc(&tp->nr_built);
	return obj;
}

static void tort_free_checks(struct tort_pool *tp)
{
	if (in_nmi() || irqs_disabled())
		tort_error("%s: free called with interrupts off\n", tp->name);
	if (READ_ONCE(tp->gone))
		tort_error("%s: free called after exit\n", tp->name);
	if (!(tp->flags & SYNCPOOL_FREE_SLEEPS))
		return;
	might_sleep();
	if (atomic_long_read(&tp->frees) % 256 == 0)
		usleep_range(20, 100);
}

static void tort_free(void *mem, void *data)
{
	struct tort_pool *tp = data;
	struct pool_stamp *obj = mem;

	tort_free_checks(tp);
	tort_end(obj, tp);
	if (in_task() && READ_ONCE(tort_shrink_task) == current)
		tort_shrunk++;
	if (tp->slab)
		kmem_cache_free(tort_cache, obj);
	else
		clear_bit_unlock(obj - tort_arena, tort_arena_map);
	atomic_dec(&tp->existing);
	atomic_long_inc(&tp->frees);
	/* last, since the module may be unloaded when it is 0 */
	atomic_long_dec(&tp->nr_built);
}

/* From here to tort_shrink_end() the objects that this task frees count as shrunk. */
bool tort_shrink_begin(void)
{
	if (!mutex_trylock(&tort_shrink_lock))
		return false;
	tort_shrunk = 0;
	WRITE_ONCE(tort_shrink_task, current);
	return true;
}

unsigned long tort_shrink_end(void)
{
	unsigned long n = tort_shrunk;

	WRITE_ONCE(tort_shrink_task, NULL);
	mutex_unlock(&tort_shrink_lock);
	return n;
}

/* Create the pool of @tp. Returns 0, or an errno of syncpool_create(). */
int tort_pool_open(struct tort_pool *tp, const char *name)
{
	struct syncpool_params params = {
		.name = name,
		.alloc = tort_alloc,
		.free = tort_free,
		.data = tp,
		.obj_size = sizeof(struct pool_stamp),
		.flags = tp->flags,
		.min = tp->min,
		.max = tp->max,
	};
	struct syncpool *pool = syncpool_create(&params);

	if (IS_ERR(pool))
		return PTR_ERR(pool);
	tp->pool = pool;
	return 0;
}

/* Do the counters of the pool match ours? They do while nothing moves. */
static bool tort_pool_exact(struct tort_pool *tp)
{
	struct syncpool_stats s;

	if (syncpool_outstanding(tp->pool) ||
	    syncpool_count(tp->pool) != atomic_long_read(&tp->nr_built))
		return false;
	syncpool_read_stats(tp->pool, &s);
	return s.allocs == atomic_long_read(&tp->allocs) &&
	       s.frees == atomic_long_read(&tp->frees) &&
	       s.alloc_fails == atomic_long_read(&tp->fails);
}

static void tort_pool_report(struct tort_pool *tp)
{
	struct syncpool_stats s;

	syncpool_read_stats(tp->pool, &s);
	tort_error("%s: pool says out %ld, cached %lu, allocs %lu, frees %lu, fails %lu\n",
		   tp->name, syncpool_outstanding(tp->pool),
		   syncpool_count(tp->pool), s.allocs, s.frees, s.alloc_fails);
	tort_error("%s: in fact built %ld, allocs %ld, frees %ld, fails %ld\n",
		   tp->name, atomic_long_read(&tp->nr_built),
		   atomic_long_read(&tp->allocs), atomic_long_read(&tp->frees),
		   atomic_long_read(&tp->fails));
}

/* Do the counters become exact within @patience? Another task may be about to free. */
static bool tort_pool_becomes_exact(struct tort_pool *tp, long patience)
{
	unsigned long deadline = jiffies + patience;

	while (!tort_pool_exact(tp)) {
		if (time_after(jiffies, deadline)) {
			tort_pool_report(tp);
			return false;
		}
		schedule_timeout_idle(1);
	}
	return true;
}

/* Every object is back: the counters must become exact. */
void tort_pool_settle(struct tort_pool *tp)
{
	/* no long wait if the run has failed already */
	long patience = atomic_read(&tort_errors) ? 2 * HZ : TORT_SETTLE;
	int err;

	if (!tort_pool_becomes_exact(tp, patience))
		return;
	err = syncpool_wait_idle(tp->pool, patience);
	if (err)
		tort_error("%s: nothing is out, yet wait_idle returned %d\n",
			   tp->name, err);
	tort_pool_becomes_exact(tp, patience);
}

static void tort_arena_search(struct tort_pool *tp)
{
	unsigned int i;

	for (i = 0; i < tort_arena_objects; i++) {
		struct pool_stamp *s = &tort_arena[i];

		if (s->owner == tp && atomic_read(&s->state) != POOL_STAMP_FREED)
			tort_error("%s: lost %p: state %#x, last holder %#x, seq %lu\n",
				   tp->name, s, atomic_read(&s->state),
				   s->holder, s->seq);
	}
}

/* End the pool of @tp, whose objects must all be freed then. */
void tort_pool_close(struct tort_pool *tp)
{
	long lost;

	if (tp->pool == &torture_lazy)
		syncpool_exit(tp->pool);
	else
		syncpool_destroy(tp->pool);
	WRITE_ONCE(tp->gone, true);
	tp->pool = NULL;
	lost = atomic_long_read(&tp->allocs) - atomic_long_read(&tp->frees);
	atomic_long_add(lost, &tort_lost);
	if (atomic_long_read(&tp->nr_built) || lost)
		tort_error("%s: allocs %ld, frees %ld, built %ld after exit\n",
			   tp->name, atomic_long_read(&tp->allocs),
			   atomic_long_read(&tp->frees),
			   atomic_long_read(&tp->nr_built));
}

/* Objects of pools that have ended, built and not freed. */
long tort_pools_lost(void)
{
	return atomic_long_read(&tort_lost);
}

static int tort_arena_init(unsigned int objects)
{
	unsigned int i;

	tort_arena = vzalloc(array_size(objects, sizeof(*tort_arena)));
	tort_arena_map = bitmap_zalloc(objects, GFP_KERNEL);
	/* a cache with a constructor is never merged with another */
	tort_cache = kmem_cache_create("pool_torture", sizeof(struct pool_stamp),
				       0, SLAB_HWCACHE_ALIGN, tort_construct);
	if (!tort_arena || !tort_arena_map || !tort_cache)
		return -ENOMEM;
	tort_arena_objects = objects;
	for (i = 0; i < objects; i++)
		pool_stamp_init(&tort_arena[i]);
	return 0;
}

int tort_pools_init(unsigned int arena_objects, bool debug)
{
	unsigned int i;
	int err = tort_arena_init(arena_objects);

	for (i = 0; !err && i < (debug ? TORT_DEBUG + 1 : TORT_DEBUG); i++) {
		if (i == TORT_LAZY)
			tort_pools[i].pool = &torture_lazy;
		else
			err = tort_pool_open(&tort_pools[i], tort_pools[i].name);
		if (!err)
			tort_npools = i + 1;
	}
	return err;
}

void tort_pools_settle(void)
{
	unsigned int i;

	for (i = 0; i < tort_npools; i++)
		tort_pool_settle(&tort_pools[i]);
}

/* The sums of the counters of all pools, and of our own in @all. */
void tort_pools_sum(struct syncpool_stats *sum, struct tort_pool *all)
{
	unsigned long *to = (unsigned long *)sum;
	unsigned int i, k;

	for (i = 0; i < tort_npools; i++) {
		struct tort_pool *tp = &tort_pools[i];
		struct syncpool_stats s;

		syncpool_read_stats(tp->pool, &s);
		/* all fields are counters of this type */
		for (k = 0; k < sizeof(s) / sizeof(*to); k++)
			to[k] += ((unsigned long *)&s)[k];
		atomic_long_add(atomic_long_read(&tp->nr_built), &all->nr_built);
		atomic_long_add(atomic_long_read(&tp->fails), &all->fails);
	}
}

void tort_pools_exit(void)
{
	unsigned int i;

	for (i = 0; i < tort_npools; i++) {
		tort_pool_close(&tort_pools[i]);
		tort_arena_search(&tort_pools[i]);
	}
	tort_npools = 0;
	/* warns about objects that are left */
	kmem_cache_destroy(tort_cache);
	bitmap_free(tort_arena_map);
	vfree(tort_arena);
}
