// SPDX-License-Identifier: GPL-2.0
/*
 * contender_go - a plain port of Go's sync.Pool, from lock-free rings on (1.13)
 *
 * For each P, a CPU here, one slot of its own and a chain of rings, padded to 128 bytes,
 * all in one block. The victim cache is left out: no garbage is collected in these works,
 * and a get would load its size, which is only read. Memory is never freed.
 */
#include "coherence.h"

#define GO_FIRST	8U
#define GO_HEAD(x)	((u32)((x) >> 32))
#define GO_TAIL(x)	((u32)(x))
#define GO_PACK(h, t)	((u64)(h) << 32 | (u32)(t))

/* an interface{}: the type word is what says that a slot is in use */
struct go_eface {
	void *typ, *val;
};

struct go_slice {
	struct go_eface *p;
	long len, cap;
};

struct go_elt {
	u64 head_tail;
	struct go_slice vals;
	struct go_elt *next, *prev;
};

struct go_local {
	void *private;
	struct go_elt *head, *tail;
} __aligned(128);

struct go_pool {
	struct go_local *local;
	unsigned long size;
};

static struct go_pool *pool;

static bool go_push_head(struct go_elt *d, void *val)
{
	u64 ptrs = __atomic_load_n(&d->head_tail, __ATOMIC_SEQ_CST);
	struct go_eface *slot = &d->vals.p[GO_HEAD(ptrs) & (d->vals.len - 1)];

	if ((u32)(GO_TAIL(ptrs) + d->vals.len) == GO_HEAD(ptrs))
		return false;
	if (__atomic_load_n(&slot->typ, __ATOMIC_SEQ_CST))
		return false;
	slot->val = val;
	slot->typ = val;
	__atomic_add_fetch(&d->head_tail, 1ULL << 32, __ATOMIC_SEQ_CST);
	return true;
}

static void *go_pop_head(struct go_elt *d)
{
	u64 ptrs = __atomic_load_n(&d->head_tail, __ATOMIC_SEQ_CST);
	struct go_eface *slot;
	void *val;

	do {
		if (GO_TAIL(ptrs) == GO_HEAD(ptrs))
			return NULL;
	} while (!shim_try_cmpxchg(&d->head_tail, &ptrs,
				   GO_PACK(GO_HEAD(ptrs) - 1, GO_TAIL(ptrs)), __ATOMIC_SEQ_CST));
	slot = &d->vals.p[(GO_HEAD(ptrs) - 1) & (d->vals.len - 1)];
	val = slot->val;
	*slot = (struct go_eface){};
	return val;
}

static void *go_pop_tail(struct go_elt *d)
{
	u64 ptrs = __atomic_load_n(&d->head_tail, __ATOMIC_SEQ_CST);
	struct go_eface *slot;
	void *val;

	do {
		if (GO_TAIL(ptrs) == GO_HEAD(ptrs))
			return NULL;
	} while (!shim_try_cmpxchg(&d->head_tail, &ptrs,
				   GO_PACK(GO_HEAD(ptrs), GO_TAIL(ptrs) + 1), __ATOMIC_SEQ_CST));
	slot = &d->vals.p[GO_TAIL(ptrs) & (d->vals.len - 1)];
	val = slot->val;
	slot->val = NULL;
	__atomic_store_n(&slot->typ, NULL, __ATOMIC_SEQ_CST);
	return val;
}

static struct go_elt *go_elt_make(unsigned long size)
{
	struct go_elt *d = shim_zalloc(sizeof(*d), "go_elt");

	d->vals.p = shim_zalloc(size * sizeof(*d->vals.p), "go_vals");
	d->vals.len = size;
	return d;
}

static void go_chain_push_head(struct go_local *l, void *val)
{
	struct go_elt *d = l->head, *d2;

	if (!d) {
		d = go_elt_make(GO_FIRST);
		l->head = d;
		__atomic_store_n(&l->tail, d, __ATOMIC_SEQ_CST);
	}
	if (go_push_head(d, val))
		return;
	d2 = go_elt_make(2 * d->vals.len);
	d2->prev = d;
	l->head = d2;
	__atomic_store_n(&d->next, d2, __ATOMIC_SEQ_CST);
	go_push_head(d2, val);
}

static void *go_chain_pop_head(struct go_local *l)
{
	struct go_elt *d = l->head;
	void *val;

	for (; d; d = __atomic_load_n(&d->prev, __ATOMIC_SEQ_CST)) {
		val = go_pop_head(d);
		if (val)
			return val;
	}
	return NULL;
}

static void *go_chain_pop_tail(struct go_local *l)
{
	struct go_elt *d = __atomic_load_n(&l->tail, __ATOMIC_SEQ_CST), *d2, *was;
	void *val;

	for (; d; d = d2) {
		d2 = __atomic_load_n(&d->next, __ATOMIC_SEQ_CST);
		val = go_pop_tail(d);
		if (val)
			return val;
		if (!d2)
			return NULL;
		was = d;
		if (shim_try_cmpxchg(&l->tail, &was, d2, __ATOMIC_SEQ_CST))
			__atomic_store_n(&d2->prev, NULL, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void go_make(const struct contender_params *params)
{
	pool = shim_zalloc(sizeof(*pool), "go_pool");
	pool->local = shim_zalloc(nr_cpu_ids * sizeof(*pool->local), "go_local");
	pool->size = nr_cpu_ids;
}

/* pin() */
static struct go_local *go_local(unsigned int *pid)
{
	unsigned long size = __atomic_load_n(&pool->size, __ATOMIC_ACQUIRE);

	*pid = smp_processor_id();
	if (*pid >= size)
		exit(2);
	return &pool->local[*pid];
}

static void *go_get_slow(unsigned int pid)
{
	unsigned long size = __atomic_load_n(&pool->size, __ATOMIC_ACQUIRE), i;
	void *val;

	for (i = 0; i < size; i++) {
		val = go_chain_pop_tail(&pool->local[(pid + i + 1) % size]);
		if (val)
			return val;
	}
	return NULL;
}

static void *go_get(bool sleeps)
{
	unsigned int pid;
	struct go_local *l = go_local(&pid);
	void *val = l->private;

	l->private = NULL;
	return val ?: go_chain_pop_head(l) ?: go_get_slow(pid);
}

static void go_put(void *val)
{
	unsigned int pid;
	struct go_local *l = go_local(&pid);

	if (!l->private)
		l->private = val;
	else
		go_chain_push_head(l, val);
}

static const struct contender go_contender = {
	.name = "go",
	.make = go_make,
	.get = go_get,
	.put = go_put,
};

CONTENDER(go_contender);
