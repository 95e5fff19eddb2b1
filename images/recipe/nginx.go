package recipe

import (
	"embed"
	"slices"
	"strings"
)

//go:embed startup/relro.c
var relro string

//go:embed startup/cpus.c
var cpus string

//go:embed startup/memory.c
var memory string

//go:embed startup/rest.c
var rest string

//go:embed nginx
var faster embed.FS

// nginxFiles are the start-up code, what the master does before it sleeps, and what makes nginx faster.
var nginxFiles = merge(map[string]string{"relro.c": relro, "cpus.c": cpus, "memory.c": memory, "rest.c": rest}, texts(faster, "nginx"))

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

const (
	gzipFilter = "src/http/modules/ngx_http_gzip_filter_module.c"
	quicOutput = "src/event/quic/ngx_event_quic_output.c"
)

func nginxSteps(s settings) []Step {
	include, lib := []string{}, []string{}
	for _, name := range []string{"zlib", "libisal", "brotli", "pcre2", "openssl"} {
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
	ld := slices.Concat([]string{s.source() + "/relro.o", s.source() + "/cpus.o", s.source() + "/memory.o", s.source() + "/rest.o", "-Wl,--wrap=sysconf"}, s.flags, lib, s.link)
	configure := slices.Concat([]string{"./configure"}, nginxPaths, []string{
		"--with-cc=" + s.cc(),
		"--with-cc-opt=" + strings.Join(cflags, " "),
		"--with-ld-opt=" + strings.Join(ld, " "),
		"--add-module=brotli", "--add-module=.",
	}, s.def.Options)
	// Only the linker knows of the name that --wrap makes up, so what has it is
	// kept out of link-time optimization.
	startup := slices.Concat(strings.Fields(s.cc()), s.flags, []string{"-fno-lto", "-Wall", "-Wextra", "-Werror", "-c"})
	// The compiler must not take a loop of memcpy for a call of memcpy.
	loops := []string{"-O2", "-fno-builtin", "-fno-tree-loop-distribute-patterns", "-fno-stack-protector", "memory.c"}
	steps := []Step{s.step(append(slices.Clone(startup), "relro.c", "cpus.c", "rest.c")...), s.step(append(startup, loops...)...)}
	if s.cross() {
		steps = append(steps, s.configureForeign()...)
	}
	steps = append(steps, s.brotliModule()...)
	steps = append(steps, s.hooks()...)
	steps = append(steps,
		s.step(configure...),
		// Where a server without a listen directive listens, unless it runs as
		// root: on the port that this image is known for. The default server is
		// one where nothing has prepared its start.
		s.step("sed", "-i", "-e", "s/8000/8080/", "src/http/ngx_http_core_module.c"),
		// nginx exports every symbol for its dynamic modules, which a static
		// file cannot load; exported, none of them could be dropped.
		s.step("sed", "-i", "-e", "s/-Wl,-E$//", "objs/Makefile"),
		s.hot("objs/Makefile", "CFLAGS", func(folder, name string) string { return "objs/" + folder + "/" + name + ".o" }),
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

// brotliModule puts the module where its own configuration finds the library.
func (s settings) brotliModule() []Step {
	return []Step{
		s.step("cp", "-R", Output+"/"+brotliModule, "brotli"),
		s.step("install", "-d", "brotli/deps/brotli"),
		s.step("ln", "-s", Output+"/brotli", "brotli/deps/brotli/c"),
	}
}

// hooks let nginx call the functions of its own folder here, nginx, in place of
// others. Each must be found: a newer nginx may call something else.
func (s settings) hooks() []Step {
	var steps []Step
	for _, h := range []struct{ file, from, to string }{
		{"src/os/unix/ngx_linux_init.c", "#include <ngx_core.h>", `&\n#include "coalesce.h"`},
		{"src/os/unix/ngx_linux_init.c", "    ngx_linux_sendfile_chain,", "    scratch_send_chain,"},
		{"src/http/v2/ngx_http_v2_filter_module.c", "#include <ngx_http_v2_module.h>", `&\n#include "coalesce.h"`},
		{"src/http/v2/ngx_http_v2_filter_module.c", "return ngx_http_v2_filter_send(fc, stream);", "return scratch_v2_holds(stream, fin) ? NGX_OK : ngx_http_v2_filter_send(fc, stream);"},
		{"src/http/v2/ngx_http_v2_filter_module.c", "ngx_http_v2_send_output_queue(stream->connection)", "scratch_v2_send(stream)"},
		{"src/event/ngx_event_openssl.c", "#include <ngx_event.h>", `&\n#include "coalesce.h"`},
		{"src/event/ngx_event_openssl.c", "n = ngx_ssl_write(c, buf->pos, size);", "n = scratch_ssl_write(c, buf->pos, size, send < limit ? in : NULL);"},
		{quicOutput, "#include <ngx_event_quic_connection.h>", `&\n#include "datagrams.h"`},
		{quicOutput, "n = ngx_sendmsg(c, &msg, 0);", `n = scratch_sendmsg(c, \&msg);`},
		{quicOutput, "bytes > len * 3", "bytes > len"},
		{quicOutput, "n = ngx_quic_output_packet(c, ctx, p, len, len);", "n = ngx_quic_output_packet(c, ctx, p, len, 0);"},
		{quicOutput, "if (n == 0 ", "if (n < (ssize_t) segsize "},
		{"src/http/v3/ngx_http_v3_module.c", "prev->quic.gso_enabled, 0);", "prev->quic.gso_enabled, 1);"},
		{gzipFilter, "#include <zlib.h>", `&\n#include "deflate.h"`},
		{gzipFilter, "rc = deflateInit2(", "rc = scratch_deflateInit2("},
		{gzipFilter, "rc = deflate(", "rc = scratch_deflate("},
		{gzipFilter, "deflateEnd(&", `scratch_deflateEnd(\&`},
		{gzipFilter, "    ctx->preallocated = ngx_palloc(", `    ctx->zstream.reserved = conf->no_buffer;\n    ctx->allocated = scratch_deflate_memory(conf->no_buffer ? 0 : conf->level, ctx->allocated);\n&`},
	} {
		steps = append(steps, s.replace(h.file, h.from, h.to)...)
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
