/*
 * A program whose relocated data is writable when its constructors run, as it
 * is in a static-PIE of musl. (glibc protects it earlier; that is undone.) It
 * prints how the page of that data is mapped, then writes to data that is to
 * stay writable and, where it is told to, to the relocated data.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static int target;
static volatile int ordinary = 1;

/* A constant that holds an address: its bytes are known only at run time. */
int *const relocated = &target;

int __real_mprotect(void *start, size_t length, int protection);

/* Stands for mprotect where the linker is told to wrap that. */
int __wrap_mprotect(void *start, size_t length, int protection)
{
	(void) start, (void) length, (void) protection;
	return -1;
}

__attribute__((constructor(100))) static void undo(void)
{
	uintptr_t page = (uintptr_t) sysconf(_SC_PAGESIZE);

	if (REAL_MPROTECT((void *) ((uintptr_t) &relocated & -page), page, PROT_READ | PROT_WRITE) != 0) {
		_exit(3);
	}
}

static void print_protection(uintptr_t address)
{
	uintptr_t start, end;
	char protection[5], line[4096];
	FILE *maps = fopen("/proc/self/maps", "r");

	while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &start, &end, protection) == 3
		    && start <= address && address < end) {
			puts(protection);
		}
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	print_protection((uintptr_t) &relocated);
	ordinary = 2;
	if (argc > 1 && strcmp(argv[1], "write") == 0) {
		*(int *volatile *) &relocated = NULL;
		puts("written");
	}
	return 0;
}
