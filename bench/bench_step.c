// SPDX-License-Identifier: GPL-2.0
/*
 * bench_step - single-step a kernel function and inspect each instruction
 * before it runs
 *
 * With the trap flag set the processor raises #DB after every instruction. Only
 * the listeners of the die chain handle that trap, and one of them counts here.
 * Entering the trap or an interrupt clears the flag and returning restores it,
 * so interrupts are not counted and the stepped code is not affected. The
 * stepped function must not sleep.
 *
 * The processor raises no trap between "sti" and the instruction after it, so
 * that instruction is not counted.
 */
#include <linux/delay.h>
#include <linux/kdebug.h>
#include <linux/notifier.h>
#include <linux/pgtable.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <asm/debugreg.h>
#include <asm/processor-flags.h>
#include <asm/ptrace.h>

#include "bench.h"

#define BENCH_INSN_PREFIXES	14
#define BENCH_STEPPINGS		5

static struct task_struct *bench_task;	/* the task that is stepped */
static struct bench_steps bench_seen;
static unsigned long bench_run;		/* instructions with preemption off */
static bool bench_run_own;		/* a module's instruction disabled it */
static unsigned long bench_last;	/* the previous instruction */
static struct bench_steps bench_frame;	/* of an empty function */

static bool bench_is_prefix(u8 byte)
{
	switch (byte) {
	case 0x26: case 0x2e: case 0x36: case 0x3e:
	case 0x64 ... 0x67:
	case 0x40 ... 0x4f:
	case 0xf2: case 0xf3:
		return true;
	}
	return false;
}

/* Does the instruction at @insn lock the bus? */
static bool bench_is_locked(const u8 *insn)
{
	unsigned int i;

	for (i = 0; i < BENCH_INSN_PREFIXES && bench_is_prefix(insn[i]); i++)
		;
	if (insn[i] == 0xf0)
		return true;
	/* xchg with memory locks without a prefix */
	return (insn[i] == 0x86 || insn[i] == 0x87) && insn[i + 1] < 0xc0;
}

static void bench_step_pinned(bool pinned)
{
	if (!pinned) {
		bench_run = 0;
		return;
	}
	/* modules lie above the kernel; is_module_address() takes locks */
	if (!bench_run++)
		bench_run_own = bench_last >= MODULES_VADDR;
	bench_seen.pinned = max(bench_seen.pinned, bench_run);
	if (bench_run_own)
		bench_seen.own = max(bench_seen.own, bench_run);
}

static int bench_trap(struct notifier_block *nb, unsigned long event, void *arg)
{
	struct die_args *args = arg;
	unsigned long *dr6 = (unsigned long *)args->err;

	if (event != DIE_DEBUG || current != READ_ONCE(bench_task) ||
	    user_mode(args->regs) || !(*dr6 & DR_STEP))
		return NOTIFY_DONE;
	*dr6 &= ~DR_STEP;
	bench_seen.insns++;
	bench_seen.locked += bench_is_locked((u8 *)args->regs->ip);
	bench_step_pinned(preempt_count() & PREEMPT_MASK ||
			  !(args->regs->flags & X86_EFLAGS_IF));
	bench_last = args->regs->ip;
	return NOTIFY_STOP;
}

static struct notifier_block bench_trap_nb = {
	.notifier_call = bench_trap,
};

static noinline void bench_nothing(unsigned int n)
{
	barrier();
}

/*
 * Linux 7 cannot be told not to preempt the kernel. A task that preempted this
 * one would be counted, and would end the stepping. Others run before, since
 * the kernel preempts even a FIFO task for them if they wait for a second.
 */
void bench_alone_begin(void)
{
	usleep_range(1000, 2000);
	sched_set_fifo(current);
}

void bench_alone_end(void)
{
	sched_set_normal(current, 0);
}

/* Not cloned for bench_nothing(), else that would count another frame. */
static noinline __noclone void __bench_step(void (*fn)(unsigned int n), unsigned int n)
{
	memset(&bench_seen, 0, sizeof(bench_seen));
	bench_run = 0;
	WRITE_ONCE(bench_task, current);
	asm volatile("pushfq; orl %0, (%%rsp); popfq"
		     : : "i" (X86_EFLAGS_TF) : "memory", "cc");
	fn(n);
	asm volatile("pushfq; andl %0, (%%rsp); popfq"
		     : : "i" (~X86_EFLAGS_TF) : "memory", "cc");
	WRITE_ONCE(bench_task, NULL);
}

/*
 * Step fn(@n), which must not sleep. One caller at a time. Counts the loop
 * inside, but not the call and the return.
 */
void bench_step(void (*fn)(unsigned int n), unsigned int n,
		struct bench_steps *steps)
{
	bench_alone_begin();
	/* else every preempt_enable() takes its unlikely branch */
	cond_resched();
	__bench_step(fn, n);
	bench_alone_end();
	*steps = bench_seen;
	steps->insns -= bench_frame.insns;
}

/*
 * The minimum over several runs of a function that can be repeated: an
 * interrupt that requests a reschedule adds instructions to each
 * preempt_enable().
 */
void bench_step_best(void (*fn)(unsigned int n), unsigned int n,
		     struct bench_steps *steps)
{
	struct bench_steps again;
	unsigned int i;

	bench_step(fn, n, steps);
	for (i = 1; i < BENCH_STEPPINGS; i++) {
		bench_step(fn, n, &again);
		steps->insns = min(steps->insns, again.insns);
		steps->locked = min(steps->locked, again.locked);
		steps->pinned = min(steps->pinned, again.pinned);
		steps->own = min(steps->own, again.own);
	}
}

int bench_step_init(void)
{
	int err = register_die_notifier(&bench_trap_nb);

	if (err)
		return err;
	__bench_step(bench_nothing, 0);
	bench_frame = bench_seen;
	return bench_frame.insns ? 0 : -ENODEV;
}

void bench_step_exit(void)
{
	unregister_die_notifier(&bench_trap_nb);
}
