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

func TestModulesRunsEach(t *testing.T) {
	t.Parallel()
	nested := func(name string) map[string]string {
		return map[string]string{
			name + "/go.mod": "module example.test/" + name + "\n\ngo 1.26.0\n",
			name + "/b/b_test.go": "package b\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\n" +
				"func TestB(t *testing.T) { t.Log(\"" + name + " has\", os.Getenv(\"NGINX_SCRATCH_REPOSITORY\")) }\n",
			name + "bad/go.mod":      "module example.test/" + name + "bad\n\ngo 1.26.0\n",
			name + "bad/c/c_test.go": "package c\n\nimport \"testing\"\n\nfunc TestC(t *testing.T) { t.Fatal(\"wrong\") }\n",
		}
	}
	files := nested("first")
	maps.Copy(files, nested("second"))
	o, out := module(t, files)
	if err := Modules(t.Context(), o, "first", "second"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"first", "second"} {
		if !strings.Contains(out.String(), name+" has "+o.Repository) {
			t.Errorf("%s did not run:\n%s", name, out)
		}
	}
	err := Modules(t.Context(), o, "firstbad", "second")
	if err == nil || !strings.HasPrefix(err.Error(), "running the tests of firstbad: ") || !strings.Contains(out.String(), "wrong") {
		t.Errorf("error %v\n%s", err, out)
	}
}

// Each of the list is there.
func TestNestedModulesExist(t *testing.T) {
	t.Parallel()
	for _, folder := range Nested {
		if _, err := os.Stat(filepath.Join("..", "..", folder, "go.mod")); err != nil {
			t.Error(err)
		}
	}
}
