# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# native.sh - what builds of the pool for user space have in common; sourced after lib.sh,
# never run
#
#   native_headers DIR [FILE]
#			a header in DIR for each of the kernel's that is included; it
#			includes FILE (shim.h)
#
# With KERNEL_SOURCE in the environment, objpool and ptr_ring of that source are built, too.

# shellcheck disable=SC2034  # used by the scripts that source this file
NATIVE=$TOP/bench/native
POOL=(pool_life pool_bulk pool_main pool_take pool_build pool_activate pool_new pool_widen
	pool_reclaim pool_recall pool_limit pool_stats pool_earn
	pool_core pool_generation pool_node pool_stash pool_pcp pool_chain pool_dequeue)
POOL=("${POOL[@]/%/.c}")
POOL=("${POOL[@]/#/$TOP/}")
PEERS=()
PEER_HEADERS=()
if [ -n "${KERNEL_SOURCE:-}" ]; then
	PEERS=("$KERNEL_SOURCE/lib/objpool.c")
	PEER_HEADERS=("$KERNEL_SOURCE"/include/linux/{objpool,ptr_ring}.h)
fi

native_headers() {
	local header file=${2-shim.h}
	rm -rf "$1"
	mkdir -p "$1"
	grep -hoE '^#include <[^>]*>' "${POOL[@]}" "$TOP"/include/*.h "$TOP"/pool_*.h \
		"$TOP"/test/stamp/*.h "${PEERS[@]}" "${PEER_HEADERS[@]}" |
		sed 's/.*<\(.*\)>/\1/' | grep -vE '^(asm/|linux/errno.h)' | sort -u |
		while read -r header; do
			mkdir -p "$1/$(dirname "$header")"
			echo "#include \"$file\"" > "$1/$header"
		done
	# glibc's <sched.h> asks it for types that are none of ours
	mkdir -p "$1/linux/sched"
	echo '#define SCHED_ATTR_SIZE_VER0 48' > "$1/linux/sched/types.h"
	[ ${#PEERS[@]} -eq 0 ] || cp "${PEER_HEADERS[@]}" "$1/linux"
	printf '#define %s\n' 'KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))' \
		'LINUX_VERSION_CODE KERNEL_VERSION(6, 12, 0)' > "$1/linux/version.h"
}
