// SPDX-License-Identifier: GPL-2.0
/*
 * torture_standin - the part of the kernel's torture.ko that pool_torture uses, for
 * kernels without it
 *
 * Linked into pool_torture.ko, so it serves one torture test and has no locks
 * against a second one. Kthreads are shuffled, stuttered and stopped as in the
 * original; the system is powered off after shutdown_secs.
 */
#include <linux/cpu.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>
#include <linux/suspend.h>

#include "torture_standin.h"

#define STANDIN_TASKS_MAX	256
#define STANDIN_GOLDEN		0x9e3779b9UL

static const char *standin_type;
static int standin_verbose;
static bool standin_stop = true;

/* the kthreads to shuffle; an entry is cleared before its kthread is stopped */
static struct task_struct *standin_tasks[STANDIN_TASKS_MAX];
static DEFINE_MUTEX(standin_tasks_lock);

static long shuffle_jiffies, onoff_holdoff, onoff_jiffies;
static int stutter_jiffies, stutter_gap;
static unsigned long stutter_until;	/* jiffies; 0: run */
static int shutdown_secs;
static void (*shutdown_hook)(void);
static torture_ofl_func *onoff_func;
static unsigned long onoff_failed;
static unsigned long pm_until;	/* jiffies: when others know of the last resume; 0: suspended */

static struct task_struct *shuffle_task, *stutter_task, *onoff_task;
static struct task_struct *shutdown_task;

