/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of <linux/torture.h> that pool_torture uses, for kernels without
 * CONFIG_TORTURE_TEST. Names and meanings are those of the original.
 */
#ifndef _TORTURE_STANDIN_H
#define _TORTURE_STANDIN_H

#include <linux/sched.h>
#include <linux/types.h>

struct torture_random_state {
	unsigned long state;
};

#define DEFINE_TORTURE_RANDOM(name) struct torture_random_state name = { 0 }
unsigned long torture_random(struct torture_random_state *trsp);
int torture_hrtimeout_us(u32 baset_us, u32 fuzzt_ns,
			 struct torture_random_state *trsp);
int torture_hrtimeout_ms(u32 baset_ms, u32 fuzzt_us,
			 struct torture_random_state *trsp);

typedef void torture_ofl_func(void);
int torture_onoff_init(long ooholdoff, long oointerval, torture_ofl_func *f);
bool torture_onoff_failures(void);
int torture_shuffle_init(long shuffint);
int torture_shutdown_init(int ssecs, void (*cleanup)(void));
bool stutter_wait(const char *title);
int torture_stutter_init(const int s, const int sgap);

bool torture_init_begin(char *ttype, int v);
void torture_init_end(void);
bool torture_cleanup_begin(void);
void torture_cleanup_end(void);
bool torture_must_stop(void);
bool torture_must_stop_irq(void);
void torture_kthread_stopping(char *title);
int torture_standin_create(int (*fn)(void *arg), void *arg, const char *name,
			   struct task_struct **tp);
void torture_standin_stop(struct task_struct **tp);

#define torture_create_kthread(n, arg, tp) \
	torture_standin_create(n, arg, #n, &(tp))
#define torture_stop_kthread(n, tp) \
	((void)(n), torture_standin_stop(&(tp)))

#endif /* _TORTURE_STANDIN_H */
