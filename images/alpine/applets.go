package alpine

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// lists is the folder in which each busybox lists the paths of its programs.
const lists = "etc/busybox-paths.d"

// Applets gives the links that busybox's own scripts would make: for each
// program that it lists and no package has, one to busybox. Files are those of
// Merge.
func Applets(files []tree.File) ([]tree.File, error) {
	m := merger{links: map[string]string{}, files: map[string]tree.File{}}
	for _, f := range files {
		m.files[f.Path] = f
		if f.Mode.Type() == fs.ModeSymlink {
			m.links[f.Path] = f.Link
		}
	}
	var all []tree.File
	for _, list := range files {
		if path.Dir(list.Path) != lists || !list.Mode.IsRegular() {
			continue
		}
		links, err := m.applets(list)
		if err != nil {
			return nil, fmt.Errorf("%s of package %s: %w", list.Path, list.Origin.Component, err)
		}
		all = append(all, links...)
	}
	return all, nil
}

// applets gives the links of one list, which is named as its program is.
func (m merger) applets(list tree.File) ([]tree.File, error) {
	program, err := m.place("/bin/" + path.Base(list.Path))
	if err != nil {
		return nil, err
	}
	if _, ok := m.files[program]; !ok {
		return nil, fmt.Errorf("it is for %s, which no package has", program)
	}
	var links []tree.File
	for line := range strings.Lines(string(list.Data)) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, err := m.place(line)
		if err != nil {
			return nil, err
		}
		if _, taken := m.files[name]; taken {
			continue
		}
		link := tree.File{Path: name, Mode: fs.ModeSymlink | 0o777, Link: "/" + program, Origin: list.Origin}
		m.files[name] = link
		links = append(links, link)
	}
	return links, nil
}

// place is where an absolute path really is.
func (m merger) place(name string) (string, error) {
	relative := strings.TrimPrefix(name, "/")
	if !fs.ValidPath(relative) || relative == "." {
		return "", fmt.Errorf("%q is no path", name)
	}
	dir, err := m.real(path.Dir(relative))
	return path.Join(dir, path.Base(relative)), err
}
