# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# lib.sh - what the scripts share; sourced, never run.
#
#   die MESSAGE...	say what failed and stop
#   step MESSAGE...	a headline on stderr
#   ok NAME / not_ok NAME
#			one result line on stdout, which scripts/check counts
#   run_quietly LABEL LOG CMD...
#			run CMD with its output in LOG, a progress line
#			meanwhile, and the end of LOG shown if it failed
#   with_lock FILE CMD...
#			run CMD while no other script holds FILE
#   kernel_source V	print the unpacked Debian kernel source 6.1 or 6.12
#
# Progress and complaints go to stderr, so that stdout can be read by scripts.

# `make -s check` is about that make, not about the builds in here.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034  # used by the scripts that source this file
SCRIPTS=$TOP/scripts
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/syncpool
# shellcheck disable=SC2034  # likewise
JOBS_BUILD=$(nproc)

export LC_ALL=C.UTF-8

die() {
	printf '%s: error: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

step() {
	printf '== %s\n' "$*" >&2
}

ok() {
	printf 'ok %s\n' "$*"
}

not_ok() {
	printf 'not ok %s\n' "$*"
}

# elapsed SECONDS: as m:ss
elapsed() {
	printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# A line now and then, so that nobody takes a long step for a hang. On a
# terminal the line rewrites itself; in a log there is one a minute.
progress_until_done() {
	local label=$1 log=$2 pid=$3 start=$SECONDS last=0 now
	while kill -0 "$pid" 2>/dev/null; do
		sleep 1
		now=$((SECONDS - start))
		if [ -t 2 ]; then
			printf '\r   %s %s  %-60.60s' "$(elapsed $now)" "$label" \
				"$(tail -n 1 "$log" 2>/dev/null | tr -d '\r\t')" >&2
		elif [ $((now - last)) -ge 60 ]; then
			last=$now
			printf '   %s %s (%s lines of output)\n' "$(elapsed $now)" \
				"$label" "$(wc -l < "$log")" >&2
		fi
	done
	[ ! -t 2 ] || printf '\r%-100s\r' '' >&2
}

run_quietly() {
	local label=$1 log=$2 pid rc=0
	shift 2
	mkdir -p "$(dirname "$log")"
	"$@" > "$log" 2>&1 < /dev/null &
	pid=$!
	progress_until_done "$label" "$log" "$pid"
	wait "$pid" || rc=$?
	[ "$rc" -eq 0 ] && return 0
	printf '   %s failed with status %d; the end of %s:\n' "$label" "$rc" "$log" >&2
	tail -n 40 "$log" >&2
	return "$rc"
}

with_lock() {
	local lock=$1
	shift
	mkdir -p "$(dirname "$lock")"
	(
		if ! flock -n 9; then
			step "waiting for another run that holds $lock"
			flock 9
		fi
		"$@"
	) 9> "$lock"
}

_unpack_source() {
	local version=$1 tarball=$2 want=$3 dir=$CACHE/src/linux-source-$1 tmp
	[ "$(cat "$dir/.syncpool-version" 2>/dev/null)" != "$want" ] || return 0
	step "unpacking the kernel source linux-source-$version ($want)"
	rm -rf "$dir"
	tmp=$(mktemp -d "$CACHE/src/unpack.XXXXXX")
	tar -C "$tmp" -xf "$tarball" || { rm -rf "$tmp"; die "cannot unpack $tarball"; }
	mv "$tmp/linux-source-$version" "$dir"
	rmdir "$tmp"
	printf '%s\n' "$want" > "$dir/.syncpool-version"
}

kernel_source_version() {
	dpkg-query -W -f '${Version}' "linux-source-$1" 2>/dev/null
}

kernel_source() {
	local version=$1 dir=$CACHE/src/linux-source-$1
	local tarball=/usr/src/linux-source-$1.tar.xz want
	if [ ! -e "$tarball" ]; then
		case $version in
		6.12) "$SCRIPTS/env/deps" source >&2 ;;
		6.1) "$SCRIPTS/env/deps" source-6.1 >&2 ;;
		*) die "no Debian kernel source '$version' (have 6.1 and 6.12)" ;;
		esac
	fi
	want=$(kernel_source_version "$version") ||
		die "the package linux-source-$version is not installed"
	mkdir -p "$CACHE/src"
	if [ "$(cat "$dir/.syncpool-version" 2>/dev/null)" != "$want" ]; then
		with_lock "$CACHE/src/lock-$version" _unpack_source "$version" "$tarball" "$want" 9>&- ||
			return 1
	fi
	printf '%s\n' "$dir"
}

# copy_tree DIR: the sources, without what builds and runs leave behind
copy_tree() {
	mkdir -p "$1"
	tar -C "$TOP" -c --exclude-vcs --exclude=./out --exclude='*.o' --exclude='*.ko' \
		--exclude='*.mod' --exclude='*.mod.c' --exclude='.*.cmd' --exclude='*.a' \
		--exclude=Module.symvers --exclude=modules.order . | tar -C "$1" -x
}

# make_tmp: a folder in TMP that is gone when the script ends. Two runs at once
# never share one.
make_tmp() {
	TMP=$(mktemp -d "${TMPDIR:-/tmp}/syncpool-${0##*/}.XXXXXX")
	trap 'rm -rf "$TMP"' EXIT
}
