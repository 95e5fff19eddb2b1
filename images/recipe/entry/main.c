#include "entry.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#ifndef ENTRY_PROGRAM
#define ENTRY_PROGRAM "/usr/sbin/nginx"
#endif

static const char program[] = ENTRY_PROGRAM;

static const char help[] =
	"usage: nginx-entry [nginx [option ...]]\n"
	"       nginx-entry healthcheck\n"
	"\n"
	"Renders /etc/nginx/templates/*.template to " ENTRY_PLACE "/conf.d, with ${VAR} from the\n"
	"environment, says where the default server listens, and becomes nginx. Without\n"
	"arguments that is nginx -g 'daemon off;'. Any other program is just run.\n"
	"healthcheck asks the nginx that runs here: GET /healthz, exit 0 if it answers well.\n"
	"\n"
	"  NGINX_PORT                        port of the default server (8080)\n"
	"  NGINX_ENVSUBST_TEMPLATE_DIR       where templates are (/etc/nginx/templates)\n"
	"  NGINX_ENVSUBST_TEMPLATE_SUFFIX    the end of their names (.template)\n"
	"  NGINX_ENVSUBST_FILTER             regular expression: only these variables are replaced\n"
	"  NGINX_ENVSUBST_OUTPUT_DIR         where results go (" ENTRY_PLACE "/conf.d)\n"
	"  NGINX_ENTRYPOINT_LOCAL_RESOLVERS  if set, NGINX_LOCAL_RESOLVERS is the name servers' addresses\n";

int main(int argc, char **argv)
{
	static char *serve[] = {"nginx", "-g", "daemon off;", NULL};
	char **run = argc > 1 ? argv + 1 : serve;

	if (argc == 2 && strcmp(argv[1], "healthcheck") == 0) {
		return healthcheck();
	}
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		return write(STDOUT_FILENO, help, sizeof help - 1) == sizeof help - 1 ? 0 : FAILED;
	}
	if (**run == '-') { /* options alone are nginx's: its own name is not missed */
		*--run = "nginx";
	}
	if (strcmp(*run, "nginx") == 0 || strcmp(*run, program) == 0) {
		own_folder(ENTRY_PLACE);
		write_listen(render_templates());
		exec_last(program, run);
	} else {
		execvp(*run, run);
	}
	say("cannot run ", *run, ": ", strerror(errno), ". The image has no program but nginx", NULL);
	return errno == ENOENT ? NOT_FOUND : NOT_RUNNABLE;
}
