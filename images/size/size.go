// Package size says which component the bytes of a linked program came from.
//
// The program's own symbol table gives the size of every function and table;
// the symbol indexes of the static libraries say who defines which name. What
// is local to one source file is in no index: it counts for the component of
// the symbol before it, because the linker keeps the code of a source file
// together. So the figures are an estimate, good to a few per cent.
package size

import (
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Attribute returns the bytes of the unstripped ELF file at program by
// component. The static libraries of each component are given by path; a
// symbol that no library defines is local, or belongs to the component main,
// whose object files were linked directly. Sections without bytes in the file
// do not count.
func Attribute(program, main string, libraries map[string][]string) (sizes map[string]int64, err error) {
	owner := map[string]string{}
	for component, paths := range libraries {
		for _, path := range paths {
			names, err := index(path)
			if err != nil {
				return nil, fmt.Errorf("reading the symbols of %s: %w", path, err)
			}
			for _, name := range names {
				owner[name] = component
			}
		}
	}
	f, err := elf.Open(program)
	if err != nil {
		return nil, fmt.Errorf("reading the symbols of %s: %w", program, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	symbols, err := f.Symbols()
	if err != nil {
		return nil, fmt.Errorf("reading the symbols of %s: %w", program, err)
	}
	slices.SortStableFunc(symbols, func(a, b elf.Symbol) int { return cmp.Compare(a.Value, b.Value) })
	sizes = map[string]int64{}
	current := main
	end := uint64(0) // names of the same bytes count once
	for _, s := range symbols {
		if !stored(f, s) || s.Value < end {
			continue
		}
		end = s.Value + s.Size
		if component, ok := owner[source(s.Name)]; ok {
			current = component
		} else if elf.ST_BIND(s.Info) == elf.STB_GLOBAL && s.Name == source(s.Name) {
			current = main // but not a local one that the optimizer made global
		}
		sizes[current] += int64(s.Size) //nolint:gosec // below the size of the file
	}
	return sizes, nil
}

// stored reports whether the symbol is code or data with bytes in the file.
func stored(f *elf.File, s elf.Symbol) bool {
	kind := elf.ST_TYPE(s.Info)
	if (kind != elf.STT_FUNC && kind != elf.STT_OBJECT) || s.Size == 0 || int(s.Section) >= len(f.Sections) {
		return false
	}
	section := f.Sections[s.Section]
	return section.Type != elf.SHT_NOBITS && s.Size <= section.FileSize
}

// source undoes what the optimizer appends to the name of a copy or a part of
// a function.
func source(name string) string {
	name, _, _ = strings.Cut(name, ".")
	return name
}
