// Package peers makes the images that nginx-scratch is measured against: nginx and
// the libraries it loads, out of Debian's own packages, on scratch.
package peers

import (
	"bytes"
	_ "embed" // the lock
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"regexp"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images"
)

// Lock pins the packages of all peers.
type Lock struct {
	Platform string `json:"platform"` // of the packages, such as linux/amd64
	Peers    []Peer `json:"peers"`    // the first is the one that ratios are of
}

// A Peer is one nginx of a suite of Debian's, with its libraries.
type Peer struct {
	Name  string `json:"name"`  // that of its image, and in reports
	Suite string `json:"suite"` // such as trixie
	// Modules are those that nginx is to load, without their folder.
	Modules []string `json:"modules,omitempty"`
	// Works are what it is raced in; without any, in all. So what has a module more, and
	// is larger for it, need not stand for Debian's nginx elsewhere.
	Works    []string  `json:"works,omitempty"`
	Packages []Package `json:"packages"`
}

// A Package is one file of Debian's pool. Places are as in the locks of images: a mirror
// has a file until it has a newer one, and then there is Debian's archive of all of them.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	images.Input
}

//go:embed peers.lock.json
var committed []byte

// Committed is the lock that comes with the bench.
func Committed() (Lock, error) { return Decode(bytes.NewReader(committed)) }

// Decode reads a lock, and refuses what is unknown, missing or twice.
func Decode(r io.Reader) (Lock, error) {
	var l Lock
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return Lock{}, fmt.Errorf("reading the lock of the peers: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Lock{}, errors.New("reading the lock of the peers: something follows after its last brace")
	}
	return l, l.validate()
}

var (
	peerName   = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)
	moduleName = regexp.MustCompile(`^[a-z0-9_]+$`)
	plainName  = regexp.MustCompile(`^[a-z0-9][A-Za-z0-9+.~_-]*\.deb$`)
	hexHash    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

func (l Lock) validate() error {
	if l.Platform == "" || len(l.Peers) == 0 {
		return errors.New("the lock of the peers: platform and peers must not be empty")
	}
	names := map[string]bool{}
	for _, p := range l.Peers {
		switch {
		case !peerName.MatchString(p.Name):
			return fmt.Errorf("the lock of the peers: name %q must be of small letters, digits, dots and dashes", p.Name)
		case names[p.Name]:
			return fmt.Errorf("the lock of the peers: %s is there twice", p.Name)
		case p.Version() == "":
			return fmt.Errorf("the lock of the peers: %s has no package nginx with a version", p.Name)
		}
		names[p.Name] = true
		for _, m := range p.Modules {
			if !moduleName.MatchString(m) {
				return fmt.Errorf("the lock of the peers: %s: module %q must be of small letters, digits and underscores", p.Name, m)
			}
		}
		for _, k := range p.Packages {
			if err := k.validate(); err != nil {
				return fmt.Errorf("the lock of the peers: %s: package %q: %w", p.Name, k.Name, err)
			}
		}
	}
	return nil
}

func (k Package) validate() error {
	switch {
	case k.Name == "" || k.Version == "":
		return errors.New("it must have a name and a version")
	case !plainName.MatchString(k.File):
		return fmt.Errorf("file %q must be the plain name of a .deb", k.File)
	case len(k.Places) == 0:
		return errors.New("it has no places to be fetched from")
	case k.Size <= 0:
		return fmt.Errorf("size %d is not positive", k.Size)
	case !hexHash.MatchString(k.SHA256):
		return fmt.Errorf("sha256 %q is not 64 lower-case hexadecimal digits", k.SHA256)
	}
	for _, place := range k.Places {
		file, mirrored := strings.CutPrefix(place, "debian:")
		if u, err := url.Parse(place); err != nil || mirrored && !fs.ValidPath(file) || !mirrored && (u.Scheme != "https" || u.Host == "") {
			return fmt.Errorf("place %q must be debian: and a path below a mirror, or an address with https", place)
		}
	}
	return nil
}

// Encode writes the lock as it is committed.
func (l Lock) Encode(w io.Writer) error {
	if err := l.validate(); err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(l); err != nil {
		return fmt.Errorf("encoding the lock of the peers: %w", err)
	}
	return nil
}

// Version is that of nginx's package, and empty where there is none.
func (p Peer) Version() string {
	for _, k := range p.Packages {
		if k.Name == "nginx" {
			return k.Version
		}
	}
	return ""
}

// moduleDir is where Debian has nginx's modules.
const moduleDir = "usr/lib/nginx/modules/"

// ModulePaths are what load_module takes.
func (p Peer) ModulePaths() []string {
	var paths []string
	for _, m := range p.Modules {
		paths = append(paths, "/"+moduleDir+m+".so")
	}
	return paths
}

// Inputs are the packages as the pipeline fetches them.
func (p Peer) Inputs() []images.Input {
	var inputs []images.Input
	for _, k := range p.Packages {
		inputs = append(inputs, k.Input)
	}
	return inputs
}
