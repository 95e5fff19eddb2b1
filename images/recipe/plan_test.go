package recipe_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
)

var update = flag.Bool("update", false, "write the golden files")

func TestPlan(t *testing.T) {
	t.Parallel()
	// The machine's own, and as an amd64 machine compiles for the others.
	for arch, tc := range map[string]recipe.Toolchain{"amd64": toolchain, "arm64": crossed("arm64"), "riscv64": crossed("riscv64")} {
		got := render(plan(t, arch, tc))
		golden := filepath.Join("testdata", "plan-"+arch+".golden")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("the plan for %s has changed; if that is meant, run the test with -update:\n%s", arch, diff)
		}
	}
}

// render shows a plan without its keys, one command on a line.
func render(plan []recipe.Component) string {
	var b strings.Builder
	for _, c := range plan {
		fmt.Fprintf(&b, "%s %s\n", c.Name, c.Version)
		for _, need := range c.Needs {
			fmt.Fprintf(&b, "  needs %s\n", need)
		}
		for _, name := range slices.Sorted(maps.Keys(c.Files)) {
			fmt.Fprintf(&b, "  file %s\n", name)
		}
		for _, s := range c.Steps {
			fmt.Fprintf(&b, "  in %s:", s.Dir)
			for _, word := range append(slices.Clone(s.Env), s.Argv...) {
				if strings.ContainsAny(word, " $;'\"") {
					word = fmt.Sprintf("%q", word)
				}
				b.WriteString(" " + word)
			}
			b.WriteString("\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestPlanRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, arch string
		change     func(*images.Definition, *images.Lock)
		want       string
	}{
		{"architecture", "386", func(*images.Definition, *images.Lock) {}, `planning static: no recipe for the architecture "386": there are ["amd64" "arm64" "riscv64"]`},
		{"no architecture", "", func(*images.Definition, *images.Lock) {}, `planning static: no recipe for the architecture "": there are ["amd64" "arm64" "riscv64"]`},
		{"flags of an architecture", "amd64", func(d *images.Definition, _ *images.Lock) { d.Flags.Arch["amd46"] = nil }, `planning static: no recipe for the architecture "amd46": there are ["amd64" "arm64" "riscv64"]`},
		{"component missing", "amd64", func(d *images.Definition, _ *images.Lock) { d.Components = d.Components[1:] }, `planning static: the definition has 7 components: they must be ["musl" "zlib" "libisal" "brotli" "pcre2" "openssl" "libnginx-mod-http-brotli" "nginx"]`},
		{"component without a recipe", "amd64", func(d *images.Definition, _ *images.Lock) {
			d.Components = append(d.Components, images.Component{Name: "curl"})
		}, `planning static: the definition has 9 components: they must be ["musl" "zlib" "libisal" "brotli" "pcre2" "openssl" "libnginx-mod-http-brotli" "nginx"]`},
		{"another component", "amd64", func(d *images.Definition, _ *images.Lock) { d.Components[1].Name = "curl" }, `planning static: the definition has no component "zlib"`},
		{"component not locked", "amd64", func(_ *images.Definition, l *images.Lock) { l.Components[7].Name = "curl" }, `planning static: the lock has no component "nginx"`},
		{"feature of another component", "amd64", changed("nginx", func(c *images.Component) { c.Remove = map[string]string{"http": "for a test"} }),
			"planning static: components[nginx].remove: only openssl has features to leave out"},
		{"algorithm of another component", "amd64", changed("zlib", func(c *images.Component) { c.Unregister = map[string]string{"CRC": "for a test"} }),
			"planning static: components[zlib].unregister: only openssl has features to leave out"},
		{"all of another component", "amd64", changed("pcre2", func(c *images.Component) {
			c.Unregister = map[string]string{"a": "for a test"}
			c.Remove = c.Unregister
		}), "planning static: components[pcre2].remove: only openssl has features to leave out"},
		{"hot files of a component without them", "amd64", changed("musl", func(c *images.Component) { c.Hot = hot("src/string") }),
			`planning static: components[musl].hot: only ["brotli" "pcre2" "openssl" "nginx"] have files with flags of their own`},
		{"hot files where nothing is compiled", "amd64", changed("libnginx-mod-http-brotli", func(c *images.Component) { c.Hot = hot("filter") }),
			`planning static: components[libnginx-mod-http-brotli].hot: only ["brotli" "pcre2" "openssl" "nginx"] have files with flags of their own`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, l := committed(t)
			c.change(&d, &l)
			p, err := recipe.Plan(d, l, c.arch, toolchain)
			if err == nil || err.Error() != c.want || p != nil {
				t.Errorf("got %v, %v\nwant %s", p, err, c.want)
			}
		})
	}
}

// changed changes one component of the definition.
func changed(name string, change func(*images.Component)) func(*images.Definition, *images.Lock) {
	return func(d *images.Definition, _ *images.Lock) {
		change((&inputs{d: *d}).component(name))
	}
}

func hot(files ...string) images.Hot { return images.Hot{Flags: []string{"-O2"}, Files: files} }

// Two plans share nothing: what one caller changes, another does not see.
func TestPlanIsACopy(t *testing.T) {
	t.Parallel()
	first := plan(t, "amd64", toolchain)
	nginx := &first[len(first)-1]
	nginx.Files["relro.c"] = ""
	nginx.Needs[0] = ""
	again := plan(t, "amd64", toolchain)
	last := again[len(again)-1]
	if last.Files["relro.c"] == "" || last.Needs[0] != "musl" {
		t.Error("the second plan has what was done to the first")
	}
}
