/*
 * Small blocks that are freed wait for whoever needs as much next, the last one first.
 * The allocator proper joins a block with its neighbours when it is freed and cuts it
 * off again when it is taken, which costs a TLS handshake a tenth of its time. For it,
 * a block that waits is in use.
 *
 * What waits is marked with the canary of the stack protector, and so are the links: a
 * block that is freed twice, or written to after it was freed, is a crash. Where there
 * are threads, nobody waits and nobody is served here.
 */
#include "pthread_impl.h"
#include "libc.h"
#include "malloc_impl.h"

#define CLASSES  34  /* of sizes: multiples of SIZE_ALIGN, up to 1 KB and overhead */
#define BLOCKS   16  /* of a size */

struct waiting {
	uintptr_t next, mark;
};

static struct {
	struct waiting *first;
	unsigned blocks;
} classes[CLASSES];

static inline uintptr_t secret(const struct waiting *w)
{
	return __pthread_self()->canary ^ (uintptr_t) w;
}

/* A block of this size in bytes, with its overhead, or null. */
void *scratch_take(size_t size)
{
	size_t class = size / SIZE_ALIGN;

	if (class >= CLASSES || !classes[class].first || libc.need_locks) {
		return 0;
	}
	struct waiting *w = classes[class].first;
	if (w->mark != secret(w)) {
		a_crash();
	}
	w->mark = 0;
	classes[class].first = (void *) (w->next ^ secret(w));
	classes[class].blocks--;
	return w;
}

/* Whether the block waits now. If not, it is to be freed. */
int scratch_put(struct chunk *chunk)
{
	size_t class = CHUNK_SIZE(chunk) / SIZE_ALIGN;
	struct waiting *w = CHUNK_TO_MEM(chunk);

	if (class >= CLASSES || libc.need_locks) {
		return 0;
	}
	/* As where it would be freed: what lies behind it was not written over. */
	if (NEXT_CHUNK(chunk)->psize != chunk->csize || w->mark == secret(w)) {
		a_crash();
	}
	if (classes[class].blocks == BLOCKS) {
		return 0;
	}
	w->next = (uintptr_t) classes[class].first ^ secret(w);
	w->mark = secret(w);
	classes[class].first = w;
	classes[class].blocks++;
	return 1;
}
