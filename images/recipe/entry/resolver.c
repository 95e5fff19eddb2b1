#include "entry.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef ENTRY_RESOLV
#define ENTRY_RESOLV "/etc/resolv.conf"
#endif

static const char spaces[] = " \t\r";

/* As in the official images: where it is asked for, templates see the addresses
 * of the container's name servers, as the directive resolver wants them. */
const char *local_resolvers(void)
{
	const char *asked = getenv("NGINX_ENTRYPOINT_LOCAL_RESOLVERS");
	char text[8192], *rest = text, *line, *list = "NGINX_LOCAL_RESOLVERS=";
	size_t used = 0;
	ssize_t got;
	int fd;

	if (asked == NULL || *asked == '\0') {
		return NULL;
	}
	if ((fd = open(ENTRY_RESOLV, O_RDONLY | O_CLOEXEC)) < 0) {
		fail_errno("NGINX_ENTRYPOINT_LOCAL_RESOLVERS: opening ", ENTRY_RESOLV, NULL);
	}
	while ((got = read(fd, text + used, sizeof text - 1 - used)) > 0) {
		used += (size_t) got;
	}
	close(fd);
	text[used] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL) {
		char *word = strtok(line, spaces), *address = strtok(NULL, spaces);

		if (word == NULL || address == NULL || strcmp(word, "nameserver") != 0) {
			continue;
		}
		int six = strchr(address, ':') != NULL;
		list = join(list, list[strlen(list) - 1] == '=' ? "" : " ", six ? "[" : "", address, six ? "]" : "", NULL);
	}
	return list;
}
