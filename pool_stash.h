/* SPDX-License-Identifier: GPL-2.0 */
/* pool_stash_*(): objects that every CPU reaches; see pool_stash.c. */
#ifndef _POOL_STASH_H
#define _POOL_STASH_H

#include <linux/atomic.h>
#include <linux/types.h>

/**
 * struct pool_stash - objects that every CPU reaches
 * @next: an older one
 * @room: slots in this one and in those behind
 * @size: length of @slots, a power of two
 * @used: of them, at most, so that a full or an empty stash is not searched
 * @top: a hint: the slots below are likely in use
 * @slots: an object, or NULL
 */
struct pool_stash {
	struct pool_stash	*next;
	unsigned int		room;
	unsigned int		size;
	atomic_t		used;
	unsigned int		top;
	void			*slots[];
};

struct pool_stash *pool_stash_alloc(unsigned int size, gfp_t gfp);
void pool_stash_push(struct pool_stash *stash, struct pool_stash *next);
void pool_stash_free(struct pool_stash *stash);
bool pool_stash_store(struct pool_stash *stash, void *obj);
void *pool_stash_take(struct pool_stash *stash);

#endif /* _POOL_STASH_H */
