// SPDX-License-Identifier: GPL-2.0
/*
 * pool_select - the pools that the module parameter debug names
 *
 *	debug, debug=1, =y	every pool
 *	debug=0, =n		none
 *	debug=zpress,foo*	those called zpress, and those whose names begin with foo
 *
 * Read at load only, before there is a pool. The kernel's glob_match() would be one more
 * option that a kernel has to have.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "pool_hook.h"
#include "pool_select.h"
#include "syncpool.h"

static char pool_selected[256];	/* "": none; "*": all */

static bool pool_select_is(const char *list, const char *a, const char *b, const char *c)
{
	return !strcmp(list, a) || !strcmp(list, b) || !strcmp(list, c);
}

/* May a pool be called what the @len characters at @name say? See pool_copy_name(). */
static bool pool_select_is_name(const char *name, size_t len)
{
	size_t i;

	if (!len)
		return false;
	if (name[len - 1] == '*')
		len--;
	if (len >= SYNCPOOL_NAME_LEN)
		return false;
	for (i = 0; i < len; i++)
		if (!isgraph(name[i]) || strchr("/\\%*", name[i]))
			return false;
	return true;
}

static bool pool_select_is_list(const char *list)
{
	size_t len;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		if (!pool_select_is_name(list, len))
			return false;
		if (!list[len])
			return true;
	}
}

/* Select the pools that @list names: 0 or -EINVAL. */
int pool_select(const char *list)
{
	if (pool_select_is(list, "1", "y", "Y"))
		list = "*";
	else if (pool_select_is(list, "0", "n", "N"))
		list = "";
	else if (!pool_select_is_list(list))
		return -EINVAL;
	if (strlen(list) >= sizeof(pool_selected))
		return -EINVAL;
	strscpy(pool_selected, list, sizeof(pool_selected));
	return 0;
}
EXPORT_SYMBOL_FOR_TEST(pool_select);

/* Is @name what the @len characters at @pattern say? */
static bool pool_select_matches(const char *pattern, size_t len, const char *name)
{
	if (pattern[len - 1] == '*')
		return !strncmp(name, pattern, len - 1);
	return strlen(name) == len && !strncmp(name, pattern, len);
}

/* Is the pool called @name selected? */
bool pool_selects(const char *name)
{
	const char *pattern = pool_selected;
	size_t len;

	while (*pattern) {
		len = strcspn(pattern, ",");
		if (pool_select_matches(pattern, len, name))
			return true;
		pattern += len;
		if (*pattern)
			pattern++;
	}
	return false;
}

static int pool_select_set(const char *val, const struct kernel_param *kp)
{
	return pool_select(val ?: "1");
}

static int pool_select_get(char *buffer, const struct kernel_param *kp)
{
	if (!*pool_selected)
		return scnprintf(buffer, PAGE_SIZE, "N\n");
	if (!strcmp(pool_selected, "*"))
		return scnprintf(buffer, PAGE_SIZE, "Y\n");
	return scnprintf(buffer, PAGE_SIZE, "%s\n", pool_selected);
}

static const struct kernel_param_ops pool_select_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = pool_select_set,
	.get = pool_select_get,
};

module_param_cb(debug, &pool_select_ops, NULL, 0444);
MODULE_PARM_DESC(debug, "debug mode: 1 for every pool, or names, separated by commas, NAME* for all that begin so (default none)");
