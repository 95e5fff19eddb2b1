/*
 * nginx-entry: what a container needs before nginx runs, and the question
 * whether it runs well.
 *
 * It is process 1 until it becomes nginx, has no stdio, and ends with a line
 * that says what is wrong rather than start nginx with half of a configuration.
 */
#ifndef ENTRY_H
#define ENTRY_H

#include <stddef.h>

/* Where all is written: under the one folder that every runtime lets us write. */
#ifndef ENTRY_PLACE
#define ENTRY_PLACE "/dev/shm/nginx"
#endif
#define ENTRY_SOCKET ENTRY_PLACE "/status.sock"

/* No more parts than this in a line or a path. */
enum { PARTS = 12 };

/* Exit codes, as shells and container runtimes have them. */
enum { FAILED = 1, NOT_RUNNABLE = 126, NOT_FOUND = 127 };

/* say.c: texts made of parts, of which NULL is the end. */
void say(const char *part, ...);
_Noreturn void fail(const char *part, ...);
_Noreturn void fail_errno(const char *part, ...); /* adds what the kernel said */

/* memory.c: nothing is given back. */
void *take(size_t size);                            /* of zeros */
char *join(const char *part, ...);                  /* the parts in one string */
unsigned long number(const char *text, unsigned base); /* in lower or upper case, up to what is no digit */

/* folder.c: the names in a folder. After the last, NULL, and errno says whether
 * there was an error. */
struct folder {
	int fd;
	size_t at, used;
	_Alignas(8) char text[2048];
};
int folder_open(struct folder *folder, const char *name);
const char *folder_next(struct folder *folder);
void folder_close(struct folder *folder);

/* file.c: new files appear complete or not at all. */
struct file {
	const char *name, *temporary;
	int fd;
	size_t used, total;
	char text[4096];
};
void file_new(struct file *file, const char *name);
void file_add(struct file *file, const char *text, size_t size);
void file_done(struct file *file);
void own_folder(const char *name); /* made where it is missing, refused where it is somebody else's */

/* resolver.c: "NGINX_LOCAL_RESOLVERS=" and the addresses, or NULL. */
const char *local_resolvers(void);

/* template.c: renders all, and tells whether one of them is to be conf.d/default.conf. */
int render_templates(void);

/* listen.c: where the default server listens; nowhere but on the socket where it has to give way. */
void write_listen(int give_way);
const char *port(void); /* of the default server, in decimal */

/* health.c: 0 if nginx answers. */
int healthcheck(void);

/* sockets.c: the ports that nginx really listens on. */
struct listener {
	unsigned char address[16]; /* as in a sockaddr */
	unsigned short port;
	int family;
};
enum { LISTENERS = 64 };
int find_listeners(struct listener *found); /* how many */

/* ticket.c: like execv, but what runs then cannot run anything else. */
void exec_last(const char *path, char **argv);

#endif
