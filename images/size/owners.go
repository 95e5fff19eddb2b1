package size

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Owners know which names the object files of components define.
type Owners struct {
	main  string
	names map[string][]owner
}

// owner is one object file, or a component of whose sources nothing is known.
type owner struct{ component, source string }

// ReadOwners reads the static libraries and object files of each component, given by
// path. What none of them defines belongs to the component main.
func ReadOwners(main string, libraries map[string][]string) (*Owners, error) {
	type file struct{ component, path string }
	var files []file
	for component, paths := range libraries {
		for _, path := range paths {
			files = append(files, file{component, path})
		}
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	o := &Owners{main: main, names: map[string][]owner{}}
	var mutex sync.Mutex
	var wg sync.WaitGroup
	errs := make([]error, len(files))
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, f := range files {
		wg.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			objects, err := readObjects(f.path)
			if err != nil {
				errs[i] = fmt.Errorf("reading the symbols of %s: %w", f.path, err)
				return
			}
			mutex.Lock()
			defer mutex.Unlock()
			for _, m := range objects {
				o.add(owner{f.component, m.name}, m.defines)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	for _, owners := range o.names { // files were read in any order
		slices.SortFunc(owners, func(a, b owner) int {
			return strings.Compare(a.component+"\x00"+a.source, b.component+"\x00"+b.source)
		})
	}
	return o, nil
}

func (o *Owners) add(by owner, names []string) {
	for _, name := range names {
		if !slices.Contains(o.names[name], by) {
			o.names[name] = append(o.names[name], by)
		}
	}
}

// readObjects reads a static library, or an object file as the only one of it.
func readObjects(path string) ([]member, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all := []member{{name: filepath.Base(path), data: data}}
	if bytes.HasPrefix(data, []byte(arMagic)) {
		if all, err = members(data); err != nil {
			return nil, err
		}
	}
	for i, m := range all {
		names, err := object(m.data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		all[i].defines, all[i].data = slices.Concat(names, m.defines), nil
	}
	return all, nil
}

// candidates are the objects that define a symbol. The optimizer appends to the name
// of a copy or a part of a function, or of a local one that it made global.
func (o *Owners) candidates(symbol string) []owner {
	for {
		if found := o.names[symbol]; len(found) > 0 {
			return found
		}
		i := strings.LastIndexByte(symbol, '.')
		if i <= 0 {
			return nil
		}
		symbol = symbol[:i]
	}
}

// own is the owner of a symbol that no library has. The objects of the program are
// gone, but nginx begins its names with what they are about.
func (o *Owners) own(symbol string) owner { return owner{o.main, area(symbol)} }

// ownPrefix begins the names of the program's own.
const ownPrefix = "ngx_"

// area is "ngx_http_proxy_*" for "ngx_http_proxy_handler": of the program's own names
// as many words as tell its modules from each other.
func area(symbol string) string {
	symbol, _, _ = strings.Cut(symbol, ".")
	words := strings.Split(symbol, "_")
	if words[0] != "ngx" || len(words) < 3 {
		return ""
	}
	n := 2
	if slices.Contains([]string{"http", "stream", "event"}, words[1]) && len(words) > 3 {
		n = 3
	}
	return strings.Join(words[:n], "_") + "_*"
}
