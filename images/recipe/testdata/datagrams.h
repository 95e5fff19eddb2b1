/* What datagrams.c needs of nginx, for testdata/datagrams.c: its calls go through there. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct { int fd; } ngx_connection_t;
typedef unsigned char u_char;
typedef uintptr_t ngx_uint_t;
typedef int ngx_socket_t;

#define NGX_ERROR  -1
#define NGX_AGAIN  -2
#define NGX_EAGAIN  EAGAIN
#define ngx_errno  errno
#define ngx_min(a, b)  ((a) < (b) ? (a) : (b))

#define sendmsg  observed_sendmsg
#define getsockopt  observed_getsockopt
ssize_t observed_sendmsg(int, struct msghdr *, int);
int observed_getsockopt(int, int, int, void *, socklen_t *);
ssize_t ngx_sendmsg(ngx_connection_t *, struct msghdr *, int);
