package release

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// Write puts the release at dir as an OCI layout, and makes the directory above
// it where there is none. Where dir holds a layout already it is replaced as a
// whole: whoever is killed when, dir is the old layout or the new one. Writers
// wait for each other, and each removes what a killed one left beside dir.
//
// Write refuses a dir that is anything but an OCI layout, a symlink to one
// included, and leaves an intact layout of the same release as it is.
func (r Release) Write(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("writing a release: %w", err)
	}
	if err := r.write(dir); err != nil {
		return fmt.Errorf("writing the release to %s: %w", dir, err)
	}
	return nil
}

func (r Release) write(dir string) (err error) {
	content, err := r.layout()
	if err != nil {
		return err
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("making the directory above: %w", err)
	}
	unlock, err := lock(parent)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := replaceable(dir); err != nil {
		return err
	}
	hidden := filepath.Join(parent, "."+filepath.Base(dir))
	staged, replaced := hidden+".nginx-scratch-new", hidden+".nginx-scratch-old"
	clean := func() error { return errors.Join(os.RemoveAll(staged), os.RemoveAll(replaced)) }
	if err := clean(); err != nil {
		return fmt.Errorf("removing what a killed build left: %w", err)
	}
	if r.isAt(dir) {
		return nil
	}
	defer func() { err = errors.Join(err, clean()) }()
	if err := stage(staged, content); err != nil {
		return err
	}
	if err := swap(staged, dir, replaced, exchange); err != nil {
		return err
	}
	return syncPath(parent)
}

// layout is the index.json of the release.
func (r Release) layout() (v1.ImageIndex, error) {
	name, err := r.fullName()
	if err != nil {
		return nil, err
	}
	if r.Index == nil {
		return nil, errors.New("it has no index")
	}
	return mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add: r.Index,
		Descriptor: v1.Descriptor{Annotations: map[string]string{
			imageNameAnnotation: name,
			refNameAnnotation:   r.Tag,
		}},
	}), nil
}

// replaceable refuses a dir that Write must not replace.
func replaceable(dir string) error {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking at what is there: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("there is something that is not a directory (%v): remove it or choose another place", info.Mode().Type())
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("looking at what is there: %w", err)
	}
	isLayout := false
	for _, entry := range entries {
		if !slices.Contains([]string{layoutFile, "index.json", "blobs"}, entry.Name()) {
			return fmt.Errorf("there is a directory that is not an OCI layout, for it has %q: remove it or choose another place", entry.Name())
		}
		isLayout = isLayout || entry.Name() == layoutFile
	}
	if !isLayout {
		return fmt.Errorf("there is a directory that is not an OCI layout, for it has no %s: remove it or choose another place", layoutFile)
	}
	return nil
}

// isAt reports whether dir holds this very release, intact: every blob has the
// hash that its descriptor gives, and the first descriptor is that of r.
func (r Release) isAt(dir string) bool {
	there, err := openHashed(dir)
	if err != nil || there.Name != r.Name || there.Tag != r.Tag {
		return false
	}
	old, errOld := there.Index.Digest()
	this, errThis := r.Index.Digest()
	return errOld == nil && errThis == nil && old == this
}

// stage writes a layout to dir, which must not exist, and onto the disk, and
// reads it back: nothing that Open refuses is ever put in place.
func stage(dir string, content v1.ImageIndex) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("making a place to write: %w", err)
	}
	if _, err := layout.Write(dir, content); err != nil {
		return fmt.Errorf("writing the layout: %w", err)
	}
	// The layout package gives every file another mode and syncs none.
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if d.IsDir() {
			mode = 0o755
		}
		return errors.Join(os.Chmod(path, mode), syncPath(path))
	})
	if err != nil {
		return fmt.Errorf("writing the layout to disk: %w", err)
	}
	if _, err := open(dir); err != nil {
		return fmt.Errorf("reading back what was written: %w", err)
	}
	return nil
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
