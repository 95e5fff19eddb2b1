package images_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// global are what the packages below images get from their callers: the
// environment, the time and where to print.
var global = map[string][]string{
	"os": {
		"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Unsetenv", "Clearenv",
		"UserCacheDir", "UserHomeDir", "UserConfigDir", "Args", "Stdout", "Stderr",
	},
	"syscall": {"Getenv", "Environ", "Setenv"},
	"time":    {"Now", "Since", "Until"},
	"fmt":     {"Print", "Printf", "Println"},
}

func TestGlobals(t *testing.T) {
	t.Parallel()
	files := 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "testdata" {
			return fs.SkipDir
		}
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		files++
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, use := range uses(f) {
			t.Errorf("%s: %s comes in from the caller", set.Position(use.Pos()), use.Name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 30 {
		t.Errorf("only %d files were looked at", files)
	}
}

// uses finds what of global a file uses, whatever name it imports it by.
func uses(f *ast.File) []*ast.Ident {
	forbidden := map[string][]string{}
	var found []*ast.Ident
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has accepted it
		}
		local := path.Base(imported)
		if spec.Name != nil {
			local = spec.Name.Name
		}
		if local == "." {
			found = append(found, spec.Name)
		}
		forbidden[local] = global[imported]
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && slices.Contains(forbidden[x.Name], n.Sel.Name) {
				found = append(found, n.Sel)
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "print" || f.Name == "println") {
				found = append(found, f)
			}
		}
		return true
	})
	return found
}

// The test above would be of no use if it did not see these.
func TestUses(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`package p; import "os"; var x = os.Getenv("A")`:                    "[Getenv]",
		`package p; import "os"; var x = os.Getenv`:                         "[Getenv]",
		`package p; import o "os"; var x = o.Getenv("A")`:                   "[Getenv]",
		`package p; import . "time"; var x = Now()`:                         "[.]",
		`package p; import "time"; func f() { _ = time.Now() }`:             "[Now]",
		`package p; import "fmt"; func f() { fmt.Println(); print() }`:      "[Println print]",
		`package p; import "time"; var x = time.Unix(0, 0)`:                 "[]",
		`package p; type t struct{ Now int }; var time t; var x = time.Now`: "[]",
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "p.go", source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(uses(f)); got != want {
			t.Errorf("%s: got %s, not %s", source, got, want)
		}
	}
}
