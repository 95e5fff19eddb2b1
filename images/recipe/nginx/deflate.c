/*
 * Level 1, which is nginx's default, by ISA-L's igzip: it takes less time than
 * zlib, and the result is no larger. All other levels are zlib's, and so is every
 * one with gzip_no_buffer, which the filter says in s->reserved before it starts: that
 * passes on whatever came out of each call, and from igzip nothing may come.
 */

#include <igzip_lib.h>
#include <crc.h>

#include "deflate.h"

typedef struct {
    struct isal_zstream  z;
    unsigned char        level[ISAL_DEF_LVL1_SMALL];
} scratch_stream;

/* zlib leaves this field alone: it says whose stream it is. */
#define OURS  0x69677a70


size_t
scratch_deflate_memory(int level, size_t zlib)
{
    return level == 1 ? sizeof(scratch_stream) : zlib;
}


int
scratch_deflateInit2(z_stream *s, int level, int method, int wbits, int memlevel, int strategy)
{
    uLong            no_buffer;
    scratch_stream  *f;

    no_buffer = s->reserved;
    s->reserved = 0;

    if (level != 1 || no_buffer || method != Z_DEFLATED || strategy != Z_DEFAULT_STRATEGY || wbits <= 16) {
        return deflateInit2(s, level, method, wbits, memlevel, strategy);
    }

    f = s->zalloc(s->opaque, 1, sizeof(scratch_stream));
    if (f == NULL) {
        return Z_MEM_ERROR;
    }

    isal_deflate_init(&f->z);
    f->z.level = 1;
    f->z.level_buf = f->level;
    f->z.level_buf_size = sizeof(f->level);
    f->z.gzip_flag = IGZIP_GZIP;
    f->z.hist_bits = wbits - 16;

    s->reserved = OURS;
    s->state = (struct internal_state *) f;
    s->total_in = 0;
    s->total_out = 0;
    s->msg = NULL;

    return Z_OK;
}


int
scratch_deflate(z_stream *s, int flush)
{
    int              rc;
    uInt             in, out;
    scratch_stream  *f;

    if (s->reserved != OURS) {
        return deflate(s, flush);
    }

    f = (scratch_stream *) s->state;
    in = s->avail_in;
    out = s->avail_out;

    f->z.next_in = s->next_in;
    f->z.avail_in = in;
    f->z.next_out = s->next_out;
    f->z.avail_out = out;
    f->z.end_of_stream = (flush == Z_FINISH);
    f->z.flush = (flush == Z_NO_FLUSH || flush == Z_FINISH) ? NO_FLUSH : SYNC_FLUSH;

    rc = isal_deflate(&f->z);

    s->next_in = f->z.next_in;
    s->avail_in = f->z.avail_in;
    s->next_out = f->z.next_out;
    s->avail_out = f->z.avail_out;
    s->total_in += in - s->avail_in;
    s->total_out += out - s->avail_out;

    if (rc != COMP_OK) {
        return Z_STREAM_ERROR;
    }

    if (f->z.internal_state.state == ZSTATE_END) {
        return Z_STREAM_END;
    }

    return (in == s->avail_in && out == s->avail_out) ? Z_BUF_ERROR : Z_OK;
}


int
scratch_deflateEnd(z_stream *s)
{
    if (s->reserved != OURS) {
        return deflateEnd(s);
    }

    s->zfree(s->opaque, s->state);
    s->state = NULL;
    s->reserved = 0;

    return Z_OK;
}


/*
 * zlib's is several times faster than the portable one of ISA-L. Asked for no data
 * at no address it would start anew.
 */
uint32_t
crc32_gzip_refl(uint32_t init, const unsigned char *data, uint64_t size)
{
    return size ? crc32_z(init, data, size) : init;
}
