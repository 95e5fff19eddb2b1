#include "expand.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "entry.h"
#include "pattern.h"

extern char **environ;

enum { LARGEST = 16 * 1024 * 1024 };

static char *read_template(const char *name, size_t *size)
{
	struct stat info;
	size_t used = 0;
	char *text;
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &info) != 0) {
		fail_errno("reading ", name, NULL);
	}
	if (!S_ISREG(info.st_mode)) {
		fail(name, " is no file that can be a template", NULL);
	}
	if (info.st_size > LARGEST) {
		fail(name, ": the template is too large: it must have no more than 16 MiB", NULL);
	}
	text = take((size_t) info.st_size + 1);
	while (used < (size_t) info.st_size) {
		ssize_t got = read(fd, text + used, (size_t) info.st_size - used);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			fail_errno("reading ", name, NULL);
		}
		if (got == 0) {
			break; /* shorter than it was */
		}
		used += (size_t) got;
	}
	close(fd);
	*size = used;
	return text;
}

static int is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static int is_lower(char c) { return c >= 'a' && c <= 'z'; }

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static const char *in(const char *entry, const char *name, size_t size)
{
	return strncmp(entry, name, size) == 0 && entry[size] == '=' ? entry + size + 1 : NULL;
}

/* The value of a variable that is defined and passes the filter. */
static const char *value(const char *name, size_t size, const struct variables *variables)
{
	const char *found = variables->first == NULL ? NULL : in(variables->first, name, size);

	for (char **entry = environ; found == NULL && *entry != NULL; entry++) {
		found = in(*entry, name, size);
	}
	return found != NULL && variables->filtered && !pattern_found(name, size) ? NULL : found;
}

/* How much of text is ${NAME}, or $NAME in capitals, and where NAME is; else 0.
 * nginx's own variables are $lower_case: no environment changes them. */
static size_t reference(const char *text, const char *end, const char **name, size_t *size)
{
	int braces = end - text > 1 && text[1] == '{', lower = 0;
	const char *at = text + 1 + braces;

	*name = at;
	while (at < end && (is_letter(*at) || (at > *name && is_digit(*at)))) {
		lower |= is_lower(*at++);
	}
	*size = (size_t) (at - *name);
	if (*size == 0 || (braces ? at == end || *at != '}' : lower)) {
		return 0;
	}
	return (size_t) (at + braces - text);
}

void expand(const char *from, const char *to, const struct variables *variables)
{
	size_t size;
	char *text = read_template(from, &size);
	const char *at = text, *end = text + size, *start = text;
	struct file file;

	file_new(&file, to);
	while ((at = memchr(at, '$', (size_t) (end - at))) != NULL) {
		const char *name, *with;
		size_t length, all = reference(at, end, &name, &length);

		if (all == 0 || (with = value(name, length, variables)) == NULL) {
			at++;
			continue;
		}
		file_add(&file, start, (size_t) (at - start));
		file_add(&file, with, strlen(with));
		start = at += all;
	}
	file_add(&file, start, (size_t) (end - start));
	file_done(&file);
}
