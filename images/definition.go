package images

import (
	"fmt"
	"io/fs"
	"reflect"
	"time"

	"go.yaml.in/yaml/v4"
)

// Definition says what an image is made of. It is read from images/NAME.yaml.
// Without an Image, it is of a root file system to compile in.
type Definition struct {
	Name    string  `yaml:"name"`
	Image   Image   `yaml:"image"`
	Budgets Budgets `yaml:"budgets"`
	// Platforms are those that there can be one of for: linux/arm64 and the like.
	Platforms []string `yaml:"platforms"`
	Flags     Flags    `yaml:"flags"`
	// Components are compiled from source. A definition has either them or
	// Alpine.
	Components []Component `yaml:"components"`
	Alpine     *Alpine     `yaml:"alpine"`
	// Debian is whom the lock of the components follows, where it is updated.
	Debian *Debian `yaml:"debian"`
	// Install puts files that nginx's component has installed into the image,
	// Config files and folders of the repository.
	Install []Mapping `yaml:"install"`
	Config  []Mapping `yaml:"config"`
	// Links are symbolic links: path in the image to absolute target.
	Links map[string]string `yaml:"links"`
	// Paths are the patterns of every file the image may hold: path.Match
	// syntax, relative to the root of the image.
	Paths []string `yaml:"paths"`
}

// Image is the run-time face of the image: the OCI configuration and labels.
type Image struct {
	Title       string `yaml:"title"`
	Description string `yaml:"description"`
	Source      string `yaml:"source"` // https address
	// Repository is where the image is published, without a tag: what is claimed
	// of the image names it by this. Empty where it is published nowhere.
	Repository string   `yaml:"repository"`
	Licenses   string   `yaml:"licenses"` // SPDX expression
	User       string   `yaml:"user"`     // UID:GID
	Ports      []string `yaml:"ports"`    // such as 8080/tcp
	StopSignal string   `yaml:"stop_signal"`
	Path       string   `yaml:"path"` // the variable PATH
	Command    []string `yaml:"command"`
	Binary     string   `yaml:"binary"` // path in the image, without a leading slash
	// Entry is the path of the program that prepares what Command runs, and
	// answers whether it is healthy: nginx-entry, which is compiled with the
	// components. Empty where an image has none.
	Entry       string       `yaml:"entry"`
	Healthcheck *Healthcheck `yaml:"healthcheck"`
}

// Healthcheck is how often an engine runs the entry's healthcheck.
type Healthcheck struct {
	Interval    time.Duration `yaml:"interval"`
	Timeout     time.Duration `yaml:"timeout"`
	StartPeriod time.Duration `yaml:"start_period"` // in which failures do not count
	Retries     int           `yaml:"retries"`      // failures in a row that make it unhealthy
}

// Budgets are the sizes, in bytes, that the image must stay under.
type Budgets struct {
	Disk       int64 `yaml:"disk"`
	Compressed int64 `yaml:"compressed"`
}

// Flags are the compiler's and linker's, given to every component.
type Flags struct {
	Compile []string `yaml:"compile"`
	// Since holds flags that only compilers from a major GCC version on know.
	Since map[int][]string `yaml:"compile_since_gcc"`
	// Arch holds flags of one GOARCH.
	Arch map[string][]string `yaml:"compile_arch"`
	Link []string            `yaml:"link"`
}

// Component is one piece of software compiled into the image.
type Component struct {
	Name    string `yaml:"name"`
	Version string `yaml:"version"`
	License string `yaml:"license"`
	// Flags are compiler flags besides those that every component gets, and Hot
	// those of some of its files, after all others.
	Flags []string `yaml:"flags"`
	Hot   Hot      `yaml:"hot"`
	// Options are switches for the component's own configure script.
	Options []string `yaml:"options"`
	// Remove names features of OpenSSL that are left out, each with the reason.
	Remove map[string]string `yaml:"remove"`
	// Unregister names algorithms that OpenSSL's providers do not offer: what
	// follows PROV_NAMES_ in its source, with * for any part of it. Each has the
	// reason.
	Unregister map[string]string `yaml:"unregister"`
	// Edits are changes of the source, most of them to leave something out.
	Edits []Edit `yaml:"edits"`
	// SkipPatches names patches of the locked series that are not applied,
	// each with the reason.
	SkipPatches map[string]string `yaml:"skip_patches"`
}

// Hot are the source files whose speed matters: files, or all of a folder, by
// their paths below the source.
type Hot struct {
	Flags []string `yaml:"flags"`
	Files []string `yaml:"files"`
}

// Edit replaces a text in a source file, on every line that has it. A text that no
// line has ends the compile.
type Edit struct {
	File string   `yaml:"file"`
	From []string `yaml:"from"`
	To   string   `yaml:"to"`
	Why  string   `yaml:"why"`
}

// Mapping puts a file or folder into the image.
type Mapping struct {
	From string `yaml:"from"`
	To   string `yaml:"to"`
}

// LoadDefinition reads and validates the definition at path name of fsys.
func LoadDefinition(fsys fs.FS, name string) (Definition, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return Definition{}, fmt.Errorf("reading the definition: %w", err)
	}
	return decode(name, data)
}

func decode(name string, data []byte) (Definition, error) {
	if err := legible(name, data); err != nil {
		return Definition{}, err
	}
	var d Definition
	if err := yaml.Load(data, &d, yaml.WithKnownFields()); err != nil {
		return Definition{}, inYAML(name, data, err)
	}
	if err := d.validate(name); err != nil {
		return Definition{}, err
	}
	return d, nil
}

// IsImage reports whether the definition is of an image, and not of a root
// file system to compile in.
func (d Definition) IsImage() bool { return !reflect.DeepEqual(d.Image, Image{}) }

// Component returns the component with the given name.
func (d Definition) Component(name string) (Component, bool) {
	for _, c := range d.Components {
		if c.Name == name {
			return c, true
		}
	}
	return Component{}, false
}
