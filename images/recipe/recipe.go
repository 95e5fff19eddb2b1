// Package recipe turns a definition, its lock and a platform into ordered
// steps. It is a pure function: it runs nothing, reads nothing, and knows only
// constant paths, so the same inputs give the same plan on every machine.
package recipe

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images"
)

// Version is raised when the same steps would give other bytes than before,
// for a reason that no step shows.
const Version = 1

// The constant paths that a compile sees. OpenSSL and nginx write them into
// their binaries.
const (
	Root   = "/build"
	Source = Root + "/src" // Source/NAME: the component's patched source
	Output = Root + "/out" // Output/NAME: where the component installs itself
)

// What nginx's component has beside the program, below where it is installed.
const (
	Licenses             = "licenses"                // Licenses/NAME/FILE: of nginx and of all that is linked into it
	OpenSSLConfiguration = "openssl-configuration.h" // OpenSSL's header of what was left out
)

// Toolchain is what the plan has to know of the compiler it is for.
type Toolchain struct {
	ID      string   `json:"id"`      // names the toolchain to the byte
	GCC     int      `json:"gcc"`     // major version
	Headers []string `json:"headers"` // folders of the kernel's user headers: linux, asm, asm-generic
	// Prefix is what the names of a cross compiler's programs begin with, such as
	// aarch64-linux-gnu-, and Emulator the program that runs what they make. Both
	// are empty where the compiler is for the machine that it runs on.
	Prefix   string `json:"prefix,omitempty"`
	Emulator string `json:"emulator,omitempty"`
}

// Step is one command, run without a shell.
type Step struct {
	Dir  string   `json:"dir"`
	Argv []string `json:"argv"`
	Env  []string `json:"env,omitempty"`
}

// Component is the plan for one component.
type Component struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Needs   []string `json:"needs,omitempty"` // components that must be at Output/NAME
	// Files are written into the source before the steps, by name.
	Files map[string]string `json:"files,omitempty"`
	Steps []Step            `json:"steps"`
	// Key is the hash, in hexadecimal, of everything that goes into the
	// component: sources, patches, steps, toolchain and the keys of what it
	// needs.
	Key string `json:"key"`
}

// Plan returns the components in the order in which they are built. What the
// definition has that no recipe reads is an error: it would be left out
// without a word.
func Plan(d images.Definition, l images.Lock, arch string, tc Toolchain) ([]Component, error) {
	if err := known(d, arch); err != nil {
		return nil, fmt.Errorf("planning %s: %w", d.Name, err)
	}
	var plan []Component
	keys := map[string]string{}
	for _, name := range order {
		r := recipes[name]
		def, locked := images.Component{Name: name, Version: strconv.Itoa(Version)}, images.LockedComponent{}
		if !r.own {
			var ok bool
			if def, ok = d.Component(name); !ok {
				return nil, fmt.Errorf("planning %s: the definition has no component %q", d.Name, name)
			}
			if locked, ok = l.Component(name); !ok {
				return nil, fmt.Errorf("planning %s: the lock has no component %q", d.Name, name)
			}
		}
		c := Component{Name: name, Version: def.Version, Needs: slices.Clone(r.needs), Files: maps.Clone(r.files)}
		with := settings{def: def, arch: arch, tc: tc, flags: compileFlags(d.Flags, def, arch, tc), link: d.Flags.Link}
		c.Steps = append(with.edits(), r.steps(with)...)
		in := ingredients{
			Version: Version, Component: c, Source: locked.Source.SHA256, Patches: locked.Applied(def),
			Epoch: l.SourceDateEpoch, Arch: arch, Toolchain: tc, Needs: map[string]string{},
		}
		for _, need := range c.Needs {
			in.Needs[need] = keys[need]
		}
		var err error
		if c.Key, err = in.key(); err != nil {
			return nil, fmt.Errorf("planning %s: %w", d.Name, err)
		}
		keys[name] = c.Key
		plan = append(plan, c)
	}
	return plan, nil
}

