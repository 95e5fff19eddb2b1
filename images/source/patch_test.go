package source_test

import (
	"maps"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/source"
)

// tree is what the patches of the tests are applied to.
var tree = picture{
	"src":         "dir",
	"src/a.c":     "644 one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n",
	"src/no-nl":   "644 one\ntwo",
	"src/empty":   "644 ",
	"src/crlf":    "644 one\r\ntwo\r\n",
	"run":         "755 #!/bin/sh\necho\n",
	"deep":        "dir",
	"deep/er":     "dir",
	"deep/er/one": "644 1\n",
	"src/way":     "-> ../deep",
	"src/link":    "-> a.c",
}

// with is a copy of the tree with some paths changed, or deleted where empty.
func with(changes ...string) picture {
	changed := picture{}
	maps.Copy(changed, tree)
	for i := 0; i < len(changes); i += 2 {
		if changed[changes[i]] = changes[i+1]; changes[i+1] == "" {
			delete(changed, changes[i])
		}
	}
	return changed
}

var applies = map[string]struct {
	patch string
	want  picture
}{
	"prose around it": {
		"Description: why\n more\n--\n---\n src/a.c | 2 +-\n\nIndex: x/src/a.c\n=====\n" +
			"--- x.orig/src/a.c\t2024-01-01 00:00:00.000000000 +0000\n+++ x/src/a.c\n@@ -1,3 +1,3 @@ heading\n one\n-two\n+2\n three\n-- \n2.49.0\n\n",
		with("src/a.c", "644 one\n2\nthree\nfour\nfive\nsix\nseven\neight\n"),
	},
	"several hunks and files": {
		"diff --git a/run b/run\nindex 1..2 100755\n--- a/run\n+++ b/run\n@@ -2 +2,2 @@\n echo\n+exit\n" +
			"diff -ru a/src/a.c b/src/a.c\n--- a/src/a.c\n+++ b/src/a.c\n@@ -1,2 +1 @@\n-one\n two\n@@ -7,2 +6,3 @@\n seven\n+7.5\n eight\n",
		with("run", "755 #!/bin/sh\necho\nexit\n", "src/a.c", "644 two\nthree\nfour\nfive\nsix\nseven\n7.5\neight\n"),
	},
	"one file twice": {
		"--- a/run\n+++ b/run\n@@ -2 +2 @@\n-echo\n+echo 1\n\n--- a/run\n+++ b/run\n@@ -2 +2 @@\n-echo 1\n+echo 2\n",
		with("run", "755 #!/bin/sh\necho 2\n"),
	},
	"new files": {
		"--- /dev/null\n+++ b/new/dir/x\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n" +
			"--- a/plain\n+++ b/plain\n@@ -0,0 +1,2 @@\n+x\n+y\n" +
			"diff --git a/tool b/tool\nnew file mode 100755\nindex 0..1\n--- /dev/null\n+++ b/tool\n@@ -0,0 +1 @@\n+x\n" +
			"diff --git a/with space b/with space\nnew file mode 100644\nindex 0..0\n\n" +
			"--- a/src/empty\n+++ b/src/empty\n@@ -0,0 +1 @@\n+full\n" +
			"--- /dev/null\n+++ \"b/t\\303\\244b\\t\"\n@@ -0,0 +1 @@\n+x",
		with("new", "dir", "new/dir", "dir", "new/dir/x", "644 x", "plain", "644 x\ny\n", "tool", "755 x\n",
			"with space", "644 ", "src/empty", "644 full\n", "täb\t", "644 x\n"),
	},
	"deletions": {
		"diff --git a/deep/er/one b/deep/er/one\ndeleted file mode 100644\nindex 1..0\n--- a/deep/er/one\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n" +
			"diff --git a/src/empty b/src/empty\ndeleted file mode 100644\nindex e69de29..0000000\n\n" +
			"--- a/run\t2020-01-01 00:00:00 +0000\n+++ b/run\t1970-01-01 01:00:00.000000000 +0100\n@@ -1,2 +0,0 @@\n-#!/bin/sh\n-echo\n",
		with("deep/er/one", "", "deep/er", "", "deep", "", "src/empty", "", "run", ""),
	},
	"emptied but not deleted": {
		"--- a/deep/er/one\n+++ b/deep/er/one\t2020-01-01 00:00:00 +0000\n@@ -1 +0,0 @@\n-1\n",
		with("deep/er/one", "644 "),
	},
	"renames": {
		"diff --git a/deep/er/one b/deep/two\nsimilarity index 100%\nrename from deep/er/one\nrename to deep/two\n" +
			"diff --git a/run b/bin/run\nsimilarity index 50%\nrename from run\nrename to bin/run\nindex 1..2 100755\n--- a/run\n+++ b/bin/run\n@@ -1,2 +1,2 @@\n #!/bin/sh\n-echo\n+true\n",
		with("deep/er/one", "", "deep/er", "", "deep/two", "644 1\n", "run", "", "bin", "dir", "bin/run", "755 #!/bin/sh\ntrue\n"),
	},
	"modes": {
		"diff --git a/run b/run\nold mode 100755\nnew mode 100644\n" +
			"diff --git a/src/a.c b/src/a.c\nold mode 100644\nnew mode 100755\nindex 1..2\n--- a/src/a.c\n+++ b/src/a.c\n@@ -8 +8 @@\n-eight\n+8\n",
		with("run", "644 #!/bin/sh\necho\n", "src/a.c", "755 one\ntwo\nthree\nfour\nfive\nsix\nseven\n8\n"),
	},
	"newlines at the end": {
		"--- a/src/no-nl\n+++ b/src/no-nl\n@@ -1,2 +1,2 @@\n one\n-two\n\\ No newline at end of file\n+two\n" +
			"--- a/deep/er/one\n+++ b/deep/er/one\n@@ -1 +1,2 @@\n-1\n+1\n+2\n\\ No newline at end of file\n",
		with("src/no-nl", "644 one\ntwo\n", "deep/er/one", "644 1\n2"),
	},
	"carriage returns": {
		"--- a/src/crlf\n+++ b/src/crlf\n@@ -1,2 +1,2 @@\n one\r\n-two\r\n+2\r\n",
		with("src/crlf", "644 one\r\n2\r\n"),
	},
	"backup as old name": {
		"--- ./run.orig\n+++ ./run\t1970-01-01 00:00:00 +0000\n@@ -2 +2 @@\n-echo\n+true\n",
		with("run", "755 #!/bin/sh\ntrue\n"),
	},
	"directory named as in git": {
		"--- b/src/a.c\n+++ b/src/a.c\n@@ -1 +1 @@\n-one\n+1\n",
		with("src/a.c", "644 1\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n"),
	},
}

