#include "entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct entry {
	uint64_t inode, offset;
	unsigned short size;
	unsigned char type;
	char name[];
};

/* Like readdir, which would bring an allocator along. */
const char *folder_next(struct folder *folder)
{
	if (folder->at == folder->used) {
		long got = syscall(SYS_getdents64, folder->fd, folder->text, sizeof folder->text);

		errno = got < 0 ? errno : 0;
		if (got <= 0) {
			return NULL;
		}
		folder->at = 0;
		folder->used = (size_t) got;
	}
	struct entry *entry = (struct entry *) (folder->text + folder->at);
	folder->at += entry->size;
	return entry->name;
}

int folder_open(struct folder *folder, const char *name)
{
	folder->at = folder->used = 0;
	folder->fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder->fd >= 0;
}

void folder_close(struct folder *folder) { close(folder->fd); }
