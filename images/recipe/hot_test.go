package recipe_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
)

// What a Makefile compiles with which flags, after the step that names the hot files:
// make itself says so. The objects are those that the component's own Makefile has.
func TestHot(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("there is no make")
	}
	for _, c := range []struct {
		name, component, variable string
		files                     []string
		objects                   map[string]bool // and whether they are hot
	}{
		{"file of OpenSSL", "openssl", "LIB_CFLAGS", []string{"crypto/mem.c"}, map[string]bool{
			"crypto/libcrypto-lib-mem.o": true, "crypto/libcrypto-lib-mem_sec.o": false, "crypto/libcrypto-lib-o_mem.o": false,
			"crypto/libdefault-lib-mem.o": true, "ssl/libcrypto-lib-mem.o": false,
		}},
		{"folder of OpenSSL", "openssl", "LIB_CFLAGS", []string{"crypto/sha"}, map[string]bool{
			"crypto/sha/libcrypto-lib-sha256.o": true, "crypto/sha/libcrypto-lib-keccak1600-x86_64.o": true, "crypto/sha/asm/libcrypto-lib-x.o": true,
			"crypto/shake/libcrypto-lib-sha256.o": false, "crypto/libcrypto-lib-sha.o": false,
		}},
		{"files and folders of OpenSSL", "openssl", "LIB_CFLAGS", []string{"crypto/bn", "ssl/record/rec_layer_s3.c", "crypto/ec/curve25519.c"}, map[string]bool{
			"crypto/bn/libcrypto-lib-bn_add.o": true, "ssl/record/libssl-lib-rec_layer_s3.o": true, "crypto/ec/libcrypto-lib-curve25519.o": true,
			"crypto/ec/libcrypto-lib-curve448.o": false, "ssl/record/libssl-lib-rec_layer_d1.o": false,
		}},
		{"file of PCRE2", "pcre2", "CFLAGS", []string{"src/pcre2_match.c"}, map[string]bool{
			"src/libpcre2_8_la-pcre2_match.lo": true, "src/libpcre2_8_la-pcre2_jit_match.lo": false, "src/libpcre2_8_la-pcre2_match_data.lo": false,
		}},
		{"folder of PCRE2", "pcre2", "CFLAGS", []string{"src"}, map[string]bool{
			"src/libpcre2_8_la-pcre2_match.lo": true, "src/libpcre2_posix_la-pcre2posix.lo": false,
		}},
		{"file of Brotli", "brotli", "CFLAGS", []string{"c/enc/compress_fragment.c"}, map[string]bool{
			"c/enc/compress_fragment.o": true, "c/enc/compress_fragment_two_pass.o": false,
		}},
		{"folder of Brotli", "brotli", "CFLAGS", []string{"c/enc"}, map[string]bool{
			"c/enc/encode.o": true, "c/common/dictionary.o": false, "brotli.o": false,
		}},
		{"file of nginx", "nginx", "CFLAGS", []string{"src/http/ngx_http_parse.c"}, map[string]bool{
			"objs/src/http/ngx_http_parse.o": true, "objs/src/http/ngx_http_parse_time.o": false,
		}},
		{"folder of nginx", "nginx", "CFLAGS", []string{"src/os/unix"}, map[string]bool{
			"objs/src/os/unix/ngx_recv.o": true, "objs/src/os/win32/ngx_recv.o": false, "objs/src/os/ngx_os.o": false,
		}},
		{"nothing", "nginx", "CFLAGS", nil, map[string]bool{"objs/src/http/ngx_http_parse.o": false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			with := component(t, planOf(t, c.component, func(d *images.Component) {
				d.Hot = images.Hot{Flags: []string{"-fhot", "-O2"}, Files: c.files}
				if c.files == nil {
					d.Hot = images.Hot{}
				}
			}), c.component)
			got := made(t, hotStep(t, with), c.variable, c.objects)
			want := map[string]string{}
			for object, hot := range c.objects {
				if want[object] = "-Os"; hot {
					want[object] = "-Os -fhot -O2"
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// hotStep is the step that names hot files. make comes after it, and what writes the
// Makefile before.
func hotStep(t *testing.T, c recipe.Component) recipe.Step {
	t.Helper()
	of := func(want func(recipe.Step) bool) int { return slices.IndexFunc(c.Steps, want) }
	configure := of(func(s recipe.Step) bool {
		return s.Argv[0] == "./configure" || slices.Contains(s.Argv, "./Configure")
	})
	hot := of(func(s recipe.Step) bool { return slices.ContainsFunc(s.Argv, isHot) })
	compile := of(func(s recipe.Step) bool { return s.Argv[0] == "make" })
	if hot < 0 || hot < configure || compile < hot {
		t.Fatalf("of the steps of %s, %d configures, %d names hot files, and %d makes", c.Name, configure, hot, compile)
	}
	return c.Steps[hot]
}

func isHot(word string) bool { return strings.HasPrefix(word, "$a # Flags") }

// made says what flags make has for each object, in a Makefile with a rule for all.
func made[V any](t *testing.T, s recipe.Step, variable string, objects map[string]V) map[string]string {
	t.Helper()
	dir := t.TempDir()
	makefile := filepath.Join(dir, s.Argv[len(s.Argv)-1])
	if err := os.MkdirAll(filepath.Dir(makefile), 0o755); err != nil {
		t.Fatal(err)
	}
	text := variable + " = -Os\n%.o %.lo:\n\t@echo $@: $(" + variable + ")\n"
	var names []string
	for name := range objects {
		names = append(names, name)
		text += "all: " + name + "\n"
	}
	write(t, makefile, text)
	var out []byte
	for _, argv := range [][]string{s.Argv, append([]string{"make", "-s", "-f", makefile}, names...)} {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = dir
		var err error
		if out, err = cmd.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", argv, err, out)
		}
	}
	flags := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		flags[name] = value
	}
	return flags
}
