package recipe_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
)

// inputs are all arguments of Plan, for a test to change.
type inputs struct {
	d    images.Definition
	l    images.Lock
	arch string
	tc   recipe.Toolchain
}

func (in inputs) keys(t *testing.T) map[string]string {
	t.Helper()
	p, err := recipe.Plan(in.d, in.l, in.arch, in.tc)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{}
	for _, c := range p {
		keys[c.Name] = c.Key
	}
	return keys
}

// component is a component of the definition, patches the series of its lock.
func (in inputs) component(name string) *images.Component {
	i := slices.IndexFunc(in.d.Components, func(c images.Component) bool { return c.Name == name })
	return &in.d.Components[i]
}

func (in inputs) locked(name string) *images.LockedComponent {
	i := slices.IndexFunc(in.l.Components, func(c images.LockedComponent) bool { return c.Name == name })
	return &in.l.Components[i]
}

// A component is compiled again when, and only when, something that goes into
// it has changed.
func TestKeys(t *testing.T) {
	t.Parallel()
	const (
		none = ""
		all  = "brotli libisal libnginx-mod-http-brotli musl nginx nginx-entry openssl pcre2 zlib"
	)
	other := strings.Repeat("0", 64)
	for _, c := range []struct {
		name    string
		change  func(*inputs)
		changed string // names of components
	}{
		{"nothing", func(*inputs) {}, none},
		{"config tree", func(in *inputs) { in.d.Config[0].To = "etc/other" }, none},
		{"config tree shorter", func(in *inputs) { in.d.Config = in.d.Config[:1] }, none},
		{"image", func(in *inputs) { in.d.Image.User, in.d.Image.Title = "1:1", "x" }, none},
		{"budgets", func(in *inputs) { in.d.Budgets.Disk++ }, none},
		{"paths", func(in *inputs) { in.d.Paths = nil }, none},
		{"name", func(in *inputs) { in.d.Name, in.l.Definition = "x", "x" }, none},
		{"license", func(in *inputs) { in.component("musl").License = "x" }, none},
		{"order of components", func(in *inputs) { slices.Reverse(in.d.Components); slices.Reverse(in.l.Components) }, none},
		{"reason", func(in *inputs) { in.component("openssl").Remove["apps"] = "x" }, none},
		{"reason of a skip", func(in *inputs) { in.component("musl").SkipPatches["renameat2.patch"] = "x" }, none},
		{"reason of an algorithm", func(in *inputs) { in.component("openssl").Unregister["GMAC"] = "x" }, none},
		{"reason of an edit", func(in *inputs) { in.component("brotli").Edits[0].Why = "x" }, none},
		{"places", func(in *inputs) { in.locked("musl").Source.Places = nil }, none},
		{"hash of a skipped patch", func(in *inputs) { in.locked("openssl").Patches.Patches[0].SHA256 = other }, none},
		{"flags of another architecture", func(in *inputs) { in.d.Flags.Arch["arm64"] = nil }, none},
		{"flags of newer compilers", func(in *inputs) { in.d.Flags.Since[99] = []string{"-fx"} }, none},

		{"options of nginx", func(in *inputs) { in.component("nginx").Options = []string{"--with-debug"} }, "nginx"},
		{"flags of nginx", func(in *inputs) { in.component("nginx").Flags = []string{"-O3"} }, "nginx"},
		{"flags of the linker", func(in *inputs) { in.d.Flags.Link = nil }, "nginx nginx-entry"},
		{"version of nginx", func(in *inputs) { in.component("nginx").Version = "1" }, "nginx"},
		{"source of nginx", func(in *inputs) { in.locked("nginx").Source.SHA256 = other }, "nginx"},
		{"patch of nginx", func(in *inputs) { in.locked("nginx").Patches.Patches[3].SHA256 = other }, "nginx"},
		{"name of a patch", func(in *inputs) { in.locked("nginx").Patches.Patches[3].File = "x" }, "nginx"},
		{"order of patches", func(in *inputs) { slices.Reverse(in.locked("nginx").Patches.Patches) }, "nginx"},
		{"patch that is left out", func(in *inputs) { in.component("nginx").SkipPatches["FIX-HTTP2bomb.patch"] = "x" }, "nginx"},
		{"patches gone", func(in *inputs) { in.locked("nginx").Patches = nil }, "nginx"},

		{"features of OpenSSL", func(in *inputs) { delete(in.component("openssl").Remove, "quic") }, "nginx openssl"},
		{"algorithms of OpenSSL", func(in *inputs) { delete(in.component("openssl").Unregister, "GMAC") }, "nginx openssl"},
		{"hot files of OpenSSL", func(in *inputs) { in.component("openssl").Hot.Files = []string{"crypto/bn"} }, "nginx openssl"},
		{"flags of hot files", func(in *inputs) { in.component("nginx").Hot.Flags = []string{"-O3"} }, "nginx"},
		{"edit of PCRE2", func(in *inputs) {
			in.component("pcre2").Edits = []images.Edit{{File: "a", From: []string{"b"}}}
		}, "nginx pcre2"},
		{"what an edit writes", func(in *inputs) { in.component("openssl").Edits[1].To = "x" }, "nginx openssl"},
		{"source of OpenSSL", func(in *inputs) { in.locked("openssl").Source.SHA256 = other }, "nginx openssl"},
		{"options of zlib", func(in *inputs) { in.component("zlib").Options = nil }, "nginx zlib"},
		{"flags of ISA-L", func(in *inputs) { in.component("libisal").Flags = []string{"-O1"} }, "libisal nginx"},
		{"source of Brotli", func(in *inputs) { in.locked("brotli").Source.SHA256 = other }, "brotli libnginx-mod-http-brotli nginx"},
		{"source of Brotli's module", func(in *inputs) { in.locked("libnginx-mod-http-brotli").Source.SHA256 = other }, "libnginx-mod-http-brotli nginx"},
		{"options of PCRE2", func(in *inputs) { in.component("pcre2").Options = nil }, "nginx pcre2"},

		{"flags of musl", func(in *inputs) { in.component("musl").Flags = []string{"-O3"} }, all},
		{"flags", func(in *inputs) { in.d.Flags.Compile = in.d.Flags.Compile[1:] }, all},
		{"flags of the architecture", func(in *inputs) { in.d.Flags.Arch["amd64"] = nil }, all},
		{"flags of the compiler", func(in *inputs) { in.d.Flags.Since[14] = []string{"-fx"} }, all},
		{"date", func(in *inputs) { in.l.SourceDateEpoch++ }, all},
		{"toolchain", func(in *inputs) { in.tc.ID = "x" }, all},
		{"version of the compiler", func(in *inputs) { in.tc.GCC++ }, all},
		{"cross compiler", func(in *inputs) { in.tc.Prefix = "x86_64-linux-gnu-" }, all},
		{"emulator", func(in *inputs) { in.tc.Emulator = "qemu-x86_64-static" }, all},
		{"headers", func(in *inputs) { in.tc.Headers = in.tc.Headers[:2] }, all},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, l := committed(t)
			in := inputs{d, l, "amd64", toolchain}
			before := in.keys(t)
			c.change(&in)
			after := in.keys(t)
			if got := changes(before, after); got != c.changed {
				t.Errorf("changes %q, not %q", got, c.changed)
			}
		})
	}
}

// changes are the names of the components whose keys differ.
func changes(before, after map[string]string) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if before[name] != after[name] {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// Also where the steps are the same, what one architecture compiles is not for
// another.
func TestKeysOfArchitectures(t *testing.T) {
	t.Parallel()
	d, l := committed(t)
	d.Flags.Arch = nil
	arm64 := inputs{d, l, "arm64", toolchain}.keys(t)
	riscv64 := inputs{d, l, "riscv64", toolchain}.keys(t)
	if got := changes(arm64, riscv64); got != "brotli libisal libnginx-mod-http-brotli musl nginx nginx-entry openssl pcre2 zlib" {
		t.Errorf("different are the keys of %q", got)
	}
}

func TestKeySyntax(t *testing.T) {
	t.Parallel()
	d, l := committed(t)
	seen := map[string]bool{}
	for name, key := range (inputs{d, l, "amd64", toolchain}).keys(t) {
		if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(key) || seen[key] {
			t.Errorf("the key of %s is %q", name, key)
		}
		seen[key] = true
	}
}
