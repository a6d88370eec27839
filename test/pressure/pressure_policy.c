// SPDX-License-Identifier: GPL-2.0
/*
 * pressure_policy - syncpool, and the two that it is compared with
 *
 * list: objects on a list under a lock, which nobody reclaims, as squashfs keeps its
 *	decompressors (fs/squashfs/decompressor_multi.c).
 * ttm: the same with the shrinker of drivers/gpu/drm/ttm/ttm_pool.c: it counts
 *	pages, has seeks of 1, and frees what was put last until it has freed as
 *	many pages as it is asked for.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/shrinker.h>
#include <linux/string.h>

#include "pool_compat.h"
#include "pressure.h"

static int sync_init(struct pressure_pool *p)
{
	struct syncpool_params params = {
		.name = p->name,
		.alloc = pressure_alloc,
		.free = pressure_free,
		.data = p,
		.obj_size = p->known ? p->size : 0,
	};

	p->sync = syncpool_create(&params);
	return PTR_ERR_OR_ZERO(p->sync);
}

static void sync_exit(struct pressure_pool *p)
{
	syncpool_destroy(p->sync);
	p->sync = NULL;
}

static void *sync_get(struct pressure_pool *p)
{
	return syncpool_get(p->sync, GFP_KERNEL);
}

static void sync_put(struct pressure_pool *p, struct pressure_obj *obj)
{
	syncpool_put(p->sync, obj);
}

static unsigned long sync_count(struct pressure_pool *p)
{
	return syncpool_count(p->sync);
}

static struct pressure_obj *list_take(struct pressure_pool *p)
{
	struct pressure_obj *obj;

	spin_lock(&p->lock);
	obj = list_first_entry_or_null(&p->idle, struct pressure_obj, node);
	if (obj) {
		list_del(&obj->node);
		WRITE_ONCE(p->nr_idle, p->nr_idle - 1);
	}
	spin_unlock(&p->lock);
	return obj;
}

static int list_init(struct pressure_pool *p)
{
	return 0;
}

static void list_exit(struct pressure_pool *p)
{
	struct pressure_obj *obj;

	while ((obj = list_take(p)))
		pressure_free(obj, p);
}

static void *list_get(struct pressure_pool *p)
{
	return list_take(p) ?: pressure_alloc(GFP_KERNEL, p);
}

static void list_put(struct pressure_pool *p, struct pressure_obj *obj)
{
	spin_lock(&p->lock);
	list_add(&obj->node, &p->idle);
	WRITE_ONCE(p->nr_idle, p->nr_idle + 1);
	spin_unlock(&p->lock);
}

static unsigned long list_count(struct pressure_pool *p)
{
	return READ_ONCE(p->nr_idle);
}

static unsigned long ttm_shrink_count(struct shrinker *shrinker,
				      struct shrink_control *sc)
{
	struct pressure_pool *p = pool_shrinker_data(shrinker);

	return list_count(p) * DIV_ROUND_UP(p->size, PAGE_SIZE) ?: SHRINK_EMPTY;
}

static unsigned long ttm_shrink_scan(struct shrinker *shrinker,
				     struct shrink_control *sc)
{
	struct pressure_pool *p = pool_shrinker_data(shrinker);
	unsigned long freed = 0;
	struct pressure_obj *obj;

	while (freed < sc->nr_to_scan) {
		obj = list_take(p);
		if (!obj)
			break;
		pressure_free(obj, p);
		freed += DIV_ROUND_UP(p->size, PAGE_SIZE);
	}
	sc->nr_scanned = freed;
	return freed ?: SHRINK_STOP;
}

static int ttm_init(struct pressure_pool *p)
{
	int err;

	p->shrinker = pool_shrinker_alloc(p, p->name, "");
	if (!p->shrinker)
		return -ENOMEM;
	p->shrinker->count_objects = ttm_shrink_count;
	p->shrinker->scan_objects = ttm_shrink_scan;
	p->shrinker->seeks = 1;
	err = pool_shrinker_register(p->shrinker, p->name, "");
	if (err)
		pool_shrinker_free(p->shrinker);
	return err;
}

static void ttm_exit(struct pressure_pool *p)
{
	pool_shrinker_free(p->shrinker);
	list_exit(p);
}

static const struct pressure_policy policies[] = {
	{ "syncpool", sync_init, sync_exit, sync_get, sync_put, sync_count },
	{ "list", list_init, list_exit, list_get, list_put, list_count },
	{ "ttm", ttm_init, ttm_exit, list_get, list_put, list_count },
};

const struct pressure_policy *pressure_policy_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(policies); i++)
		if (!strcmp(policies[i].name, name))
			return &policies[i];
	return NULL;
}
