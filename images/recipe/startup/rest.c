/*
 * Gives the pages of the program back: its code and its constants, which the kernel
 * brings back from the file's cache where they are needed again. The master, which
 * read the configuration, has used most of them, and then sleeps for days; a worker that
 * starts does not need again what started it.
 */
#include <elf.h>
#include <link.h>
#include <sys/mman.h>

/* The linker's name for where the file is mapped; its first address is 0. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

void scratch_rest(void);

void scratch_rest(void)
{
	const ElfW(Ehdr) *header = (const void *) __ehdr_start;
	const ElfW(Phdr) *segment = (const void *) (__ehdr_start + header->e_phoff);

	for (int i = 0; i < header->e_phnum; i++) {
		/* What was written to is not in the file. */
		if (segment[i].p_type == PT_LOAD && !(segment[i].p_flags & PF_W)) {
			madvise((void *) (__ehdr_start + segment[i].p_vaddr), segment[i].p_memsz, MADV_DONTNEED);
		}
	}
}
