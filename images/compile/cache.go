package compile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/digest"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
)

// Entry is a compiled component in the cache:
//
//	out/            what the component installed
//	compile.log     every command and what it printed, for people to read
//	manifest.json   what it was made from, and the hash of every file in out
type Entry struct {
	Dir     string
	Patches []images.Patch
}

// Path is the file at name, relative to where the component installed itself.
func (e Entry) Path(name string) string { return filepath.Join(e.Dir, "out", name) }

type manifest struct {
	Name    string            `json:"name"`
	Version string            `json:"version"`
	Key     string            `json:"key"`
	Patches []images.Patch    `json:"patches"`
	Files   map[string]string `json:"files"` // path below out: sha256, or "-> TARGET" of a link
}

// errAbsent says that there is no entry, errDamaged that there is one whose
// files are not those that were put there.
var (
	errAbsent  = errors.New("not compiled yet")
	errDamaged = errors.New("the cached component is damaged")
)

// open returns the entry at dir, with every file of it verified.
func open(dir string, c recipe.Component, patches []images.Patch) (Entry, error) {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return Entry{}, errAbsent
	}
	got, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return Entry{}, damage(err)
	}
	want, files, err := describe(dir, c, patches)
	if err != nil {
		return Entry{}, damage(err)
	}
	if !bytes.Equal(got, want) {
		return Entry{}, fmt.Errorf("%w: %s", errDamaged, difference(got, files))
	}
	return Entry{Dir: dir, Patches: patches}, nil
}

// damage says that what cannot be read is damaged, unless this user may not
// read it: then it may be whole, and could not be replaced.
func damage(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("reading a cached component: %w", err)
	}
	return fmt.Errorf("%w: %w", errDamaged, err)
}

// difference says in what a manifest is not that of the files.
func difference(data []byte, files map[string]string) string {
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return "manifest.json: " + err.Error()
	}
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		switch hash, ok := files[name]; {
		case !ok:
			return "out/" + name + " is missing"
		case hash != m.Files[name]:
			return "out/" + name + " has changed"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if _, ok := m.Files[name]; !ok {
			return "out/" + name + " was added"
		}
	}
	return "manifest.json has changed"
}

// seal writes the manifest of the entry at dir, which makes it complete.
func seal(dir string, c recipe.Component, patches []images.Patch) error {
	data, files, err := describe(dir, c, patches)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return errors.New("its steps installed no file")
	}
	return os.WriteFile(filepath.Join(dir, "manifest.json"), data, 0o600)
}

// describe returns the manifest that the entry at dir has to have, and the
// hashes of its files.
func describe(dir string, c recipe.Component, patches []images.Patch) ([]byte, map[string]string, error) {
	files, err := hashTree(filepath.Join(dir, "out"))
	if err != nil {
		return nil, nil, err
	}
	data, err := json.MarshalIndent(manifest{
		Name: c.Name, Version: c.Version, Key: c.Key, Patches: patches, Files: files,
	}, "", "  ")
	if err != nil {
		return nil, nil, fmt.Errorf("describing what was installed: %w", err)
	}
	return data, files, nil
}

// hashTree hashes every file below dir.
func hashTree(dir string) (map[string]string, error) {
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		switch d.Type() {
		case 0:
			files[name], err = digest.File(path)
		case fs.ModeSymlink:
			var target string
			target, err = os.Readlink(path)
			files[name] = "-> " + target
		default:
			err = fmt.Errorf("%s is neither a file nor a folder nor a link", name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("hashing what was installed: %w", err)
	}
	return files, nil
}
