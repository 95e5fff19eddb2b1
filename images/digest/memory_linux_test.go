package digest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/digest"
)

// later is when a file that a test has written is old enough to be remembered.
func later() time.Time { return time.Now().Add(time.Minute) }

// write writes a text of 4 bytes.
func write(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func ask(t *testing.T, m *digest.Memory, path string) string {
	t.Helper()
	got, err := m.File(path)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func truth(t *testing.T, path string) string {
	t.Helper()
	want, err := digest.File(path)
	if err != nil {
		t.Fatal(err)
	}
	return want
}

// saved is a memory of the file in path, which the test changes before it is read again.
func saved(t *testing.T, memory, path string, change func(data string) string) *digest.Memory {
	t.Helper()
	m := digest.Remember(memory, later)
	if got, want := ask(t, m, path), truth(t, path); got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	if err := m.Save(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(memory)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(memory, []byte(change(string(data))), 0o600); err != nil {
		t.Fatal(err)
	}
	return digest.Remember(memory, later)
}

// What a file does not hash to, by which a test sees that it was not read.
var mark = strings.Repeat("0", 64)

func TestMemory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, memory := filepath.Join(dir, "file"), filepath.Join(dir, "cache", "digests")
	write(t, path)
	sum := truth(t, path)
	lie := func(data string) string { return strings.ReplaceAll(data, sum, mark) }

	if got := ask(t, saved(t, memory, path, lie), path); got != mark {
		t.Fatalf("%s: it was hashed again", got)
	}
	for name, change := range map[string]func() error{
		"another text of the same size and time": func() error {
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			if err := os.WriteFile(path, []byte("TEXT"), 0o600); err != nil {
				return err
			}
			return os.Chtimes(path, info.ModTime(), info.ModTime())
		},
		"another file under the name": func() error {
			other := path + ".other"
			if err := os.WriteFile(other, []byte("text"), 0o600); err != nil {
				return err
			}
			return os.Rename(other, path)
		},
		"a link to another": func() error {
			other := path + ".linked"
			if err := os.WriteFile(other, []byte("more text"), 0o600); err != nil {
				return err
			}
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.Symlink(other, path)
		},
	} {
		m := digest.Remember(memory, later)
		if err := change(); err != nil {
			t.Fatal(name, err)
		}
		if got, want := ask(t, m, path), truth(t, path); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		write(t, path)
		saved(t, memory, path, lie)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := digest.Remember(memory, later).File(path); !os.IsNotExist(err) {
		t.Errorf("%v of a file that is gone", err)
	}
}

// What has only just been written is not remembered.
func TestMemoryOfTheNew(t *testing.T) {
	t.Parallel()
	path, memory := filepath.Join(t.TempDir(), "file"), filepath.Join(t.TempDir(), "digests")
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := digest.Remember(memory, time.Now)
	ask(t, m, path)
	if err := m.Save(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(memory); !os.IsNotExist(err) {
		t.Errorf("%v: something was remembered", err)
	}
}

// Whatever is in its file, a memory says what files hash to.
func TestHostileMemory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	write(t, path)
	want := truth(t, path)
	for name, change := range map[string]func(string) string{
		"empty":            func(string) string { return "" },
		"truncated":        func(data string) string { return data[:len(data)/2] },
		"null":             func(string) string { return "null" },
		"a list":           func(string) string { return "[]" },
		"no digest":        func(data string) string { return strings.ReplaceAll(data, want, "") },
		"half a digest":    func(data string) string { return strings.ReplaceAll(data, want, want[:32]) },
		"another type":     func(data string) string { return strings.ReplaceAll(data, `"size":4`, `"size":"4"`) },
		"another file":     func(data string) string { return strings.ReplaceAll(data, path, path+"2") },
		"another size":     func(data string) string { return strings.ReplaceAll(data, `"size":4`, `"size":5`) },
		"a device of null": func(data string) string { return strings.ReplaceAll(data, `"device":`, `"device":null,"x":`) },
	} {
		m := saved(t, filepath.Join(dir, "digests"), path, change)
		if got := ask(t, m, path); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// It says so when it cannot be kept, and leaves nothing behind.
func TestMemoryThatCannotBeKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	write(t, path)
	if err := os.Mkdir(filepath.Join(dir, "digests"), 0o700); err != nil {
		t.Fatal(err)
	}
	m := digest.Remember(filepath.Join(dir, "digests"), later)
	ask(t, m, path)
	if err := m.Save(); err == nil || !strings.Contains(err.Error(), "remembering digests") {
		t.Errorf("%v where a folder is in the way", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".digests*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%q is left (%v)", left, err)
	}
}
