package source_test

import (
	"os"
	"testing"
)

const toA = "--- a/src/a.c\n+++ b/src/a.c\n" // head of a diff

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		patch string
		want  []string
	}{
		"nothing":                 {"", []string{"no diff"}},
		"only prose":              {"Description: nothing\n", []string{"no diff"}},
		"context differs":         {toA + "@@ -2,3 +2,3 @@\n two\n 3\n-four\n+4\n", []string{"src/a.c", "hunk 1 (line 3 of the patch)", `line 3 should be "3\n", found "three\n"`}},
		"second hunk differs":     {toA + "@@ -1 +1 @@\n-one\n+1\n@@ -7 +7 @@\n-7\n+VII\n", []string{"src/a.c", "hunk 2 (line 6 of the patch)", `line 7 should be "7\n", found "seven\n"`}},
		"second file differs":     {"--- a/run\n+++ b/run\n@@ -2 +2 @@\n-echo\n+true\n" + toA + "@@ -1 +1 @@\n-1\n+I\n", []string{"src/a.c", "hunk 1 (line 8 of the patch)"}},
		"past the end":            {toA + "@@ -7,3 +7,3 @@\n seven\n-eight\n+8\n nine\n", []string{`line 9 should be "nine\n"`, "the file ends after line 8"}},
		"newline differs":         {"--- a/src/no-nl\n+++ b/src/no-nl\n@@ -2 +2 @@\n-two\n+2\n", []string{`line 2 should be "two\n", found "two"`}},
		"no newline differs":      {toA + "@@ -8 +8 @@\n-eight\n\\ No newline at end of file\n+8\n", []string{`line 8 should be "eight", found "eight\n"`}},
		"no newline inside":       {toA + "@@ -1,2 +1,3 @@\n one\n+1.5\n\\ No newline at end of file\n two\n", []string{`says that "1.5" ends the file`}},
		"no context":              {toA + "@@ -3,0 +4 @@\n+x\n", []string{"no line to find its place by"}},
		"creates what exists":     {"--- /dev/null\n+++ b/src/empty\n@@ -0,0 +1 @@\n+x\n", []string{"src/empty", "creates the file, but it exists"}},
		"replaces no line":        {toA + "@@ -0,0 +1 @@\n+x\n", []string{"src/a.c", "not empty"}},
		"changes what is not":     {"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-x\n+y\n", []string{"x (line 1 of the patch)", "does not exist"}},
		"deletes what is not":     {"--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", []string{"does not exist"}},
		"deletes a part":          {"--- a/run\n+++ /dev/null\n@@ -1 +0,0 @@\n-#!/bin/sh\n", []string{"run", "5 bytes of it would be left"}},
		"renames onto a file":     {"diff --git a/run b/src/a.c\nrename from run\nrename to src/a.c\n", []string{"run", "src/a.c, which is taken"}},
		"renames what is not":     {"diff --git a/x b/y\nrename from x\nrename to y\n", []string{"does not exist"}},
		"changes and undoes":      {"--- a/run\n+++ b/run\n@@ -2 +2 @@\n-echo\n+x\n--- a/run\n+++ b/run\n@@ -2 +2 @@\n-x\n+echo\n", []string{"changes nothing"}},
		"mode it has":             {"diff --git a/run b/run\nold mode 100644\nnew mode 100755\n", []string{"changes nothing"}},
		"file and directory":      {"--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n--- /dev/null\n+++ b/n/m\n@@ -0,0 +1 @@\n+x\n", []string{"makes n a file and a directory"}},
		"below a file":            {"--- /dev/null\n+++ b/run/x\n@@ -0,0 +1 @@\n+x\n", []string{"run is no directory"}},
		"through a link":          {"--- a/src/way/er/one\n+++ b/src/way/er/one\n@@ -1 +1 @@\n-1\n+2\n", []string{"src/way is no directory", "links"}},
		"new through a link":      {"--- /dev/null\n+++ b/src/way/x\n@@ -0,0 +1 @@\n+x\n", []string{"src/way is no directory"}},
		"a link":                  {"--- a/src/link\n+++ b/src/link\n@@ -1 +1 @@\n-one\n+1\n", []string{"src/link", "no regular file"}},
		"a directory":             {"--- a/src\n+++ b/src\n@@ -1 +1 @@\n-one\n+1\n", []string{"no regular file"}},
		"path upwards":            {"--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-x\n+y\n", []string{`"a/../x"`, "not a relative path"}},
		"path upwards at first":   {"--- ../x\n+++ ../x\n@@ -1 +1 @@\n-x\n+y\n", []string{`"../x"`}},
		"path upwards in new":     {"--- a/run\n+++ b/src/../../run\n@@ -1 +1 @@\n-x\n+y\n", []string{`"b/src/../../run"`}},
		"path upwards in rename":  {"diff --git a/run b/x\nrename from run\nrename to ../x\n", []string{"line 3 of the patch", "../x"}},
		"path upwards, quoted":    {"--- /dev/null\n+++ \"b/\\056\\056/x\"\n@@ -0,0 +1 @@\n+x\n", []string{`"b/../x"`}},
		"absolute path":           {"--- /etc/passwd\n+++ /etc/passwd\n@@ -1 +1 @@\n-x\n+y\n", []string{`"/etc/passwd"`}},
		"absolute path in rename": {"diff --git a/run b/x\nrename from run\nrename to /x\n", []string{"/x"}},
		"path without directory":  {"--- run\n+++ run\n@@ -1 +1 @@\n-x\n+y\n", []string{`"run"`, "below one directory"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rejects(t, test.patch, test.want...)
		})
	}
}

