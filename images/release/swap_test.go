package release_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/release"
)

func TestSwapWithoutExchange(t *testing.T) {
	t.Parallel()
	cannot := func(string, string) error { return errors.ErrUnsupported }
	for name, tc := range map[string]struct {
		stagedExists bool
		atDir        string // which directory is at dir afterwards
		atReplaced   bool
		fails        bool
	}{
		"in two steps":           {stagedExists: true, atDir: "new", atReplaced: true},
		"second step impossible": {stagedExists: false, atDir: "old", fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			staged, dir, replaced := filepath.Join(parent, "s"), filepath.Join(parent, "d"), filepath.Join(parent, "r")
			mark := func(dir, name string) {
				if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, name), nil, 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			mark(dir, "old")
			if tc.stagedExists {
				mark(staged, "new")
			}
			if err := release.Swap(staged, dir, replaced, cannot); (err != nil) != tc.fails {
				t.Errorf("error %v, want one: %v", err, tc.fails)
			}
			if _, err := os.Stat(filepath.Join(dir, tc.atDir)); err != nil {
				t.Errorf("the %s layout is not in place: %v", tc.atDir, err)
			}
			if _, err := os.Stat(replaced); (err == nil) != tc.atReplaced {
				t.Errorf("the old layout is put away: %v, want %v", err == nil, tc.atReplaced)
			}
		})
	}
}

func TestSwapFailsWholly(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	missing := func(string, string) error { return os.ErrNotExist }
	if err := release.Swap(filepath.Join(parent, "s"), filepath.Join(parent, "d"), filepath.Join(parent, "r"), missing); err == nil {
		t.Error("nothing was swapped with nothing")
	}
}
