/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM syncpool

#if !defined(_POOL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _POOL_TRACE_H

#include <linux/string.h>
#include <linux/tracepoint.h>

#include "pool_core.h"

/*
 * The name lies in the event itself: bpftrace 0.23, that of Debian 13, finds no string that
 * __string() has put behind it. It is padded, since bpftrace tells keys apart by all of
 * their bytes.
 */
DECLARE_EVENT_CLASS(syncpool_count,
	TP_PROTO(const char *name, unsigned long n),
	TP_ARGS(name, n),
	TP_STRUCT__entry(
		__array(char, name, SYNCPOOL_NAME_LEN)
		__field(unsigned long, n)
	),
	TP_fast_assign(
		strscpy_pad(__entry->name, name, SYNCPOOL_NAME_LEN);
		__entry->n = n;
	),
	TP_printk("pool=%s n=%lu", __entry->name, __entry->n)
);

/* n: objects freed */
DEFINE_EVENT(syncpool_count, syncpool_drain,
	TP_PROTO(const char *name, unsigned long n),
	TP_ARGS(name, n)
);

/* n: slots of the new ring */
DEFINE_EVENT(syncpool_count, syncpool_grow,
	TP_PROTO(const char *name, unsigned long n),
	TP_ARGS(name, n)
);

/* n: objects stolen at once */
DEFINE_EVENT(syncpool_count, syncpool_steal,
	TP_PROTO(const char *name, unsigned long n),
	TP_ARGS(name, n)
);

/* built: alloc has returned an object */
TRACE_EVENT(syncpool_build,
	TP_PROTO(const char *name, bool built),
	TP_ARGS(name, built),
	TP_STRUCT__entry(
		__array(char, name, SYNCPOOL_NAME_LEN)
		__field(bool, built)
	),
	TP_fast_assign(
		strscpy_pad(__entry->name, name, SYNCPOOL_NAME_LEN);
		__entry->built = built;
	),
	TP_printk("pool=%s built=%d", __entry->name, __entry->built)
);

TRACE_DEFINE_ENUM(POOL_REASON_CALM);
TRACE_DEFINE_ENUM(POOL_REASON_DISTRESS);
TRACE_DEFINE_ENUM(POOL_REASON_OOM);
TRACE_DEFINE_ENUM(POOL_REASON_AGE);
TRACE_DEFINE_ENUM(POOL_REASON_CLEANUP);

#define pool_show_reason(reason)					\
	__print_symbolic(reason,					\
			 { POOL_REASON_CALM, "calm" },			\
			 { POOL_REASON_DISTRESS, "distress" },		\
			 { POOL_REASON_OOM, "oom" },			\
			 { POOL_REASON_AGE, "age" },			\
			 { POOL_REASON_CLEANUP, "cleanup" })

/* n: rotations so far; node: the one that is reclaimed, or -1 */
TRACE_EVENT(syncpool_rotate,
	TP_PROTO(const char *name, unsigned long n, int reason, int node),
	TP_ARGS(name, n, reason, node),
	TP_STRUCT__entry(
		__array(char, name, SYNCPOOL_NAME_LEN)
		__field(unsigned long, n)
		__field(int, reason)
		__field(int, node)
	),
	TP_fast_assign(
		strscpy_pad(__entry->name, name, SYNCPOOL_NAME_LEN);
		__entry->n = n;
		__entry->reason = reason;
		__entry->node = node;
	),
	TP_printk("pool=%s n=%lu reason=%s node=%d", __entry->name,
		  __entry->n, pool_show_reason(__entry->reason), __entry->node)
);

/*
 * asked: what reclaim asks for: pages if it is calm, no amount if the reason is distress (see
 * pool_shrink.c), objects if it is oom; freed: objects; node: or -1
 */
TRACE_EVENT(syncpool_shrink,
	TP_PROTO(const char *name, int reason, int node, unsigned long asked,
		 unsigned long freed),
	TP_ARGS(name, reason, node, asked, freed),
	TP_STRUCT__entry(
		__array(char, name, SYNCPOOL_NAME_LEN)
		__field(int, reason)
		__field(int, node)
		__field(unsigned long, asked)
		__field(unsigned long, freed)
	),
	TP_fast_assign(
		strscpy_pad(__entry->name, name, SYNCPOOL_NAME_LEN);
		__entry->reason = reason;
		__entry->node = node;
		__entry->asked = asked;
		__entry->freed = freed;
	),
	TP_printk("pool=%s reason=%s node=%d asked=%lu freed=%lu", __entry->name,
		  pool_show_reason(__entry->reason), __entry->node,
		  __entry->asked, __entry->freed)
);

#endif /* _POOL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE pool_trace
#include <trace/define_trace.h>
