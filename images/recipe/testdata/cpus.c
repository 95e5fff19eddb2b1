/*
 * Prints what nginx is told on a machine with as many CPUs as the first argument
 * says, in each of the folders that follow: they stand for the root folder.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

long __wrap_sysconf(int name);
long __real_sysconf(int name);

static long machine;

long __real_sysconf(int name)
{
	return name == _SC_NPROCESSORS_ONLN ? machine : 1000000 + name;
}

int main(int argc, char **argv)
{
	machine = argc > 1 ? atol(argv[1]) : 0;
	for (int i = 2; i < argc; i++) {
		if (chdir(argv[i]) != 0 || __wrap_sysconf(_SC_PAGESIZE) != 1000000 + _SC_PAGESIZE) {
			return 3;
		}
		printf("%ld\n", __wrap_sysconf(_SC_NPROCESSORS_ONLN));
	}
	/* The lowest free number, unless one was left open. */
	return open("/dev/null", O_RDONLY) == STDERR_FILENO + 1 ? 0 : 4;
}
