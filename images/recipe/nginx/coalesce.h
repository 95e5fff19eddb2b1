/* What takes the place of nginx's own functions for sending. */

/* In place of ngx_linux_sendfile_chain. */
ngx_chain_t *scratch_send_chain(ngx_connection_t *c, ngx_chain_t *in, off_t limit);

/* In place of ngx_ssl_write, where rest is what is sent right after it. */
ssize_t scratch_ssl_write(ngx_connection_t *c, u_char *data, size_t size, ngx_chain_t *rest);

#ifdef _NGX_HTTP_V2_H_INCLUDED_
/* Whether the header of an answer waits for its body; fin where it has none. */
ngx_uint_t scratch_v2_holds(ngx_http_v2_stream_t *stream, ngx_uint_t fin);

/* In place of ngx_http_v2_send_output_queue, for the frames of a stream. */
ngx_int_t scratch_v2_send(ngx_http_v2_stream_t *stream);
#endif
