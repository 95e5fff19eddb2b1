/* What errors.c needs of <openssl/err.h>. */
#include <stddef.h>

typedef struct { unsigned long error; const char *string; } ERR_STRING_DATA;

#define ERR_GET_LIB(e)     ((e) >> 23 & 0xff)
#define ERR_GET_REASON(e)  ((e) & 0x7fffff)
