# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# lib.sh - functions that the scripts share; sourced, never run. A script that is called
# with --help prints its head comment and exits.
#
#   die MESSAGE...	print what failed and exit
#   step MESSAGE...	a headline on stderr
#   ok NAME / not_ok NAME
#			one result line on stdout, which scripts/check counts
#   pass NAME / fail NAME / totals
#			the same lines, counted; "N passed, N failed"
#   take_options "NAME..." ARG...
#			read --name VALUE options into variables
#   run_quietly LABEL LOG CMD...
#			run CMD with its output in LOG; print a progress line
#			meanwhile, and show_failure if it fails
#   show_failure LOG	the lines of LOG that say what went wrong, and its end
#   with_lock FILE CMD...
#			run CMD while no other script holds FILE
#   as_root CMD...	run CMD as root, if need be with sudo
#   minimal_debian SUITE DIR
#			make the smallest system of that Debian
#   debian_mirror	print where apt gets this Debian's own packages from
#   stock_kernels	print the names in test/kernels/stock.list
#   kernel_source V	print the unpacked Debian kernel source of that series
#   commit	print the commit of the tree
#   copy_tree DIR, make_tmp
#			copy the sources without build results; make a folder TMP
#
# To run something in a guest:
#   use_kernel NAME	prepare a kernel to boot and to build against
#   guest_build [VAR=VALUE...]
#			build our modules for it, in MODULES, unless that is done
#   guest_run WHAT FILE SCRIPT OPTION...
#			boot it with SCRIPT and print its result lines
#   guest_verdict STATUS WHAT [GOOD]
#			print the result line of the guest as a whole
#   torture_value NAME FILE [RUN]
#			a number from the last lines of a torture test
#
# Progress and errors go to stderr, so that scripts can read stdout.

# The options of `make -s check` do not apply to the builds in here, and only
# make_tmp sets TMP.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES TMP

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SCRIPTS=$TOP/scripts
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/syncpool
# shellcheck disable=SC2034  # used by the scripts that source this file
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

PASSED=0
FAILED=0

pass() {
	PASSED=$((PASSED + 1))
	ok "$@"
}

fail() {
	FAILED=$((FAILED + 1))
	not_ok "$@"
}

# totals: fails unless everything passed
totals() {
	echo "$PASSED passed, $FAILED failed"
	[ "$FAILED" -eq 0 ] && [ "$PASSED" -gt 0 ]
}

# The comment at the head of the script, from the script's name on
case ${1-} in
-h | --help)
	sed -n '4,/^$/s/^# \{0,1\}//p' "$0"
	exit ;;
esac

# take_options "NAME..." ARG...
# For each name, `--name VALUE` sets the variable of that name in capital letters
# (--pool-params: POOL_PARAMS). Other arguments are left in ARGS, and those after `--`
# in REST.
take_options() {
	local known=" $1 " name
	shift
	ARGS=() REST=()
	while [ $# -gt 0 ]; do
		name=${1#--}
		case $1 in
		--) shift; REST=("$@"); return ;;
		--*)
			[[ $known == *" $name "* ]] || die "unknown option $1; see --help"
			[ $# -ge 2 ] || die "$1 needs a value"
			name=${name//-/_}
			printf -v "${name^^}" '%s' "$2"
			shift ;;
		-*) die "unknown option $1; see --help" ;;
		*) ARGS+=("$1") ;;
		esac
		shift
	done
}

# elapsed SECONDS: as m:ss
elapsed() {
	printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# Prints progress, so that a long step does not look like a hang. On a terminal the
# line rewrites itself; in a log there is one line a minute.
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
	printf '   %s failed with status %d; log: %s\n' "$label" "$rc" "$log" >&2
	show_failure "$log" >&2
	return "$rc"
}

