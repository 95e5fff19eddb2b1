/*
 * memcpy, memmove and memcmp for x86-64, in place of musl's. Those start a string
 * instruction for a few bytes, compare single bytes, and move backwards one by one;
 * a server copies and compares headers all the time. No instruction set above the
 * platform's baseline is used.
 */
#if defined(__x86_64__)

#include <stddef.h>
#include <stdint.h>

/* As loads and stores from and to anywhere, whatever type is there. */
typedef long long v16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t  u64 __attribute__((aligned(1), may_alias));
typedef uint32_t  u32 __attribute__((aligned(1), may_alias));
typedef uint16_t  u16 __attribute__((aligned(1), may_alias));

#define AT(type, p, i)  (*(type *) ((char *) (p) + (i)))

/* From here on, string instructions are as fast as any loop. */
#define LARGE  2048

/*
 * Copies up to 32 bytes: the ends, which overlap where there are fewer. All is read
 * before anything is written.
 */
static inline void small(void *d, const void *s, size_t n)
{
	if (n >= 16) {
		v16 a = AT(v16, s, 0), b = AT(v16, s, n - 16);
		AT(v16, d, 0) = a;
		AT(v16, d, n - 16) = b;
	} else if (n >= 8) {
		u64 a = AT(u64, s, 0), b = AT(u64, s, n - 8);
		AT(u64, d, 0) = a;
		AT(u64, d, n - 8) = b;
	} else if (n >= 4) {
		u32 a = AT(u32, s, 0), b = AT(u32, s, n - 4);
		AT(u32, d, 0) = a;
		AT(u32, d, n - 4) = b;
	} else if (n >= 2) {
		u16 a = AT(u16, s, 0), b = AT(u16, s, n - 2);
		AT(u16, d, 0) = a;
		AT(u16, d, n - 2) = b;
	} else if (n) {
		AT(char, d, 0) = AT(char, s, 0);
	}
}

/* Also where d is below s and they overlap: what a step writes, it has read. */
void *memcpy(void *d, const void *s, size_t n)
{
	if (n <= 32) {
		small(d, s, n);
		return d;
	}
	v16 a = AT(v16, s, n - 32), b = AT(v16, s, n - 16);
	if (n < LARGE) {
		for (size_t i = 0; i < n - 32; i += 32) {
			v16 x = AT(v16, s, i), y = AT(v16, s, i + 16);
			AT(v16, d, i) = x;
			AT(v16, d, i + 16) = y;
		}
	} else {
		void *to = d;
		const void *from = s;
		size_t words = (n - 1) / 8;
		__asm__ volatile ("rep movsq" : "+D" (to), "+S" (from), "+c" (words) : : "memory");
	}
	AT(v16, d, n - 32) = a;
	AT(v16, d, n - 16) = b;
	return d;
}

void *memmove(void *d, const void *s, size_t n)
{
	if ((uintptr_t) d - (uintptr_t) s >= n) {
		return memcpy(d, s, n);
	}
	if (n <= 32) {
		small(d, s, n);
		return d;
	}
	v16 a = AT(v16, s, 0), b = AT(v16, s, 16);
	for (size_t i = n; i > 32; i -= 32) {
		v16 x = AT(v16, s, i - 16), y = AT(v16, s, i - 32);
		AT(v16, d, i - 16) = x;
		AT(v16, d, i - 32) = y;
	}
	AT(v16, d, 0) = a;
	AT(v16, d, 16) = b;
	return d;
}

int memcmp(const void *l, const void *r, size_t n)
{
	size_t i = 0;
	for (; i + 8 <= n; i += 8) {
		u64 a = AT(u64, l, i), b = AT(u64, r, i);
		if (a != b) {
			return __builtin_bswap64(a) < __builtin_bswap64(b) ? -1 : 1;
		}
	}
	for (; i < n; i++) {
		int difference = AT(unsigned char, l, i) - AT(unsigned char, r, i);
		if (difference) {
			return difference;
		}
	}
	return 0;
}

#endif
