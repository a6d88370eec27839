// SPDX-License-Identifier: GPL-2.0
/*
 * probe-bpf - a program that runs BPF programs on tracepoints, run by probe-guest
 *
 *	probe-bpf SECONDS TRACEPOINT...
 *
 * Attaches a BPF program to each, which counts, and prints the counts after SECONDS. So
 * these tracepoints have two probes, the other of which is pool_probe's.
 */
#include <err.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST	16
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static int bpf(int cmd, union bpf_attr *attr, const char *what)
{
	int fd = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	if (fd < 0)
		err(1, "%s", what);
	return fd;
}

static int make_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(__u32),
		.value_size = sizeof(__u64),
		.max_entries = MOST,
	};

	return bpf(BPF_MAP_CREATE, &attr, "map");
}

static __u64 read_map(int map, __u32 key)
{
	__u64 value = 0;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	bpf(BPF_MAP_LOOKUP_ELEM, &attr, "lookup");
	return value;
}

#define INSN(c, d, s, o, i) \
	{ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) }

/* value = map_lookup_elem(map, &key); if (value) *value += 1; return 0; */
static int load_program(int map, int key)
{
	static char log[4096];
	struct bpf_insn insns[] = {
		INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, key),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4),
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, 1),
		INSN(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_1, 0, BPF_ADD),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
		.insns = (uintptr_t)insns,
		.insn_cnt = ARRAY_SIZE(insns),
		.license = (uintptr_t)"GPL",
		.log_buf = (uintptr_t)log,
		.log_size = sizeof(log),
		.log_level = 1,
	};
	int fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	if (fd < 0)
		err(1, "program: %s", log);
	return fd;
}

static void attach(int map, int key, const char *name)
{
	union bpf_attr attr = {
		.raw_tracepoint.name = (uintptr_t)name,
		.raw_tracepoint.prog_fd = load_program(map, key),
	};

	bpf(BPF_RAW_TRACEPOINT_OPEN, &attr, name);
}

int main(int argc, char **argv)
{
	int map, i;

	if (argc < 3 || argc - 2 > MOST)
		errx(1, "usage: probe-bpf SECONDS TRACEPOINT...");
	map = make_map();
	for (i = 2; i < argc; i++)
		attach(map, i - 2, argv[i]);
	sleep(atoi(argv[1]));
	for (i = 2; i < argc; i++)
		printf("bpf %s %llu\n", argv[i], (unsigned long long)read_map(map, i - 2));
	return 0;
}
