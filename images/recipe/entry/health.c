#include "entry.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* All of it takes less than a second. */
enum { MILLISECONDS = 900, DIGITS = 3 };

static const char request[] =
	"GET /healthz HTTP/1.1\r\nHost: localhost\r\nUser-Agent: nginx-entry\r\nConnection: close\r\n\r\n";

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int wait_for(int fd, short what, long long until)
{
	struct pollfd one = {.fd = fd, .events = what};
	long long left = until - now();

	return left > 0 && poll(&one, 1, (int) left) == 1;
}

/* What listens on all addresses is asked over the loopback. */
static socklen_t address(const struct listener *l, struct sockaddr_storage *to)
{
	static const unsigned char any[16];

	memset(to, 0, sizeof *to);
	if (l->family == AF_INET) {
		struct sockaddr_in *four = (struct sockaddr_in *) to;
		four->sin_family = AF_INET;
		four->sin_port = htons(l->port);
		memcpy(&four->sin_addr, l->address, 4);
		if (memcmp(l->address, any, 4) == 0) {
			four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		}
		return sizeof *four;
	}
	struct sockaddr_in6 *six = (struct sockaddr_in6 *) to;
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(l->port);
	memcpy(&six->sin6_addr, l->address, 16);
	if (memcmp(l->address, any, 16) == 0) {
		six->sin6_addr.s6_addr[15] = 1;
	}
	return sizeof *six;
}

/* The status of the answer; 0 where nginx closed the connection without one, as
 * it does for hosts it does not know and behind the PROXY protocol; -1 where
 * nothing came. */
static int ask(const struct listener *l, long long until)
{
	struct sockaddr_storage to;
	socklen_t size = address(l, &to);
	char answer[13] = ""; /* "HTTP/1.1 200" */
	size_t used = 0;
	int fd = socket(l->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), status = -1;

	if (fd < 0) {
		return -1;
	}
	if ((connect(fd, (struct sockaddr *) &to, size) == 0 || errno == EINPROGRESS) && wait_for(fd, POLLOUT, until)
	    && send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == sizeof request - 1) {
		while (used < sizeof answer - 1 && wait_for(fd, POLLIN, until)) {
			ssize_t got = recv(fd, answer + used, sizeof answer - 1 - used, 0);
			if (got <= 0) {
				status = got == 0 || errno == ECONNRESET ? 0 : -1;
				break;
			}
			used += (size_t) got;
		}
	}
	close(fd);
	if (used == sizeof answer - 1 && memcmp(answer, "HTTP/1.", 7) == 0) {
		status = (int) number(answer + 9, 10);
	}
	return status;
}

/* The default server's port first: it has a page for this. Where nobody made one,
 * any answer but an error of the server's shows that nginx works. */
int healthcheck(void)
{
	struct listener found[LISTENERS];
	int count = find_listeners(found);
	long long until = now() + MILLISECONDS;
	unsigned short first = (unsigned short) number(port(), 10);

	if (count == 0) {
		fail("nginx listens on no port", NULL);
	}
	for (int i = 1; i < count; i++) {
		if (found[i].port == first && found[0].port != first) {
			struct listener other = found[0];
			found[0] = found[i];
			found[i] = other;
		}
	}
	for (int i = 0; i < count; i++) {
		int status = ask(found + i, until);
		if (status >= 0 && status < 500) {
			return 0;
		}
		if (status >= 500) {
			char digits[DIGITS + 1] = {(char) ('0' + status / 100 % 10), (char) ('0' + status / 10 % 10), (char) ('0' + status % 10)};
			fail("nginx answers GET /healthz with ", digits, NULL);
		}
	}
	fail("nginx did not answer GET /healthz within a second", NULL);
}
