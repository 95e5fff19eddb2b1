/* What takes the place of nginx's own function for sending datagrams of QUIC. */

/* In place of ngx_sendmsg, for one buffer and no flags. */
ssize_t scratch_sendmsg(ngx_connection_t *c, struct msghdr *msg);
