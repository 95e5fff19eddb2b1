/* What takes the place of zlib's functions of the same names in nginx's gzip filter. */

#include <zlib.h>

/* The memory, in bytes, that a stream of this level asks of zalloc, in one piece;
 * where it is zlib's, that is zlib's. */
size_t scratch_deflate_memory(int level, size_t zlib);

int scratch_deflateInit2(z_stream *s, int level, int method, int wbits, int memlevel, int strategy);
int scratch_deflate(z_stream *s, int flush);
int scratch_deflateEnd(z_stream *s);
