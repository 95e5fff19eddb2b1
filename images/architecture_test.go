package images_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/nginx-scratch/nginx-scratch/"

// arrows are the packages of this module that each may import. A package that
// is not here has no place in the house yet.
var arrows = map[string][]string{
	"conf":            {},
	"conf/lint":       {},
	"images":          {},
	"images/alpine":   {"images/apk", "images/tree"},
	"images/apk":      {"images/tree"},
	"images/attest":   {},
	"images/base":     {"images/digest"},
	"images/bundle":   {"images/release"},
	"images/check":    {"images/closure", "images/tree"},
	"images/closure":  {"images/tree"},
	"images/compile":  {"images", "images/base", "images/digest", "images/progress", "images/recipe", "images/source"},
	"images/content":  {},
	"images/deflate":  {},
	"images/debian":   {},
	"images/diff":     {"images/content"},
	"images/digest":   {},
	"images/expected": {},
	"images/follow":   {"images", "images/debian", "images/progress", "images/source", "images/store"},
	"images/keyless":  {},
	"images/keys":     {},
	"images/oci":      {"images/deflate", "images/tree"},
	"images/progress": {},
	"images/publish":  {"images/progress", "images/store"},
	"images/recipe":   {"images"},
	"images/release":  {},
	"images/repository": {
		"images", "images/apk", "images/progress", "images/resolve", "images/store",
	},
	"images/resolve":  {"images/apk"},
	"images/rootfs":   {"images/digest", "images/progress", "images/tree"},
	"images/run":      {},
	"images/site":     {"images/tree"},
	"images/sbom":     {"images/tree"},
	"images/segments": {"images/deflate"},
	"images/size":     {"images/treemap"},
	"images/source":   {},
	"images/store":    {"images/progress"},
	"images/tree":     {},
	"images/treemap":  {},
	"images/verify":   {"images/attest", "images/content"},
	"images/vex":      {"images"},
	"images/pipeline": {
		"conf/lint", "images", "images/alpine", "images/apk", "images/attest", "images/base", "images/bundle", "images/check", "images/closure",
		"images/compile", "images/content", "images/debian", "images/deflate", "images/diff", "images/digest", "images/expected", "images/follow", "images/keyless", "images/keys", "images/oci", "images/progress", "images/publish", "images/recipe", "images/release",
		"images/repository", "images/rootfs", "images/run", "images/sbom", "images/segments", "images/site", "images/size", "images/source", "images/store", "images/tree",
		"images/verify", "images/vex",
	},
	"magefiles":            {"conf/lint", "images/pipeline", "magefiles/ask", "magefiles/interrupts", "magefiles/words", "tests/run"},
	"magefiles/ask":        {},
	"magefiles/interrupts": {},
	"magefiles/words":      {},
	"tests":                {"images", "tests/syscalls"},
	"tests/alpine":         {},
	"tests/bench":          {"images/follow", "images/pipeline", "images/progress", "tests/bench/load", "tests/bench/measure", "tests/bench/peers", "tests/bench/report", "tests/bench/server"},
	"tests/bench/load":     {"tests/bench/server"},
	"tests/bench/measure":  {"tests/bench/load", "tests/bench/server"},
	"tests/bench/peers":    {"images", "images/closure", "images/oci", "images/publish", "images/tree"},
	"tests/bench/report":   {"tests/bench/measure"},
	"tests/bench/server":   {"images/deflate"},
	"tests/fixtures/alpine": {
		"images", "images/base", "images/compile", "images/progress", "images/recipe", "tests/fixtures/repository",
	},
	"tests/fixtures/debian":     {},
	"tests/fixtures/probe":      {},
	"tests/fixtures/repository": {},
	"tests/fixtures/signer":     {"images/attest", "images/keyless", "images/keys", "images/pipeline"},
	"tests/fixtures/toolchain":  {"tests/fixtures/repository"},
	"tests/foreign":             {},
	"tests/foreign/launcher":    {},
	"tests/run":                 {},
	"tests/syscalls":            {},
	"tests/syscalls/trace":      {"tests/syscalls"},
}

// pure are the packages whose whole import graph is the standard library, this
// module and what is listed.
var pure = map[string][]string{
	"images":         {"go.yaml.in/yaml/v4"},
	"images/deflate": {},
	"images/recipe":  {"go.yaml.in/yaml/v4"}, // by way of images
	"images/tree":    {},
}

