package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images"
)

// allPlatforms asks for each platform of the definition.
const allPlatforms = "all"

// platforms returns what the user asked for, in the order of the definition
// and without repetitions.
func platforms(asked []string, d images.Definition) ([]string, error) {
	known := d.Platforms
	switch {
	case len(asked) == 0:
		asked = []string{hostPlatform()}
	case slices.Contains(asked, allPlatforms):
		asked = known
	}
	for _, p := range asked {
		if !slices.Contains(known, p) {
			return nil, fmt.Errorf("platform %q: images/%s.yaml has only %s; name some of those, or %q",
				p, d.Name, strings.Join(known, ", "), allPlatforms)
		}
	}
	return slices.DeleteFunc(slices.Clone(known), func(p string) bool { return !slices.Contains(asked, p) }), nil
}

// locked returns what the lock has for each platform.
func locked(lock images.Lock, name string, platforms []string) ([]images.LockedPlatform, error) {
	var all []images.LockedPlatform
	for _, p := range platforms {
		l, ok := lock.Alpine.Platform(p)
		if !ok {
			return nil, fmt.Errorf("%s has no packages for %s: run `mage lock %s -update -platform %s`", lockFile(name), p, name, p)
		}
		all = append(all, l)
	}
	return all, nil
}

func lockFile(name string) string { return "images/" + name + ".lock.json" }

// loadDefinition reads images/NAME.yaml, or says which names there are.
func loadDefinition(repository, name string) (images.Definition, error) {
	d, err := images.LoadDefinition(os.DirFS(repository), "images/"+name+".yaml")
	if !errors.Is(err, fs.ErrNotExist) {
		return d, err
	}
	names, listErr := definitions(repository)
	if listErr != nil || len(names) == 0 {
		return d, err
	}
	return d, fmt.Errorf("there is no definition %q: there are %s", name, strings.Join(names, ", "))
}

// definitions lists the names of all there are. What has another dot in its name
// is about one of them.
func definitions(repository string) (names []string, err error) {
	files, err := fs.Glob(os.DirFS(repository), "images/*.yaml")
	for _, file := range files {
		if name := strings.TrimSuffix(path.Base(file), ".yaml"); !strings.Contains(name, ".") {
			names = append(names, name)
		}
	}
	return names, err
}
