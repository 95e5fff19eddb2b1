#include "entry.h"

#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

enum { CHUNK = 256 * 1024 };

/* The process soon becomes another one, which gives all of it back. */
void *take(size_t size)
{
	static char *chunk;
	static size_t left;

	size = (size + 15) & ~(size_t) 15;
	if (size > left) {
		left = size > CHUNK ? size : CHUNK;
		chunk = mmap(NULL, left, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (chunk == MAP_FAILED) {
			fail_errno("asking for memory", NULL);
		}
	}
	left -= size;
	chunk += size;
	return chunk - size;
}

char *join(const char *first, ...)
{
	size_t size = 1;
	va_list more;
	char *text;

	va_start(more, first);
	for (const char *part = first; part != NULL; part = va_arg(more, const char *)) {
		size += strlen(part);
	}
	va_end(more);
	text = take(size);
	*text = '\0';
	va_start(more, first);
	for (const char *part = first; part != NULL; part = va_arg(more, const char *)) {
		strcat(text, part);
	}
	va_end(more);
	return text;
}

unsigned long number(const char *text, unsigned base)
{
	unsigned long value = 0;

	for (;; text++) {
		unsigned digit = *text >= 'a' ? *text - 'a' + 10u : *text >= 'A' ? *text - 'A' + 10u : *text - (unsigned) '0';
		if (digit >= base) {
			return value;
		}
		value = value * base + digit;
	}
}
