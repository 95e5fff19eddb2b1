package recipe

import (
	"maps"
	"slices"
	"strings"
)

// cc compiles and links against our musl instead of the machine's C library.
// -static-pie is part of the command because configure scripts link their
// test programs without the linker flags they were given.
const cc = "gcc -specs=" + Output + "/musl/lib/musl-gcc.specs -static-pie"

// musl is compiled without link-time optimization: the compiler emits calls
// to its memory functions after that has run.
func muslSteps(s settings) []Step {
	steps := []Step{
		s.step(slices.Concat([]string{
			"./configure", "--prefix=" + s.output(), "CC=gcc", "CFLAGS=" + strings.Join(s.flags, " "),
			// The specs of cc. By itself musl makes them only where the
			// machine's C library is glibc.
			"--enable-wrapper=gcc",
		}, s.def.Options)...),
		// Alpine's gcc turns the stack protector off wherever it is given
		// -ffreestanding, after all other flags. Both names mean the same to
		// the compiler itself.
		s.step("sed", "-i", "-e", "s/-ffreestanding/-fno-hosted/", "config.mak"),
		s.step("make"),
		s.step("make", "install"),
		// Alpine's gcc links this library into everything. What other C
		// libraries have in it is in libc.a here, as with the empty libm.a that
		// musl installs.
		s.step("gcc-ar", "rc", s.output()+"/lib/libssp_nonshared.a"),
		s.license("COPYRIGHT"),
	}
	for _, dir := range s.tc.Headers {
		steps = append(steps, s.step("cp", "-RL", dir, s.output()+"/include/"))
	}
	return steps
}

func zlibSteps(s settings) []Step {
	configure := s.step(append([]string{"./configure", "--prefix=" + s.output()}, s.def.Options...)...)
	configure.Env = []string{"CC=" + cc, "CFLAGS=" + strings.Join(s.flags, " "), "AR=gcc-ar", "RANLIB=gcc-ranlib"}
	return []Step{
		configure,
		s.step("make", "libz.a"),
		s.step("make", "install"),
		s.license("LICENSE"),
	}
}

func pcre2Steps(s settings) []Step {
	return []Step{
		s.step(slices.Concat([]string{
			"./configure", "--prefix=" + s.output(), "CC=" + cc, "CFLAGS=" + strings.Join(s.flags, " "),
			"AR=gcc-ar", "RANLIB=gcc-ranlib",
		}, s.def.Options)...),
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
		"CC=" + cc, "CFLAGS=" + strings.Join(s.flags, " "), "AR=gcc-ar", "RANLIB=gcc-ranlib",
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
