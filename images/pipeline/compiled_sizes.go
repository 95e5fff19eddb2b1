package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/nginx-scratch/nginx-scratch/images/size"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

func (o *compiled) contents(string) (rows []row) {
	for _, c := range o.lock.Components {
		rows = append(rows, row{name: c.Name, version: c.Revision()})
	}
	return rows
}

// divider knows whose the bytes of the program are that all components are linked
// into, as long as the libraries are in the cache.
func (o *compiled) divider(platform string) (size.Detail, divider) {
	built := o.built[platform]
	owners, err := o.owners(built)
	detail := size.Components
	if err != nil {
		o.out.Note(fmt.Sprintf("the sizes of the components are not known: %v", err))
		detail = size.Symbols
	}
	return detail, func(f tree.File, component string) (size.File, error) {
		in := size.Program{Data: f.Data, Component: component}
		if f.Path == o.definition.Image.Binary {
			unstripped, err := os.ReadFile(built.nginx.Path("sbin/nginx.symbols"))
			if err != nil {
				return size.File{}, err
			}
			in.Unstripped, in.Owners = unstripped, owners
		}
		return size.Divide(f.Path, in)
	}
}

func (o *compiled) owners(p built) (*size.Owners, error) {
	libraries := map[string][]string{}
	for _, c := range o.lock.Components {
		installed := p.compiler.Installed(c.Name)
		if _, err := os.Stat(installed); err != nil {
			return nil, fmt.Errorf("%s has left the cache", c.Name)
		}
		for _, pattern := range []string{"*.a", "*.o"} {
			paths, err := filepath.Glob(filepath.Join(installed, "lib", pattern))
			if err != nil {
				return nil, err
			}
			libraries[c.Name] = slices.Concat(libraries[c.Name], paths)
		}
	}
	return size.ReadOwners("nginx", libraries)
}
