/* What kept.c and quick.c need of musl's allocator, for blocks.c. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

struct chunk {
	size_t psize, csize;
	struct chunk *next, *prev;
};

#define SIZE_ALIGN (4*sizeof(size_t))
#define OVERHEAD (2*sizeof(size_t))
#define C_INUSE ((size_t)1)
#define CHUNK_SIZE(c) ((c)->csize & -2)
#define NEXT_CHUNK(c) ((struct chunk *)((char *)(c) + CHUNK_SIZE(c)))
#define CHUNK_TO_MEM(c) (void *)((char *)(c) + OVERHEAD)
#define IS_MMAPPED(c) !((c)->csize & (C_INUSE))
#define MEM_TO_CHUNK(p) (struct chunk *)((char *)(p) - OVERHEAD)

#define a_crash abort

struct self { uintptr_t canary; };
struct self *__pthread_self(void);
extern struct { int need_locks; } libc;

void *__mmap(void *, size_t, int, int, int, off_t);
int __munmap(void *, size_t);

void *scratch_map(void *, size_t, int, int, int, off_t);
int scratch_unmap(struct chunk *, char *, size_t);
void *scratch_take(size_t);
int scratch_put(struct chunk *);
