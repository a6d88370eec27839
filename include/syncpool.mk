# SPDX-License-Identifier: GPL-2.0
# For the Kbuild of a module that uses syncpool:
#
#	include /usr/local/include/syncpool/syncpool.mk
#
# adds the header's folder to ccflags-y, and the symbols that syncpool.ko exports in the
# kernel that is built for. If it is not installed for that kernel, the build ends here,
# and not with a module that does not load.

syncpool-dir := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
syncpool-release := $(shell sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' \
		      $(objtree)/include/generated/utsrelease.h)
syncpool-symvers := $(syncpool-dir)/$(syncpool-release)/Module.symvers

# kbuild's `make clean` reads the Kbuild, too
ifeq ($(filter __clean,$(PHONY)),)
ifeq ($(wildcard $(syncpool-symvers)),)
$(error syncpool is not installed for Linux $(syncpool-release), but for: $(notdir \
	$(patsubst %/,%,$(dir $(wildcard $(syncpool-dir)/*/Module.symvers)))))
endif
endif

ccflags-y += -I$(syncpool-dir)
KBUILD_EXTRA_SYMBOLS += $(syncpool-symvers)
