package keys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	prefix, key := filepath.Join(dir, "pair"), generate(t)
	if err := Write(prefix, key, []byte("secret")); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]fs.FileMode{"pair.key": 0o600, "pair.pub": 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("there are %v, %v", entries, err)
	}
	got, err := ReadPrivate(prefix+".key", password("secret"), func(text string) { t.Error(text) })
	if err != nil || !got.Equal(key) {
		t.Error(err)
	}
	open, err := ReadPublic(prefix + ".pub")
	if err != nil || !open.Equal(&key.PublicKey) {
		t.Error(err)
	}
}

func TestWriteTakesNoPlace(t *testing.T) {
	t.Parallel()
	for _, taken := range []string{"pair.key", "pair.pub"} {
		dir := t.TempDir()
		path := filepath.Join(dir, taken)
		if err := os.Symlink("nowhere", path); err != nil { // what is there need not be a file
			t.Fatal(err)
		}
		refused(t, Write(filepath.Join(dir, "pair"), generate(t), nil), taken+" is there already, and keys are never overwritten")
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("there are %v, %v", entries, err)
		}
		if err := create(path, []byte("x"), 0o600); !errors.Is(err, fs.ErrExist) { // as when it comes in between
			t.Errorf("got %v", err)
		}
	}
	refused(t, Write(filepath.Join(t.TempDir(), "none", "pair"), generate(t), nil), "writing the private key")
}

func TestReadPrivateWarns(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pair")
	if err := Write(path, generate(t), nil); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[fs.FileMode]int{0o600: 0, 0o400: 0, 0o640: 1, 0o604: 1, 0o644: 1} {
		if err := os.Chmod(path+".key", mode); err != nil {
			t.Fatal(err)
		}
		var warnings []string
		if _, err := ReadPrivate(path+".key", password(""), func(text string) { warnings = append(warnings, text) }); err != nil {
			t.Error(err)
		}
		if len(warnings) != want {
			t.Errorf("with mode %o: %q", mode, warnings)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	long := filepath.Join(dir, "long")
	if err := os.WriteFile(long, make([]byte, 10*limit), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): "no such file", dir: "is a directory", long: "too many for a key",
	} {
		_, err := ReadPrivate(path, password(""), func(string) {})
		refused(t, err, want)
		_, err = ReadPublic(path)
		refused(t, err, want)
	}
}
