#include "entry.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const char *port(void)
{
	const char *text = getenv("NGINX_PORT");
	if (text == NULL || *text == '\0') {
		return "8080";
	}
	if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 5 || number(text, 10) < 1 || number(text, 10) > 65535) {
		fail("NGINX_PORT is ", text, ": it must be a number from 1 to 65535", NULL);
	}
	return text;
}

/* Whether the kernel has such addresses, asked the way nginx will ask. */
static int has(int family)
{
	struct sockaddr_storage any = {.ss_family = (sa_family_t) family};
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int bound = fd >= 0 && bind(fd, (struct sockaddr *) &any,
	                            family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)) == 0;

	if (fd >= 0) {
		close(fd);
	}
	return bound;
}

/* nginx removes its socket when it ends, unless it is killed. Then nothing
 * could listen on that name again. */
static void remove_dead_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = ENTRY_SOCKET};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *) &address, sizeof address) != 0 && errno == ECONNREFUSED) {
		unlink(ENTRY_SOCKET);
	}
	if (fd >= 0) {
		close(fd);
	}
}

void write_listen(int give_way)
{
	static const char folder[] = ENTRY_PLACE "/listen.d", name[] = ENTRY_PLACE "/listen.d/default.conf";
	const char *where = port();
	int six = has(AF_INET6), four = has(AF_INET) || !six;
	const char *text = join(
		!give_way && four ? join("listen ", where, ";\n", NULL) : "",
		!give_way && six ? join("listen [::]:", where, ";\n", NULL) : "",
		"listen unix:" ENTRY_SOCKET ";\n", NULL);
	struct file file;

	remove_dead_socket();
	own_folder(folder);
	unlink(name); /* of the start before */
	file_new(&file, name);
	file_add(&file, text, strlen(text));
	file_done(&file);
}
