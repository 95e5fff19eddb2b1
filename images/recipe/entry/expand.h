#ifndef EXPAND_H
#define EXPAND_H

/* expand.c: writes a template's text to a new file, with the values of variables
 * for their names. */
struct variables {
	int filtered;      /* only those that the pattern finds */
	const char *first; /* NAME=value, before the environment is asked; or NULL */
};
void expand(const char *from, const char *to, const struct variables *variables);

/* rendered.c: a container that is started again may find what it has rendered
 * before. remember() notes a file before it is written, forget() removes all
 * that were noted. */
void remember(const char *file);
void forget(void);

#endif
