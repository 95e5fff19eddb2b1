/*
 * A stand-in for the allocator that kept.c and quick.c belong to. With an argument it
 * does what a broken program does, and must crash.
 */
#include <stdio.h>
#include <string.h>

#include "malloc_impl.h"

extern int scratch_keeps;

static struct self self = {0x1f2e3d4c5b6a7900};
struct self *__pthread_self(void) { return &self; }
__typeof__(libc) libc;

static size_t mapped;

void *__mmap(void *at, size_t n, int protection, int flags, int file, off_t offset)
{
	(void) at, (void) protection, (void) flags, (void) file, (void) offset;
	mapped += n;
	return calloc(1, n);
}

int __munmap(void *p, size_t n)
{
	mapped -= n;
	free(p);
	return 0;
}

#define CHECK(what) do { if (!(what)) { printf("line %d: not %s\n", __LINE__, #what); exit(1); } } while (0)

/* A block in use, as the allocator would have cut it, its neighbour in use. */
static struct chunk *block(size_t size)
{
	struct chunk *c = calloc(1, size + sizeof *c);
	c->csize = size | C_INUSE;
	NEXT_CHUNK(c)->psize = c->csize;
	NEXT_CHUNK(c)->csize = C_INUSE;
	return c;
}

static void small(void)
{
	struct chunk *a = block(64), *b = block(64), *other = block(96), *large = block(1056), *largest = block(1088);

	CHECK(!scratch_take(64));
	CHECK(scratch_put(a) && scratch_put(b) && scratch_put(other) && scratch_put(large));
	CHECK(!scratch_put(largest));
	CHECK(IS_MMAPPED(a) == 0 && NEXT_CHUNK(a)->psize == a->csize);
	libc.need_locks = 1;
	CHECK(!scratch_take(64) && !scratch_put(block(64)));
	libc.need_locks = 0;
	CHECK(scratch_take(64) == CHUNK_TO_MEM(b));
	CHECK(scratch_put(b)); /* what it was marked with is gone */
	CHECK(scratch_take(64) == CHUNK_TO_MEM(b));
	CHECK(scratch_take(64) == CHUNK_TO_MEM(a));
	CHECK(!scratch_take(64) && !scratch_take(32) && !scratch_take(1088));
	CHECK(scratch_take(96) == CHUNK_TO_MEM(other));

	int n = 0;
	while (scratch_put(block(128))) {
		CHECK(++n <= 1000);
	}
	CHECK(n == 16);
	for (; n; n--) {
		CHECK(scratch_take(128));
	}
	CHECK(!scratch_take(128));
}

/* A large block, mapped. */
static struct chunk *map(size_t len)
{
	char *base = scratch_map(0, len, 0, 0, 0, 0);
	struct chunk *c = (void *) (base + OVERHEAD);
	c->psize = OVERHEAD;
	c->csize = len - OVERHEAD;
	return c;
}

static void unmap(struct chunk *c)
{
	scratch_unmap(c, (char *) c - OVERHEAD, c->csize + OVERHEAD);
}

static void large(void)
{
	scratch_keeps = 0;
	unmap(map(1 << 18));
	CHECK(mapped == 0);
	scratch_keeps = 1;
	struct chunk *a = map(1 << 18), *b = map(1 << 19);
	unmap(a);
	unmap(b);
	CHECK(mapped == (1 << 18) + (1 << 19));
	CHECK(map(1 << 19) == b && map(1 << 18) == a);
	CHECK(map(1 << 18) != a);
	unmap(map(9 << 20)); /* more than is kept */
	CHECK(mapped == (2 << 18) + (1 << 19));
	unmap(a);
	unmap(b);
	for (int i = 1; i <= 40; i++) {
		struct chunk *c = map((size_t) i << 16);
		unmap(c);
		CHECK(mapped <= (1 << 18) + (8 << 20));
	}
}

static void broken(const char *how)
{
	struct chunk *a = block(64), *b = block(64);
	uintptr_t *words = CHUNK_TO_MEM(a);

	scratch_put(a);
	if (!strcmp(how, "freed twice")) {
		scratch_put(a);
	} else if (!strcmp(how, "freed twice, not at once")) {
		scratch_put(b);
		scratch_put(a);
	} else if (!strcmp(how, "written to after it was freed")) {
		words[1] = 0;
		scratch_take(64);
	} else if (!strcmp(how, "written over its end")) {
		NEXT_CHUNK(b)->psize = 0x4141414141414141;
		scratch_put(b);
	} else {
		printf("no such way: %s\n", how);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		broken(argv[1]);
	} else {
		small();
		large();
	}
	puts("done");
}
