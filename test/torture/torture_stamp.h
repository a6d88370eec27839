/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ownership stamp for modules that print its errors. Such a module defines
 * tort_error(), which counts them too.
 */
#ifndef _TORTURE_STAMP_H
#define _TORTURE_STAMP_H

#include "pool_stamp.h"

__printf(1, 2) void tort_error(const char *fmt, ...);

static inline void tort_report(const struct pool_stamp *s,
			       enum pool_stamp_error err, const char *doing)
{
	if (likely(err == POOL_STAMP_OK))
		return;
	tort_error("%s %p: %s; state %#x, last holder %#x, seq %lu\n",
		   doing, s, pool_stamp_error_name(err), atomic_read(&s->state),
		   s->holder, s->seq);
}

/* In the alloc callback. */
static inline void tort_make(struct pool_stamp *s, const void *owner)
{
	tort_report(s, pool_stamp_build(s, owner), "alloc");
}

/* After a get. */
static inline void tort_take(struct pool_stamp *s, const void *owner, u32 holder)
{
	tort_report(s, pool_stamp_take(s, owner, holder), "get");
}

/* Between two holders, by the new one. */
static inline void tort_pass(struct pool_stamp *s, u32 holder)
{
	tort_report(s, pool_stamp_pass(s, s->owner, s->holder, holder), "pass");
}

/* Before a put. */
static inline void tort_give(struct pool_stamp *s, const void *owner, u32 holder)
{
	tort_report(s, pool_stamp_give(s, owner, holder), "put");
}

/* In the free callback, before the memory is freed. */
static inline void tort_end(struct pool_stamp *s, const void *owner)
{
	tort_report(s, pool_stamp_free(s, owner), "free");
}

#endif /* _TORTURE_STAMP_H */
