/*
 * Makes what the linker marked "read-only after relocation" read-only.
 *
 * In a dynamic program the dynamic loader does this. A static-PIE relocates
 * itself, and musl's start-up code stops there: without this file the program
 * header would promise a protection that the running process does not have.
 */
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* The linker's name for where the file is mapped; its first address is 0. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

__attribute__((constructor(101))) static void protect_relro(void)
{
	static const char failed[] = "nginx: cannot make relocated data read-only\n";
	const ElfW(Ehdr) *header = (const void *) __ehdr_start;
	const ElfW(Phdr) *segment = (const void *) (__ehdr_start + header->e_phoff);
	uintptr_t page = (uintptr_t) sysconf(_SC_PAGESIZE);

	for (int i = 0; i < header->e_phnum; i++) {
		if (segment[i].p_type != PT_GNU_RELRO) {
			continue;
		}
		/* A page that is shared with data that stays writable is left. */
		uintptr_t start = (uintptr_t) __ehdr_start + segment[i].p_vaddr;
		uintptr_t end = (start + segment[i].p_memsz) & -page;

		start &= -page;
		if (end > start && mprotect((void *) start, end - start, PROT_READ) != 0) {
			(void) !write(STDERR_FILENO, failed, sizeof failed - 1);
			_exit(127);
		}
	}
}
