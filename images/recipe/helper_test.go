package recipe_test

import (
	"os"
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

var architectures = []string{"amd64", "arm64", "riscv64"}
