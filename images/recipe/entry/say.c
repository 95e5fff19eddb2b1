#include "entry.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* One write, so that lines of several processes do not mix. */
static void line(const char *first, va_list more, const char *reason)
{
	struct iovec parts[PARTS + 4];
	const char *part;
	int used = 0;
#define ADD(text) (parts[used++] = (struct iovec) {(void *) (text), strlen(text)})

	ADD("nginx-entry: ");
	for (part = first; part != NULL && used < PARTS; part = va_arg(more, const char *)) {
		ADD(part);
	}
	if (reason != NULL) {
		ADD(": ");
		ADD(reason);
	}
	ADD("\n");
	(void) !writev(STDERR_FILENO, parts, used);
}

void say(const char *part, ...)
{
	va_list more;

	va_start(more, part);
	line(part, more, NULL);
	va_end(more);
}

_Noreturn void fail(const char *part, ...)
{
	va_list more;

	va_start(more, part);
	line(part, more, NULL);
	_exit(FAILED);
}

_Noreturn void fail_errno(const char *part, ...)
{
	const char *reason = strerror(errno);
	va_list more;

	va_start(more, part);
	line(part, more, reason);
	_exit(FAILED);
}
