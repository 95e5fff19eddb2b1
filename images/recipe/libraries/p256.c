/*
 * The multiples of the generator of P-256 that OpenSSL signs and agrees on keys with:
 * 148 KB of what looks like noise, which no compression makes smaller. Here they are
 * computed, which takes about a millisecond: where the configuration has a key of that
 * curve, once for all workers, before they are started; else when the first is used.
 *
 * Row r has 1 to 64 times 2^(7r) times the generator, in affine coordinates and in
 * the Montgomery domain, as crypto/ec/ecp_nistz256_table.c has them. What comes out
 * is held against that table's SHA-256, and cannot be written to after that.
 */
#include "internal/deprecated.h"

#include <string.h>
#include <sys/mman.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#define ROWS     37
#define COLUMNS  64

typedef BN_ULONG field[4];
typedef struct { field X, Y, Z; } jacobian;
typedef struct { field X, Y; } affine;

/* OpenSSL's assembly. */
void ecp_nistz256_mul_mont(field product, const field a, const field b);
void ecp_nistz256_sqr_mont(field square, const field a);
void ecp_nistz256_point_double(jacobian *sum, const jacobian *a);
void ecp_nistz256_point_add_affine(jacobian *sum, const jacobian *a, const affine *b);
void ecp_nistz256_scatter_w7(affine *row, const affine *point, int column);

const affine *scratch_p256(void);
void scratch_p256_want(void);
void scratch_p256_prepare(void);

static const field one = {1, 0xffffffff00000000, 0xffffffffffffffff, 0xfffffffe};
static const affine generator = {
    {0x79e730d418a9143c, 0x75ba95fc5fedb601, 0x79fb732b77622510, 0x18905f76a53755c6},
    {0xddf25357ce95560a, 0x8b4ab8e4ba19e45c, 0xd2e88688dd21f325, 0x8571ff1825885d85},
};
static const unsigned char expected[SHA256_DIGEST_LENGTH] = {
    0xe3, 0x73, 0x12, 0x4f, 0x67, 0xe1, 0x4a, 0x9d, 0xee, 0xb7, 0xa3, 0x34, 0xcf, 0x17, 0xb3, 0xf0,
    0xbc, 0xc2, 0x62, 0x49, 0x90, 0x61, 0xa3, 0x37, 0x77, 0x88, 0xa3, 0x57, 0x57, 0x0e, 0x70, 0xd2,
};

/* By Fermat: to the power of p - 2. Nothing here is secret. */
static void invert(field inverse, const field a)
{
    static const field power = {0xfffffffffffffffd, 0xffffffff, 0, 0xffffffff00000001};

    memcpy(inverse, one, sizeof(field));
    for (int bit = 255; bit >= 0; bit--) {
        ecp_nistz256_sqr_mont(inverse, inverse);
        if (power[bit / 64] >> bit % 64 & 1)
            ecp_nistz256_mul_mont(inverse, inverse, a);
    }
}

/* To affine coordinates, with one inversion for all of them. */
static void normalize(affine *to, const jacobian *from, int n)
{
    field before[COLUMNS + 1], inverse, z, power;

    memcpy(before[0], one, sizeof(field));
    for (int i = 0; i < n - 1; i++)
        ecp_nistz256_mul_mont(before[i + 1], before[i], from[i].Z);
    ecp_nistz256_mul_mont(z, before[n - 1], from[n - 1].Z);
    invert(inverse, z);
    for (int i = n - 1; i >= 0; i--) {
        ecp_nistz256_mul_mont(z, inverse, before[i]);
        ecp_nistz256_mul_mont(inverse, inverse, from[i].Z);
        ecp_nistz256_sqr_mont(power, z);
        ecp_nistz256_mul_mont(to[i].X, from[i].X, power);
        ecp_nistz256_mul_mont(power, power, z);
        ecp_nistz256_mul_mont(to[i].Y, from[i].Y, power);
    }
}

static void generate(affine (*table)[COLUMNS])
{
    jacobian points[COLUMNS + 1];
    affine flat[COLUMNS + 1], base = generator;
    unsigned char sum[SHA256_DIGEST_LENGTH];
    SHA256_CTX hash;

    SHA256_Init(&hash);
    for (int row = 0; row < ROWS; row++) {
        memcpy(&points[0], &base, sizeof(base));
        memcpy(points[0].Z, one, sizeof(field));
        ecp_nistz256_point_double(&points[1], &points[0]);
        for (int i = 2; i < COLUMNS; i++)
            ecp_nistz256_point_add_affine(&points[i], &points[i - 1], &base);
        /* The next row's. */
        ecp_nistz256_point_double(&points[COLUMNS], &points[COLUMNS - 1]);
        normalize(flat, points, COLUMNS + 1);
        for (int i = 0; i < COLUMNS; i++)
            ecp_nistz256_scatter_w7(table[row], &flat[i], i);
        SHA256_Update(&hash, flat, COLUMNS * sizeof(affine));
        base = flat[COLUMNS];
    }
    SHA256_Final(sum, &hash);
    if (memcmp(sum, expected, sizeof(sum)))
        OPENSSL_die("the multiples of the generator of P-256 came out wrong", OPENSSL_FILE, OPENSSL_LINE);
}

/* The table, or null where there is no memory for it: OpenSSL does without it then. */
const affine *scratch_p256(void)
{
    static affine (*table)[COLUMNS];
    const size_t size = ROWS * sizeof(*table);
    void *pages;

    if (table == NULL) {
        pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pages != MAP_FAILED) {
            generate(pages);
            mprotect(pages, size, PROT_READ);
            table = pages;
        }
    }
    return table ? table[0] : NULL;
}

static int wanted;

/* OpenSSL says that there is something of this curve. */
void scratch_p256_want(void)
{
    wanted = 1;
}

/* nginx is about to start its workers. */
void scratch_p256_prepare(void)
{
    if (wanted)
        scratch_p256();
}
