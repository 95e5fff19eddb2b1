/*
 * Sends four datagrams, the last of which is short, or one, the way QUIC does, in a
 * kernel that has the fault of the first argument, and says what was called and what
 * arrived. With a second argument messages have a source address.
 */
#include "ngx_core.h"
#include "datagrams.h"

#undef sendmsg
#undef getsockopt

enum { SEGMENT = 1452, SHORT = 896 };

static const char *fault;
static int calls;

static int is(const char *name) { return strcmp(fault, name) == 0; }

int observed_getsockopt(int s, int level, int name, void *value, socklen_t *len)
{
	if (strstr(fault, "is old"))
		return errno = ENOPROTOOPT, -1;
	return getsockopt(s, level, name, value, len);
}

ssize_t observed_sendmsg(int s, struct msghdr *msg, int flags)
{
	int cut = 0, source = 0;

	calls++;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		cut |= c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_SEGMENT;
		source |= c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO;
	}
	printf("%s%s%zu ", cut ? "cut " : "", source ? "from " : "", msg->msg_iov->iov_len);
	if (cut && strstr(fault, "has no checksums"))
		return errno = EIO, -1;
	if (is("is full") || is("is old, is full") || (calls == 3 && strstr(fault, "is full at the second")))
		return errno = EAGAIN, -1;
	return sendmsg(s, msg, flags);
}

ssize_t ngx_sendmsg(ngx_connection_t *c, struct msghdr *msg, int flags)
{
	ssize_t n = observed_sendmsg(c->fd, msg, flags);
	return n != -1 ? n : errno == EAGAIN ? NGX_AGAIN : NGX_ERROR;
}

static char payload[4 * SEGMENT], got[4 * SEGMENT];

int main(int argc, char **argv)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int client = socket(AF_INET, SOCK_DGRAM, 0);
	ngx_connection_t c = {socket(AF_INET, SOCK_DGRAM, 0)};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t)) + CMSG_SPACE(sizeof(struct in_pktinfo))] = "";
	ssize_t n, size = 3 * SEGMENT + SHORT;

	fault = argv[1];
	if (is("has one only"))
		size = SHORT;
	if (bind(client, (void *) &at, sizeof at) || getsockname(client, (void *) &at, &len))
		return 1;
	for (int i = 0; i < size; i++)
		payload[i] = i * 7 / 5;

	struct iovec iov = {payload, size};
	struct msghdr msg = {.msg_name = &at, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof control};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	if (!is("does it itself")) {
		cmsg->cmsg_level = SOL_UDP;
		cmsg->cmsg_type = UDP_SEGMENT;
		cmsg->cmsg_len = CMSG_LEN(sizeof(uint16_t));
		*(uint16_t *) CMSG_DATA(cmsg) = SEGMENT;
		cmsg = CMSG_NXTHDR(&msg, cmsg);
	}
	if (argc > 2) {
		cmsg->cmsg_level = IPPROTO_IP;
		cmsg->cmsg_type = IP_PKTINFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
		((struct in_pktinfo *) CMSG_DATA(cmsg))->ipi_spec_dst.s_addr = htonl(INADDR_LOOPBACK);
		cmsg = (void *) ((char *) cmsg + CMSG_SPACE(sizeof(struct in_pktinfo)));
	}
	msg.msg_controllen = (char *) cmsg - control;
	if (msg.msg_controllen == 0)
		msg.msg_control = NULL;

	printf("= %zd:", scratch_sendmsg(&c, &msg));
	for (size = 0; (n = recv(client, got + size, sizeof got - size, MSG_DONTWAIT)) >= 0; size += n)
		printf(" %zd", n);
	printf("%s\n", memcmp(got, payload, size) ? " garbled" : "");
	return 0;
}
