// SPDX-License-Identifier: GPL-2.0
/*
 * reach_main - the rows, the objects, and the result lines
 *
 * Module parameters: rows, names of reach_rows[] separated by commas, or all that need
 * no isolated CPU; secs, how long each row runs whose tasks the scheduler moves. The
 * module does all its work in its init and loads whatever the verdicts are.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "reach.h"

static char *rows = "all";
module_param(rows, charp, 0444);
MODULE_PARM_DESC(rows, "which rows, separated by commas, or all that need no isolated CPU");

unsigned int reach_secs = 60;
module_param_named(secs, reach_secs, uint, 0444);
MODULE_PARM_DESC(secs, "seconds for each row whose tasks the scheduler moves");

/**
 * struct reach_obj - an object
 * @out: set while a task holds it
 */
struct reach_obj {
	atomic_t	out;
};

/**
 * struct reach_row - a row
 * @name: what the parameter calls it
 * @run: does its work
 * @named: runs only if it is named, since it needs an isolated CPU
 */
struct reach_row {
	const char	*name;
	int		(*run)(void);
	bool		named;
};

static const struct reach_row reach_rows[] = {
	{ "wander", reach_wander },
	{ "cleanup", reach_cleanup },
	{ "handover", reach_handover },
	{ "idle", reach_idle },
	{ "atomic", reach_atomic },
	{ "victim", reach_victim },
	{ "moving", reach_moving },
	{ "holding", reach_holding },
	{ "isolated", reach_isolated, true },
};

struct syncpool reach_pool;
struct rnd_state reach_random;
static atomic_long_t reach_objects;	/* exist now */
static atomic_t reach_errors;

void reach_error(const char *what)
{
	if (atomic_inc_return(&reach_errors) == 1)
		pr_alert("!!! %s\n", what);
}

unsigned int reach_cpus(void)
{
	return num_online_cpus();
}

/* Continue on @cpu. */
void reach_go(unsigned int cpu)
{
	if (set_cpus_allowed_ptr(current, cpumask_of(cpu)))
		reach_error("a CPU cannot be entered");
}

void reach_go_anywhere(void)
{
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

/* An object in the caller's hands. */
void *reach_build(void)
{
	struct reach_obj *obj = kzalloc(sizeof(*obj), GFP_KERNEL);

	if (!obj)
		return NULL;
	atomic_set(&obj->out, 1);
	atomic_long_inc(&reach_objects);
	return obj;
}

static void *reach_alloc(gfp_t gfp, void *data)
{
	struct reach_obj *obj = kzalloc(sizeof(*obj), gfp);

	if (obj)
		atomic_long_inc(&reach_objects);
	return obj;
}

static void *reach_alloc_nothing(gfp_t gfp, void *data)
{
	return NULL;
}

static void reach_free(void *obj, void *data)
{
	kfree(obj);
	atomic_long_dec(&reach_objects);
}

/* @obj, which a get has just returned; may be NULL. */
void *reach_taken(void *obj)
{
	struct reach_obj *o = obj;

	if (o && atomic_xchg(&o->out, 1))
		reach_error("an object was returned twice");
	return obj;
}

void reach_put(void *obj)
{
	struct reach_obj *o = obj;

	atomic_set(&o->out, 0);
	syncpool_put(&reach_pool, obj);
}

int reach_hand_init(struct reach_hand *hand, unsigned int room)
{
	*hand = (struct reach_hand){ .room = room };
	hand->objs = kvmalloc_array(room, sizeof(*hand->objs), GFP_KERNEL);
	return hand->objs ? 0 : -ENOMEM;
}

void reach_hand_free(struct reach_hand *hand)
{
	kvfree(hand->objs);
}

/* Get @n objects, from a pool that builds what it lacks. False if it did not. */
bool reach_hand_get(struct reach_hand *hand, unsigned int n)
{
	void *obj;

	while (n--) {
		obj = reach_taken(syncpool_get(&reach_pool, GFP_KERNEL));
		if (!obj) {
			reach_error("no object, though alloc does not fail");
			return false;
		}
		hand->objs[hand->nr++] = obj;
	}
	return true;
}

void reach_hand_put(struct reach_hand *hand, unsigned int n)
{
	while (n-- && hand->nr)
		reach_put(hand->objs[--hand->nr]);
}

/* Make the pool of a row, whose objects stand for @size bytes. */
int reach_begin(size_t size, enum reach_alloc alloc)
{
	mempool_alloc_t *const allocs[] = {
		[REACH_BUILDS] = reach_alloc,
		[REACH_FAILS] = reach_alloc_nothing,
		[REACH_NONE] = NULL,
	};
	const struct syncpool_params params = {
		.name = "reach",
		.alloc = allocs[alloc],
		.free = reach_free,
		.obj_size = size,
	};

	return syncpool_init(&reach_pool, &params);
}

/* All objects are back. */
void reach_end(void)
{
	syncpool_exit(&reach_pool);
	if (atomic_long_read(&reach_objects))
		reach_error("objects are left after exit");
}

unsigned long reach_built(void)
{
	struct syncpool_stats stats;

	syncpool_read_stats(&reach_pool, &stats);
	return stats.allocs;
}

/* The pool may have built @most objects, where @needed were needed. */
void reach_result(const char *work, unsigned int k, unsigned long needed,
		  unsigned long most)
{
	unsigned long built = reach_built();

	pr_info("reach,%s,syncpool,%u,%u,%lu,%lu\n", work, reach_cpus(), k,
		needed, built);
	pr_info("%s %s, %u at once: %lu built, %lu needed, %lu allowed\n",
		built <= most ? "ok" : "not ok", work, k, built, needed, most);
}

/* @got of @idle objects were got; @least of them must be. */
void reach_result_got(const char *work, unsigned int k, unsigned long idle,
		      unsigned long got, unsigned long least)
{
	pr_info("reach-get,%s,syncpool,%u,%u,%lu,%lu\n", work, reach_cpus(), k,
		idle, got);
	pr_info("%s %s, %u on each CPU: %lu got of %lu, at least %lu\n",
		got >= least ? "ok" : "not ok", work, k, got, idle, least);
}

static bool reach_wanted(const struct reach_row *row)
{
	size_t len = strlen(row->name);
	const char *at = rows;

	if (!strcmp(rows, "all"))
		return !row->named;
	while (at) {
		at += *at == ',';
		if (!strncmp(at, row->name, len) && (!at[len] || at[len] == ','))
			return true;
		at = strchr(at, ',');
	}
	return false;
}

static int __init reach_init(void)
{
	unsigned int i, nr = 0;
	int err;

	prandom_seed_state(&reach_random, 1);
	for (i = 0; i < ARRAY_SIZE(reach_rows); i++) {
		if (!reach_wanted(&reach_rows[i]))
			continue;
		nr++;
		err = reach_rows[i].run();
		reach_go_anywhere();
		if (err) {
			pr_err("not ok %s: error %d\n", reach_rows[i].name, err);
			return err;
		}
	}
	pr_info("%s objects: %d errors in %u works\n",
		atomic_read(&reach_errors) ? "not ok" : "ok",
		atomic_read(&reach_errors), nr);
	return nr ? 0 : -EINVAL;
}

static void __exit reach_exit(void)
{
}

module_init(reach_init);
module_exit(reach_exit);
MODULE_DESCRIPTION("Test of syncpool: nothing is built while objects lie idle");
MODULE_LICENSE("GPL");