# show_failure LOG: the end of the log, after the first lines above it that name an
# error
show_failure() {
	local above=$(($(wc -l < "$1") - 30))
	if [ $above -gt 0 ]; then
		head -n $above "$1" | awk '
			tolower($0) ~ /error|not? .*found|fatal|usage|exception/ && ++n <= 10 {
				print NR ": " $0
			}'
		echo "..."
	fi
	tail -n 30 "$1"
}

# try NAME COMMAND...: pass if it succeeds; else fail, and show what it said. Needs make_tmp.
try() {
	local name=$1
	shift
	if "$@" > "$TMP/log" 2>&1 < /dev/null; then
		pass "$name"
	else
		show_failure "$TMP/log" >&2
		fail "$name"
	fi
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

# can_be_root: will as_root work?
can_be_root() {
	[ "$(id -u)" -eq 0 ] || command -v sudo > /dev/null
}

as_root() {
	can_be_root || die "this is neither root nor a machine with sudo; run as root: $*"
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# cpu_runs_guests: else /dev/kvm may open, and run no guest
cpu_runs_guests() {
	grep -qwE 'svm|vmx' /proc/cpuinfo
}

# shellcheck disable=SC2034  # used by the scripts that source this file
DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# host_suite: the Debian that this machine runs
host_suite() {
	sed -n 's/^VERSION_CODENAME=//p' /etc/os-release
}

# debian_mirror [SUFFIX]: where apt has Debian's packages from; -security: its updates
debian_mirror() {
	local codename suffix=${1-}
	codename=$(host_suite)
	# shellcheck disable=SC2016  # apt fills these in
	apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
		awk -v codename="${codename:-stable}" -v suffix="$suffix" \
			'($1 == codename suffix || $1 == "stable" suffix) && $2 == "main" && !n++ { print $3 }'
}

# missing_packages ROOT PACKAGE...: those that the Debian in ROOT has not installed, neither
# under that name nor as something that another provides
missing_packages() {
	local admin=${1%/}/var/lib/dpkg
	shift
	[ $# -gt 0 ] || return 0
	printf '%s\n' "$@" | sort -u | awk '
		NR == FNR {
			gsub(/\([^)]*\)|,/, "")
			for (i = 2; $1 == "installed" && i <= NF; i++) have[$i]
			next
		}
		!($1 in have)' <(dpkg-query "--admindir=$admin" -W \
			-f '${db:Status-Status} ${Package} ${Provides}\n') -
}

# debian_sources SUITE: lines for apt's sources.list, from where this machine has its own
debian_sources() {
	local security
	security=$(debian_mirror -security)
	printf "deb [signed-by=$DEBIAN_KEYRING] %s %s main\n" "$(debian_mirror)" "$1" \
		"$(debian_mirror)" "$1-updates" ${security:+"$security" "$1-security"}
}

# minimal_debian SUITE DIR: make the smallest Debian in DIR, from this machine's mirror
minimal_debian() {
	local log=$CACHE/log/debootstrap-$1.log
	run_quietly "debootstrap $1" "$log" as_root unshare --mount --propagation private -- \
		debootstrap --variant=minbase --include=ca-certificates \
		"--keyring=$DEBIAN_KEYRING" "$1" "$2" "$(debian_mirror)" ||
		die "cannot make a Debian '$1' (log: $log)." \
			"This needs the right to mount, and a mirror that has it."
	apt-config dump | { grep -iE '^Acquire::[a-z:]*Proxy' || true; } |
		as_root tee "$2/etc/apt/apt.conf.d/proxy" > /dev/null
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

kernel_source() {
	local version=$1 dir=$CACHE/src/linux-source-$1 root='' tarball want
	is_stock "$version" || die "no Debian kernel source '$version' in test/kernels/stock.list"
	if needs_debian13 "$CACHE/stock/$version"; then
		root=$("$SCRIPTS/env/debian13" "linux-source-$version")
	else
		"$SCRIPTS/env/deps" "source-$version" >&2
	fi
	tarball=$root/usr/src/linux-source-$version.tar.xz
	want=$(dpkg-query "--admindir=$root/var/lib/dpkg" -W -f '${Version}' "linux-source-$version") ||
		die "the package linux-source-$version is not installed"
	mkdir -p "$CACHE/src"
	if [ "$(cat "$dir/.syncpool-version" 2>/dev/null)" != "$want" ]; then
		with_lock "$CACHE/src/lock-$version" _unpack_source "$version" "$tarball" "$want" 9>&- ||
			return 1
	fi
	printf '%s\n' "$dir"
}

# commit: of the tree, for tables
commit() {
	git -C "$TOP" describe --always --dirty 2> /dev/null || echo unknown
}

# copy_tree DIR: copy the sources, without the results of builds and runs
copy_tree() {
	mkdir -p "$1"
	pack_tree | tar -C "$1" -x
}

# pack_tree OPTION...: what copy_tree copies; OPTION is one of tar's
pack_tree() {
	tar -C "$TOP" -c --exclude-vcs --exclude=./out --exclude='*.o' --exclude='*.ko' \
		--exclude='*.mod' --exclude='*.mod.c' --exclude='.*.cmd' --exclude='.*.d' \
		--exclude='*.a' --exclude=Module.symvers --exclude=modules.order \
		--exclude=__pycache__ "$@" .
}

# make_tmp: make a folder, in TMP, which is removed when the script ends. Two runs
# at once never share one.
make_tmp() {
	TMP=$(mktemp -d "${TMPDIR:-/tmp}/syncpool-${0##*/}.XXXXXX")
	trap 'rm -rf "$TMP"' EXIT
}

STOCK_LIST=$TOP/test/kernels/stock.list

stock_kernels() {
	awk '/^[^#]/ { print $1 }' "$STOCK_LIST"
}

# stock_line NAME: its line of the list, without NAME
stock_line() {
	awk -v name="$1" '$1 == name { sub(/^[^ \t]*[ \t]*/, ""); print }' "$STOCK_LIST"
}

is_stock() {
	[ -n "$(stock_line "$1")" ]
}

# stock_folder FOLDER: of the stock kernel whose folder this is, or a folder in it
stock_folder() {
	local name=${1#"$CACHE"/stock/}
	printf '%s\n' "$CACHE/stock/${name%%/*}"
}

# needs_debian13 FOLDER: is this the folder of a stock kernel that scripts/env/debian13
# downloads and builds for, or a folder in it?
needs_debian13() {
	local folder
	folder=$(stock_folder "$1")
	[[ $1/ == "$folder"/* ]] && [[ $(stock_line "${folder##*/}") == *trixie-backports/* ]]
}

# build_there KDIR FOLDER[:FOLDER...]: set THERE to what is put before a command that builds
# in FOLDER against KDIR, so that it runs in the Debian that this needs
# shellcheck disable=SC2034  # for the scripts that source this file
build_there() {
	THERE=()
	! needs_debian13 "$1" ||
		THERE=("$SCRIPTS/env/debian13" --run "$2:$(stock_folder "$1")")
}

# use_kernel NAME [SET...]: prepare the stock kernel or the kernel of test/kernels
# of that name. Sets KERNEL to NAME, and the variables that scripts/env/stock or
# scripts/env/kernel prints; SET... is passed to the former.
use_kernel() {
	local script=kernel vars
	! is_stock "$1" || script=stock
	vars=$("$SCRIPTS/env/$script" "$@") || die "no kernel: scripts/env/$script $1 failed"
	# shellcheck disable=SC2034  # for the scripts that source this file
	KERNEL=$1 KIMAGE='' KDIR='' KMODULES='' KRELEASE='' KARCH='' KSRC=''
	eval "$vars"
}

# guest_build [VAR=VALUE...]: build the modules for KERNEL, and set MODULES to their folder.
# Without a VAR those of tests are among them, and for a stock kernel, which has what
# they need, those of benchmarks. From this tree they are built once for all scripts that
# name the same VARs, from GUEST_TREE each time.
guest_build() {
	local vars
	if [ $# -eq 0 ]; then
		set -- SYNCPOOL_TORTURE=1
		! is_stock "$KERNEL" || set -- "$@" SYNCPOOL_BENCH=1
	fi
	[ -n "${TMP-}" ] || make_tmp
	if [ -n "${GUEST_TREE-}" ]; then
		MODULES=$TMP/modules-$KERNEL
		step "building the modules for $KERNEL"
		"$GUEST_TREE/scripts/env/build" --out "$MODULES" "$KDIR" "$@"
		return
	fi
	vars="${*%%=*}"
	vars=${vars//SYNCPOOL_/}
	MODULES=$TOP/out/modules/$KERNEL-${vars// /-}
	with_lock "$MODULES.lock" build_once "$@"
}

# build_once VAR=VALUE...: what is in MODULES stays, if it was built from the same. With
# SPARSE set, sparse has looked at it.
build_once() {
	local key
	key=$({ echo "$KDIR" "$KRELEASE" "$@"; gcc --version
		pack_tree --sort=name --mtime=@0; } | sha256sum)
	if [ "$(cat "$MODULES/.key" 2> /dev/null)" = "$key" ]; then
		[ -n "${SPARSE-}" ] || return 0
		! grep -q '^  CHECK ' "$MODULES/build.log" || return 0
	fi
	step "building the modules for $KERNEL${SPARSE:+, with sparse}"
	"$SCRIPTS/env/build" --out "$MODULES" ${SPARSE:+--sparse yes} "$KDIR" "$@" &&
		echo "$key" > "$MODULES/.key"
}

# guest_lines WHAT: print result lines of a guest on stdout, with WHAT in front of
# the name, as they arrive, and its other lines on stderr. Without WHAT, nothing.
guest_lines() {
	local line
	while IFS= read -r line; do
		case ${1:+$line} in
		'') ;;
		'ok '*) ok "$1: ${line#ok }" ;;
		'not ok '*) not_ok "$1: ${line#not ok }" ;;
		*) printf '%s\n' "$line" >&2 ;;
		esac
	done
}

# guest_run WHAT FILE SCRIPT OPTION...
# Boot KERNEL with scripts/guest/SCRIPT; OPTION is one of scripts/vm/vm. Leaves the
# console in LOG, out/FILE.log, and the script's output in OUTPUT, out/FILE.out,
# which guest_lines prints. Returns the status of vm.
guest_run() {
	local what=$1 file=$TOP/out/$2 script=$3
	shift 3
	LOG=$file.log OUTPUT=$file.out
	mkdir -p "$(dirname "$file")"
	"$SCRIPTS/vm/vm" --image "$KIMAGE" --kmodules "$KMODULES" --arch "$KARCH" \
		--log "$LOG" --script "$SCRIPTS/guest/$script" "$@" |
		tee "$OUTPUT" | guest_lines "$what"
}

# guest_verdict STATUS WHAT [GOOD]: how the guest of the last guest_run ended
guest_verdict() {
	if [ "$1" -eq 0 ]; then
		ok "$2: ${3:-the kernel reported no problem}"
	else
		not_ok "$2: the kernel reported a problem, or a test failed (log: $LOG)"
	fi
	return "$1"
}

# torture_value NAME FILE [RUN]: the number after NAME in the last lines of the torture
# test in FILE, or of its calm run if RUN is `calm`; 0 if there is none
torture_value() {
	local values
	values=$(sed -n "s/.*pool_torture: ${3:-end}: .*\b$1 \([0-9][0-9]*\).*/\1/p" "$2" 2> /dev/null) || true
	values=${values%%$'\n'*}
	echo "${values:-0}"
}
