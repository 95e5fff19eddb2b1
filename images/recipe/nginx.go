package recipe

import (
	_ "embed" // startup
	"slices"
	"strings"
)

//go:embed startup/relro.c
var relro string

//go:embed startup/cpus.c
var cpus string

var nginxFiles = map[string]string{"relro.c": relro, "cpus.c": cpus}

// nginxPaths are compiled in. They are those of the official image, except
// that everything nginx writes is under /dev/shm, and that the log it opens
// before it has read its configuration is stderr.
var nginxPaths = []string{
	"--prefix=/etc/nginx",
	"--sbin-path=/usr/sbin/nginx",
	"--conf-path=/etc/nginx/nginx.conf",
	"--error-log-path=stderr",
	"--http-log-path=/dev/stdout",
	"--pid-path=/dev/shm/nginx.pid",
	"--lock-path=/dev/shm/nginx.lock",
	"--http-client-body-temp-path=/dev/shm/nginx-client-body",
	"--http-proxy-temp-path=/dev/shm/nginx-proxy",
	"--http-fastcgi-temp-path=/dev/shm/nginx-fastcgi",
	"--http-uwsgi-temp-path=/dev/shm/nginx-uwsgi",
	"--http-scgi-temp-path=/dev/shm/nginx-scgi",
	"--user=nginx",
	"--group=nginx",
}

func nginxSteps(s settings) []Step {
	include, lib := []string{}, []string{}
	for _, name := range []string{"zlib", "pcre2", "openssl"} {
		include = append(include, "-I"+Output+"/"+name+"/include")
		lib = append(lib, "-L"+Output+"/"+name+"/lib")
	}
	cflags := slices.Concat(s.flags, include)
	if s.tc.GCC >= 15 {
		// nginx 1.26 fills arrays to the last byte with string constants. GCC
		// warns of that since 15, and nginx makes warnings errors.
		cflags = append(cflags, "-Wno-unterminated-string-initialization")
	}
	// The compiler flags are given to the linker too: with link-time
	// optimization it is the one that generates the code.
	ld := slices.Concat([]string{s.source() + "/relro.o", s.source() + "/cpus.o", "-Wl,--wrap=sysconf"}, s.flags, lib, s.link)
	configure := slices.Concat([]string{"./configure"}, nginxPaths, []string{
		"--with-cc=" + s.cc(),
		"--with-cc-opt=" + strings.Join(cflags, " "),
		"--with-ld-opt=" + strings.Join(ld, " "),
	}, s.def.Options)
	// Only the linker knows of the name that --wrap makes up, so what has it is
	// kept out of link-time optimization.
	startup := slices.Concat(strings.Fields(s.cc()), s.flags, []string{"-fno-lto", "-Wall", "-Wextra", "-Werror", "-c", "relro.c", "cpus.c"})
	steps := []Step{s.step(startup...)}
	if s.cross() {
		steps = append(steps, s.configureForeign()...)
	}
	steps = append(steps,
		s.step(configure...),
		// Where a server without a listen directive listens, unless it runs as
		// root: on the port that this image is known for. The default server is
		// one where nothing has prepared its start.
		s.step("sed", "-i", "-e", "s/8000/8080/", "src/http/ngx_http_core_module.c"),
		// nginx exports every symbol for its dynamic modules, which a static
		// file cannot load; exported, none of them could be dropped.
		s.step("sed", "-i", "-e", "s/-Wl,-E$//", "objs/Makefile"),
		s.step("make"),
		s.step("install", "-d", s.output()+"/sbin", s.output()+"/conf"),
		s.step("cp", "conf/fastcgi_params", "conf/scgi_params", "conf/uwsgi_params", s.output()+"/conf/"),
		s.step(s.tool("strip"), "--strip-all", "-o", s.output()+"/sbin/nginx", "objs/nginx"),
		s.step("cp", "objs/nginx", s.output()+"/sbin/nginx.symbols"),
		// Which features of OpenSSL are really left out.
		s.step("cp", Output+"/openssl/include/openssl/configuration.h", s.output()+"/"+OpenSSLConfiguration),
		s.license("LICENSE"),
	)
	for _, name := range linked {
		steps = append(steps, s.step("cp", "-R", Output+"/"+name+"/"+Licenses+"/"+name, s.output()+"/"+Licenses+"/"))
	}
	return steps
}

// configureForeign teaches nginx's configure script to cross-compile. It starts
// its test programs, so the emulator has to start them: what they find out, such
// as sizes of types, is then true of where nginx will run. And it takes the
// machine it runs on for the one it compiles for. Its own --crossbuild would do
// neither, but take every machine for an i386.
func (s settings) configureForeign() []Step {
	run := s.tc.Emulator + " $NGX_AUTOTEST"
	return []Step{
		s.step("sed", "-i", "-e", "s/uname -m/echo "+s.machine()+"/", "configure"),
		s.step("sed", "-i",
			"-e", `s,/bin/sh -c \$NGX_AUTOTEST,`+run+",",
			"-e", "s,`\\$NGX_AUTOTEST`,`"+run+"`,",
			"-e", `s,if \$NGX_AUTOTEST,if `+run+",",
			"auto/feature", "auto/types/sizeof", "auto/endianness"),
	}
}
