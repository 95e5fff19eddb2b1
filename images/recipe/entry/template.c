#include "entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "expand.h"
#include "pattern.h"

/* Links can lead in circles. */
enum { DEEPEST = 32 };

struct job {
	const char *suffix, *output;
	struct variables variables;
	int is_default;
};

static const char *setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value == NULL || *value == '\0' ? otherwise : value;
}

static int has_suffix(const char *name, const char *suffix)
{
	size_t size = strlen(name), end = strlen(suffix);

	return size >= end && strcmp(name + size - end, suffix) == 0;
}

static void render(struct job *job, const char *from, const char *below)
{
	char *name = join(below, NULL), *file;

	name[strlen(name) - strlen(job->suffix)] = '\0';
	if (*name == '\0' || has_suffix(name, "/")) {
		fail(from, ": no name is left without ", job->suffix, NULL);
	}
	file = join(job->output, "/", name, NULL);
	/* The folders on the way to it. */
	for (char *slash = file + strlen(job->output) + 1; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
		*slash = '\0';
		if (mkdir(file, 0755) != 0 && errno != EEXIST) {
			fail_errno("making ", file, NULL);
		}
	}
	remember(file);
	expand(from, file, &job->variables);
	if (strcmp(file, ENTRY_PLACE "/conf.d/default.conf") == 0) {
		job->is_default = 1;
	}
}

/* Follows links, as Kubernetes mounts files as links to links. The folders
 * behind them, such as ..data, begin with two dots and would show all twice. */
static void walk(struct job *job, const char *folder, const char *below, int depth)
{
	struct folder list;
	const char *entry;

	if (depth > DEEPEST) {
		fail(folder, ": the folders are too deep: is there a link in a circle?", NULL);
	}
	if (!folder_open(&list, folder)) {
		fail_errno("opening ", folder, NULL);
	}
	while ((entry = folder_next(&list)) != NULL) {
		struct stat info;

		if (strcmp(entry, ".") == 0 || strncmp(entry, "..", 2) == 0) {
			continue;
		}
		char *path = join(folder, "/", entry, NULL);
		char *name = join(below, entry, NULL);
		int named = has_suffix(name, job->suffix);

		if (stat(path, &info) != 0) {
			if (named) {
				fail_errno("reading ", path, NULL);
			}
		} else if (S_ISDIR(info.st_mode)) {
			walk(job, path, join(name, "/", NULL), depth + 1);
		} else if (named) {
			render(job, path, name);
		}
	}
	if (errno != 0) {
		fail_errno("reading ", folder, NULL);
	}
	folder_close(&list);
}

int render_templates(void)
{
	const char *folder = setting("NGINX_ENVSUBST_TEMPLATE_DIR", "/etc/nginx/templates");
	const char *filter = setting("NGINX_ENVSUBST_FILTER", NULL);
	struct job job = {
		.suffix = setting("NGINX_ENVSUBST_TEMPLATE_SUFFIX", ".template"),
		.output = setting("NGINX_ENVSUBST_OUTPUT_DIR", ENTRY_PLACE "/conf.d"),
		.variables = {.filtered = filter != NULL, .first = local_resolvers()},
	};
	struct stat info;

	forget();
	if (stat(folder, &info) != 0) {
		if (errno == ENOENT) {
			return 0;
		}
		fail_errno("looking at ", folder, NULL);
	}
	if (strchr(job.suffix, '/') != NULL) {
		fail("NGINX_ENVSUBST_TEMPLATE_SUFFIX is ", job.suffix, ": it must be the end of a file name", NULL);
	}
	if (filter != NULL) {
		pattern_read(filter);
	}
	if (strncmp(job.output, ENTRY_PLACE "/", sizeof ENTRY_PLACE) == 0) {
		own_folder(ENTRY_PLACE "/conf.d");
	}
	walk(&job, folder, "", 0);
	return job.is_default;
}