// The umask belongs to the whole process: this test does not run in parallel.
func TestApply(t *testing.T) { //nolint:paralleltest // sets the umask
	for name, test := range applies {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // as above
			out := t.TempDir()
			build(t, out, tree)
			old := syscall.Umask(0o077)
			apply(t, patch(name, test.patch), out)
			syscall.Umask(old)
			expect(t, out, test.want)
		})
	}
}

func TestApplyUndoesWhatItHasStaged(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	long := strings.Repeat("n", 250) // its temporary name is too long
	build(t, out, with(long, "644 1\n"))
	root, err := os.OpenRoot(out)
	if err != nil {
		t.Fatal(err)
	}
	err = patch("x", "--- /dev/null\n+++ b/a/b/c\n@@ -0,0 +1 @@\n+x\n--- a/"+long+"\n+++ b/"+long+"\n@@ -1 +1 @@\n-1\n+2\n").Apply(root, epoch)
	refused(t, err, "applying x", "name too long")
	settle(t, out)
	expect(t, out, with(long, "644 1\n"))
	build(t, out, picture{".patched-run": "644 of somebody else"})
	err = source.Patch{Name: "y", Data: []byte("--- a/run\n+++ b/run\n@@ -2 +2 @@\n-echo\n+true\n")}.Apply(root, epoch)
	refused(t, err, "applying y", ".patched-run: file exists")
	expect(t, out, with(long, "644 1\n", ".patched-run", "644 of somebody else"))
	if err := root.Close(); err != nil {
		t.Fatal(err)
	}
}
