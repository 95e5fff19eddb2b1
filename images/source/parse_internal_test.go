package source

import (
	"strings"
	"testing"
)

// FuzzParse parses any patch and applies its hunks to any text, in memory: the
// result has as many lines as the hunks say, and paths stay below the root.
func FuzzParse(f *testing.F) {
	f.Add("--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n a\n+b\n c\n@@ -9 +10 @@\n-d\n+e\n", "x\na\nc\n\nd\n")
	f.Add("diff --git a/x b/y\nsimilarity index 9%\nrename from x\nrename to y\nindex 1..2 100644\n--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n\\ No newline\n+b\n", "a")
	f.Add("diff --git a/x b/x\nold mode 100644\nnew mode 100755\n-- \n2.1\n\n--- \"a/\\303\\244\"\t2024-01-01 00:00:00 +0000\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", "a\n")
	f.Fuzz(func(t *testing.T, patch, text string) {
		diffs, err := parsePatch([]byte(patch))
		if err != nil {
			return
		}
		for _, diff := range diffs {
			for _, name := range []string{diff.old, diff.new} {
				if strings.HasPrefix(name, "/") || strings.Contains("/"+name+"/", "/../") {
					t.Errorf("path %q", name)
				}
			}
			want := countLines(text)
			for _, h := range diff.hunks {
				want += len(h.new) - len(h.old)
			}
			result, err := apply(diff.hunks, text)
			if got := countLines(result); err == nil && got != want {
				t.Errorf("got %d lines, want %d: %q", got, want, result)
			}
		}
	})
}

func countLines(text string) int {
	lines := strings.Count(text, "\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		lines++
	}
	return lines
}