// rooms are the packages that may import what begins with a path, outside
// their tests.
var rooms = map[string][]string{
	"net":                         {"images/store", "images/publish", "tests/bench/load", "tests/bench/server", "tests/syscalls/trace"},
	"net/http":                    {"images/store", "images/publish", "tests/bench/load", "tests/bench/server"},
	"github.com/moby/moby/client": {"images/publish", "images/run"},
	"os/exec":                     {"images/base", "images/pipeline", "magefiles", "tests/bench/load", "tests/bench/server", "tests/run", "tests/syscalls", "tests/syscalls/trace"},
	"github.com/magefile/mage":    {"magefiles"},
	"github.com/testcontainers":   {},
	"github.com/stretchr/testify": {},
	"github.com/google/go-cmp":    {},
	"github.com/moby/sys/reexec":  {"images/base"},
	"testing":                     {},
	"log":                         {},
	"unsafe":                      {},
	"github.com/google/go-containerregistry/pkg/v1/remote": {"images/publish"},
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath   string   `json:"ImportPath"`
	Standard     bool     `json:"Standard"`
	Imports      []string `json:"Imports"`
	TestImports  []string `json:"TestImports"`
	XTestImports []string `json:"XTestImports"`
	Deps         []string `json:"Deps"` // all that it imports, directly or not
}

func (p listed) name() string { return strings.TrimPrefix(p.ImportPath, module) }
func (p listed) ours() bool   { return strings.HasPrefix(p.ImportPath, module) }

// packages lists the module and all that it imports.
func packages(t *testing.T) map[string]listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-tags", "mage",
		"-json=ImportPath,Standard,Imports,TestImports,XTestImports,Deps", "./...")
	cmd.Dir = ".."
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := map[string]listed{}
	for dec := json.NewDecoder(out); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		found[p.ImportPath] = p
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestImports(t *testing.T) {
	t.Parallel()
	all := packages(t)
	for _, p := range all {
		if p.ours() {
			for _, problem := range p.problems() {
				t.Error(problem)
			}
		}
	}
	for name := range arrows {
		if _, ok := all[module+name]; !ok {
			t.Errorf("arrows has %s, which does not exist", name)
		}
	}
}

// problems are the rules that the package breaks.
func (p listed) problems() []string {
	var found []string
	allowed, ok := arrows[p.name()]
	if !ok {
		found = append(found, p.name()+" is in no rule: add it to arrows")
	}
	for _, imported := range p.Imports {
		if name, ours := strings.CutPrefix(imported, module); ours && !slices.Contains(allowed, name) {
			found = append(found, fmt.Sprintf("%s imports %s: arrows point down", p.name(), name))
		}
		for begin, importers := range rooms {
			if below(imported, begin) && !slices.Contains(importers, p.name()) {
				found = append(found, fmt.Sprintf("%s imports %s: only %q may", p.name(), imported, importers))
			}
		}
	}
	for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
		if below(imported, "github.com/testcontainers") && p.name() != "tests" {
			found = append(found, fmt.Sprintf("the tests of %s import %s: only those of tests may", p.name(), imported))
		}
	}
	return found
}

func TestPurePackages(t *testing.T) {
	t.Parallel()
	all := packages(t)
	for name, decoders := range pure {
		if len(all[module+name].Deps) == 0 {
			t.Errorf("%s imports nothing: is it there?", name)
		}
		for _, imported := range all[module+name].Deps {
			p := all[imported]
			if !p.Standard && !p.ours() && !slices.ContainsFunc(decoders, func(d string) bool { return below(imported, d) }) {
				t.Errorf("%s depends on %s: it is pure", name, imported)
			}
		}
	}
}

// The tests above would be of no use if they passed these.
func TestProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p    listed
		want []string
	}{
		{listed{ImportPath: module + "images/tree", Imports: []string{"path", "strings"}}, nil},
		{listed{ImportPath: module + "images/store", Imports: []string{"net", "net/http", "net/url"}}, nil},
		{listed{ImportPath: module + "images/tree", Imports: []string{module + "images"}}, []string{"images/tree imports images: arrows point down"}},
		{listed{ImportPath: module + "images/oci", Imports: []string{"net/http"}}, []string{`images/oci imports net/http: only ["images/store" "images/publish" "tests/bench/load" "tests/bench/server"] may`}},
		{listed{ImportPath: module + "images/other"}, []string{"images/other is in no rule: add it to arrows"}},
		{listed{ImportPath: module + "images/pipeline", Imports: []string{"github.com/magefile/mage/mg"}}, []string{`images/pipeline imports github.com/magefile/mage/mg: only ["magefiles"] may`}},
		{listed{ImportPath: module + "images/oci", XTestImports: []string{"github.com/testcontainers/testcontainers-go"}}, []string{
			"the tests of images/oci import github.com/testcontainers/testcontainers-go: only those of tests may",
		}},
	} {
		if got := c.p.problems(); !slices.Equal(got, c.want) {
			t.Errorf("got %q\nwant %q", got, c.want)
		}
	}
}

// below says whether a package is the one named, or, outside the standard
// library, one in a folder of it.
func below(imported, begin string) bool {
	return imported == begin || strings.Contains(begin, ".") && strings.HasPrefix(imported, begin+"/")
}
