package recipe_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
)

// toolchain is made up: a plan does not look at the machine.
var toolchain = recipe.Toolchain{
	ID: "0123456789abcdef", GCC: 14,
	Headers: []string{"/usr/include/linux", "/usr/include/asm-generic", "/usr/include/multiarch/asm"},
}

// crossed is the toolchain of another machine for an architecture.
func crossed(arch string) recipe.Toolchain {
	machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64", "riscv64": "riscv64"}[arch]
	include := "/usr/" + machine + "-linux-gnu/include/"
	return recipe.Toolchain{
		ID: "fedcba9876543210", GCC: 14, Headers: []string{include + "linux", include + "asm-generic", include + "asm"},
		Prefix: machine + "-linux-gnu-", Emulator: "qemu-" + machine + "-static",
	}
}

// committed is what the repository ships, read anew for each test to change.
func committed(t *testing.T) (images.Definition, images.Lock) {
	t.Helper()
	fsys := os.DirFS("..")
	d, err := images.LoadDefinition(fsys, "static.yaml")
	if err != nil {
		t.Fatal(err)
	}
	l, err := images.LoadLock(fsys, "static.lock.json", d)
	if err != nil {
		t.Fatal(err)
	}
	return d, l
}

// plan is the plan of the committed files.
func plan(t *testing.T, arch string, tc recipe.Toolchain) []recipe.Component {
	t.Helper()
	d, l := committed(t)
	p, err := recipe.Plan(d, l, arch, tc)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// component is one component of a plan.
func component(t *testing.T, plan []recipe.Component, name string) recipe.Component {
	t.Helper()
	i := slices.IndexFunc(plan, func(c recipe.Component) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("the plan has no %s", name)
	}
	return plan[i]
}

// step is the component's first that runs a program.
func step(t *testing.T, c recipe.Component, program string) recipe.Step {
	t.Helper()
	i := slices.IndexFunc(c.Steps, func(s recipe.Step) bool { return s.Argv[0] == program })
	if i < 0 {
		t.Fatalf("%s has no step that runs %s", c.Name, program)
	}
	return c.Steps[i]
}

// compiling is the command of the component's step that compiles a file, for this
// machine's C library.
func compiling(t *testing.T, c recipe.Component, file string) []string {
	t.Helper()
	i := slices.IndexFunc(c.Steps, func(s recipe.Step) bool { return slices.Contains(s.Argv, file) })
	if i < 0 {
		t.Fatalf("no step of %s compiles %s", c.Name, file)
	}
	return slices.DeleteFunc(slices.Clone(c.Steps[i].Argv), func(word string) bool { return strings.HasPrefix(word, "-specs=") })
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// fromTestdata copies files of testdata to dir, by their names there.
func fromTestdata(t *testing.T, dir string, names map[string]string) {
	t.Helper()
	for to, from := range names {
		text, err := os.ReadFile(filepath.Join("testdata", from))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, to), string(text))
	}
}

var architectures = []string{"amd64", "arm64", "riscv64"}
