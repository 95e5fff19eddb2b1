/*
 * Prints how many kB of this program's code and constants are in memory: when it has
 * used them, and after it has given them back, before it uses them again. What it has
 * written must still be there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KB(n)  (n) * 1024

void scratch_rest(void);

static const char constants[KB(512)] = {[KB(512) - 1] = 7};
static char written[KB(64)] = {1};

/* Those of the mappings of this file that nothing can write to. */
static long resident(void)
{
	char line[512], own[256], flags[8], name[256];
	long kb, sum = 0;
	int counted = 0;
	FILE *f = fopen("/proc/self/smaps", "r");
	ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);

	if (!f || n < 0) {
		exit(3);
	}
	own[n] = 0;
	while (fgets(line, sizeof line, f)) {
		name[0] = 0;
		if (sscanf(line, "%*x-%*x %7s %*s %*s %*s %255s", flags, name) >= 1 && strchr(line, '-') && strlen(flags) == 4) {
			counted = !strcmp(name, own) && flags[1] == '-';
		} else if (counted && sscanf(line, "Rss: %ld", &kb) == 1) {
			sum += kb;
		} else if (counted && sscanf(line, "Anonymous: %ld", &kb) == 1) {
			sum -= kb; /* what was relocated */
		}
	}
	fclose(f);
	return sum;
}

int main(void)
{
	volatile const char *c = constants;
	volatile char *w = written;
	int sum = 0;

	for (size_t i = 0; i < sizeof constants; i += 1024) {
		sum += c[i];
	}
	for (size_t i = 0; i < sizeof written; i += 1024) {
		w[i] = 5;
	}
	long before = resident();
	scratch_rest();
	long after = resident();
	for (size_t i = 0; i < sizeof written; i += 1024) {
		sum += w[i] != 5;
	}
	printf("%ld %ld %d %d\n", before, after, sum, c[sizeof constants - 1]);
}
