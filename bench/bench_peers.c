// SPDX-License-Identifier: GPL-2.0
/* bench_peers - the loops of bench_loops.c with what a driver can use today */
#include <linux/llist.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/objpool.h>
#include <linux/percpu.h>
#include <linux/ptr_ring.h>
#include <linux/slab.h>

#include "bench.h"

#define BENCH_ROOM	128	/* capacity of a bounded peer, in objects */
#define BENCH_HELD	2048	/* more than kmalloc() has free after boot */

static void bench_kfree_objs(void)
{
	unsigned int i;

	for (i = 0; i < BENCH_BURST; i++)
		kfree(bench_objs[i]);
}

static int bench_kmalloc_objs(void)
{
	unsigned int i;

	for (i = 0; i < BENCH_BURST; i++) {
		bench_objs[i] = kmalloc(BENCH_SIZE, GFP_KERNEL);
		if (!bench_objs[i])
			return -ENOMEM;
	}
	return 0;
}

/* kmalloc */

static void *bench_held[BENCH_HELD];

static __always_inline void *bench_kmalloc(void)
{
	return kmalloc(BENCH_SIZE, GFP_ATOMIC);
}

static void bench_release(void)
{
	unsigned int i;

	for (i = 0; i < BENCH_HELD; i++) {
		kfree(bench_held[i]);
		bench_held[i] = NULL;
	}
}

/*
 * The number of free objects in kmalloc()'s slabs differs from boot to boot,
 * and with it the cost of a burst. Allocate until an object is the first of a
 * new slab.
 */
static int bench_hold(void)
{
	struct page *slab, *last = NULL;
	unsigned int i;
	void *obj;

	for (i = 0; i < BENCH_HELD; i++, last = slab) {
		obj = kmalloc(BENCH_SIZE, GFP_KERNEL);
		if (!obj)
			goto err;
		slab = virt_to_head_page(obj);
		if (i > BENCH_HELD / 2 && slab != last) {
			kfree(obj);
			return 0;
		}
		bench_held[i] = obj;
	}
err:
	bench_release();
	return -ENOMEM;
}

static int bench_kmalloc_setup(void)
{
	int err = bench_hold();

	return err ?: bench_kmalloc_objs();
}

static void bench_kmalloc_teardown(void)
{
	bench_kfree_objs();
	bench_release();
}

BENCH_LOOP(bench_loop_kmalloc, kfree(bench_kmalloc()))
BENCH_BURST_LOOP(bench_loop_kmalloc_burst, bench_kmalloc, kfree)

/* kmem_cache */

static struct kmem_cache *bench_cache;

static int bench_cache_setup(void)
{
	bench_cache = kmem_cache_create("pool_bench", BENCH_SIZE, 0,
					SLAB_NO_MERGE, NULL);
	if (!bench_cache)
		return -ENOMEM;
	/* it is all or nothing; Linux 7 returns a bool */
	if (kmem_cache_alloc_bulk(bench_cache, GFP_KERNEL, BENCH_BURST, bench_objs))
		return 0;
	kmem_cache_destroy(bench_cache);
	return -ENOMEM;
}

static void bench_cache_teardown(void)
{
	kmem_cache_free_bulk(bench_cache, BENCH_BURST, bench_objs);
	kmem_cache_destroy(bench_cache);
}

static __always_inline void *bench_cache_get(void)
{
	return kmem_cache_alloc(bench_cache, GFP_ATOMIC);
}

static __always_inline void bench_cache_put(void *obj)
{
	kmem_cache_free(bench_cache, obj);
}

static void bench_cache_bulk(unsigned int n)
{
	kmem_cache_free_bulk(bench_cache, n, bench_objs);
	kmem_cache_alloc_bulk(bench_cache, GFP_ATOMIC, n, bench_objs);
}

BENCH_LOOP(bench_loop_cache, bench_cache_put(bench_cache_get()))
BENCH_LOOP(bench_loop_cache_bulk, bench_cache_bulk(BENCH_BULK))
BENCH_LOOP(bench_loop_cache_bulk_burst, bench_cache_bulk(BENCH_BURST))
BENCH_BURST_LOOP(bench_loop_cache_burst, bench_cache_get, bench_cache_put)

