package release_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/release"
)

// documents are what a folder has, by name.
func documents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found[entry.Name()] = string(data)
	}
	return found
}

func TestWriteDocuments(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "dist")
	r := release.Release{Tag: "static", Documents: []release.Document{
		{Kind: release.SPDX, Platform: "linux/amd64", Data: []byte("a")},
		{Kind: release.OpenVEX, Platform: "linux/arm/v7", Data: []byte("b")},
	}}
	expect := func(want ...string) {
		t.Helper()
		if err := r.WriteDocuments(dir); err != nil {
			t.Fatal(err)
		}
		got := documents(t, dir)
		var lines []string
		for name, data := range got {
			lines = append(lines, name+" "+data)
		}
		slices.Sort(lines)
		if !slices.Equal(lines, want) {
			t.Errorf("there is %q, want %q", lines, want)
		}
	}
	expect("static-linux-amd64.spdx.json a", "static-linux-arm-v7.openvex.json b")

	// What others have there stays; what an earlier or a killed build left does not.
	for _, name := range []string{"notes.txt", "other-linux-amd64.spdx.json", ".nginx-scratch-new.static-linux-amd64.cdx.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.Documents = []release.Document{{Kind: release.SPDX, Platform: "linux/amd64", Data: []byte("c")}}
	expect("notes.txt x", "other-linux-amd64.spdx.json x", "static-linux-amd64.spdx.json c")
}

func TestWriteDocumentsLeavesTheOldOnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := release.Release{Tag: "static", Documents: []release.Document{{Kind: release.SPDX, Platform: "linux/amd64", Data: []byte("a")}}}
	if err := good.WriteDocuments(dir); err != nil {
		t.Fatal(err)
	}
	// A folder stands where the new file is written first.
	if err := os.MkdirAll(filepath.Join(dir, ".nginx-scratch-new.static-linux-amd64.spdx.json", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	good.Documents[0].Data = []byte("b")
	if err := good.WriteDocuments(dir); err == nil {
		t.Fatal("it was written over a folder")
	}
	if got := documents(t, dir)["static-linux-amd64.spdx.json"]; got != "a" {
		t.Errorf("the old document is %q", got)
	}
}
