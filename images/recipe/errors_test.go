package recipe_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Texts of errors are found, the last that was said for an error, and until they are taken back.
func TestErrorTexts(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command(errorTexts(t, "", "")).CombinedOutput(); err != nil || string(out) != "done\n" {
		t.Errorf("ended with %v, %q", err, out)
	}
}

// Some broken forms show that the program above sees what is wrong.
func TestErrorTextsBroken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, replacement string }{
		"the last text is not there":    {"if (text == current->end)", "if (text == current->end && text[1].error)"},
		"the first of a table counts":   {"for (const ERR_STRING_DATA *text = t->end; text-- > t->first;)", "for (const ERR_STRING_DATA *text = t->first; text < t->end; text++)"},
		"the first table counts":        {"for (struct table *t = last; t-- > tables;)", "for (struct table *t = tables; t < last; t++)"},
		"tables take room again":        {"if (current->first == text)", "if (0)"},
		"any table is of any library":   {"!= ERR_GET_LIB(t->first->error)", "== ERR_GET_LIB(t->first->error)"},
		"names are of one library":      {"ERR_GET_REASON(wanted->error) && ", ""},
		"there always is room":          {"if (last == tables + TABLES)", "if (0)"},
		"there is no room for the next": {"current = last++;", "current = last;"},
		"nothing is forgotten":          {"t->first++;", "(void) t;"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if out, err := exec.Command(errorTexts(t, c.old, c.replacement)).CombinedOutput(); err == nil {
				t.Errorf("ended without an error: %q", out)
			}
		})
	}
}

// errorTexts makes a program of testdata/errors.c and of the file of the plan, with one
// text of that replaced.
func errorTexts(t *testing.T, old, replacement string) string {
	t.Helper()
	dir := t.TempDir()
	text := component(t, plan(t, "amd64", toolchain), "openssl").Files["crypto/err/errors.c"]
	if !strings.Contains(text, old) || text == "" {
		t.Fatalf("errors.c has no %q", old)
	}
	write(t, filepath.Join(dir, "errors.c"), strings.Replace(text, old, replacement, 1))
	if err := os.Mkdir(filepath.Join(dir, "openssl"), 0o700); err != nil {
		t.Fatal(err)
	}
	fromTestdata(t, dir, map[string]string{"main.c": "errors.c", "openssl/err.h": "err.h"})
	gcc(t, dir, []string{"gcc", "-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address", "-I.", "-o", "errors", "main.c", "errors.c"})
	return filepath.Join(dir, "errors")
}
