package source_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images/source"
)

var archives = flag.String("archives", "", "directory of Debian source packages to compare with tar and patch")

// roomy is enough for any real archive.
var roomy = source.Limits{Bytes: 1 << 30, Entries: 100_000}

// TestArchives unpacks and patches real source packages, and has tar and GNU
// patch do the same: the trees must be identical.
func TestArchives(t *testing.T) {
	t.Parallel()
	if *archives == "" {
		t.Skip("give -archives DIR")
	}
	origs, err := filepath.Glob(filepath.Join(*archives, "*.orig.tar.*z"))
	if err != nil || len(origs) == 0 {
		t.Fatalf("%s has no *.orig.tar.*z (%v)", *archives, err)
	}
	for _, orig := range origs {
		name, _, _ := strings.Cut(filepath.Base(orig), "_")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := t.TempDir(), t.TempDir()
			if err := source.Unpack(t.Context(), orig, ours, epoch, roomy); err != nil {
				t.Fatal(err)
			}
			run(t, theirs, nil, "tar", "-xf", orig, "--strip-components=1", "--no-same-permissions", "--no-same-owner")
			same(t, "unpacked", ours, theirs)
			for _, patch := range series(t, name) {
				apply(t, patch, ours)
				run(t, theirs, patch.Data, "patch", "-p1", "-F0", "--quiet", "--no-backup-if-mismatch")
				same(t, patch.Name, ours, theirs)
			}
		})
	}
}

// series reads the patches of a package that are in the directory, if any.
func series(t *testing.T, name string) []source.Patch {
	t.Helper()
	var patches []source.Patch
	for _, suffix := range []string{"debian.tar.xz", "diff.gz"} {
		found, err := filepath.Glob(filepath.Join(*archives, name+"_*."+suffix))
		if err != nil {
			t.Fatal(err)
		}
		for _, archive := range found {
			if info, err := os.Stat(archive); err != nil || info.Size() == 0 {
				continue // a download that failed
			}
			series, err := source.ReadSeries(t.Context(), archive, roomy)
			if err != nil {
				t.Fatal(err)
			}
			patches = append(patches, series.Patches...)
		}
	}
	t.Logf("%d patches", len(patches))
	return patches
}

// same compares two trees, times aside.
func same(t *testing.T, step, ours, theirs string) {
	t.Helper()
	settle(t, theirs)
	if diff := cmp.Diff(look(t, theirs), look(t, ours)); diff != "" {
		t.Fatalf("%s: the trees differ (-theirs +ours):\n%.4000s", step, diff)
	}
}

func run(t *testing.T, dir string, stdin []byte, argv ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", argv, err, out)
	}
}

func apply(t *testing.T, patch source.Patch, dir string) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := patch.Apply(root, epoch); err != nil {
		t.Error(err)
	}
	if err := root.Close(); err != nil {
		t.Error(err)
	}
}
