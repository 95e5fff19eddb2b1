/*
 * Large blocks that are freed stay mapped, a few of them, for whoever needs as much
 * next: a page that is new to a process costs more than to compress what it will
 * hold. Where two threads come at once, one goes to the kernel as ever.
 *
 * That is for those who serve. What the configuration needed while it was read goes
 * back to the kernel, before it becomes a part of every worker.
 */
#include "malloc_impl.h"

#define BLOCKS  8
#define BYTES   (8 << 20)

/* Set where requests are served. */
int scratch_keeps;

static struct {
	char *base;
	size_t len;
} kept[BLOCKS];

static size_t total;
static unsigned oldest;
static volatile int busy;

static int enter(void)
{
	return !__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE);
}

static void leave(void)
{
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

/* In place of mmap. What comes back may have been used. */
void *scratch_map(void *at, size_t len, int protection, int flags, int file, off_t offset)
{
	if (enter()) {
		for (int i = 0; i < BLOCKS; i++) {
			if (kept[i].len == len) {
				kept[i].len = 0;
				total -= len;
				leave();
				return kept[i].base;
			}
		}
		leave();
	}
	return __mmap(at, len, protection, flags, file, offset);
}

/* In place of munmap. The chunk is marked: to free it again is a crash. */
int scratch_unmap(struct chunk *chunk, char *base, size_t len)
{
	if (!scratch_keeps || len > BYTES || !enter()) {
		return __munmap(base, len);
	}
	chunk->psize |= 1;
	for (int tries = 0; tries < BLOCKS && (total + len > BYTES || kept[oldest].len); tries++) {
		if (kept[oldest].len) {
			__munmap(kept[oldest].base, kept[oldest].len);
			total -= kept[oldest].len;
			kept[oldest].len = 0;
		}
		if (total + len > BYTES) {
			oldest = (oldest + 1) % BLOCKS;
		}
	}
	kept[oldest].base = base;
	kept[oldest].len = len;
	total += len;
	oldest = (oldest + 1) % BLOCKS;
	leave();
	return 0;
}
