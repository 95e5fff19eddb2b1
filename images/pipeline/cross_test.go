package pipeline

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/base"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
)

// foreignPlatform is one of static's that this machine is not.
func foreignPlatform() string {
	if runtime.GOARCH == "riscv64" {
		return "linux/arm64"
	}
	return "linux/riscv64"
}

// For another platform only this machine's cross compilers do, however near the
// Alpine base is.
func TestChooseForeign(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("compiling needs Linux")
	}
	var notes strings.Builder
	choose := func(base string, platforms ...string) (map[string]place, error) {
		notes.Reset()
		b := &builder{
			Options: Options{
				Base: base, Repository: t.TempDir(), Platforms: platforms, Now: time.Now,
				Env: environment(map[string]string{cacheVariable: t.TempDir()}),
			},
			out: progress.New(&notes, false, nil),
		}
		return b.choose(t.Context())
	}
	_, err := choose(BaseAlpine, hostPlatform(), foreignPlatform())
	if want := `base "alpine": it compiles for ` + hostPlatform() + `, not for ` + foreignPlatform() + `: only this machine has cross compilers (-base host)`; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if _, err := choose("elsewhere", foreignPlatform()); err == nil || !strings.HasPrefix(err.Error(), `base "elsewhere": it must be `) {
		t.Errorf("got %v", err)
	}
	// What has no cross compiler is said also where the rest could be compiled.
	_, err = choose("", hostPlatform(), "linux/s390x")
	if err == nil || !strings.Contains(err.Error(), "compiling for s390x: no cross compiler is known for it") {
		t.Errorf("got %v", err)
	}
	if notes.String() != "base: host, for it has the cross compilers\n" {
		t.Errorf("printed %q", notes.String())
	}
}

// The record of a build has each platform's compiler, and the flags it was given.
func TestMadeForSeveralPlatforms(t *testing.T) {
	t.Parallel()
	d, err := images.LoadDefinition(os.DirFS(".."), "static.yaml")
	if err != nil {
		t.Fatal(err)
	}
	at := func(id string, gcc int) built {
		return built{place: place{toolchain: base.Toolchain{ID: strings.Repeat(id, 64), GCC: gcc, Version: "gcc " + id}}}
	}
	o := &compiled{
		builder: &builder{Options: Options{Platforms: d.Platforms}, definition: d},
		built:   map[string]built{"linux/amd64": at("a", 12), "linux/arm64": at("b", 14), "linux/riscv64": at("c", 12)},
	}
	var record attest.Build
	if err := o.made(&record); err != nil {
		t.Fatal(err)
	}
	want := []attest.Toolchain{
		{Platform: "linux/amd64", ID: strings.Repeat("a", 64), Version: "gcc a"},
		{Platform: "linux/arm64", ID: strings.Repeat("b", 64), Version: "gcc b"},
		{Platform: "linux/riscv64", ID: strings.Repeat("c", 64), Version: "gcc c"},
	}
	if !slices.Equal(record.Toolchains, want) {
		t.Errorf("the toolchains are %+v", record.Toolchains)
	}
	for name, want := range map[string][]string{
		"compile": d.Flags.Compile, "compile/linux/amd64": {"-fcf-protection=full"},
		"compile/linux/arm64": {"-mbranch-protection=standard", "-fstrict-flex-arrays=3"}, "compile/linux/riscv64": nil,
	} {
		if got := record.Flags[name]; !slices.Equal(got, want) {
			t.Errorf("%s are %q", name, got)
		}
	}
}
