/*
 * Says of each name after the pattern, on a line of its own, whether it is found.
 */
#include <stdio.h>
#include <string.h>

#include "pattern.h"

int main(int argc, char **argv)
{
	pattern_read(argv[1]);
	for (int i = 2; i < argc; i++) {
		printf("%d\n", pattern_found(argv[i], strlen(argv[i])));
	}
	return 0;
}
