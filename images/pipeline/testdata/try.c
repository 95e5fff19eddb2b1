/* Prints what a program of the image finds around it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *created(const char *name)
{
	return open(name, O_WRONLY | O_CREAT, 0600) < 0 ? strerror(errno) : "created";
}

/* Connecting a datagram socket sends nothing: it asks for a route. */
static const char *route(void)
{
	struct sockaddr_in elsewhere = {.sin_family = AF_INET, .sin_port = htons(9)};

	inet_pton(AF_INET, "192.0.2.1", &elsewhere.sin_addr); /* for documentation, RFC 5737 */
	return connect(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *) &elsewhere, sizeof elsewhere) == 0
	           ? "there" : strerror(errno);
}

int main(int argc, char **argv)
{
	struct stat own;

	if (argc > 1) {
		fprintf(stderr, "failing with %s\n", argv[1]);
		return atoi(argv[1]);
	}
	printf("user %d:%d\n", (int) getuid(), (int) getgid());
	printf("name %s\n", argv[0]);
	printf("mode %o\n", stat("/usr/sbin/nginx", &own) == 0 ? (unsigned) own.st_mode & 07777 : 0);
	printf("file: %s\n", created("/file"));
	printf("file of the tree: %s\n", created("/srv/open"));
	printf("shell: %s\n", access("/bin/sh", F_OK) == 0 ? "there" : strerror(errno));
	printf("route: %s\n", route());
	printf("log: %s\n", open("/dev/stdout", O_WRONLY) < 0 ? strerror(errno) : "opened");
	return 0;
}