/* splitmix64, seeded from the clock, so that no two runs are the same */
unsigned long torture_random(struct torture_random_state *trsp)
{
	u64 z;

	if (!trsp->state)
		trsp->state = local_clock() ^ (unsigned long)trsp;
	trsp->state += STANDIN_GOLDEN;
	z = trsp->state;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

int torture_hrtimeout_us(u32 baset_us, u32 fuzzt_ns,
			 struct torture_random_state *trsp)
{
	ktime_t t = (u64)baset_us * NSEC_PER_USEC;

	if (trsp && fuzzt_ns)
		t += torture_random(trsp) % fuzzt_ns;
	set_current_state(TASK_IDLE);
	return schedule_hrtimeout(&t, HRTIMER_MODE_REL);
}

int torture_hrtimeout_ms(u32 baset_ms, u32 fuzzt_us,
			 struct torture_random_state *trsp)
{
	return torture_hrtimeout_us(baset_ms * USEC_PER_MSEC,
				    min(fuzzt_us, 1000000U) * NSEC_PER_USEC,
				    trsp);
}

bool torture_must_stop_irq(void)
{
	return READ_ONCE(standin_stop);
}

bool torture_must_stop(void)
{
	return torture_must_stop_irq() || kthread_should_stop();
}

void torture_kthread_stopping(char *title)
{
	if (standin_verbose)
		pr_info("%s-torture: %s is stopping\n", standin_type, title);
	while (!kthread_should_stop())
		schedule_timeout_uninterruptible(HZ / 20);
}

static void standin_list(struct task_struct *old, struct task_struct *new)
{
	unsigned int i;

	mutex_lock(&standin_tasks_lock);
	for (i = 0; i < STANDIN_TASKS_MAX; i++) {
		if (standin_tasks[i] != old)
			continue;
		standin_tasks[i] = new;
		break;
	}
	mutex_unlock(&standin_tasks_lock);
}

int torture_standin_create(int (*fn)(void *arg), void *arg, const char *name,
			   struct task_struct **tp)
{
	*tp = kthread_create(fn, arg, "%s", name);
	if (IS_ERR(*tp)) {
		int err = PTR_ERR(*tp);

		*tp = NULL;
		return err;
	}
	standin_list(NULL, *tp);
	wake_up_process(*tp);
	return 0;
}

void torture_standin_stop(struct task_struct **tp)
{
	if (!*tp)
		return;
	standin_list(*tp, NULL);
	kthread_stop(*tp);
	*tp = NULL;
}

/* Keep all tasks off @idle, or off no CPU if there is no such CPU. */
static void shuffle_once(cpumask_var_t mask, unsigned int idle)
{
	unsigned int i;

	cpumask_setall(mask);
	if (idle < nr_cpu_ids)
		cpumask_clear_cpu(idle, mask);
	cpus_read_lock();
	mutex_lock(&standin_tasks_lock);
	for (i = 0; i < STANDIN_TASKS_MAX && num_online_cpus() > 1; i++)
		if (standin_tasks[i])
			set_cpus_allowed_ptr(standin_tasks[i], mask);
	mutex_unlock(&standin_tasks_lock);
	cpus_read_unlock();
}

static int torture_shuffle(void *arg)
{
	unsigned int idle = 0;
	cpumask_var_t mask;

	if (alloc_cpumask_var(&mask, GFP_KERNEL)) {
		while (!torture_must_stop()) {
			schedule_timeout_interruptible(shuffle_jiffies);
			shuffle_once(mask, idle);
			idle = idle >= nr_cpu_ids ? 0 : idle + 1;
		}
		free_cpumask_var(mask);
	}
	torture_kthread_stopping("torture_shuffle");
	return 0;
}

int torture_shuffle_init(long shuffint)
{
	shuffle_jiffies = shuffint;
	return torture_create_kthread(torture_shuffle, NULL, shuffle_task);
}

bool stutter_wait(const char *title)
{
	unsigned long until = READ_ONCE(stutter_until);
	long left = until - jiffies;

	cond_resched();
	if (!until || left <= 0)
		return false;
	schedule_timeout_idle(left);
	return true;
}

static int torture_stutter(void *arg)
{
	while (!torture_must_stop()) {
		/* 0 means running */
		WRITE_ONCE(stutter_until, (jiffies + stutter_jiffies) ?: 1);
		schedule_timeout_interruptible(stutter_jiffies);
		WRITE_ONCE(stutter_until, 0);
		schedule_timeout_interruptible(stutter_gap);
	}
	torture_kthread_stopping("torture_stutter");
	return 0;
}

int torture_stutter_init(const int s, const int sgap)
{
	stutter_jiffies = s;
	stutter_gap = sgap;
	return torture_create_kthread(torture_stutter, NULL, stutter_task);
}

/* While the system suspends, and until others have been told of its end, CPUs are its own. */
static int standin_pm(struct notifier_block *nb, unsigned long event, void *unused)
{
	bool begins = event == PM_SUSPEND_PREPARE || event == PM_HIBERNATION_PREPARE ||
		      event == PM_RESTORE_PREPARE;

	WRITE_ONCE(pm_until, begins ? 0 : (jiffies + HZ) ?: 1);
	return NOTIFY_OK;
}

static struct notifier_block standin_pm_nb = {
	.notifier_call = standin_pm,
	.priority = INT_MAX,
};

static bool standin_suspends(void)
{
	unsigned long until = READ_ONCE(pm_until);

	return !until || time_before(jiffies, until);
}

static void onoff_toggle(unsigned int cpu)
{
	struct device *dev = get_cpu_device(cpu);
	bool off = cpu_online(cpu);
	int err;

	if (!dev || !cpu_is_hotpluggable(cpu) || (off && num_online_cpus() < 2))
		return;
	err = off ? remove_cpu(cpu) : add_cpu(cpu);
	/* the kernel refuses, or has taken the CPU away without telling its device (1) */
	if ((err == -EBUSY || err > 0) && standin_suspends())
		return;
	if (err) {
		onoff_failed++;
		pr_alert("%s-torture: CPU %u: %sline failed: %d\n",
			 standin_type, cpu, off ? "off" : "on", err);
	} else if (off && onoff_func) {
		onoff_func();
	}
}

static int torture_onoff(void *arg)
{
	DEFINE_TORTURE_RANDOM(rand);
	unsigned int cpu;

	schedule_timeout_interruptible(onoff_holdoff);
	while (!torture_must_stop()) {
		cpu = torture_random(&rand) % nr_cpu_ids;
		if (cpu_possible(cpu))
			onoff_toggle(cpu);
		schedule_timeout_interruptible(onoff_jiffies);
	}
	torture_kthread_stopping("torture_onoff");
	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			onoff_toggle(cpu);
	return 0;
}

int torture_onoff_init(long ooholdoff, long oointerval, torture_ofl_func *f)
{
	onoff_holdoff = ooholdoff;
	onoff_jiffies = oointerval;
	onoff_func = f;
	if (oointerval <= 0)
		return 0;
	return torture_create_kthread(torture_onoff, NULL, onoff_task);
}

bool torture_onoff_failures(void)
{
	return onoff_failed;
}

static int torture_shutdown(void *arg)
{
	long left = (long)shutdown_secs * HZ;

	while (left > 0 && !torture_must_stop())
		left = schedule_timeout_interruptible(left);
	if (!torture_must_stop()) {
		shutdown_task = NULL;	/* the hook must not stop this one */
		shutdown_hook();
		kernel_power_off();
	}
	torture_kthread_stopping("torture_shutdown");
	return 0;
}

int torture_shutdown_init(int ssecs, void (*cleanup)(void))
{
	shutdown_secs = ssecs;
	shutdown_hook = cleanup;
	if (ssecs <= 0)
		return 0;
	return torture_create_kthread(torture_shutdown, NULL, shutdown_task);
}

bool torture_init_begin(char *ttype, int v)
{
	standin_type = ttype;
	standin_verbose = v;
	WRITE_ONCE(pm_until, jiffies ?: 1);
	if (register_pm_notifier(&standin_pm_nb))
		return false;
	WRITE_ONCE(standin_stop, false);
	return true;
}

void torture_init_end(void)
{
}

bool torture_cleanup_begin(void)
{
	WRITE_ONCE(standin_stop, true);
	torture_standin_stop(&shutdown_task);
	torture_standin_stop(&shuffle_task);
	torture_standin_stop(&stutter_task);
	torture_standin_stop(&onoff_task);
	return false;
}

void torture_cleanup_end(void)
{
	unregister_pm_notifier(&standin_pm_nb);
}
