package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/nginx-scratch/nginx-scratch/images/recipe"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// licenseFolder has a folder for each component.
const licenseFolder = "usr/share/licenses"

// addLicenses adds the license texts that the components have installed.
func (o *compiled) addLicenses(platform string, t *tree.Tree) error {
	found := map[string]bool{}
	files := os.DirFS(o.built[platform].nginx.Path(""))
	err := fs.WalkDir(files, recipe.Licenses, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		packed, err := pack(text)
		if err != nil {
			return err
		}
		component := path.Base(path.Dir(name))
		found[component] = true
		return t.Add(tree.File{
			Path: path.Join(licenseFolder, component, path.Base(name)+".gz"), Mode: 0o644, Data: packed, Origin: tree.Origin{Component: component, Path: path.Base(name)},
		})
	})
	if err != nil {
		return fmt.Errorf("adding the licenses: %w", err)
	}
	for _, c := range o.definition.Components {
		if !found[c.Name] {
			return fmt.Errorf("adding the licenses: %s has installed none", c.Name)
		}
	}
	return nil
}

// pack compresses without a name or a time, with a library that go.sum pins.
func pack(text []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w.ModTime = time.Unix(0, 0) // none
	_, err = w.Write(text)
	err = errors.Join(err, w.Close()) // which writes
	return out.Bytes(), err
}
