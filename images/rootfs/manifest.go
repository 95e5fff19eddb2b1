package rootfs

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/nginx-scratch/nginx-scratch/images/digest"
)

// manifest says what a root has to be.
type manifest struct {
	Key     string  `json:"key"`
	Entries []entry `json:"entries"` // in the byte order of their paths
}

// entry is one file, folder or link of a root.
type entry struct {
	Path   string `json:"path"`           // slash-separated, relative to the root
	Mode   string `json:"mode"`           // as fs.FileMode prints it: type and permissions
	Size   int64  `json:"size,omitempty"` // of a file, in bytes
	SHA256 string `json:"sha256,omitempty"`
	Link   string `json:"link,omitempty"` // target
}

// errAbsent says that there is no root, errDamaged that there is one whose
// files are not those that were put there.
var (
	errAbsent  = errors.New("it is not unpacked yet")
	errDamaged = errors.New("the unpacked base is damaged")
)

func isMissing(err error) bool { return errors.Is(err, errAbsent) || errors.Is(err, errDamaged) }

// verify compares every file of a root with the manifest.
func (c Cache) verify(ctx context.Context, key string) error {
	if _, err := os.Lstat(c.dir(key)); errors.Is(err, fs.ErrNotExist) {
		return errAbsent
	}
	got, err := os.ReadFile(filepath.Join(c.dir(key), "manifest.json"))
	if err != nil {
		return damage(err)
	}
	entries, err := describe(ctx, filepath.Join(c.dir(key), "root"))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return damage(err)
	}
	want, err := encode(key, entries)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%w: %s", errDamaged, difference(got, entries))
	}
	return nil
}

// damage says that what cannot be read is damaged, unless this user may not
// read it: then it may be whole, and could not be replaced.
func damage(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("reading what is unpacked: %w", err)
	}
	return fmt.Errorf("%w: %w", errDamaged, err)
}

// seal writes the manifest, which makes a root complete.
func seal(dir, key string, entries []entry) error {
	data, err := encode(key, entries)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), data, 0o644); err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	return nil
}

func encode(key string, entries []entry) ([]byte, error) {
	data, err := json.MarshalIndent(manifest{key, entries}, "", " ")
	if err != nil {
		return nil, fmt.Errorf("describing a root: %w", err)
	}
	return data, nil
}

// describe reads all that is below dir.
func describe(ctx context.Context, dir string) ([]entry, error) {
	var entries []entry
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		e := entry{Path: filepath.ToSlash(path[len(dir)+1:]), Mode: info.Mode().String()}
		switch info.Mode().Type() {
		case 0:
			e.Size = info.Size()
		case fs.ModeSymlink:
			e.Link, err = os.Readlink(path)
		}
		entries = append(entries, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.Path, b.Path) })
	return entries, hash(ctx, dir, entries)
}

// hash hashes the files, as many at once as there are processors.
func hash(ctx context.Context, dir string, entries []entry) error {
	errs := make([]error, runtime.GOMAXPROCS(0))
	var next atomic.Int64
	var wg sync.WaitGroup
	for worker := range errs {
		wg.Go(func() {
			for errs[worker] == nil && ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(entries) {
					return
				}
				if e := &entries[i]; strings.HasPrefix(e.Mode, "-") { // a file
					e.SHA256, errs[worker] = digest.File(filepath.Join(dir, filepath.FromSlash(e.Path)))
				}
			}
		})
	}
	wg.Wait()
	return cmp.Or(errs...)
}

// difference says in what a manifest is not that of the files.
func difference(data []byte, entries []entry) string {
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return "manifest.json: " + err.Error()
	}
	found := map[string]entry{}
	for _, e := range entries {
		found[e.Path] = e
	}
	for _, want := range m.Entries {
		switch got, ok := found[want.Path]; {
		case !ok:
			return want.Path + " is missing"
		case got != want:
			return want.Path + " has changed"
		}
		delete(found, want.Path)
	}
	for _, e := range entries {
		if _, ok := found[e.Path]; ok {
			return e.Path + " was added"
		}
	}
	return "manifest.json has changed"
}