/* mempool */

static mempool_t bench_mempool;

static __always_inline void *bench_mempool_get(void)
{
	return mempool_alloc(&bench_mempool, GFP_ATOMIC);
}

static __always_inline void bench_mempool_put(void *obj)
{
	mempool_free(obj, &bench_mempool);
}

static int bench_mempool_setup(void)
{
	unsigned int i;
	int err = bench_hold();

	if (err)
		return err;
	err = mempool_init_kmalloc_pool(&bench_mempool, BENCH_ROOM, BENCH_SIZE);
	if (err) {
		bench_release();
		return err;
	}
	for (i = 0; i < BENCH_BURST; i++)
		bench_objs[i] = bench_mempool_get();
	return 0;
}

static void bench_mempool_teardown(void)
{
	unsigned int i;

	for (i = 0; i < BENCH_BURST; i++)
		bench_mempool_put(bench_objs[i]);
	mempool_exit(&bench_mempool);
	bench_release();
}

BENCH_LOOP(bench_loop_mempool, bench_mempool_put(bench_mempool_get()))
BENCH_BURST_LOOP(bench_loop_mempool_burst, bench_mempool_get, bench_mempool_put)

/* alloc gives nothing, so a get takes from the reserve and a put gives to it */

static int bench_reserve_setup(void)
{
	int err = mempool_init(&bench_mempool, BENCH_RESERVE, bench_alloc_once,
			       mempool_kfree, NULL);

	bench_dead = !err;
	return err;
}

static void bench_reserve_teardown(void)
{
	bench_dead = false;
	mempool_exit(&bench_mempool);
}

BENCH_LOOP(bench_loop_reserve,
	   bench_mempool_put(mempool_alloc(&bench_mempool, GFP_KERNEL)))

/* objpool */

static struct objpool_head bench_objpool;

static __always_inline void *bench_objpool_get(void)
{
	return objpool_pop(&bench_objpool);
}

static __always_inline void bench_objpool_put(void *obj)
{
	objpool_push(obj, &bench_objpool);
}

static int bench_objpool_setup(void)
{
	unsigned int i;
	int err = objpool_init(&bench_objpool, BENCH_ROOM, BENCH_SIZE,
			       GFP_KERNEL, NULL, NULL, NULL);

	if (err)
		return err;
	for (i = 0; i < BENCH_BURST; i++)
		bench_objs[i] = bench_objpool_get();
	return 0;
}

static int bench_objpool_hot_setup(void)
{
	return objpool_init(&bench_objpool, BENCH_ROOM, BENCH_SIZE, GFP_KERNEL,
			    NULL, NULL, NULL);
}

static void bench_objpool_teardown(void)
{
	objpool_free(&bench_objpool);
}

static int bench_objpool_empty_setup(void)
{
	int err = bench_objpool_hot_setup();

	if (!err)
		while (bench_objpool_get())
			;
	return err;
}

BENCH_LOOP(bench_loop_objpool, bench_objpool_put(bench_objpool_get()))
BENCH_LOOP(bench_loop_objpool_empty, bench_objpool_get())
BENCH_BURST_LOOP(bench_loop_objpool_burst, bench_objpool_get, bench_objpool_put)

/* ptr_ring */

static struct ptr_ring bench_ring;

static __always_inline void *bench_ring_get(void)
{
	return ptr_ring_consume(&bench_ring);
}

static __always_inline void bench_ring_put(void *obj)
{
	ptr_ring_produce(&bench_ring, obj);
}

static int bench_ring_setup(void)
{
	int err = bench_kmalloc_objs();

	return err ?: ptr_ring_init(&bench_ring, BENCH_ROOM, GFP_KERNEL);
}

static int bench_ring_hot_setup(void)
{
	int err = bench_ring_setup();

	if (!err)
		bench_ring_put(bench_objs[0]);
	return err;
}

