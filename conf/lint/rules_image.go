package lint

import (
	"slices"
	"strconv"
	"strings"
)

// These rules are about the image: a read-only root, any user but root, and a command
// line that says "daemon off" already.
var imageRules = []*Rule{
	{
		ID: "temp_path_read_only", Severity: Error,
		Explain: "The root of the image is read-only: nginx writes to /dev/shm or to a volume. /tmp and /run are links to it.",
		Bad:     "pid /var/nginx.pid;\nevents { }",
		Good:    "pid /dev/shm/nginx.pid;\nevents { }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if path := d.arg(0); path != "off" && path != "on" && !writable(path) {
					j.reportf(d, "%s %s is in the image, which is read-only: use /dev/shm", d.name, clip(path))
				}
			}, "pid", "lock_file", "client_body_temp_path", "proxy_temp_path", "fastcgi_temp_path", "uwsgi_temp_path", "scgi_temp_path",
				"proxy_cache_path", "fastcgi_cache_path", "uwsgi_cache_path", "scgi_cache_path")
		},
	},
	{
		ID: "log_to_file", Severity: Warning, CIS: "3.1",
		Explain: "The image has no place for log files, and nobody to rotate them. Log to /dev/stdout, stderr or syslog; /var/log/nginx/access.log and error.log are links there.",
		Bad:     "server { access_log /var/log/nginx/site.log; }",
		Good:    "server { access_log /dev/stdout; }",
		check: func(j *judge) {
			streams := []string{"off", "stderr", "/dev/stdout", "/dev/stderr", "/dev/null", "/var/log/nginx/access.log", "/var/log/nginx/error.log"}
			j.each(func(d *directive) {
				path := d.arg(0)
				if !slices.Contains(streams, path) && !strings.HasPrefix(path, "syslog:") && !strings.HasPrefix(path, "memory:") && !strings.HasPrefix(path, "/proc/self/fd/") {
					j.reportf(d, "%s %s is a file: log to /dev/stdout or stderr", d.name, clip(path))
				}
			}, "access_log", "error_log")
		},
	},
	{
		ID: "listen_privileged", Severity: Warning, CIS: "2.4.1",
		Explain: "Ports below 1024 need a right that the image runs without; not every cluster lifts that. Listen on 8080 and publish it as 80.",
		Bad:     "server { listen 80; }",
		Good:    "server { listen 8080; }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if port := port(d.arg(0)); d.parent.name == "server" && port < 1024 {
					j.reportf(d, "port %d needs a right that the image runs without", port)
				}
			}, "listen")
		},
	},
	{
		ID: "daemon_twice", Severity: Error,
		Explain: "The command of the image is nginx -g 'daemon off;', and nginx refuses a second daemon. Leave it out.",
		Bad:     "daemon off;\nevents { }",
		Good:    "worker_processes auto;\nevents { }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				j.reportf(d, "the command line of the image sets daemon already, and nginx refuses it twice")
			}, "daemon")
		},
	},
	{
		ID: "user_ignored", Severity: Info,
		Explain: "The image does not start as root, so nginx ignores user, and warns. Leave it out; the container's user is what counts.",
		Bad:     "user nginx;\nevents { }",
		Good:    "worker_processes auto;\nevents { }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if d.parent == j.root {
					j.reportf(d, "user has no effect: nginx does not start as root here")
				}
			}, "user")
		},
	},
}

// writable says whether a path is where the image can be written to. Where a relative
// one leads is decided by how nginx was built, and it is never there.
func writable(path string) bool {
	return slices.ContainsFunc([]string{"/dev/shm/", "/tmp/", "/run/", "/var/run/", "/var/cache/nginx/", "/mnt/", "/data/"}, func(folder string) bool {
		return strings.HasPrefix(path, folder)
	})
}

// port is the port of a listen address; 80 where none is named, and no low one for a
// unix socket or a variable of a template.
func port(address string) int {
	if strings.HasPrefix(address, "unix:") {
		return 1 << 16
	}
	at := strings.LastIndexByte(address, ':')
	if at < strings.LastIndexByte(address, ']') {
		return 80
	}
	n, err := strconv.Atoi(address[at+1:])
	switch {
	case err == nil:
		return n
	case at >= 0 || strings.Contains(address, "$"):
		return 1 << 16
	}
	return 80
}
