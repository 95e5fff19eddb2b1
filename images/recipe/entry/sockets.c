#include "entry.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef ENTRY_PROC
#define ENTRY_PROC "/proc"
#endif

/* A number above this is no file of nginx's own, but a connection. */
enum { FILES = 4096 };

static unsigned long inodes[FILES];
static int known;

static size_t read_file(const char *name, char *text, size_t size)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got;

	while (fd >= 0 && used < size - 1 && (got = read(fd, text + used, size - 1 - used)) > 0) {
		used += (size_t) got;
	}
	if (fd >= 0) {
		close(fd);
	}
	text[used] = '\0';
	return used;
}

/* Adds the sockets that a process has open. */
static void add_sockets(const char *process)
{
	struct folder list;
	const char *entry;

	if (!folder_open(&list, join(ENTRY_PROC "/", process, "/fd", NULL))) {
		return;
	}
	while (known < FILES && (entry = folder_next(&list)) != NULL) {
		char target[64];
		ssize_t size = readlinkat(list.fd, entry, target, sizeof target - 1);

		if (size > 8 && memcmp(target, "socket:[", 8) == 0) {
			target[size] = '\0';
			inodes[known++] = number(target + 8, 10);
		}
	}
	folder_close(&list);
}

/* nginx's master and workers share what they listen on, so one will do. */
static void find_sockets(void)
{
	struct folder list;
	const char *entry;

	if (!folder_open(&list, ENTRY_PROC)) {
		return;
	}
	while (known == 0 && (entry = folder_next(&list)) != NULL) {
		char name[16];

		if (*entry < '1' || *entry > '9') {
			continue;
		}
		read_file(join(ENTRY_PROC "/", entry, "/comm", NULL), name, sizeof name);
		if (strcmp(name, "nginx\n") == 0) {
			add_sockets(entry);
		}
	}
	folder_close(&list);
}

static int is_ours(unsigned long inode)
{
	int i = 0;

	while (i < known && inodes[i] != inode) {
		i++;
	}
	return i < known;
}

/* A line is "  0: ADDRESS:PORT ADDRESS:PORT STATE QUEUES TIMER RETRIES UID TIMEOUT
 * INODE ...", the address in words as they are in memory, in hexadecimal. */
static int parse(char *line, int words, struct listener *found)
{
	char *field[10];
	int fields = 0;

	for (char *word = strtok(line, " "); word != NULL && fields < 10; word = strtok(NULL, " ")) {
		field[fields++] = word;
	}
	if (fields < 10 || strcmp(field[3], "0A") != 0 || strlen(field[1]) != (size_t) words * 8 + 5
	    || !is_ours(number(field[9], 10))) {
		return 0;
	}
	memset(found, 0, sizeof *found);
	for (int i = 0; i < words; i++) {
		char part[9] = "";
		unsigned int word;

		memcpy(part, field[1] + 8 * i, 8);
		word = (unsigned int) number(part, 16);
		memcpy(found->address + 4 * i, &word, 4);
	}
	found->port = (unsigned short) number(field[1] + words * 8 + 1, 16);
	found->family = words == 1 ? AF_INET : AF_INET6;
	return 1;
}

/* Lines of the kernel's table are 150 bytes, or 180 for version 6; what listens
 * comes first. */
static int add_listeners(const char *table, int words, struct listener *found, int count)
{
	static char text[65536];
	char *rest = text, *line;

	read_file(table, text, sizeof text);
	while (count < LISTENERS && (line = strsep(&rest, "\n")) != NULL && rest != NULL) {
		count += parse(line, words, found + count);
	}
	return count;
}

int find_listeners(struct listener *found)
{
	find_sockets();
	int count = add_listeners(ENTRY_PROC "/net/tcp", 1, found, 0);
	return add_listeners(ENTRY_PROC "/net/tcp6", 4, found, count);
}
