package recipe

import (
	_ "embed" // libraries
	"strings"
)

//go:embed libraries/kept.c
var kept string

//go:embed libraries/quick.c
var quick string

// muslFiles are part of the older of musl's allocators.
var muslFiles = map[string]string{"src/malloc/oldmalloc/kept.c": kept, "src/malloc/oldmalloc/quick.c": quick}

// musl is compiled without link-time optimization: the compiler emits calls
// to its memory functions after that has run.
func muslSteps(s settings) []Step {
	configure := []string{
		"./configure", "--prefix=" + s.output(), "CC=" + s.tool("gcc"), "CFLAGS=" + strings.Join(s.flags, " "),
		// The specs of cc. By itself musl makes them only where the
		// machine's C library is glibc.
		"--enable-wrapper=gcc",
	}
	if s.cross() {
		configure = append(configure, "CROSS_COMPILE="+s.tc.Prefix)
	}
	steps := []Step{
		s.step(append(configure, s.def.Options...)...),
		// Alpine's gcc turns the stack protector off wherever it is given
		// -ffreestanding, after all other flags. Both names mean the same to
		// the compiler itself.
		s.step("sed", "-i", "-e", "s/-ffreestanding/-fno-hosted/", "config.mak"),
		// What is freed stays with the process, up to some megabytes: mapped and
		// unmapped for each response, it costs more than the response.
		s.step("sed", "-i", "-e", "s/^#define RECLAIM .*/#define RECLAIM 4194304/", "src/malloc/oldmalloc/malloc_impl.h"),
		s.step("make"),
		s.step("make", "install"),
		// Alpine's gcc links this library into everything. What other C
		// libraries have in it is in libc.a here, as with the empty libm.a that
		// musl installs.
		s.step(s.tool("gcc-ar"), "rc", s.output()+"/lib/libssp_nonshared.a"),
		s.license("COPYRIGHT"),
	}
	for _, dir := range s.tc.Headers {
		steps = append(steps, s.step("cp", "-RL", dir, s.output()+"/include/"))
	}
	return steps
}

func zlibSteps(s settings) []Step {
	configure := s.step(append([]string{"./configure", "--prefix=" + s.output()}, s.def.Options...)...)
	configure.Env = []string{"CC=" + s.cc(), "CFLAGS=" + strings.Join(s.flags, " "), "AR=" + s.tool("gcc-ar"), "RANLIB=" + s.tool("gcc-ranlib")}
	if s.cross() {
		configure.Env = append(configure.Env, "CHOST="+s.gnu())
	}
	return []Step{
		configure,
		s.step("make", "libz.a"),
		s.step("make", "install"),
		s.license("LICENSE"),
	}
}

func pcre2Steps(s settings) []Step {
	configure := []string{
		"./configure", "--prefix=" + s.output(), "CC=" + s.cc(), "CFLAGS=" + strings.Join(s.flags, " "),
		"AR=" + s.tool("gcc-ar"), "RANLIB=" + s.tool("gcc-ranlib"),
	}
	if s.cross() {
		// That the first is another name is all that the script makes of it: it
		// starts none of its test programs then.
		configure = append(configure, "--build="+s.machine()+"-pc-linux-gnu", "--host="+s.gnu())
	}
	return []Step{
		s.step(append(configure, s.def.Options...)...),
		s.hot("Makefile", "CFLAGS", func(folder, name string) string { return folder + "/libpcre2_8_la-" + name + ".lo" }),
		s.step("make", "libpcre2-8.la"),
		s.step("make", "install-libLTLIBRARIES", "install-includeHEADERS", "install-nodist_includeHEADERS",
			"lib_LTLIBRARIES=libpcre2-8.la"),
		s.license("LICENCE.md"),
	}
}
