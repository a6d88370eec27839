# SPDX-License-Identifier: GPL-2.0
# A suite that needs an optional part of the kernel is built where the kernel has it.

ccflags-y += -I$(src)/..

obj-$(CONFIG_SYNCPOOL_KUNIT_TEST) += pool_kunit.o

@objects@
pool_kunit-$(filter y,$(CONFIG_SYNCPOOL_KUNIT_TEST)) += boot_test.o
