package recipe_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images/recipe"
)

// programs are what the base looks for before anything is compiled, and the
// configure scripts of the sources.
var programs = []string{"./configure", "perl", "make", "sed", "grep", "install", "cp", "ln"}

// prefixed are those whose names have the toolchain's prefix.
var prefixed = []string{"gcc", "gcc-ar", "strip"}

// lists are the words that have spaces on purpose: each is one command, or a
// list of flags, that a configure script takes as one argument.
var lists = regexp.MustCompile(`^((CC|CFLAGS|base|--with-cc|--with-cc-opt|--with-ld-opt)=(([a-z0-9_]+-linux-gnu-)?gcc|-|/build/)|sources=[a-z0-9_/]+\.c( [a-z0-9_/]+\.c)*$)`)

// What holds for every step of every plan: it runs a known program, not a
// shell, and no word of it means anything to a shell.
func TestSteps(t *testing.T) {
	t.Parallel()
	for _, arch := range architectures {
		testSteps(t, plan(t, arch, toolchain), "")
		testSteps(t, plan(t, arch, crossed(arch)), crossed(arch).Prefix)
	}
}

func testSteps(t *testing.T, plan []recipe.Component, prefix string) {
	t.Helper()
	all := slices.Clone(programs)
	for _, name := range prefixed {
		all = append(all, prefix+name)
	}
	for _, c := range plan {
		for _, s := range c.Steps {
			if s.Dir != recipe.Source+"/"+c.Name {
				t.Errorf("%s runs %q in %s", c.Name, s.Argv, s.Dir)
			}
			if !slices.Contains(all, s.Argv[0]) {
				t.Errorf("%s runs %s, which is none of %q", c.Name, s.Argv[0], all)
			}
			words, texts := divide(s.Argv)
			for _, text := range texts {
				if err := edits(s.Argv[0], text); err != nil {
					t.Errorf("%s %s has %q: %v", c.Name, s.Argv[0], text, err)
				}
			}
			for _, word := range slices.Concat(words, s.Env) {
				if err := plain(word); err != nil {
					t.Errorf("%s %s has %q: %v", c.Name, s.Argv[0], word, err)
				}
			}
			for _, e := range s.Env {
				if !regexp.MustCompile(`^[A-Z]+=.`).MatchString(e) {
					t.Errorf("%s sets %q", c.Name, e)
				}
			}
		}
	}
}

// divide takes out of a command what grep looks for and the programs of sed: what
// follows -e. They reach no shell, and mean nothing to make.
func divide(argv []string) (words, texts []string) {
	editor := argv[0] == "sed" || argv[0] == "grep"
	for i, word := range argv {
		if editor && i > 0 && argv[i-1] == "-e" {
			texts = append(texts, word)
		} else {
			words = append(words, word)
		}
	}
	return words, texts
}

// What programs of sed may be: some lines for make, the deletion of an entry, and a
// replacement. Others run programs, and write other files than the one they edit.
var (
	assignment = regexp.MustCompile(`^\$a (# Flags of single files\.|[a-z0-9_/%.-]+\.l?o: (LIB_)?CFLAGS \+= -[ A-Za-z0-9=-]+)$`)
	deletion   = regexp.MustCompile(`^/PROV_NAMES_[]A-Za-z0-9_[*-]+,/{/\[}\)\],\$/!N;d}$`)
)

func edits(program, text string) error {
	if program == "grep" && !strings.ContainsAny(text, "\n\x00") || deletion.MatchString(text) {
		return nil
	}
	if strings.HasPrefix(text, "$a") {
		for line := range strings.SplitSeq(text, "\n") {
			if !assignment.MatchString(line) {
				return fmt.Errorf("the line %q is no assignment", line)
			}
		}
		return nil
	}
	// The letter, what is replaced, by what, and no flags.
	if parts := strings.Split(text, text[min(1, len(text)):min(2, len(text))]); len(parts) != 4 || parts[0] != "s" || parts[3] != "" || strings.ContainsAny(text, "\n\x00") {
		return errors.New("it is no replacement on one line, without flags")
	}
	return nil
}

func plain(word string) error {
	switch {
	case word == "" || strings.ContainsAny(word, "\n\x00`$;&|<>(){}[]*?~!#'\"\\"):
		return errors.New("it is for a shell")
	case strings.Contains(word, " ") && !lists.MatchString(word):
		return errors.New("it has a space and is no list")
	case strings.Contains(word, "  ") || strings.TrimSpace(word) != word:
		return errors.New("a word of the list is empty")
	}
	return nil
}

func TestOrder(t *testing.T) {
	t.Parallel()
	var before []string
	for _, c := range plan(t, "amd64", toolchain) {
		for _, need := range c.Needs {
			if !slices.Contains(before, need) {
				t.Errorf("%s needs %s, which comes later", c.Name, need)
			}
		}
		before = append(before, c.Name)
	}
	if want := []string{"musl", "zlib", "libisal", "brotli", "pcre2", "openssl", "libnginx-mod-http-brotli", "nginx", "nginx-entry"}; !slices.Equal(before, want) {
		t.Errorf("the order is %q, not %q", before, want)
	}
}

// Other architectures differ in OpenSSL's target and in their flags, and in
// nothing else: but large pages would fill up the entry's file.
func TestArchitectures(t *testing.T) {
	t.Parallel()
	amd64 := render(plan(t, "amd64", toolchain))
	for arch, differences := range map[string]*strings.Replacer{
		"arm64": strings.NewReplacer("linux-x86_64", "linux-aarch64", "-fcf-protection=full", "-mbranch-protection=standard",
			"--build-id=none\n  in /build/src/nginx-entry", "--build-id=none -Wl,-z,noseparate-code\n  in /build/src/nginx-entry"),
		"riscv64": strings.NewReplacer("linux-x86_64", "linux64-riscv64", " -fcf-protection=full", ""),
	} {
		got := render(plan(t, arch, toolchain))
		if want := differences.Replace(amd64); got != want {
			t.Errorf("%s: %s", arch, cmp.Diff(want, got))
		}
		if strings.Contains(got, "linux-x86") || strings.Contains(got, "-fcf-protection") {
			t.Errorf("the plan for %s has flags for amd64", arch)
		}
	}
}

// A flag that a compiler does not know would be an error in all it compiles.
func TestCompilerVersions(t *testing.T) {
	t.Parallel()
	for version, want := range map[int]struct{ arrays, strings int }{11: {}, 12: {}, 13: {11, 0}, 14: {11, 0}, 15: {11, 1}, 16: {11, 1}} {
		tc := toolchain
		tc.GCC = version
		text := render(plan(t, "amd64", tc))
		// Once in each component that is compiled; nginx has it for four: its start-up
		// code, the memory functions, its own files and the linker.
		if got := strings.Count(text, "-fstrict-flex-arrays=3"); got != want.arrays {
			t.Errorf("GCC %d gets -fstrict-flex-arrays %d times, not %d", version, got, want.arrays)
		}
		// In nginx's own files only.
		if got := strings.Count(text, "-Wno-unterminated-string-initialization"); got != want.strings {
			t.Errorf("GCC %d gets -Wno-unterminated-string-initialization %d times, not %d", version, got, want.strings)
		}
	}
}
