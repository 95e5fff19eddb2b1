/*
 * Fewer system calls and packets. nginx calls these in place of its own functions,
 * which they end in; what is sent is the same.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "coalesce.h"

/* Bytes. Up to here, copying costs less than a system call of its own, or a vector. */
#define SMALL_MEMORY  4096
#define SMALL_FILE    16384

/* Frames and bytes of HTTP/2 that may wait for the end of the read handler. */
#define WAITING_FRAMES  32
#define WAITING_BYTES   16384


/*
 * A response is a header in memory, and a body there or in a file. Small ones are sent
 * in one piece: where there is a file that is one system call instead of two, or of
 * four with tcp_nopush, and one packet. All else is nginx's own business: a file that
 * became shorter, threads, what could not be sent at once, errors.
 */
ngx_chain_t *
scratch_send_chain(ngx_connection_t *c, ngx_chain_t *in, off_t limit)
{
    off_t           rest;
    size_t          size;
    ssize_t         n;
    ngx_buf_t      *b;
    ngx_chain_t    *cl;
    static u_char   piece[SMALL_MEMORY + SMALL_FILE];

    if (!c->write->ready || (limit && limit < (off_t) sizeof(piece))) {
        return ngx_linux_sendfile_chain(c, in, limit);
    }

    size = 0;

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_special(b)) {
            continue;
        }

        if (b->in_file || !ngx_buf_in_memory(b)
            || (size_t) (b->last - b->pos) > SMALL_MEMORY - size)
        {
            break;
        }

        ngx_memcpy(piece + size, b->pos, b->last - b->pos);
        size += b->last - b->pos;
    }

    if (size == 0) {
        return ngx_linux_sendfile_chain(c, in, limit);
    }

    if (cl) {
        b = cl->buf;
        rest = b->file_last - b->file_pos;

        if (!b->in_file || ngx_buf_in_memory(b) || cl->next
            || rest <= 0 || rest > SMALL_FILE
#if (NGX_THREADS)
            || b->file->thread_handler
#endif
            || b->file->directio
            || pread(b->file->fd, piece + size, rest, b->file_pos) != rest)
        {
            return ngx_linux_sendfile_chain(c, in, limit);
        }

        size += rest;
    }

    n = ngx_unix_send(c, piece, size);

    if (n == NGX_ERROR) {
        return NGX_CHAIN_ERROR;
    }

    return n == NGX_AGAIN ? in : ngx_chain_update_sent(in, n);
}


/* The flags that OpenSSL gives to send(). */
extern int  scratch_more;


/*
 * Records of TLS that follow each other share packets: the kernel keeps the end of
 * one back until the next is there. So the next must be certain to be written by
 * ngx_ssl_send_chain, which keeps what does not fill its buffer until something
 * flushes it.
 */
ssize_t
scratch_ssl_write(ngx_connection_t *c, u_char *data, size_t size, ngx_chain_t *rest)
{
    off_t       next;
    ssize_t     n;
    ngx_uint_t  flush;

    next = 0;
    flush = 0;

    for ( /* void */ ; rest && next < (off_t) c->ssl->buffer_size; rest = rest->next) {
        next += ngx_buf_size(rest->buf);
        flush |= rest->buf->last_buf || rest->buf->flush;
    }

    if (next >= (off_t) c->ssl->buffer_size || (next && flush)) {
        scratch_more = MSG_MORE;
    }

    n = ngx_ssl_write(c, data, size);

    scratch_more = 0;

    return n;
}


/*
 * While a connection's read handler is at work, what it answers may wait: it sends
 * what is queued when it ends. Not where it will end otherwise: the client has sent
 * all it had, or the connection is being closed, which blocks it too.
 */
static ngx_uint_t
waits(ngx_http_v2_connection_t *h2c)
{
    ngx_connection_t  *c;

    c = h2c->connection;

    return h2c->blocked && !c->error && !c->read->pending_eof
           && c->read->handler != ngx_http_empty_handler;
}


/* The header of an answer waits for its body. One that has none is sent. */
ngx_uint_t
scratch_v2_holds(ngx_http_v2_stream_t *stream, ngx_uint_t fin)
{
    return !fin && waits(stream->connection);
}


/*
 * The end of a body waits for the answers of other streams, as it would for a full
 * socket, unless a lot is queued: many short answers are then one record. All that
 * comes before the end is sent at once.
 */
ngx_int_t
scratch_v2_send(ngx_http_v2_stream_t *stream)
{
    size_t                     bytes;
    ngx_uint_t                 frames, whole;
    ngx_http_v2_out_frame_t   *f;
    ngx_http_v2_connection_t  *h2c;

    h2c = stream->connection;
    bytes = 0;
    frames = 0;
    whole = 0;

    for (f = h2c->last_out; f && frames <= WAITING_FRAMES && waits(h2c); f = f->next) {
        frames++;
        bytes += f->length;
        whole |= f->stream == stream && f->fin && !f->blocked
                 && f->first->buf->pos[3] == NGX_HTTP_V2_DATA_FRAME;
    }

    if (whole && frames <= WAITING_FRAMES && bytes <= WAITING_BYTES) {
        return NGX_OK;
    }

    return ngx_http_v2_send_output_queue(h2c);
}
