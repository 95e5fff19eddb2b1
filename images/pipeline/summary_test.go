package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestWriteTable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	err := writeTable(&out, []row{{"openssl", "3.5.7-1~deb13u2", 2966018}, {"pages", "", 900}},
		totals{disk: 5199077, diskBudget: 6000000, compressed: 2191810, compressedBudget: 2500000},
		v1.Hash{Algorithm: "sha256", Hex: "ab"})
	if err != nil {
		t.Fatal(err)
	}
	want := `component   version                 bytes   budget
openssl     3.5.7-1~deb13u2     2,966,018    49.4%
pages                                 900     0.0%
on disk     of 6,000,000        5,199,077    86.7%
compressed  of 2,500,000        2,191,810    87.7%
manifest    sha256:ab
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestWriteTableBrokenWriter(t *testing.T) {
	t.Parallel()
	if err := writeTable(broken{}, nil, totals{diskBudget: 1, compressedBudget: 1}, v1.Hash{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("error %v, want that of the writer", err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestCleanRemovesOnlyWhatBuildsLeave(t *testing.T) {
	t.Parallel()
	repository, cache := t.TempDir(), t.TempDir()
	mine := []string{
		filepath.Join(repository, "dist", "static", "oci"),
		filepath.Join(cache, "inputs", "sha256"), filepath.Join(cache, "components", "musl-1"), filepath.Join(cache, "logs"), filepath.Join(cache, "segments"),
	}
	others := []string{filepath.Join(repository, "dist", "other"), filepath.Join(cache, "photos"), filepath.Join(repository, "conf")}
	for _, dir := range append(mine, others...) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(repository, "images"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(repository, "images", "static.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{Repository: repository, Env: Environment{
		Getenv: func(name string) string { return map[string]string{cacheVariable: cache}[name] },
	}}
	if err := Clean(o); err != nil {
		t.Fatal(err)
	}
	for _, dir := range mine {
		if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", dir, err)
		}
	}
	for _, dir := range others {
		if _, err := os.Lstat(dir); err != nil {
			t.Errorf("%s is gone: %v", dir, err)
		}
	}
}
