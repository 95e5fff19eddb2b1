#include "expand.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "entry.h"

/* A list of paths, each with a NUL at its end. The folder is this user's own,
 * so nobody else can have files removed by writing it. */
static const char list[] = ENTRY_PLACE "/rendered";

void remember(const char *file)
{
	size_t size = strlen(file) + 1;
	int fd = open(list, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);

	/* One write: what is killed here has noted all of the path or none of it. */
	if (fd < 0 || write(fd, file, size) != (ssize_t) size || close(fd) != 0) {
		fail_errno("writing ", list, NULL);
	}
}

void forget(void)
{
	int fd = open(list, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat info;
	char *text, *end;
	ssize_t size;

	if (fd < 0) {
		return;
	}
	if (fstat(fd, &info) != 0) {
		fail_errno("looking at ", list, NULL);
	}
	text = take((size_t) info.st_size + 1);
	if ((size = read(fd, text, (size_t) info.st_size)) < 0) {
		fail_errno("reading ", list, NULL);
	}
	close(fd);
	end = text + size;
	*end = '\0';
	for (char *path = text; path < end; path += strlen(path) + 1) {
		unlink(path);
	}
	unlink(list);
}
