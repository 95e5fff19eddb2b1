package images_test

import (
	"testing"
)

func TestDefinitionValues(t *testing.T) {
	t.Parallel()
	const (
		path   = ": it must be a path without a slash at either end, or . or .. in it"
		flag   = ": it must be one flag, without spaces or quotes"
		option = ": it must be one option, without spaces or quotes"
		line   = ": it must be one line of text"
	)
	for _, e := range []edit{
		{"name", "name: small", "name: Small", `field name is "Small": it must be lower-case letters, digits and dashes...`},
		{"name of another file", "name: small", "name: large", `field name is "large": it must be "small", as the file is`},
		{"title of spaces", "title: Small", `title: "  "`, "field image.title is missing"},
		{"escape sequence in text", "title: Small", `title: "\e[2J"`, `field image.title is "\x1b[2J"` + line},
		{"line break in text", "title: Small", `title: "a\nb"`, `field image.title is "a\nb"` + line},
		{"text that reorders itself", "title: Small", `title: "a\u202eb"`, `field image.title is "a\u202eb"` + line},
		{"bytes that are no text", "title: Small", `title: !!binary gA==`, `field image.title is "\x80"` + line},
		{"source over http", "https://example.org", "http://example.org", `field image.source is "http://example.org/small": it must be an https address`},
		{"user by name", `"1000:1000"`, "nginx:nginx", `field image.user is "nginx:nginx": it must be UID:GID, numbers, neither of them 0`},
		{"user without a group", `"1000:1000"`, "1000", `field image.user is "1000": it must be UID:GID, numbers, neither of them 0`},
		{"root", `"1000:1000"`, `"0:1000"`, `field image.user is "0:1000": it must be UID:GID, numbers, neither of them 0`},
		{"group of root", `"1000:1000"`, `"1000:0"`, `field image.user is "1000:0": it must be UID:GID, numbers, neither of them 0`},
		{"user out of range", `"1000:1000"`, `"1000:2147483648"`, `field image.user 2147483648 is above 2147483647`},
		{"port", "8080/tcp", "8080", `field image.ports[0] is "8080": it must be like 8080/tcp`},
		{"no port", "8080/tcp", `""`, `field image.ports[0] is missing: it must be like 8080/tcp`},
		{"signal", "SIGQUIT", "3", `field image.stop_signal is "3": it must be the name of a signal, like SIGQUIT`},
		{"search path", "/usr/sbin:/sbin", `"/usr/sbin:"`, `field image.path is "/usr/sbin:": it must be folders from the root on, with colons between them`},
		{"no command", "[nginx, -g, daemon off;]", "[]", "field image.command is missing"},
		{"empty word", "[nginx, -g, daemon off;]", `[nginx, ""]`, "field image.command[1] is missing"},
		{"binary from the root on", "binary: usr", "binary: /usr", `field image.binary is "/usr/sbin/nginx"` + path},
		{"binary outside", "binary: usr", "binary: ../usr", `field image.binary is "../usr/sbin/nginx"` + path},
		{"entry from the root on", "binary: usr", "entry: /usr/sbin/e\n  binary: usr", `field image.entry is "/usr/sbin/e"` + path},
		{"health without an entry", "binary: usr", "healthcheck: {interval: 1s, timeout: 1s, start_period: 1s, retries: 1}\n  binary: usr", "field image.healthcheck is there, but no image.entry that could answer"},
		{"health without a time", "binary: usr", "entry: e\n  healthcheck: {interval: 1s, timeout: 1s, retries: 1}\n  binary: usr", "field image.healthcheck has a time of less than a millisecond"},
		{"health without retries", "binary: usr", "entry: e\n  healthcheck: {interval: 1s, timeout: 1s, start_period: 1s}\n  binary: usr", "field image.healthcheck.retries must be 1 or more"},
		{"disk", "disk: 200", "disk: 0", "field budgets.disk must be a number of bytes"},
		{"compressed", "compressed: 100", "compressed: -1", "field budgets.compressed must be a number of bytes"},
		{"no flag", "compile: [-O2]", `compile: [""]`, "field flags.compile[0] is missing: it must be one flag, without spaces or quotes"},
		{"flag that is none", "compile: [-O2]", "compile: [O2]", `field flags.compile[0] is "O2"` + flag},
		{"two flags in one", "compile: [-O2]", "compile: [-O2 -g]", `field flags.compile[0] is "-O2 -g"` + flag},
		{"flag for the shell", "compile: [-O2]", "compile: [-DA=$(id)]", `field flags.compile[0] is "-DA=$(id)"` + flag},
		{"flag for make", "compile: [-O2]", `compile: ["-O2\nall:"]`, `field flags.compile[0] is "-O2\nall:"` + flag},
		{"flag with a NUL", "compile: [-O2]", `compile: ["-O2\0"]`, `field flags.compile[0] is "-O2\x00"` + flag},
		{"flag of new compilers", "[-fstrict-flex-arrays=3]", "[a]", `field flags.compile_since_gcc[13][0] is "a"` + flag},
		{"compiler version", "    13:", "    -1:", "field flags.compile_since_gcc[-1] must be of a major version of GCC, above 0"},
		{"flag of an architecture", "[-fcf-protection=full]", "[a]", `field flags.compile_arch["amd64"][0] is "a"` + flag},
		{"flag of the linker", `"-Wl,-z,now"`, "now", `field flags.link[0] is "now"` + flag},
		{"component without a name", "name: musl", `name: ""`, `field components[0].name is missing: it must be lower-case letters, digits and dashes`},
		{"component with a bad name", "name: musl", `name: "a\nb"`, `field components[0].name is "a\nb": it must be lower-case letters, digits and dashes`},
		{"component twice", "name: openssl", "name: musl", "field components[musl] is there twice"},
		{"no version", "version: 1.2.5", "version:", "field components[musl].version is missing: it must be a version number"},
		{"version", "version: 1.2.5", "version: ../1", `field components[musl].version is "../1": it must be a version number`},
		{"no license", "license: Apache-2.0", `license: ""`, "field components[openssl].license is missing"},
		{"flag of a component", "[-g0]", "[g0]", `field components[musl].flags[0] is "g0"` + flag},
		{"option with a space", "[--disable-shared]", "[--a --b]", `field components[musl].options[0] is "--a --b"` + option},
		{"option with a quote", "[--disable-shared]", `["--a='"]`, `field components[musl].options[0] is "--a='"` + option},
		{"option with a line break", "[--disable-shared]", `["--a\nb"]`, `field components[musl].options[0] is "--a\nb"` + option},
		{"option with a NUL", "[--disable-shared]", `["--a\0"]`, `field components[musl].options[0] is "--a\x00"` + option},
		{"feature", "apps:", `"a b":`, `field components[openssl].remove is "a b": it must be a feature of OpenSSL`},
		{"feature without a reason", "programs, not library", "", `field components[openssl].remove["apps"] has no reason`},
		{"hidden reason", "programs, not library", `"\a"`, `field components[openssl].remove["apps"] is "\a"` + line},
		{"patch without a reason", "not built", `" "`, `field components[openssl].skip_patches["man.patch"] has no reason`},
		{"security fix", "man.patch:", "CVE-2026-1.patch:", `field components[openssl].skip_patches names "CVE-2026-1.patch": a security fix is not skipped`},
		{"the whole repository", "from: conf/nginx.conf", "from: .", `field config[0].from is "."` + path},
		{"another folder", "from: conf/nginx.conf", "from: ../x", `field config[0].from is "../x"` + path},
		{"to the root", "to: etc/nginx/nginx.conf", "to: .", `field config[0].to is "."` + path},
		{"to outside", "to: etc/nginx/nginx.conf", "to: /etc", `field config[0].to is "/etc"` + path},
		{"install from outside", "from: sbin/nginx", "from: ../nginx", `field install[0].from is "../nginx"` + path},
		{"another program", "to: usr/sbin/nginx", "to: usr/bin/nginx", `field install has nothing for "usr/sbin/nginx", which is image.binary`},
		{"link from the root", "  tmp: /dev", "  /tmp: /dev", `field links is "/tmp"` + path},
		{"link that is relative", "/dev/shm", "dev/shm", `field links["tmp"] is "dev/shm": it must be an absolute path`},
		{"link through dots", "/dev/shm", "/dev/../shm", `field links["tmp"] is "/dev/../shm": it must be an absolute path`},
		{"nowhere", ", to: etc/nginx/nginx.conf", "", "field config[0].to is missing"},
		{"pattern", "etc/*.conf", "'etc/[.conf'", `field paths[1] is "etc/[.conf": it must be a pattern of path.Match`},
		{"pattern from the root on", "etc/*.conf", "/etc/*.conf", `field paths[1] is "/etc/*.conf"` + path},
		{"empty pattern", "etc/*.conf", `""`, "field paths[1] is missing"},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			_, err := loadDefinition(edited(t, "small.yaml", e))
			expect(t, err, "small.yaml: "+e.want)
		})
	}
}
