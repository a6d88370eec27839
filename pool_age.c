// SPDX-License-Identifier: GPL-2.0
/*
 * pool_age - rotate a pool that nothing reclaims
 *
 * Go collects garbage at least every two minutes; here a deferrable work item
 * rotates a pool that has not been rotated or shrunk for age_secs, so that an
 * idle pool is empty after twice that. It goes on while the pool holds
 * something or something is out, and is armed again by the next alloc, and by a
 * wait_idle, during which allocs do not. An object reaches a pool that holds
 * nothing and has nothing out only from alloc, or, where the pool has none, from
 * anywhere: that pool never rests.
 */
#include <linux/jiffies.h>
#include <linux/moduleparam.h>

#include "pool.h"

static unsigned int pool_age_secs = 120;

/*
 * Not only if the work is not pending: what the caller has counted before is
 * ordered before the look at it by queueing it, and by that alone. Context:
 * any but NMI.
 */
void pool_age_arm(struct pool_core *core)
{
	unsigned int secs = READ_ONCE(pool_age_secs);

	if (secs)
		queue_delayed_work(pool_wq, &core->age_work,
				   (unsigned long)secs * HZ);
}

static void pool_age(struct work_struct *work)
{
	struct pool_core *core = container_of(to_delayed_work(work),
					      struct pool_core, age_work);
	unsigned long secs = READ_ONCE(pool_age_secs);
	bool more;

	mutex_lock(&core->reclaim_lock);
	if (secs && time_after_eq(jiffies, core->rotated + secs * HZ) &&
	    pool_cached(core))
		pool_rotate_later(core);
	/* one sum: between two an object might go from where only the second looks */
	more = pool_live(core) || pool_cached(core) || !core->params.alloc;
	mutex_unlock(&core->reclaim_lock);
	if (more)
		pool_age_arm(core);
}

void pool_age_init(struct pool_core *core)
{
	INIT_DEFERRABLE_WORK(&core->age_work, pool_age);
}

/* A new period counts from now, for every pool. */
static int pool_age_set(const char *val, const struct kernel_param *kp)
{
	unsigned int secs;
	struct pool_core *core;
	int err = kstrtouint(val, 0, &secs);

	if (err)
		return err;
	if (secs > INT_MAX / HZ)
		return -ERANGE;
	mutex_lock(&pool_list_lock);
	WRITE_ONCE(pool_age_secs, secs);
	list_for_each_entry(core, &pool_list, node) {
		cancel_delayed_work(&core->age_work);
		pool_age_arm(core);
	}
	mutex_unlock(&pool_list_lock);
	return 0;
}

static const struct kernel_param_ops pool_age_ops = {
	.set = pool_age_set,
	.get = param_get_uint,
};

module_param_cb(age_secs, &pool_age_ops, &pool_age_secs, 0644);
MODULE_PARM_DESC(age_secs, "rotate a pool that nothing has reclaimed for so many seconds; 0: never");
