/*
 * Tells nginx how many CPUs its container may use.
 *
 * For "worker_processes auto" nginx asks sysconf, which counts the CPUs that
 * the process may run on. A quota takes none of them away: it stops all workers
 * at once, in the middle of their work, when they have used up what a period
 * allows. So the linker hands nginx's calls to the function at the end (--wrap).
 *
 * It allocates nothing, and is no reason for nginx not to start: what is
 * missing, too long or not as the kernel writes it is no quota.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef CPUS_ROOT
#define CPUS_ROOT "" /* the tests' own folder in the place of / */
#endif

long __real_sysconf(int name);

/* Adds what the file says to a text, as far as there is room. */
static void add(char *text, size_t size, const char *name)
{
	size_t used = strlen(text);
	int file = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	while ((got = read(file, text + used, size - 1 - used)) > 0) {
		used += (size_t) got;
		text[used] = '\0';
	}
	close(file);
}

static int has_cpu(char *list)
{
	char *word;

	while ((word = strsep(&list, ",")) != NULL && strcmp(word, "cpu") != 0) {
	}
	return word != NULL;
}

/* The CPUs that a group has time for. A part of one is a whole one. */
static long quota(char *group)
{
	static const char *const files[] = {
		"/cpu.max", /* version 2: both numbers, or "max" for the first */
		"/cpu.cfs_quota_us", "/cpu.cfs_period_us", /* version 1: no quota is -1 */
	};
	char numbers[128] = "", *rest, *end = strchr(group, '\0');

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		strcpy(end, files[i]);
		add(numbers, sizeof numbers, group);
	}
	*end = '\0';
	long used = strtol(numbers, &rest, 10), period = strtol(rest, NULL, 10);

	/* The kernel has no period of more than a second. */
	return used > 0 && period > 0 && period <= 1000000 ? (used - 1) / period + 1 : LONG_MAX;
}

/* The lowest quota from the process's group up to the mount at which it is seen. */
static long lowest(const char *mount, const char *below)
{
	char group[PATH_MAX + 32] = CPUS_ROOT;
	long least = LONG_MAX;

	if (strlen(mount) + strlen(below) >= PATH_MAX - sizeof CPUS_ROOT) {
		return least;
	}
	char *top = strchr(strcat(group, mount), '\0'), *end = strchr(strcat(group, below), '\0');
	for (; end != NULL && end >= top; end = strrchr(group, '/')) {
		*end = '\0';
		long cpus = quota(group);
		least = cpus < least ? cpus : least;
	}
	return least;
}

/* The same for a line of mountinfo and the process's group in each version. A
 * mount shows the groups from its root on. Where the process's is not among
 * them, as with the "/.." of namespaces, the mount itself is what is visible. */
static long visible(char *line, const char *version1, const char *version2)
{
	char *type = strstr(line, " - cgroup"), *root = NULL;
	const char *group = NULL;

	for (int field = 0; field < 4; field++) {
		root = strsep(&line, " ");
	}
	char *mount = strsep(&line, " ");
	if (type != NULL && strncmp(type, " - cgroup2 ", 11) == 0) {
		group = version2;
	} else if (type != NULL && strncmp(type, " - cgroup ", 10) == 0 && has_cpu(strrchr(type, ' ') + 1)) {
		group = version1;
	}
	if (mount == NULL || group == NULL) {
		return LONG_MAX;
	}
	size_t above = strcmp(root, "/") == 0 ? 0 : strlen(root);
	int shown = strncmp(group, root, above) == 0 && (group[above] == '/' || group[above] == '\0')
	            && strstr(group + above, "/..") == NULL;

	return lowest(mount, shown ? group + above : "");
}

/* nginx asks once, before it has threads. */
long __wrap_sysconf(int name)
{
	static char groups[8192], mounts[65536]; /* pages that stay empty cost nothing */
	char *text = groups, *line, *version1 = NULL, *version2 = NULL;
	long cpus = __real_sysconf(name);

	if (name != _SC_NPROCESSORS_ONLN) {
		return cpus;
	}
	*groups = *mounts = '\0';
	/* Of what is longer, the last line is cut off: what has no end is left out. */
	add(groups, sizeof groups, CPUS_ROOT "/proc/self/cgroup");
	while ((line = strsep(&text, "\n")) != NULL && text != NULL) {
		strsep(&line, ":"); /* a number */
		char *controllers = strsep(&line, ":");
		if (line == NULL || *line != '/') {
			continue;
		}
		if (*controllers == '\0') {
			version2 = line;
		} else if (has_cpu(controllers)) {
			version1 = line;
		}
	}
	add(mounts, sizeof mounts, CPUS_ROOT "/proc/self/mountinfo");
	for (text = mounts; (line = strsep(&text, "\n")) != NULL && text != NULL;) {
		long least = visible(line, version1, version2);
		cpus = least < cpus ? least : cpus;
	}
	return cpus;
}
