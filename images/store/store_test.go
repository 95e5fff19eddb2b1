package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/store"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	content := []byte("what was pinned")
	write := func(content string) func(string) error {
		return func(path string) error { return os.WriteFile(path, []byte(content), 0o600) }
	}
	tests := []struct {
		name    string
		put     func(path string) error
		corrupt string // the reason, if the error is about that
		absent  bool
	}{
		{name: "right", put: write("what was pinned")},
		{name: "absent", put: func(string) error { return nil }, absent: true},
		{name: "empty", put: write(""), corrupt: "has 0 bytes, not 15"},
		{name: "too short", put: write("what was pinne"), corrupt: "has 14 bytes, not 15"},
		{name: "too long", put: write("what was pinned\n"), corrupt: "has 16 bytes, not 15"},
		{name: "one bit", put: write("what was pinneD"), corrupt: "has sha256 "},
		{name: "a directory", put: func(path string) error { return os.Mkdir(path, 0o700) }, corrupt: "is not a regular file"},
		{name: "a link", put: func(path string) error { return os.Symlink("/dev/zero", path) }, corrupt: "is not a regular file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, in := open(t, t.TempDir()), input(content)
			if err := test.put(s.Path(in)); err != nil {
				t.Fatal(err)
			}
			err := s.Verify(in)
			var corrupt *store.CorruptError
			switch {
			case test.absent:
				if !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("error %v, want fs.ErrNotExist", err)
				}
			case test.corrupt == "":
				if err != nil {
					t.Error(err)
				}
			case !errors.As(err, &corrupt):
				t.Errorf("error %v, want a CorruptError", err)
			default:
				wantError(t, err, "verifying a.tar.gz: ", s.Path(in), test.corrupt)
			}
		})
	}
}

// A lock file is data: it must not be able to name a file outside the store.
func TestBadInput(t *testing.T) {
	t.Parallel()
	good := input([]byte("x"))
	tests := []struct {
		name string
		in   store.Input
		want string
	}{
		{"no hash", store.Input{Name: "a", Size: 1}, `input "a": sha256 ""`},
		{"short hash", store.Input{Name: "a", SHA256: good.SHA256[:62], Size: 1}, "64 lower-case"},
		{"upper-case hash", store.Input{Name: "a", SHA256: strings.ToUpper(good.SHA256), Size: 1}, "64 lower-case"},
		{"a path", store.Input{Name: "a", SHA256: "../../../../../../../../../../../../../../../../../../etc/shadow", Size: 1}, "64 lower-case"},
		{"no size", store.Input{Name: "a", SHA256: good.SHA256}, "size 0 is not positive"},
		{"negative size", store.Input{Name: "a", SHA256: good.SHA256, Size: -1}, "size -1 is not positive"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, t.TempDir())
			wantError(t, s.Verify(test.in), test.want)
			wantError(t, s.Fetch(t.Context(), []store.Input{test.in}, store.Options{}), "fetching a: ", test.want)
		})
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(file)
	wantError(t, err, "creating the cache directory: ", file)
}
