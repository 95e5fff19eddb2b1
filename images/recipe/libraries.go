package recipe

import (
	"maps"
	"slices"
	"strings"
)

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
		s.step("make", "libpcre2-8.la"),
		s.step("make", "install-libLTLIBRARIES", "install-includeHEADERS", "install-nodist_includeHEADERS",
			"lib_LTLIBRARIES=libpcre2-8.la"),
		s.license("LICENCE.md"),
	}
}

// openssl maps GOARCH to the name of OpenSSL's configuration target.
var openssl = map[string]string{
	"amd64":   "linux-x86_64",
	"arm64":   "linux-aarch64",
	"riscv64": "linux64-riscv64",
}

func opensslSteps(s settings) []Step {
	configure := slices.Concat([]string{
		"perl", "./Configure", openssl[s.arch],
		"--prefix=" + s.output(), "--libdir=lib", "--openssldir=/etc/ssl",
		"CC=" + s.cc(), "CFLAGS=" + strings.Join(s.flags, " "), "AR=" + s.tool("gcc-ar"), "RANLIB=" + s.tool("gcc-ranlib"),
	}, s.def.Options)
	for _, feature := range slices.Sorted(maps.Keys(s.def.Remove)) {
		configure = append(configure, "no-"+feature)
	}
	return []Step{
		s.step(configure...),
		s.step("make", "build_libs"),
		s.step("make", "install_dev"),
		s.license("LICENSE.txt"),
	}
}
