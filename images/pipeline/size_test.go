package pipeline

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/release"
	"github.com/nginx-scratch/nginx-scratch/images/size"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// sizedBuild is a build of an image with files of all kinds, as it is before it is
// written.
func sizedBuild(t *testing.T) (*builder, product) {
	t.Helper()
	o := withComponents(t, nil)
	o.out = progress.New(io.Discard, false, time.Now)
	o.built = nil
	o.origin = fakeDivider{o}
	files := tree.New()
	for _, f := range []tree.File{
		{Path: "usr/sbin/nginx", Mode: 0o755, Data: []byte("program"), Origin: tree.Origin{Component: "nginx"}},
		{Path: "usr/sbin/broken", Mode: 0o755, Data: []byte("\x7fELF and no more"), Origin: tree.Origin{Component: "nginx"}},
		{Path: "usr/sbin/nginx-entry", Mode: 0o755, Data: []byte("entry"), Origin: entryOrigin},
		{Path: "usr/share/licenses/zlib/LICENSE.gz", Mode: 0o644, Data: []byte("take it"), Origin: tree.Origin{Component: "zlib"}},
		{Path: "etc/nginx/nginx.conf", Mode: 0o644, Data: []byte("worker_processes auto;"), Origin: tree.Origin{Component: project, Path: "conf"}},
		{Path: "var/lib/db/sbom/static.spdx.json", Mode: 0o644, Data: []byte("{}"), Origin: described},
	} {
		if err := files.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	config, err := o.config("linux/amd64")
	if err != nil {
		t.Fatal(err)
	}
	img, err := oci.Image(files, config)
	if err != nil {
		t.Fatal(err)
	}
	return o.builder, product{platform: "linux/amd64", tree: files, img: img, files: o.divide("linux/amd64", files)}
}

// fakeDivider divides without compilers and caches.
type fakeDivider struct{ *compiled }

func (fakeDivider) divider(string) (size.Detail, divider) {
	return size.Components, func(f tree.File, component string) (size.File, error) {
		return size.Divide(f.Path, size.Program{Data: f.Data, Component: component})
	}
}

func TestSizesAddUp(t *testing.T) {
	t.Parallel()
	b, p := sizedBuild(t)
	sizes, err := b.sizes(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := size.NewReport("static", sizes).JSON(); err != nil { // it refuses what does not add up
		t.Error(err)
	}
	var sum int64
	var names []string
	for _, r := range b.rows(sizes) {
		sum += r.bytes
		names = append(names, r.name)
	}
	if want := []string{"nginx", licenseTexts, "nginx-entry", ownFiles, descriptions}; !slices.Equal(names, want) {
		t.Errorf("rows %q, want %q", names, want)
	}
	if sum != p.tree.Size() {
		t.Errorf("the rows have %d bytes, the tree has %d", sum, p.tree.Size())
	}
}

func TestWriteSizes(t *testing.T) {
	t.Parallel()
	b, p := sizedBuild(t)
	sizes, err := b.sizes(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(b.dist(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := b.writeSizes(size.NewReport("static", sizes), nil); err != nil {
		t.Fatal(err)
	}
	if r, err := readSizes(filepath.Join(b.dist(), sizeReport)); err != nil || len(r.Platforms) != 1 {
		t.Errorf("what was written is %+v, %v", r, err)
	}
	if page, err := os.ReadFile(filepath.Join(b.dist(), sizePage)); err != nil || !strings.Contains(string(page), "<svg") {
		t.Errorf("the page has no picture: %v", err)
	}
}

// An image says what it has in files and sections; a report beside it says more, if it
// is of this image.
func TestSizesOf(t *testing.T) {
	t.Parallel()
	b, p := sizedBuild(t)
	index, err := oci.Index(p.img)
	if err != nil {
		t.Fatal(err)
	}
	if err := (release.Release{Name: project, Tag: "static", Index: index}).Write(b.layout()); err != nil {
		t.Fatal(err)
	}
	known, err := b.sizes(p)
	if err != nil {
		t.Fatal(err)
	}
	report := filepath.Join(b.dist(), sizeReport)
	read := func(against string) (size.Platform, error) {
		r, err := b.sizesOf(context.Background(), SizeOptions{Against: against}, b.out)
		found, _ := r.Platform("linux/amd64")
		return found, err
	}
	got, err := read(b.layout())
	if err != nil || got.Disk != p.tree.Size() || got.Detail != size.Sections || got.Compressed != known.Compressed {
		t.Errorf("the layout has %+v, %v", got, err)
	}
	write := func(sizes size.Platform) {
		t.Helper()
		if err := b.writeSizes(size.NewReport("static", sizes), nil); err != nil {
			t.Fatal(err)
		}
	}
	write(known)
	for _, against := range []string{b.layout(), report} {
		if got, err := read(against); err != nil || got.Detail != size.Components {
			t.Errorf("%s has %+v, %v", against, got, err)
		}
	}
	other := known
	other.Manifest = "sha256:of another build"
	write(other)
	if got, err := read(b.layout()); err != nil || got.Detail != size.Sections {
		t.Errorf("the report of another image was believed: %+v, %v", got, err)
	}
	if err := os.WriteFile(report, []byte(`{"format": 1, "image": "\u001b[2J"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := read(report); err == nil || !strings.Contains(err.Error(), "cannot be printed") {
		t.Errorf("a hostile report: %v", err)
	}
	if _, err := read(filepath.Join(b.dist(), "none.json")); err == nil {
		t.Error("a report that is not there was read")
	}
}
