package lint

import (
	"strconv"
	"strings"
)

var mainRules = []*Rule{
	{
		ID: "worker_user_root", Severity: Error, CIS: "2.2.1",
		Explain: "A hole in a worker is then one in the whole machine. Name an account without rights, or leave user out where nginx does not start as root.",
		Bad:     "user root;\nevents { }",
		Good:    "user nginx;\nevents { }",
		check:   value("user", "root", "workers run as root"),
	},
	{
		ID: "error_log_off", Severity: Error, CIS: "3.3",
		Explain: "error_log has no off: nginx writes to a file of that name. Without errors logged, an attack leaves no trace. Use error_log stderr warn.",
		Bad:     "error_log off;\nevents { }",
		Good:    "error_log stderr warn;\nevents { }",
		check: func(j *judge) {
			value("error_log", "off", "error_log off writes to a file named off")(j)
			value("error_log", "/dev/null", "errors are thrown away")(j)
		},
	},
	{
		ID: "error_log_level", Severity: Warning, CIS: "3.3",
		Explain: "At debug, requests are logged with their passwords and cookies; at crit and above, what an attack looks like is not.",
		Bad:     "error_log stderr debug;\nevents { }",
		Good:    "error_log stderr notice;\nevents { }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				switch level := d.arg(1); {
				case strings.HasPrefix(level, "debug"):
					j.reportf(d, "the level %s logs what requests contain", level)
				case level == "crit" || level == "alert" || level == "emerg":
					j.reportf(d, "the level %s leaves out refused requests", level)
				}
			}, "error_log")
		},
	},
	{
		ID: "access_log_off", Severity: Warning, CIS: "3.2",
		Explain: "Nothing is known about any request. Turn the log off where it is noise, such as a health check's location, not for all.",
		Bad:     "server { access_log off; }",
		Good:    "server { location = /healthz { access_log off; return 200; } }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if (d.arg(0) == "off" || d.arg(0) == "/dev/null") && !d.parent.implied() && (d.parent.name == "http" || d.parent.name == "server") {
					j.reportf(d, "no request to this %s is logged", d.parent.name)
				}
			}, "access_log")
		},
	},
	{
		ID: "worker_rlimit_nofile_vs_connections", Severity: Warning,
		Explain: "A connection that is proxied, or a file that is sent, takes two descriptors: with fewer than twice worker_connections, accepting fails under load.",
		Bad:     "worker_rlimit_nofile 1024;\nevents { worker_connections 1024; }",
		Good:    "worker_rlimit_nofile 4096;\nevents { worker_connections 1024; }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				files, err := strconv.Atoi(d.arg(0))
				if err != nil || len(j.byName["events"]) == 0 {
					return
				}
				connections, err := strconv.Atoi(j.byName["events"][0].setting("worker_connections", "512"))
				if err == nil && files/2 < connections {
					j.reportf(d, "%d descriptors are fewer than twice %d connections", files, connections)
				}
			}, "worker_rlimit_nofile")
		},
	},
	{
		ID: "single_process", Severity: Warning,
		Explain: "Without a master process, nginx cannot reload and does not come back after a crash. It is for developing nginx.",
		Bad:     "master_process off;\nevents { }",
		Good:    "master_process on;\nevents { }",
		check:   value("master_process", "off", "nothing supervises the workers"),
	},
}
