# SPDX-License-Identifier: GPL-2.0
# For people; Kbuild beside it is what the kernel's build reads.

KDIR ?= $(shell scripts/env/kdir)
PREFIX ?= /usr/local
export PREFIX DESTDIR

all: ## build syncpool.ko and the examples against KDIR
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

install: ## install module, headers and Module.symvers for KDIR (PREFIX, DESTDIR)
	KDIR=$(KDIR) scripts/env/install

uninstall: ## remove what install has installed for KDIR (PREFIX, DESTDIR)
	KDIR=$(KDIR) scripts/env/install --uninstall

deb: ## Debian's packages, in out/deb
	scripts/env/deb

intree: ## syncpool as part of a kernel's source: patches, kunit.py
	scripts/test/intree --kunit yes 6.12 7.3

tools: ## the commands of docs/admin.md, and syncpooltop, in a guest
	scripts/test/tools

clean: ## remove what builds and runs have made
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean
	rm -rf out compile_commands.json

compile_commands.json: all ## how each file is compiled, for clangd and its kin
	KDIR=$(KDIR) scripts/env/compile-commands

quick: ## what takes no guest and installs nothing, in half a minute
	scripts/lint/quick

check: ## all gates and tests; installs packages, builds a kernel, boots guests [KERNEL=7.3]
	scripts/check

kunit: ## the KUnit suites in a guest [SUITE=glob] [TEST=glob] [KERNEL=name]
	scripts/test/kunit

demo: ## compress with and without the pool in a guest [FILE=path] [JOBS=n] [KERNEL=7.3]
	scripts/demo/demo

torture: ## every context against the pool at once [SECS=n] [KERNEL=name] [CPUS=n]
	scripts/test/torture

pressure: ## what pools keep and give back while memory is short, in guests
	scripts/test/pressure

clients: ## users of the kernel with and without a pool [CLIENT=name] [KERNEL=version]
	scripts/clients/clients

bench: ## instructions and throughput beside the kernel's other pools
	scripts/bench/bench

bench-native: ## the same code in user space, beside Go's sync.Pool and malloc
	scripts/bench/bench-native

bench-compare: ## have the instruction counts grown since those in bench/?
	scripts/bench/bench-compare

coherence: ## cache lines that move between up to 256 CPUs, counted, beside other pools
	scripts/bench/coherence

litmus: ## prove the barriers by the kernel's memory model
	scripts/test/litmus

model: ## check the C code itself with CBMC, and with GenMC where it is on the PATH
	scripts/test/model

model-full: ## the same with larger bounds
	scripts/test/model --full yes

mutants: ## break the code on purpose, see that something notices
	scripts/test/mutants

coverage: ## lines and branches that the tests reach [SECS=n]
	scripts/test/coverage

htmldocs: ## the documents and the interface as HTML, in out/htmldocs
	scripts/lint/htmldocs

check-full: ## the whole matrix of kernels; hours [CELLS="up rt"] [SECS=n]
	scripts/test/check-full

help: ## this list
	@sed -n 's/^\([a-z_.-]*\): .*## /  \1	/p' $(MAKEFILE_LIST) | expand -t 25
	@echo "KDIR is $(KDIR)"

.PHONY: all install uninstall deb intree tools clean compile_commands.json quick check kunit demo torture pressure clients
.PHONY: bench bench-native bench-compare coherence litmus model model-full mutants coverage htmldocs check-full help
