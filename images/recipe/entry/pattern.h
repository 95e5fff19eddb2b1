#ifndef PATTERN_H
#define PATTERN_H

#include <stddef.h>

/* pattern.c: POSIX extended regular expressions over names. The C library's
 * would be half of this program, and takes time without bounds.
 * pattern_read ends with an error where it cannot read one. */
void pattern_read(const char *text);
int pattern_found(const char *name, size_t size); /* anywhere in the name */

#endif
