/* SPDX-License-Identifier: GPL-2.0 */
/* Tasks that wait for an object. */
#ifndef _WAIT_TEST_H
#define _WAIT_TEST_H

#include <linux/sched.h>

#include "limit_test.h"

/**
 * struct getter - a task that gets an object, and puts it
 * @tp: the pool
 * @task: the task
 * @gfp: for the get
 * @killable: it calls syncpool_get_killable()
 * @kill: it has a fatal signal before the get
 * @discard: it discards the object
 * @holds: it keeps the object while this is set, without sleeping
 * @holder: of its object
 * @turn: counts those that got one
 * @place: which of them it was, from 1
 * @got: it got an object
 * @done: it has put it, or got none
 */
struct getter {
	struct test_pool	*tp;
	struct task_struct	*task;
	gfp_t			gfp;
	bool			killable;
	bool			kill;
	bool			discard;
	bool			holds;
	unsigned int		holder;
	atomic_t		*turn;
	int			place;
	bool			got;
	bool			done;
};

#define GETTER(_tp, _holder)						\
	{ .tp = (_tp), .holder = (_holder), .gfp = GFP_KERNEL }

void getter_start(struct kunit *test, struct getter *g);
void getter_sleep(struct kunit *test, struct getter *g, int before);
void getter_end(struct kunit *test, struct getter *g);

#endif /* _WAIT_TEST_H */
