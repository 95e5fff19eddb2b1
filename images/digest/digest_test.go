package digest_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/digest"
)

// What sha256sum says of the same bytes.
func TestFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"empty": {nil, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		"abc":   {[]byte("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		"large": {bytes.Repeat([]byte("a"), 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, test.data, 0o600), os.Symlink(name, path+" link")); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{path, path + " link"} {
			if got, err := digest.File(path); got != test.want || err != nil {
				t.Errorf("%s: got %s, %v, want %s", path, got, err, test.want)
			}
		}
	}
}

func TestNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, want := range map[string]error{dir: syscall.EISDIR, filepath.Join(dir, "none"): fs.ErrNotExist} {
		if got, err := digest.File(path); got != "" || !errors.Is(err, want) {
			t.Errorf("%s: got %q, %v, want %v", path, got, err, want)
		}
	}
}
