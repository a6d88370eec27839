# SPDX-License-Identifier: GPL-2.0
# For the Kbuild of a module that uses syncpool:
#
#	include /usr/local/include/syncpool/syncpool.mk
#
# (Debian's package has it in /usr/include) adds the header's folder to ccflags-y, and the
# symbols that syncpool.ko exports in the kernel that is built for, as `make install` or
# DKMS has left them. If it is not installed for that kernel, the build ends here, and not
# with a module that does not load. What make's command line sets, a Kbuild cannot add to,
# so neither of the two may be given there.

syncpool-dir := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
syncpool-release := $(shell sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' \
		      $(objtree)/include/generated/utsrelease.h)
syncpool-symvers := $(firstword $(wildcard $(syncpool-dir)/$(syncpool-release)/Module.symvers \
		      /var/lib/dkms/syncpool/kernel-$(syncpool-release)-$(shell uname -m)/Module.symvers))

# kbuild's `make clean` reads the Kbuild, too
ifeq ($(filter __clean,$(PHONY)),)
ifeq ($(syncpool-symvers),)
$(error syncpool is not installed for Linux $(syncpool-release), but for: $(patsubst \
	$(syncpool-dir)/%/Module.symvers,%,$(wildcard $(syncpool-dir)/*/Module.symvers)) $(patsubst \
	/var/lib/dkms/syncpool/kernel-%/Module.symvers,%,$(wildcard \
	/var/lib/dkms/syncpool/kernel-*/Module.symvers)))
endif
endif

ccflags-y += -I$(syncpool-dir)
KBUILD_EXTRA_SYMBOLS += $(syncpool-symvers)
