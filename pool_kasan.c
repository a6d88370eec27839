// SPDX-License-Identifier: GPL-2.0
/*
 * pool_kasan - KASAN reports the use of an object that lies in a pool
 *
 * A build option, CONFIG_SYNCPOOL_KASAN: what users have put or discarded, and what the pool
 * built to keep, is poisoned as mempool poisons its reserve, until a user gets it or free
 * does. So a use after the put is reported where it happens, and a second put where that is
 * made. Module and users have to be built with it, since the inlined get and put poison,
 * too. It is for generic KASAN, which keeps a byte of shadow for each granule of eight bytes.
 *
 * mempool's way, kasan_mempool_poison_object(), is not exported, and demands that an
 * object is what the allocator returned. A pool's may be a part of that. kasan_poison() is
 * exported, takes a range, and runs in any context.
 *
 * The granules that lie in params.obj_size bytes as a whole are poisoned: a pool that does
 * not state it has none. Those must be memory that a get may access, or the allocator's red
 * zones are lost. Two sorts of objects are left alone: those of a pool in debug mode, which
 * may refuse a put, and looks at the bytes itself; and what is in no memory with a shadow
 * that may be written.
 */
#include <linux/align.h>
#include <linux/build_bug.h>
#include <linux/export.h>
#include <linux/kasan.h>
#include <linux/kasan-checks.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>

#include "pool_core.h"
#include "pool_kasan.h"

/* In no header of the kernel's for modules; @value as in mm/kasan/kasan.h. */
void kasan_poison(const void *addr, size_t size, u8 value, bool init);

#define POOL_KASAN_GRANULE	8UL	/* bytes, for each of the shadow */
#define POOL_KASAN_FREE		0xfb	/* a report says "use-after-free" */
#define POOL_KASAN_ACCESSIBLE	0

static_assert(IS_ENABLED(CONFIG_KASAN_GENERIC));

/* May the shadow of @obj be written? */
static bool pool_kasan_has_shadow(const void *obj)
{
	if (virt_addr_valid(obj))
		return !is_zone_device_page(virt_to_page(obj));
	return IS_ENABLED(CONFIG_KASAN_VMALLOC) && is_vmalloc_addr(obj);
}

static void pool_kasan_set(const struct syncpool_params *params, void *obj, u8 value)
{
	unsigned long begin = ALIGN((unsigned long)obj, POOL_KASAN_GRANULE);
	unsigned long end = ALIGN_DOWN((unsigned long)obj + params->obj_size,
				       POOL_KASAN_GRANULE);

	if (end > begin)
		kasan_poison((void *)begin, end - begin, value, false);
}

static bool pool_kasan_wants(const struct syncpool_params *params, const void *obj)
{
	return obj && params->obj_size && pool_kasan_has_shadow(obj);
}

static bool pool_kasan_is_debugged(struct syncpool *pool)
{
	struct syncpool_core *core;
	bool debugged;

	rcu_read_lock();
	core = READ_ONCE(pool->core);
	debugged = core && core->debug;
	rcu_read_unlock();
	return debugged;
}

/**
 * __syncpool_poison() - report any use of an object from here on
 * @pool: the pool
 * @obj: the object, which a user gives to @pool; or NULL
 *
 * Context: Any. Reports an object that may not be accessed now.
 */
void __syncpool_poison(struct syncpool *pool, void *obj)
{
	const struct syncpool_params *params = &pool->params;

	if (pool_kasan_wants(params, obj) && !pool_kasan_is_debugged(pool) &&
	    kasan_check_write(obj, params->obj_size))
		pool_kasan_set(params, obj, POOL_KASAN_FREE);
}
EXPORT_SYMBOL_GPL(__syncpool_poison);

/**
 * __syncpool_unpoison() - an object may be used
 * @params: of its pool
 * @obj: the object, which a user gets, or free; or NULL
 *
 * Context: Any.
 */
void __syncpool_unpoison(const struct syncpool_params *params, void *obj)
{
	if (pool_kasan_wants(params, obj))
		pool_kasan_set(params, obj, POOL_KASAN_ACCESSIBLE);
}
EXPORT_SYMBOL_GPL(__syncpool_unpoison);
