// SPDX-License-Identifier: GPL-2.0
/*
 * pressure_main - the commands and figures in debugfs
 *
 * /sys/kernel/debug/pool_pressure/ has
 *
 *	commands	a command with each write:
 *		pool NAME POLICY OBJECTS SIZE KNOWN
 *			make a pool for OBJECTS of SIZE bytes, which it knows if
 *			KNOWN is 1
 *		prefill NAME	build them, and put them on this CPU
 *		use NAME PERIOD [EACH]
 *			a task gets EACH (all) objects, touches them and puts them
 *			back every PERIOD microseconds
 *		rest NAME	stop all its tasks
 *		spread NAME	build an equal share on each CPU, and put it there
 *		end NAME	end the pool
 *		hold MS		hold off grace periods, for MS at a time; 0: no more
 *		phase WORD	mark what follows in the samples
 *	pools		a line with the figures of each pool
 *	samples		its state twice a second
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "pressure.h"

#define PHASES		16
#define PHASE_LEN	16

static char pressure_phases[PHASES][PHASE_LEN] = { "start" };
static struct dentry *pressure_dir;

static int command_pool(const char *args)
{
	char name[PRESSURE_NAME_LEN], policy[16];
	unsigned int nr, known;
	size_t size;

	if (sscanf(args, "%31s %15s %u %zu %u", name, policy, &nr, &size, &known) != 5)
		return -EINVAL;
	return pressure_pool_make(name, policy, nr, size, known);
}

/* The pool whose name is the first word of @args, unless it has ended. */
static struct pressure_pool *command_find(const char *args)
{
	char name[PRESSURE_NAME_LEN];
	struct pressure_pool *p;

	if (sscanf(args, "%31s", name) != 1)
		return NULL;
	p = pressure_pool_find(name);
	return p && !p->ended ? p : NULL;
}

static int command_prefill(const char *args)
{
	struct pressure_pool *p = command_find(args);

	return p ? pressure_pool_prefill(p) : -ENOENT;
}

static int command_use(const char *args)
{
	struct pressure_pool *p = command_find(args);
	unsigned long period;
	unsigned int each;
	int n;

	if (!p)
		return -ENOENT;
	n = sscanf(args, "%*s %lu %u", &period, &each);
	if (n < 1)
		return -EINVAL;
	return pressure_use(p, period, n == 2 ? each : p->nr);
}

static int command_rest(const char *args)
{
	struct pressure_pool *p = command_find(args);

	if (!p)
		return -ENOENT;
	pressure_rest(p);
	return 0;
}

static int command_spread(const char *args)
{
	struct pressure_pool *p = command_find(args);

	return p ? pressure_pool_spread(p) : -ENOENT;
}

static int command_end(const char *args)
{
	struct pressure_pool *p = command_find(args);

	if (!p)
		return -ENOENT;
	pressure_pool_end(p);
	return 0;
}

static int command_hold(const char *args)
{
	unsigned int ms;
	int err = kstrtouint(args, 10, &ms);

	return err ?: pressure_hold(ms);
}

static int command_phase(const char *args)
{
	if (pressure_phase + 1 == PHASES)
		return -ENOSPC;
	strscpy(pressure_phases[pressure_phase + 1], args, PHASE_LEN);
	pressure_phase++;
	return 0;
}

static const struct {
	const char	*name;
	int		(*run)(const char *args);
} commands[] = {
	{ "pool ", command_pool },
	{ "prefill ", command_prefill },
	{ "use ", command_use },
	{ "rest ", command_rest },
	{ "spread ", command_spread },
	{ "end ", command_end },
	{ "hold ", command_hold },
	{ "phase ", command_phase },
};

static int command_run(const char *line)
{
	unsigned int i;
	int err = -EINVAL;

	mutex_lock(&pressure_lock);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (strstarts(line, commands[i].name))
			err = commands[i].run(line + strlen(commands[i].name));
	mutex_unlock(&pressure_lock);
	return err;
}

static ssize_t commands_write(struct file *file, const char __user *buf,
			      size_t len, loff_t *pos)
{
	char *line;
	int err;

	if (len > 256)
		return -EINVAL;
	line = memdup_user_nul(buf, len);
	if (IS_ERR(line))
		return PTR_ERR(line);
	err = command_run(strim(line));
	kfree(line);
	return err ?: len;
}

static const struct file_operations commands_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = commands_write,
};

static int pools_show(struct seq_file *m, void *unused)
{
	struct pressure_pool *p;

	seq_puts(m, "name policy objects size cached gets built rebuilt fails freed freed0 freed1 spilled errors asked\n");
	mutex_lock(&pressure_lock);
	list_for_each_entry(p, &pressure_pools, list)
		seq_printf(m, "%s %s %u %zu %lu %ld %ld %ld %ld %ld %ld %ld %lu %d %ld\n",
			   p->name, p->policy->name, p->nr, p->size,
			   p->ended ? 0 : p->policy->count(p),
			   atomic_long_read(&p->gets), atomic_long_read(&p->built),
			   pressure_rebuilt(p), atomic_long_read(&p->fails),
			   pressure_freed(p), atomic_long_read(&p->freed[0]),
			   atomic_long_read(&p->freed[1]), p->spilled,
			   atomic_read(&p->errors), atomic_long_read(&p->asked));
	mutex_unlock(&pressure_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pools);

static int samples_show(struct seq_file *m, void *unused)
{
	struct pressure_sample *s;
	struct pressure_pool *p;
	unsigned int i;

	mutex_lock(&pressure_lock);
	list_for_each_entry(p, &pressure_pools, list) {
		for (i = 0; i < p->nr_samples; i++) {
			s = &p->samples[i];
			seq_printf(m, "%s %u %s %u %u %u %u\n", p->name, s->ms,
				   pressure_phases[s->phase], s->cached, s->rebuilt,
				   s->free, s->available);
		}
	}
	mutex_unlock(&pressure_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(samples);

static int __init pressure_init(void)
{
	int err = pressure_sampler_start();

	if (err)
		return err;
	pressure_dir = debugfs_create_dir("pool_pressure", NULL);
	debugfs_create_file("commands", 0200, pressure_dir, NULL, &commands_fops);
	debugfs_create_file("pools", 0444, pressure_dir, NULL, &pools_fops);
	debugfs_create_file("samples", 0444, pressure_dir, NULL, &samples_fops);
	return 0;
}

static void __exit pressure_exit(void)
{
	struct pressure_pool *p, *next;

	debugfs_remove(pressure_dir);
	pressure_sampler_stop();
	mutex_lock(&pressure_lock);
	pressure_hold(0);
	list_for_each_entry_safe(p, next, &pressure_pools, list)
		pressure_pool_forget(p);
	mutex_unlock(&pressure_lock);
}

module_init(pressure_init);
module_exit(pressure_exit);
MODULE_DESCRIPTION("Pools for memory pressure to act on");
MODULE_LICENSE("GPL");
