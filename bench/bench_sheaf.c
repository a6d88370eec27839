// SPDX-License-Identifier: GPL-2.0
/*
 * bench_sheaf - bursts through SLUB's sheaves
 *
 * Linux 7 has sheaves in every cache: bench_peers.c measures one whose sheaves
 * are as large as SLUB chooses. The cache of this file has sheaves for a whole
 * burst. Its objects are allocated one by one, or from a sheaf that is prefilled
 * for them and returned afterwards; in both cases kmem_cache_free() frees them.
 *
 * The kernel does not export the calls for a prefilled sheaf, so no module can
 * use them. They are looked up here, and called by way of static calls, which
 * the kernel patches to direct calls, as its own code has them. The address of a
 * kprobe is behind the function's endbr, which is therefore not counted.
 */
#include <linux/kprobes.h>
#include <linux/slab.h>
#include <linux/static_call.h>

#include "bench.h"

DEFINE_STATIC_CALL_NULL(bench_prefill, kmem_cache_prefill_sheaf);
DEFINE_STATIC_CALL_NULL(bench_from_sheaf, kmem_cache_alloc_from_sheaf_noprof);
DEFINE_STATIC_CALL_NULL(bench_return, kmem_cache_return_sheaf);

static struct kmem_cache *bench_cache;

static int bench_sheaf_setup(void)
{
	struct kmem_cache_args args = { .sheaf_capacity = BENCH_BURST };

	bench_cache = kmem_cache_create("pool_bench", BENCH_SIZE, &args,
					SLAB_NO_MERGE);
	if (!bench_cache)
		return -ENOMEM;
	if (kmem_cache_alloc_bulk(bench_cache, GFP_KERNEL, BENCH_BURST, bench_objs))
		return 0;
	kmem_cache_destroy(bench_cache);
	return -ENOMEM;
}

static void bench_sheaf_teardown(void)
{
	kmem_cache_free_bulk(bench_cache, BENCH_BURST, bench_objs);
	kmem_cache_destroy(bench_cache);
}

static __always_inline void *bench_sheaf_get(void)
{
	return kmem_cache_alloc(bench_cache, GFP_ATOMIC);
}

static __always_inline void bench_sheaf_put(void *obj)
{
	kmem_cache_free(bench_cache, obj);
}

/* the address of a function of the kernel, or NULL */
static void *bench_find(const char *name)
{
	struct kprobe probe = { .symbol_name = name };
	void *found;

	if (register_kprobe(&probe))
		return NULL;
	found = probe.addr;
	unregister_kprobe(&probe);
	return found;
}

static int bench_prefilled_setup(void)
{
	void *prefill = bench_find("kmem_cache_prefill_sheaf");
	void *get = bench_find("kmem_cache_alloc_from_sheaf_noprof");
	void *give_back = bench_find("kmem_cache_return_sheaf");

	if (!prefill || !get || !give_back)
		return -ENOENT;
	static_call_update(bench_prefill, prefill);
	static_call_update(bench_from_sheaf, get);
	static_call_update(bench_return, give_back);
	return bench_sheaf_setup();
}

/* Without memory for a sheaf this oopses; the guest has nothing else to do. */
static void bench_prefilled(void)
{
	struct slab_sheaf *sheaf;
	unsigned int i;

	for (i = 0; i < BENCH_BURST; i++)
		kmem_cache_free(bench_cache, bench_objs[i]);
	sheaf = static_call(bench_prefill)(bench_cache, GFP_ATOMIC, BENCH_BURST);
	for (i = 0; i < BENCH_BURST; i++)
		bench_objs[i] = static_call(bench_from_sheaf)(bench_cache,
							      GFP_ATOMIC, sheaf);
	static_call(bench_return)(bench_cache, GFP_ATOMIC, sheaf);
}

BENCH_BURST_LOOP(bench_loop_sheaf_burst, bench_sheaf_get, bench_sheaf_put)
BENCH_LOOP(bench_loop_prefilled, bench_prefilled())

const struct bench_case bench_sheaf_cases[] = {
	{ "burst", "kmem_cache-100", BENCH_BURST, bench_sheaf_setup,
	  bench_loop_sheaf_burst, bench_sheaf_teardown },
	{ "burst", "prefilled-sheaf", BENCH_BURST, bench_prefilled_setup,
	  bench_loop_prefilled, bench_sheaf_teardown },
};

const unsigned int bench_sheaf_nr = ARRAY_SIZE(bench_sheaf_cases);
