package images_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"go.yaml.in/yaml/v4"

	"github.com/nginx-scratch/nginx-scratch/images"
)

func seed(f *testing.F, files ...string) {
	f.Helper()
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
}

// refusal checks what is said of a bad file: the same on every run, and on
// lines that name the file and do nothing to a terminal.
func refusal(t *testing.T, file string, first, second error) {
	t.Helper()
	if second == nil || first.Error() != second.Error() {
		t.Fatalf("two runs give\n%v\nand\n%v", first, second)
	}
	for line := range strings.SplitSeq(first.Error(), "\n") {
		if !strings.HasPrefix(line, file+":") {
			t.Errorf("%q does not name the file", line)
		}
		if strings.ContainsFunc(line, unicode.IsControl) {
			t.Errorf("%q has control characters", line)
		}
	}
}

// A definition that is accepted can be written and read again.
func FuzzDefinition(f *testing.F) {
	seed(f, "static.yaml", "alpine.yaml", "base.yaml", filepath.Join("testdata", "small.yaml"), filepath.Join("testdata", packagesFile))
	f.Fuzz(func(t *testing.T, text string) {
		d, err := loadDefinition(text)
		if err != nil {
			_, again := loadDefinition(text)
			refusal(t, "small.yaml", err, again)
			return
		}
		data, err := yaml.Dump(d)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := loadDefinition(string(data)); err != nil {
			t.Errorf("accepted, but not its own form: %v\n%s", err, data)
		}
	})
}

// A lock that is accepted has one form: two files that say the same are the
// same.
func FuzzLock(f *testing.F) {
	seed(f, "static.lock.json", filepath.Join("testdata", "small.lock.json"))
	data, err := os.ReadFile(filepath.Join("testdata", "small.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	d, err := loadDefinition(string(data))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := loadLock(text, d)
		if err != nil {
			_, again := loadLock(text, d)
			refusal(t, "small.lock.json", err, again)
			return
		}
		var form strings.Builder
		e := json.NewEncoder(&form)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(l); err != nil {
			t.Fatal(err)
		}
		if form.String() != text {
			t.Errorf("accepted, but its form is\n%s", form.String())
		}
		for _, c := range l.Components {
			hostile(t, c)
		}
	})
}

// hostile checks what must never get past the lock.
func hostile(t *testing.T, c images.LockedComponent) {
	t.Helper()
	for _, in := range c.Inputs() {
		if filepath.Base(in.File) != in.File || !filepath.IsLocal(in.File) {
			t.Errorf("file %q", in.File)
		}
		for _, place := range in.Places {
			if strings.ContainsAny(place, " \n\x00#") || !strings.Contains(place, ":") {
				t.Errorf("place %q", place)
			}
		}
	}
	if c.Patches == nil {
		return
	}
	for _, p := range c.Patches.Patches {
		if !filepath.IsLocal(p.File) || strings.ContainsFunc(p.File, unicode.IsControl) {
			t.Errorf("patch %q", p.File)
		}
	}
}

// A lock that is accepted is its own only form, whatever it was made for.
func FuzzReadLock(f *testing.F) {
	seed(f, "static.lock.json", filepath.Join("testdata", packagesLock))
	f.Fuzz(func(t *testing.T, text string) {
		read := func() (images.Lock, error) {
			return images.ReadLock(fstest.MapFS{packagesLock: {Data: []byte(text)}}, packagesLock)
		}
		l, err := read()
		if err != nil {
			_, again := read()
			refusal(t, packagesLock, err, again)
			return
		}
		form, err := l.Encode()
		if err != nil || string(form) != text {
			t.Errorf("accepted, but its form is another: %v\n%s", err, form)
		}
	})
}
