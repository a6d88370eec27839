// SPDX-License-Identifier: GPL-2.0
/* pool_trace - the trace events, defined; pool_trace.h declares them */
#define CREATE_TRACE_POINTS
#include "pool_trace.h"
