// Package size says where every byte of an image goes: into which file, from
// which component, which of its source files, in which section of a program, and
// for which function or table. Each byte has exactly one owner, so what is listed
// of a file adds up to its size.
//
// A program's own symbol table says where each function and table is. Whose it is
// say the objects in the static libraries: those of link-time optimization have a
// section for each function and variable, named after it, and the others a symbol
// table. So local names are known too. A name that several objects have belongs to
// the one whose bytes are next to it, for the linker keeps the code of a source file
// together. What no library has is the program's own, whose objects were linked
// directly. Constants without a symbol, mostly strings, belong to the first code or
// table that refers to them, where the instructions can be read (x86-64), and else
// to what is before them.
package size

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Linker is the component of bytes that no source file has: headers, tables for the
// loader, padding between segments.
const Linker = "headers, padding"

// Names, in place of a symbol, of bytes that have none.
const (
	Strings   = "(strings)"   // text that ends in zero
	Constants = "(constants)" // numbers and tables of jumps
	Alignment = "(alignment)" // filling before the next symbol or section
)

// A Part is some bytes of a file. Two parts of a file differ in more than Bytes.
type Part struct {
	Component string `json:"component"`
	Source    string `json:"source,omitempty"`  // object file, or what the name says of it; empty where nothing is known
	Section   string `json:"section,omitempty"` // of a program; what is in no section has a name too, such as "ELF header"
	Symbol    string `json:"symbol,omitempty"`
	Bytes     int64  `json:"bytes"`
}

// A File is one file of an image. The bytes of its parts add up to Bytes.
type File struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
	Parts []Part `json:"parts"`
}

// A Platform is the image for one platform.
type Platform struct {
	Platform   string `json:"platform"`
	Manifest   string `json:"manifest,omitempty"` // digest
	Disk       int64  `json:"disk"`               // bytes of all files
	Compressed int64  `json:"compressed"`         // bytes of all layers, as they are transferred
	// Detail is what the parts of programs are known by. Images are compared by what
	// both have.
	Detail Detail `json:"detail"`
	Files  []File `json:"files"` // by path
}

// Detail is what is known of the inside of programs. Each has what the ones before it
// have.
type Detail int

// The details.
const (
	Sections   Detail = iota + 1
	Symbols           // those that the files themselves have
	Components        // whose they are
)

// detailNames are the details as a report has them.
var detailNames = []string{Sections: "sections", Symbols: "symbols", Components: "components"}

// String names a detail.
func (d Detail) String() string {
	if d < Sections || d > Components {
		return "unknown"
	}
	return detailNames[d]
}

// MarshalText writes the name.
func (d Detail) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the name.
func (d *Detail) UnmarshalText(text []byte) error {
	*d = Detail(slices.Index(detailNames, string(text)))
	if *d < Sections {
		return fmt.Errorf("detail %q: it must be one of %q", text, detailNames[Sections:])
	}
	return nil
}

// Rest is the name of what is in no list.
const Rest = ""

// An Amount is how many bytes something has.
type Amount struct {
	Name  string
	Bytes int64
}

// Sum adds up the parts of all files by what key says of them, the largest first.
func (p Platform) Sum(key func(File, Part) string) []Amount {
	sums := map[string]int64{}
	for _, f := range p.Files {
		for _, part := range f.Parts {
			sums[key(f, part)] += part.Bytes
		}
	}
	return ordered(sums)
}

func ordered(sums map[string]int64) []Amount {
	var all []Amount
	for name, n := range sums {
		all = append(all, Amount{name, n})
	}
	slices.SortFunc(all, func(a, b Amount) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// Whole is a file that is one part.
func Whole(path, component, source string, bytes int64) File {
	f := File{Path: path, Bytes: bytes}
	if bytes > 0 {
		f.Parts = []Part{{Component: component, Source: source, Bytes: bytes}}
	}
	return f
}

// HasSymbols reports whether some parts of a file are known by their names.
func (f File) HasSymbols() bool {
	return slices.ContainsFunc(f.Parts, func(p Part) bool { return p.Symbol != "" && !strings.HasPrefix(p.Symbol, "(") })
}