// known refuses what there is no recipe for.
func known(d images.Definition, arch string) error {
	for _, name := range append(slices.Sorted(maps.Keys(d.Flags.Arch)), arch) {
		if _, ok := openssl[name]; !ok {
			return fmt.Errorf("no recipe for the architecture %q: there are %q", name, slices.Sorted(maps.Keys(openssl)))
		}
	}
	defined := slices.DeleteFunc(slices.Clone(order), func(name string) bool { return recipes[name].own })
	if len(d.Components) != len(defined) {
		return fmt.Errorf("the definition has %d components: they must be %q", len(d.Components), defined)
	}
	for _, c := range d.Components {
		for _, leftOut := range []struct {
			field string
			names map[string]string
		}{{"remove", c.Remove}, {"unregister", c.Unregister}} {
			if len(leftOut.names) > 0 && c.Name != "openssl" {
				return fmt.Errorf("components[%s].%s: only openssl has features to leave out", c.Name, leftOut.field)
			}
		}
		if len(c.Hot.Files) > 0 && !slices.Contains(hotComponents, c.Name) {
			return fmt.Errorf("components[%s].hot: only %q have files with flags of their own", c.Name, hotComponents)
		}
	}
	return nil
}

// order lists the components so that each follows what it needs.
var order = []string{"musl", "zlib", "libisal", "brotli", "pcre2", "openssl", brotliModule, "nginx", Entry}

// linked are the components that nginx's program is made of, besides nginx.
var linked = []string{"musl", "zlib", "libisal", "brotli", "pcre2", "openssl", brotliModule}

var recipes = map[string]struct {
	needs []string
	files map[string]string
	steps func(settings) []Step
	own   bool // of this project: its files are its source
}{
	"musl":       {files: muslFiles, steps: muslSteps},
	Entry:        {needs: []string{"musl"}, files: entryFiles, steps: entrySteps, own: true},
	"zlib":       {needs: []string{"musl"}, steps: zlibSteps},
	"libisal":    {needs: []string{"musl"}, files: map[string]string{"archive.mk": archive}, steps: isalSteps},
	"brotli":     {needs: []string{"musl"}, files: map[string]string{"archive.mk": archive}, steps: brotliSteps},
	brotliModule: {needs: []string{"brotli"}, steps: brotliModuleSteps},
	"pcre2":      {needs: []string{"musl"}, steps: pcre2Steps},
	"openssl":    {needs: []string{"musl"}, files: opensslFiles, steps: opensslSteps},
	"nginx":      {needs: linked, files: nginxFiles, steps: nginxSteps},
}

// settings is what the steps of one component are made from.
type settings struct {
	def   images.Component
	arch  string
	tc    Toolchain
	flags []string
	link  []string
}

func (s settings) source() string { return Source + "/" + s.def.Name }
func (s settings) output() string { return Output + "/" + s.def.Name }

// tool is the name of one of the compiler's programs.
func (s settings) tool(name string) string { return s.tc.Prefix + name }

// cc compiles and links against our musl instead of the machine's C library.
// -static-pie is part of the command because configure scripts link their
// test programs without the linker flags they were given.
func (s settings) cc() string {
	return s.tool("gcc") + " -specs=" + Output + "/musl/lib/musl-gcc.specs -static-pie"
}

// cross reports whether what is compiled does not run where it is compiled.
func (s settings) cross() bool { return s.tc.Prefix != "" }

// gnu is the name that GNU's configure scripts have for what is compiled for,
// such as aarch64-linux-gnu, and machine its first part, as uname prints it.
func (s settings) gnu() string { return strings.TrimSuffix(s.tc.Prefix, "-") }

func (s settings) machine() string {
	name, _, _ := strings.Cut(s.tc.Prefix, "-")
	return name
}

// step runs argv in the component's source.
func (s settings) step(argv ...string) Step { return Step{Dir: s.source(), Argv: argv} }

// license installs the text under which the component may be passed on.
func (s settings) license(file string) Step {
	return s.step("install", "-D", "-m", "644", file, s.output()+"/"+Licenses+"/"+s.def.Name+"/"+file)
}

func compileFlags(f images.Flags, c images.Component, arch string, tc Toolchain) []string {
	flags := slices.Concat(c.Flags, f.Compile, f.Arch[arch])
	for _, since := range slices.Sorted(maps.Keys(f.Since)) {
		if tc.GCC >= since {
			flags = append(flags, f.Since[since]...)
		}
	}
	return flags
}
