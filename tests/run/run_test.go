package run

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module makes a module with a package that works and container tests that
// tell how they were run.
func module(t *testing.T, files map[string]string) (Options, *strings.Builder) {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{
		"go.mod":      "module example.test/m\n\ngo 1.26.0\n",
		"a/a_test.go": "package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Log(\"unit test ran\") }\n",
		"tests/t.go":  "package tests\n",
		"tests/t_test.go": "package tests\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\n" +
			"func TestT(t *testing.T) { t.Fatal(\"image is\", os.Getenv(\"NGINX_SCRATCH_IMAGE\"),\n" +
			"os.Getenv(\"NGINX_SCRATCH_DEFINITION\"), os.Getenv(\"NGINX_SCRATCH_REPOSITORY\")) }\n",
	}
	maps.Copy(all, files)
	for name, text := range all {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	env := append(os.Environ(), "GOFLAGS=-mod=mod -v", "GOWORK=off")
	return Options{Repository: dir, Env: env, Output: &out}, &out
}

func TestUnitLeavesOutTheContainerTests(t *testing.T) {
	t.Parallel()
	o, out := module(t, nil)
	if err := Unit(t.Context(), o); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(out.String(), "unit test ran") || strings.Contains(out.String(), "image is") {
		t.Errorf("got\n%s", out)
	}
}

func TestUnitReportsFailure(t *testing.T) {
	t.Parallel()
	o, out := module(t, map[string]string{"a/b_test.go": "package a\n\nimport \"testing\"\n\nfunc TestB(t *testing.T) { t.Fatal(\"wrong\") }\n"})
	err := Unit(t.Context(), o)
	if err == nil || !strings.HasPrefix(err.Error(), "running the unit tests: ") || !strings.Contains(out.String(), "wrong") {
		t.Errorf("error %v\n%s", err, out)
	}
}

func TestUnitInNoModule(t *testing.T) {
	t.Parallel()
	err := Unit(t.Context(), Options{Repository: t.TempDir(), Env: os.Environ(), Output: &strings.Builder{}})
	if err == nil || !strings.HasPrefix(err.Error(), "listing the packages: ") {
		t.Errorf("error %v does not say what failed", err)
	}
}

func TestNested(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for _, folder := range nested {
		files[folder+"/go.mod"] = "module example.test/m/" + folder + "\n\ngo 1.26.0\n"
		files[folder+"/n_test.go"] = "package n\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestN(t *testing.T) { t.Log(\"ran in " + folder + "\", os.Getenv(\"NGINX_SCRATCH_REPOSITORY\")) }\n"
	}
	o, out := module(t, files)
	if err := Nested(t.Context(), o); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, folder := range nested {
		if !strings.Contains(out.String(), "ran in "+folder+" "+o.Repository) {
			t.Errorf("the tests of %s did not run:\n%s", folder, out)
		}
		if _, err := os.Stat(filepath.Join("..", "..", folder, "go.mod")); err != nil {
			t.Errorf("%s is no module here: %v", folder, err)
		}
	}
	out.Reset()
	if err := Unit(t.Context(), o); err != nil || strings.Contains(out.String(), "ran in") {
		t.Errorf("unit tests ran those of a nested module, or did not: %v\n%s", err, out)
	}
	broken := filepath.Join(o.Repository, nested[0], "n_test.go")
	if err := os.WriteFile(broken, []byte("package n\n\nimport \"testing\"\n\nfunc TestN(t *testing.T) { t.Fatal(\"wrong\") }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Nested(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), "running the tests of "+nested[0]+": ") {
		t.Errorf("error %v does not say what failed", err)
	}
}

func TestImageNamesTheTarget(t *testing.T) {
	t.Parallel()
	elsewhere, err := filepath.Abs("elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	for name, repository := range map[string]string{"the tests' own repository": "", "another repository": "elsewhere"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, out := module(t, nil)
			want := o.Repository
			if repository != "" {
				want = elsewhere
			}
			err := Image(t.Context(), o, Target{Image: "some:image", Definition: "kind", Repository: repository})
			if err == nil || !strings.Contains(err.Error(), "against some:image: ") || !strings.Contains(out.String(), "image is some:image kind "+want+"\n") {
				t.Errorf("error %v\n%s", err, out)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	o, _ := module(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Unit(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

// The tests of other platforms run when they are asked for, not with the unit tests.
func TestForeign(t *testing.T) {
	t.Parallel()
	test := func(body string) map[string]string {
		return map[string]string{"tests/foreign/f_test.go": "package foreign\n\nimport \"testing\"\n\nfunc TestF(t *testing.T) { " + body + " }\n"}
	}
	o, out := module(t, test(`t.Log("ran in an emulator")`))
	if err := Unit(t.Context(), o); err != nil || strings.Contains(out.String(), "emulator") {
		t.Errorf("with the unit tests: %v\n%s", err, out)
	}
	if err := Foreign(t.Context(), o); err != nil || !strings.Contains(out.String(), "ran in an emulator") {
		t.Errorf("asked for: %v\n%s", err, out)
	}
	o, _ = module(t, test(`t.Fatal("wrong")`))
	if err := Foreign(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), "running the tests of other platforms: ") {
		t.Errorf("error %v does not say what failed", err)
	}
}

// fakeBench is a program in the bench's place.
const fakeBench = `package main

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
)

func main() {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	fmt.Println("arguments:", strings.Join(os.Args[1:], " "))
	fmt.Fprintln(os.Stderr, "progress")
	switch os.Args[len(os.Args)-1] {
	case "wrong":
		os.Exit(1)
	case "wait":
		<-interrupted
		fmt.Fprintln(os.Stderr, "cleaned up")
	}
}
`

func TestBench(t *testing.T) {
	t.Parallel()
	o, out := module(t, map[string]string{"tests/bench/main.go": fakeBench})
	text, err := Bench(t.Context(), o, "-quick")
	if want := "arguments: -out " + filepath.Join("dist", "bench") + " -quick\n"; err != nil || text != want {
		t.Errorf("got %q, %v, want %q", text, err, want)
	}
	if !strings.Contains(out.String(), "progress") || strings.Contains(out.String(), "arguments") {
		t.Errorf("got\n%s", out)
	}
	if _, err := Bench(t.Context(), o, "wrong"); err == nil || !strings.HasPrefix(err.Error(), "running the bench: exit status 1") {
		t.Errorf("got %v", err)
	}
}

// noticing cancels when there is progress.
type noticing struct {
	strings.Builder

	cancel func()
}

func (n *noticing) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "progress") {
		n.cancel()
	}
	return n.Builder.Write(p)
}

// Killed, the bench would leave containers.
func TestBenchIsInterrupted(t *testing.T) {
	t.Parallel()
	o, _ := module(t, map[string]string{"tests/bench/main.go": fakeBench})
	ctx, cancel := context.WithCancel(t.Context())
	out := &noticing{cancel: cancel}
	o.Output = out
	if _, err := Bench(ctx, o, "wait"); !errors.Is(err, context.Canceled) || !strings.Contains(out.String(), "cleaned up") {
		t.Errorf("got %v\n%s", err, out.String())
	}
}

func TestBenchThatDoesNotCompile(t *testing.T) {
	t.Parallel()
	o, out := module(t, map[string]string{"tests/bench/main.go": "package main\n"})
	if _, err := Bench(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), "building the bench: ") || !strings.Contains(out.String(), "main") {
		t.Errorf("got %v\n%s", err, out)
	}
}
