package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// lines makes a file of one line for each letter.
func lines(letters string) string {
	return strings.Join(append(strings.Split(letters, ""), ""), "\n")
}

// TestPlace is about where in a file a hunk goes.
func TestPlace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file, hunks string // a letter is a line
		want        string
		err         []string
	}{
		"where it says":            {file: "abcabcabc", hunks: "@@ -4,3 +4,3 @@\n a\n-b\n+B\n c\n", want: "abcaBcabc"},
		"later":                    {file: "xxxxabc", hunks: "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n", want: "xxxxaBc"},
		"earlier":                  {file: "abcxxxx", hunks: "@@ -90,3 +90,3 @@\n a\n-b\n+B\n c\n", want: "aBcxxxx"},
		"nearest":                  {file: "abcxabcxxxabc", hunks: "@@ -7,3 +7,3 @@\n a\n-b\n+B\n c\n", want: "abcxaBcxxxabc"},
		"later of two":             {file: "abcxabc", hunks: "@@ -3,3 +3,3 @@\n a\n-b\n+B\n c\n", want: "abcxaBc"},
		"as far as the one before": {file: "xxxabcabcabcabc", hunks: "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n@@ -7,3 +7,3 @@\n a\n-b\n+B\n c\n", want: "xxxaBcabcaBcabc"},
		"after the one before":     {file: "abcabc", hunks: "@@ -4,3 +4,3 @@\n a\n-b\n+B\n c\n@@ -7,3 +7,3 @@\n a\n-b\n+B\n c\n", err: []string{"hunk 2", "line 7 should be", "ends after line 6"}},
		"not into the one before":  {file: "abca", hunks: "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n@@ -3,2 +3,2 @@\n c\n-a\n+A\n", err: []string{"hunk 2", "fits at line 3, but overlaps"}},
		"grown file":               {file: "ab", hunks: "@@ -1 +1,3 @@\n+x\n+y\n a\n@@ -2 +4,2 @@\n b\n+z\n", want: "xyabz"},
		"start of file":            {file: "abc", hunks: "@@ -1,2 +1,3 @@\n+x\n a\n b\n", want: "xabc"},
		"start of file only":       {file: "xab", hunks: "@@ -1,2 +1,3 @@\n+y\n a\n b\n", err: []string{`line 1 should be "a\n", found "x\n"`}},
		"end of file":              {file: "xxab", hunks: "@@ -1,2 +1,3 @@\n a\n b\n+y\n", want: "xxaby"},
		"end of file only":         {file: "abx", hunks: "@@ -1,2 +1,3 @@\n a\n b\n+y\n", err: []string{"fits at line 1, but", "end of the file"}},
		"no context at all":        {file: "xab", hunks: "@@ -1 +1 @@\n-a\n+A\n", want: "xAb"},
		"before the file":          {file: "abc", hunks: "@@ -50 +50 @@\n-a\n+A\n@@ -10 +10 @@\n-x\n+X\n", err: []string{"hunk 2", `line 1 should be "x\n", found "a\n"`}},
		"blank context":            {file: "a", hunks: "@@ -1,2 +1,3 @@\n a\n+b\n\n", err: []string{`line 2 should be "\n"`}},
		"emptied":                  {file: "ab", hunks: "@@ -1,2 +0,0 @@\n-a\n-b\n", want: ""},
		"hunk longer than file":    {file: "a", hunks: "@@ -1,2 +1 @@\n-a\n-b\n+A\n", err: []string{`line 2 should be "b\n", but the file ends after line 1`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			build(t, out, picture{"f": "644 " + lines(test.file)})
			root, err := os.OpenRoot(out)
			if err != nil {
				t.Fatal(err)
			}
			err = patch("p", "--- a/f\n+++ b/f\n"+test.hunks).Apply(root, epoch)
			if err := root.Close(); err != nil {
				t.Fatal(err)
			}
			if test.err != nil {
				refused(t, err, append(test.err, "f (line 1 of the patch)")...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(out, "f"))
			if want := lines(test.want); err != nil || string(got) != want {
				t.Errorf("got %q (%v), want %q", got, err, want)
			}
		})
	}
}
