/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM syncpool

#if !defined(_POOL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _POOL_TRACE_H

#include <linux/tracepoint.h>

#include "pool_compat.h"

DECLARE_EVENT_CLASS(syncpool_count,
	TP_PROTO(const char *name, unsigned long n),
	TP_ARGS(name, n),
	TP_STRUCT__entry(
		__string(name, name)
		__field(unsigned long, n)
	),
	TP_fast_assign(
		pool_assign_str(name, name);
		__entry->n = n;
	),
	TP_printk("pool=%s n=%lu", __get_str(name), __entry->n)
);

/* n: rotations so far */
DEFINE_EVENT(syncpool_count, syncpool_rotate,
	TP_PROTO(const char *name, unsigned long n),
	TP_ARGS(name, n)
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

TRACE_EVENT(syncpool_shrink,
	TP_PROTO(const char *name, unsigned long asked, unsigned long freed),
	TP_ARGS(name, asked, freed),
	TP_STRUCT__entry(
		__string(name, name)
		__field(unsigned long, asked)
		__field(unsigned long, freed)
	),
	TP_fast_assign(
		pool_assign_str(name, name);
		__entry->asked = asked;
		__entry->freed = freed;
	),
	TP_printk("pool=%s asked=%lu freed=%lu", __get_str(name),
		  __entry->asked, __entry->freed)
);

#endif /* _POOL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE pool_trace
#include <trace/define_trace.h>