// rejects checks that a patch is refused and leaves the tree as it was.
func rejects(t *testing.T, text string, want ...string) {
	t.Helper()
	out := t.TempDir()
	build(t, out, tree)
	root, err := os.OpenRoot(out)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, patch("p.patch", text).Apply(root, epoch), append(want, "applying p.patch: ")...)
	if err := root.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, out, tree)
}

func TestApplyRefusesMalformed(t *testing.T) {
	t.Parallel()
	hunk := "@@ -1 +1 @@\n-one\n+1\n"
	for name, test := range map[string]struct {
		patch string
		want  []string
	}{
		"hunk without file":       {hunk, []string{"line 1 of the patch", `"@@ -1 +1 @@\n" outside a hunk`}},
		"no hunk":                 {toA + "prose\n", []string{"line 3 of the patch", `"prose\n" where a hunk`}},
		"ends after names":        {toA, []string{"line 3 of the patch", "where a hunk"}},
		"half a header":           {"--- a/run\n" + hunk, []string{"line 1 of the patch", `"--- a/run\n" outside a hunk`}},
		"half a header in git":    {"diff --git a/run b/run\n--- a/run\n" + hunk, []string{"line 2 of the patch", "+++"}},
		"other half":              {"+++ a/run\n" + hunk, []string{"line 1 of the patch"}},
		"no names":                {"--- /dev/null\n+++ /dev/null\n" + hunk, []string{"line 2 of the patch", "neither file"}},
		"bad quotes":              {"--- \"a/run\n+++ b/run\n" + hunk, []string{"line 1 of the patch", "quoted wrongly"}},
		"bad quotes in rename":    {"diff --git a/run b/x\nrename from \"run\nrename to x\n", []string{"line 2 of the patch", "quoted wrongly"}},
		"header of hunk":          {toA + "@@ -1 +x @@\n-one\n+1\n", []string{"line 3 of the patch", "no hunk header"}},
		"enormous counts":         {toA + "@@ -1,9999999999 +1 @@\n-one\n+1\n", []string{"no hunk header"}},
		"large counts":            {toA + "@@ -1,999999999 +1 @@\n-one\n+1\n", []string{"ends inside the hunk of line 3"}},
		"line zero":               {toA + "@@ -0 +1 @@\n-one\n+1\n", []string{"begins at line 0"}},
		"cut off":                 {toA + "@@ -1,2 +1,2 @@\n-one\n+1\n", []string{"line 6 of the patch", "ends inside the hunk of line 3"}},
		"counts too few old":      {toA + "@@ -1,2 +1,4 @@\n one\n-two\n-three\n+2\n+3\n+4\n", []string{"other lines than its header says"}},
		"counts too few new":      {toA + "@@ -1,2 +1,2 @@\n one\n-two\n+2\n+security\n", []string{"line 7 of the patch", `"+security\n" outside a hunk`}},
		"counts too few, blank":   {toA + hunk + "\n\n two\n+security\n", []string{"line 8 of the patch", `" two\n" outside a hunk`}},
		"damaged second hunk":     {toA + hunk + "@ -7 +7 @@\n-seven\n+7\n", []string{"line 6 of the patch", `"@ -7 +7 @@\n"`}},
		"damaged far hunk":        {toA + hunk + "oops\n@@ -7 +7 @@\n-seven\n+7\n", []string{"line 7 of the patch"}},
		"foreign line":            {toA + "@@ -1,2 +1,2 @@\n one\n*two\n", []string{"line 5 of the patch", `"*two\n" inside the hunk of line 3`}},
		"only context":            {toA + "@@ -1 +1 @@\n one\n", []string{"the hunk of line 3 changes nothing"}},
		"empty hunk":              {toA + "@@ -1,0 +1,0 @@\n", []string{"the hunk of line 3 changes nothing"}},
		"backslash first":         {toA + "@@ -1 +1 @@\n\\ No newline\n-one\n+1\n", []string{"begins with a backslash"}},
		"binary by git":           {"diff --git a/run b/run\nindex 1..2 100755\nGIT binary patch\nliteral 1\n", []string{"line 3 of the patch", "GIT binary patch"}},
		"binary":                  {toA + hunk + "Binary files a/run and b/run differ\n", []string{"line 6 of the patch"}},
		"context diff":            {toA + hunk + "*** a/run\n--- b/run\n***************\n", []string{"line 7 of the patch"}},
		"copy":                    {"diff --git a/run b/x\ncopy from run\ncopy to x\n", []string{"line 2 of the patch", "copies"}},
		"symlink":                 {"diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+run\n", []string{"line 2 of the patch", `"120000"`}},
		"submodule":               {"diff --git a/run b/run\nold mode 100755\nnew mode 160000\n", []string{"line 3 of the patch", `"160000"`}},
		"git without names":       {"diff --git\nnew mode 100644\n", []string{"no diff"}},
		"git without known names": {"diff --git a/x b/y\nnew mode 100644\n", []string{"names no file"}},
		"git, two names":          {"diff --git a/run b/x\n--- a/run\n+++ b/x\n" + hunk, []string{"two names and no rename"}},
		"git, other names":        {"diff --git a/run b/run\n" + toA + hunk, []string{`"run"`, "other names"}},
		"git, new but old":        {"diff --git a/run b/run\nnew file mode 100644\n--- a/run\n+++ b/run\n" + hunk, []string{"other names"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rejects(t, test.patch, test.want...)
		})
	}
}
