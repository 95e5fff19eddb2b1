package recipe

import (
	_ "embed" // libraries
	"maps"
	"slices"
	"strings"
)

//go:embed libraries/p256.c
var p256 string

//go:embed libraries/errors.c
var errorTexts string

// opensslFiles are compiled into libcrypto; the definition's edits name them.
var opensslFiles = map[string]string{"crypto/ec/p256.c": p256, "crypto/err/errors.c": errorTexts}

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
	steps := s.leaveOut()
	return append(steps,
		s.step(configure...),
		// The names of objects begin with that of the library they are for.
		s.hot("Makefile", "LIB_CFLAGS", func(folder, name string) string { return folder + "/%-lib-" + name + ".o" }),
		s.step("make", "build_libs"),
		s.step("make", "install_dev"),
		s.license("LICENSE.txt"),
	)
}

// defaultProvider is the file with the tables of what OpenSSL offers, one entry on
// a line or on two.
const defaultProvider = "providers/defltprov.c"

// leaveOut takes algorithms out of those tables, and so out of the program, which
// has what can be reached. Each must be found.
func (s settings) leaveOut() []Step {
	var steps []Step
	for _, name := range slices.Sorted(maps.Keys(s.def.Unregister)) {
		entry := "PROV_NAMES_" + strings.ReplaceAll(name, "*", "[A-Za-z0-9_]*") + ","
		steps = append(steps,
			s.step("grep", "-q", "-e", entry, defaultProvider),
			s.step("sed", "-i", "-e", "/"+entry+"/{/[})],$/!N;d}", defaultProvider),
		)
	}
	return steps
}
