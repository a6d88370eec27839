// SPDX-License-Identifier: GPL-2.0
/*
 * spin - the kernel's queued spinlock, for CPUs that find the lock held
 *
 * Each waiter spins on a line of its own, so the cost of taking the lock does not grow
 * with the number of waiters. As kernel/locking/qspinlock.c, without the pending bit,
 * which saves the first waiter a line.
 */
#include "shim.h"

#define SPIN_TAIL	16	/* bits below the number of the last waiter */

struct shim_spinner {
	u32 next;	/* a CPU and 1 */
	u32 granted;
};

static DEFINE_PER_CPU(struct shim_spinner, shim_spinner);

/* Come after the last waiter. Returns which CPU that is and 1, or 0. */
static u32 shim_spin_join(spinlock_t *l, u32 me)
{
	u32 old = READ_ONCE(l->val);

	while (!shim_try_cmpxchg(&l->val, &old, (old & GENMASK(SPIN_TAIL - 1, 0)) |
				 me << SPIN_TAIL, __ATOMIC_RELAXED))
		;
	return old >> SPIN_TAIL;
}

/* The lock is free, and this CPU, @me, is the first waiter. False: others came. */
static bool shim_spin_take(spinlock_t *l, u32 me)
{
	u32 old = me << SPIN_TAIL;

	if (shim_try_cmpxchg(&l->val, &old, 1, __ATOMIC_ACQUIRE))
		return true;
	WRITE_ONCE(*(u8 *)&l->val, 1);
	return false;
}

void shim_spin_wait(spinlock_t *l)
{
	struct shim_spinner *node = this_cpu_ptr(&shim_spinner);
	u32 me = smp_processor_id() + 1, before, next;

	WRITE_ONCE(node->next, 0);
	WRITE_ONCE(node->granted, 0);
	before = shim_spin_join(l, me);
	if (before) {
		WRITE_ONCE(per_cpu_ptr(&shim_spinner, before - 1)->next, me);
		while (!READ_ONCE(node->granted))
			cpu_relax();
	}
	while (READ_ONCE(*(u8 *)&l->val))
		cpu_relax();
	if (shim_spin_take(l, me))
		return;
	while (!(next = READ_ONCE(node->next)))
		cpu_relax();
	WRITE_ONCE(per_cpu_ptr(&shim_spinner, next - 1)->granted, 1);
}
