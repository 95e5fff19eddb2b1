package apk_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
	"github.com/nginx-scratch/nginx-scratch/tests/fixtures/repository"
)

var update = flag.Bool("update", false, "write the golden files")

// installed is a package read back, with all of its files. What depends on how
// it is compressed is always the same.
func installed(p repository.Package) apk.Installed {
	raw, want := file(p)
	read := must(apk.ReadPackage(raw, want, small))
	read.Record.Size, read.Record.Checksum = 12345, must(apk.ParseChecksum(sum))
	return apk.Installed{Record: read.Record, Files: read.Files}
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	busybox := repository.Package{
		Name: "busybox", Version: "1.37.0-r19", Arch: "x86_64", Built: built.Unix(), Priority: 100,
		Provides: []string{"cmd:sh=1.37.0-r19", "/bin/sh"}, InstallIf: []string{"a", "b=1"}, Replaces: []string{"busybox-initscripts"},
		Files: []repository.File{
			{Path: "bin/busybox", Mode: 0o755, Data: []byte("busybox")},
			{Path: "bin/bbsuid", Mode: fs.ModeSetuid | 0o111, Data: []byte("bbsuid")},
			{Path: "bin/sh", Link: "/bin/busybox"},
			{Path: "etc/securetty", Mode: 0o640, Data: []byte("tty1\n"), GID: 42},
			{Path: "tmp", Mode: fs.ModeDir | fs.ModeSticky | 0o777},
			{Path: "init", Mode: 0o644},
		},
	}
	meta := installed(repository.Package{Name: "alpine-base", Version: "3.22.2-r0", Arch: "noarch", Depends: []string{"busybox", "musl"}})
	meta.ReplacesPriority = 7
	libz := installed(zlib())
	libz.Files = slices.DeleteFunc(libz.Files, func(f tree.File) bool { return f.Mode.IsDir() || strings.HasPrefix(f.Path, "usr/share") })
	got := apk.Database([]apk.Installed{libz, installed(busybox), meta})
	golden := filepath.Join("testdata", "installed.golden")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("wrote\n%s\nwant\n%s", got, want)
	}
	if !bytes.Contains(got, []byte("R:sh\na:0:0:777\nZ:Q1pcfTfDNEbNKQc2s1tia7da05M8Q=\n")) {
		t.Error("/bin/sh is not as Alpine's own images have it")
	}
	if got := apk.Database(nil); len(got) != 0 {
		t.Errorf("of nothing: %q", got)
	}
}

// Without files the list has the format of an index, so what is read from one
// and written again is the same text.
func TestDatabaseIsAnIndex(t *testing.T) {
	t.Parallel()
	text := record("a", "I:1", "T:", "U:", "L:", "o:b", "m:M", "t:1", "c:d", "k:2", "D:e f", "p:g", "i:h j", "r:k", "q:3")
	records, _, err := apk.ParseRecords(text, "x86_64", small)
	if err != nil {
		t.Fatal(err)
	}
	if got := apk.Database([]apk.Installed{{Record: records[0]}}); string(got) != text {
		t.Errorf("wrote\n%s\nwant\n%s", got, text)
	}
}
