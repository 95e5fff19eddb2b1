package lint

import (
	"path"
	"slices"
	"strings"
)

var serveRules = []*Rule{
	{
		ID: "alias_traversal", Severity: Error,
		Explain: "A location without a slash at its end also matches NAME../, which the alias turns into the folder above. End the location with a slash.",
		Bad:     "server { location /img { alias /srv/images/; } }",
		Good:    "server { location /img/ { alias /srv/images/; } }",
		check:   aliasTraversal,
	},
	{
		ID: "alias_without_capture", Severity: Warning,
		Explain: "In a location with a regular expression, an alias is the whole path: without a capture in it every request gets the same file.",
		Bad:     "server { location ~ ^/img/.*\\.png$ { alias /srv/images/; } }",
		Good:    "server { location ~ ^/img/(.*\\.png)$ { alias /srv/images/$1; } }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if d.parent.name == "location" && d.parent.regex() != "" && !strings.Contains(d.arg(0), "$") {
					j.reportf(d, "alias %s has no capture of the location's regular expression", clip(d.arg(0)))
				}
			}, "alias")
		},
	},
	{
		ID: "filesystem_root_exposure", Severity: Error,
		Explain: "The root of the file system, or a folder of the system, is served: keys, configuration and process memory with it. Serve a folder that holds the site and nothing else.",
		Bad:     "server { root /; }",
		Good:    "server { root /usr/share/nginx/html; }",
		check:   filesystemRoot,
	},
	{
		ID: "root_in_location", Severity: Info,
		Explain: "A root in one location does not apply to the others: those serve from nginx's built-in folder. Put it into the server.",
		Bad:     "events { }\nhttp { server_tokens off; server { location / { root /srv/site; } } }",
		Good:    "events { }\nhttp { server_tokens off; server { root /srv/site; location / { index index.html; } } }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if s := d.within("server"); d.within("location") != nil && s != nil && !s.partly() && len(s.effective("root")) == 0 {
					j.reportf(d, "root stands in a location, and the server has none")
				}
			}, "root")
		},
	},
	{
		ID: "autoindex", Severity: Warning,
		Explain: "A folder without an index file lists all its files, backups included.",
		Bad:     "server { autoindex on; }",
		Good:    "server { autoindex off; }",
		check:   value("autoindex", "on", "folders are listed to everybody"),
	},
	{
		ID: "merge_slashes_off", Severity: Warning,
		Explain: "//admin then does not match location /admin, but means the same file: rules of access are passed by.",
		Bad:     "server { merge_slashes off; }",
		Good:    "server { merge_slashes on; }",
		check:   value("merge_slashes", "off", "doubled slashes pass by the locations that restrict access"),
	},
	{
		ID: "try_files_is_evil_too", Severity: Info,
		Explain: "try_files asks the file system for each name at each request. Where it is many, open_file_cache remembers the answers.",
		Bad:     "events { }\nhttp { server_tokens off; server { location / { try_files $uri $uri/ /index.html; } } }",
		Good:    "events { }\nhttp { server_tokens off; server { open_file_cache max=1000; location / { try_files $uri $uri/ /index.html; } } }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if len(d.args) > 2 && d.parent.setting("open_file_cache", "off") == "off" && !d.parent.partly() {
					j.reportf(d, "try_files looks for %d names without open_file_cache", len(d.args)-1)
				}
			}, "try_files")
		},
	},
	{
		ID: "internal_location_open", Severity: Warning,
		Explain: "The name says that only nginx itself may go here (X-Accel-Redirect), but everybody can ask for it. Add internal.",
		Bad:     "server { location /protected/ { alias /srv/private/; } }",
		Good:    "server { location /protected/ { internal; alias /srv/private/; } }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				how, pattern := d.match()
				named := slices.ContainsFunc([]string{"/internal", "/_internal", "/protected", "/private"}, func(begin string) bool {
					return strings.HasPrefix(pattern, begin) && !strings.HasSuffix(how, "~")
				})
				if named && len(d.own("alias"))+len(d.own("root")) > 0 && !d.closed() {
					j.reportf(d, "location %s serves files to everybody", clip(pattern))
				}
			}, "location")
		},
	},
	{
		ID: "php_path_info", Severity: Warning,
		Explain: "/upload/photo.jpg/x.php goes to PHP, which may run the photo. Check first that the file exists: try_files $uri =404.",
		Bad:     "server { location ~ \\.php$ { fastcgi_pass unix:/run/php.sock; } }",
		Good:    "server { location ~ \\.php$ { try_files $uri =404; fastcgi_pass unix:/run/php.sock; } }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				l := d.within("location")
				if l == nil || !strings.Contains(l.regex(), "php") || len(l.own("try_files"))+len(l.own("if")) > 0 || strings.HasPrefix(l.regex(), "^") && !strings.Contains(l.regex(), "*") {
					return
				}
				j.reportf(d, "whatever ends in .php is handed to the program, whether it exists or not")
			}, "fastcgi_pass")
		},
	},
}

func aliasTraversal(j *judge) {
	j.each(func(d *directive) {
		if d.parent.name != "location" {
			return
		}
		how, pattern := d.parent.match()
		if (how == "" || how == "^~") && !strings.HasSuffix(pattern, "/") && strings.HasSuffix(d.arg(0), "/") {
			j.reportf(d, "%s../ leads to the folder above %s: end the location with a slash", pattern[:min(len(pattern), 60)], clip(d.arg(0)))
		}
	}, "alias")
}

func filesystemRoot(j *judge) {
	folders := []string{"/", "/etc", "/etc/nginx", "/proc", "/sys", "/dev", "/dev/shm", "/root", "/home", "/var", "/var/log", "/usr", "/run", "/tmp"}
	j.each(func(d *directive) {
		if folder := path.Clean(d.arg(0)); slices.Contains(folders, folder) {
			j.reportf(d, "%s %s serves the system's own files", d.name, folder)
		}
	}, "root", "alias")
}
