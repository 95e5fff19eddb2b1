/*
 * Datagrams of QUIC that follow each other are given to the kernel in one piece, which
 * cuts it where the network begins (UDP_SEGMENT): one way through its firewall and
 * routes instead of one each. What arrives is the same.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "datagrams.h"

/* What nginx has put first among the control messages, if it wants one cut. */
static struct cmsghdr *
segment(struct msghdr *msg)
{
    struct cmsghdr  *cmsg;

    cmsg = CMSG_FIRSTHDR(msg);

    return cmsg && cmsg->cmsg_level == SOL_UDP && cmsg->cmsg_type == UDP_SEGMENT ? cmsg : NULL;
}


/* Before Linux 4.18 one large datagram would be sent, and no error. */
static ngx_uint_t
cuts(ngx_socket_t s)
{
    int         size;
    socklen_t   len;
    static int  can = -1;

    if (can < 0) {
        len = sizeof(size);
        can = getsockopt(s, SOL_UDP, UDP_SEGMENT, &size, &len) == 0;
    }

    return can;
}


/*
 * Some kernels cut only for devices that compute checksums, and none cuts for a path
 * whose MTU is smaller than nginx has found it. Then each datagram is sent by itself;
 * where the first cannot be sent, nginx keeps all of them, and what is lost later is
 * found and sent again, as it is on any network.
 */
ssize_t
scratch_sendmsg(ngx_connection_t *c, struct msghdr *msg)
{
    size_t           sent, total, size;
    ssize_t          n;
    struct iovec    *iov;
    struct cmsghdr  *cmsg;

    cmsg = segment(msg);

    if (cmsg == NULL) {
        return ngx_sendmsg(c, msg, 0);
    }

    iov = msg->msg_iov;
    total = iov->iov_len;
    size = *(uint16_t *) CMSG_DATA(cmsg);

    if (total > size && cuts(c->fd)) {
        n = sendmsg(c->fd, msg, 0);

        if (n != -1) {
            return n;
        }

        if (ngx_errno == NGX_EAGAIN) {
            return NGX_AGAIN;
        }
    }

    msg->msg_controllen -= CMSG_SPACE(sizeof(uint16_t));
    msg->msg_control = msg->msg_controllen
                       ? (u_char *) cmsg + CMSG_SPACE(sizeof(uint16_t)) : NULL;

    for (sent = 0; sent < total; sent += n) {
        iov->iov_len = ngx_min(size, total - sent);

        n = ngx_sendmsg(c, msg, 0);

        if (n < 0) {
            return sent ? (ssize_t) total : n;
        }

        iov->iov_base = (u_char *) iov->iov_base + n;
    }

    return total;
}
