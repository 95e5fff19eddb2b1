#include "entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What nginx could still take, and /dev/shm is 64 MB where nobody asked for more. */
enum { LARGEST = 16 * 1024 * 1024 };

static _Noreturn void give_up(struct file *file)
{
	int reason = errno;

	unlink(file->temporary);
	errno = reason;
	if (errno == ENOSPC) {
		fail(file->name, ": there is no room: give the container more of /dev/shm (docker run --shm-size, "
		     "or an emptyDir of medium Memory)", NULL);
	}
	fail_errno("writing ", file->name, NULL);
}

/* Whatever has the name already is not ours to replace. */
void file_new(struct file *file, const char *name)
{
	struct stat info;

	*file = (struct file) {.name = name, .temporary = join(name, ".new", NULL)};
	if (lstat(name, &info) == 0) {
		fail(name, " is there already: remove it, or name the template otherwise", NULL);
	}
	unlink(file->temporary); /* of a run that was killed */
	/* Values may be secret, and only this user has to read them. */
	file->fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file->fd < 0) {
		fail_errno("making ", file->temporary, NULL);
	}
}

static void flush(struct file *file)
{
	for (size_t done = 0; done < file->used;) {
		ssize_t wrote = write(file->fd, file->text + done, file->used - done);
		if (wrote < 0 && errno == EINTR) {
			continue;
		}
		if (wrote < 0) {
			give_up(file);
		}
		done += (size_t) wrote;
	}
	file->used = 0;
}

void file_add(struct file *file, const char *text, size_t size)
{
	if (size > LARGEST - file->total) {
		unlink(file->temporary);
		fail(file->name, ": the result is too large: it must have no more than 16 MiB", NULL);
	}
	file->total += size;
	while (size > 0) {
		size_t part = sizeof file->text - file->used;

		part = size < part ? size : part;
		memcpy(file->text + file->used, text, part);
		file->used += part;
		text += part;
		size -= part;
		if (file->used == sizeof file->text) {
			flush(file);
		}
	}
}

void file_done(struct file *file)
{
	flush(file);
	if (fsync(file->fd) != 0 || close(file->fd) != 0 || rename(file->temporary, file->name) != 0) {
		give_up(file);
	}
}

void own_folder(const char *name)
{
	struct stat info;

	if (mkdir(name, 0755) != 0 && errno != EEXIST) {
		fail_errno("nginx writes to /dev/shm and nowhere else, which must be there and writable: making ", name, NULL);
	}
	if (lstat(name, &info) != 0) {
		fail_errno("looking at ", name, NULL);
	}
	/* Everybody may write to /dev/shm. */
	if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid()) {
		fail(name, " is no folder of this user's: give each container a /dev/shm of its own", NULL);
	}
}
