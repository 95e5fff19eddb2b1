/*
 * Compares the functions of memory.c, under other names, with what their standard
 * says, done byte by byte. What they are given begins or ends where there is no
 * access: one byte read or written beyond it ends the program. Prints how many calls
 * of each have been compared.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

void *tested_memcpy(void *d, const void *s, size_t n);
void *tested_memmove(void *d, const void *s, size_t n);
int tested_memcmp(const void *l, const void *r, size_t n);

enum { PAGE = 4096, ROOM = 2 * PAGE, ALIGNMENTS = 20, SHIFT = 70, AROUND = 64 };

static unsigned char *source, *target, *copy;

static void fail(const char *function, size_t n, long a, long b)
{
	fprintf(stderr, "%s of %zu bytes is wrong, at %ld and %ld\n", function, n, a, b);
	exit(1);
}

/* Pages between two that there is no access to, filled with random bytes. */
static unsigned char *room(void)
{
	unsigned char *all = mmap(NULL, ROOM + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (all == MAP_FAILED || mprotect(all + PAGE, ROOM, PROT_READ | PROT_WRITE) != 0) {
		perror("mapping memory");
		exit(2);
	}
	for (size_t i = 0; i < ROOM; i++) {
		all[PAGE + i] = (unsigned char) rand();
	}
	return all + PAGE;
}

/* All sizes up to 300 and around 2048, where memcpy goes another way, and some others. */
static size_t next(size_t n)
{
	return n < 300 || (n >= 2030 && n < 2070) ? n + 1 : n < 2030 && n + 37 > 2030 ? 2030 : n + 37;
}

/* Where n bytes begin that are at from the start or, if that is wanted, from the end. */
static size_t place(size_t at, size_t n, int end)
{
	return end ? ROOM - n - at : at;
}

/* Whether target is as copy was, but has n of the bytes of from at a place. */
static int copied(size_t at, const unsigned char *from, size_t n)
{
	size_t begin = at > AROUND ? at - AROUND : 0, end = at + n + AROUND < ROOM ? at + n + AROUND : ROOM;

	for (size_t i = begin; i < end; i++) {
		if (target[i] != (i >= at && i < at + n ? from[i - at] : copy[i])) {
			return 0;
		}
		target[i] = copy[i];
	}
	return 1;
}

static long copies(void)
{
	long calls = 0;

	for (size_t n = 0; n < 5000; n = next(n)) {
		for (int i = 0; i < 2 * ALIGNMENTS * ALIGNMENTS; i++, calls++) {
			size_t d = place(i / 2 % ALIGNMENTS, n, i % 2), s = place(i / 2 / ALIGNMENTS, n, i % 2);

			if (tested_memcpy(target + d, source + s, n) != target + d || !copied(d, source + s, n)) {
				fail("memcpy", n, d, s);
			}
		}
	}
	return calls;
}

static long moves(void)
{
	long calls = 0;

	for (size_t n = 0; n < 5000; n = next(n)) {
		for (long shift = -SHIFT; shift <= SHIFT; shift++) {
			for (int end = 0; end < 2; end++, calls++) {
				/* The lower one begins, or the higher one ends, where the room does. */
				size_t s = place((shift < 0) != end ? labs(shift) : 0, n, end), d = s + shift;

				if (tested_memmove(target + d, target + s, n) != target + d || !copied(d, copy + s, n)) {
					fail("memmove", n, d, s);
				}
			}
		}
	}
	return calls;
}

static int sign(int n) { return (n > 0) - (n < 0); }

/* The first of two differences says which is less, and none beyond the end says anything. */
static long comparisons(void)
{
	long calls = 0;

	for (size_t n = 0; n < 5000; n = next(n)) {
		for (int i = 0; i < 2 * ALIGNMENTS; i++) {
			size_t l = place(i / 2, n, i % 2), r = place(rand() % ALIGNMENTS, n, i % 2);

			for (size_t b = 0; b < n; b++) {
				target[r + b] = source[l + b];
			}
			if (tested_memcmp(source + l, target + r, n) != 0) {
				fail("memcmp", n, l, r);
			}
			for (size_t first = 0; first < n; first += n < 300 ? 1 : 1 + rand() % 200, calls++) {
				size_t second = first + rand() % (n - first);
				unsigned char a = target[r + first], b = target[r + second];

				target[r + second] = (unsigned char) rand();
				target[r + first] = a ^ (unsigned char) (1 + rand() % 255);
				if (sign(tested_memcmp(source + l, target + r, n)) != (a < target[r + first] ? -1 : 1)) {
					fail("memcmp", n, l, r);
				}
				target[r + second] = b;
				target[r + first] = a;
			}
		}
	}
	return calls;
}

int main(void)
{
	source = room();
	target = room();
	copy = room();
	for (size_t i = 0; i < ROOM; i++) {
		target[i] = copy[i];
	}
	printf("%ld ", copies());
	printf("%ld ", moves());
	printf("%ld\n", comparisons());
	return 0;
}
