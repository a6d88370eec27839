/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by the small test modules: stamped objects whose callbacks only count,
 * and error reports. For a module of one file whose pools are used by one task
 * at a time.
 */
#ifndef _STOCK_PLAIN_H
#define _STOCK_PLAIN_H

#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/stdarg.h>

#include "torture_stamp.h"

static unsigned long plain_allocs, plain_frees;
static int plain_errors;

void tort_error(const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	plain_errors++;
	va_start(args, fmt);
	vaf.va = &args;
	pr_alert("!!! %pV", &vaf);
	va_end(args);
}

/* @data: the owner of the stamp */
static void *plain_alloc(gfp_t gfp, void *data)
{
	struct pool_stamp *obj = kzalloc(sizeof(*obj), gfp);

	if (!obj)
		return NULL;
	pool_stamp_init(obj);
	tort_make(obj, data);
	plain_allocs++;
	return obj;
}

static void plain_free(void *obj, void *data)
{
	tort_end(obj, data);
	kfree(obj);
	plain_frees++;
}

#endif /* _STOCK_PLAIN_H */