static void bench_ring_teardown(void)
{
	ptr_ring_cleanup(&bench_ring, NULL);
	bench_kfree_objs();
}

BENCH_LOOP(bench_loop_ring, bench_ring_put(bench_ring_get()))
BENCH_LOOP(bench_loop_ring_empty, bench_ring_get())
BENCH_BURST_LOOP(bench_loop_ring_burst, bench_ring_get, bench_ring_put)

/* one llist per CPU */

static DEFINE_PER_CPU(struct llist_head, bench_llist);

static __always_inline void *bench_llist_get(void)
{
	struct llist_node *node;

	preempt_disable();
	node = llist_del_first(this_cpu_ptr(&bench_llist));
	preempt_enable();
	return node;
}

static __always_inline void bench_llist_put(void *obj)
{
	preempt_disable();
	llist_add(obj, this_cpu_ptr(&bench_llist));
	preempt_enable();
}

static int bench_llist_hot_setup(void)
{
	int err = bench_kmalloc_objs();

	if (!err)
		bench_llist_put(bench_objs[0]);
	return err;
}

static void bench_llist_teardown(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		llist_del_all(per_cpu_ptr(&bench_llist, cpu));
	bench_kfree_objs();
}

BENCH_LOOP(bench_loop_llist, bench_llist_put(bench_llist_get()))
BENCH_BURST_LOOP(bench_loop_llist_burst, bench_llist_get, bench_llist_put)

const struct bench_case bench_peer_cases[] = {
	{ "pair", "llist", 1, bench_llist_hot_setup, bench_loop_llist,
	  bench_llist_teardown },
	{ "pair", "objpool", 1, bench_objpool_hot_setup, bench_loop_objpool,
	  bench_objpool_teardown },
	{ "pair", "ptr_ring", 1, bench_ring_hot_setup, bench_loop_ring,
	  bench_ring_teardown },
	{ "pair", "kmalloc", 1, bench_kmalloc_setup, bench_loop_kmalloc,
	  bench_kmalloc_teardown },
	{ "pair", "kmem_cache", 1, bench_cache_setup, bench_loop_cache,
	  bench_cache_teardown },
	{ "pair", "mempool", 1, bench_mempool_setup, bench_loop_mempool,
	  bench_mempool_teardown },
	{ "burst", "llist", BENCH_BURST, bench_kmalloc_objs,
	  bench_loop_llist_burst, bench_llist_teardown },
	{ "burst", "objpool", BENCH_BURST, bench_objpool_setup,
	  bench_loop_objpool_burst, bench_objpool_teardown },
	{ "burst", "ptr_ring", BENCH_BURST, bench_ring_setup,
	  bench_loop_ring_burst, bench_ring_teardown },
	{ "burst", "kmalloc", BENCH_BURST, bench_kmalloc_setup,
	  bench_loop_kmalloc_burst, bench_kmalloc_teardown },
	{ "burst", "kmem_cache", BENCH_BURST, bench_cache_setup,
	  bench_loop_cache_burst, bench_cache_teardown },
	{ "burst", "mempool", BENCH_BURST, bench_mempool_setup,
	  bench_loop_mempool_burst, bench_mempool_teardown },
	{ "reserve", "mempool", 1, bench_reserve_setup, bench_loop_reserve,
	  bench_reserve_teardown },
	{ "bulk", "kmem_cache", BENCH_BULK, bench_cache_setup,
	  bench_loop_cache_bulk, bench_cache_teardown },
	{ "bulk-burst", "kmem_cache", BENCH_BURST, bench_cache_setup,
	  bench_loop_cache_bulk_burst, bench_cache_teardown },
	{ "empty", "objpool", 1, bench_objpool_empty_setup,
	  bench_loop_objpool_empty, bench_objpool_teardown },
	{ "empty", "ptr_ring", 1, bench_ring_setup, bench_loop_ring_empty,
	  bench_ring_teardown },
};

const unsigned int bench_peer_nr = ARRAY_SIZE(bench_peer_cases);
