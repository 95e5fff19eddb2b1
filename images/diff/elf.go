package diff

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"debug/elf"
	"slices"
)

// Section is a section of an ELF file that differs. A size is -1 where there is no
// such section.
type Section struct {
	Name   string `json:"name"`
	Before int64  `json:"before"` // bytes in the file
	After  int64  `json:"after"`
}

// section is one with bytes in the file, or the headers, whose names no section has.
type section struct {
	name   string
	offset int64
	size   int64
	sum    [sha256.Size]byte
}

// maxSections is more than a program has.
const maxSections = 4096

// maxOverlap is how often sections together may have all bytes of the file. Those of
// a compiler do not overlap; hashing each of many that do would not end.
const maxOverlap = 4

// The names of what is in no section.
const (
	elfHeader      = "ELF header"
	programHeaders = "program headers"
	sectionHeaders = "section headers"
)

// readSections is nil where data is no ELF file, or one whose headers make no sense:
// then its bytes are compared as of any other file. Whatever the headers say, no
// more is read than there is.
func readSections(data []byte) (all []section) {
	defer func() {
		// debug/elf does not promise to survive hostile input.
		if r := recover(); r != nil {
			all = nil
		}
	}()
	if !bytes.HasPrefix(data, []byte(elf.ELFMAG)) || len(data) < 64 {
		return nil
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil || len(f.Sections) > maxSections {
		return nil
	}
	header := int64(64)
	if f.Class == elf.ELFCLASS32 {
		header = 52
	}
	left := maxOverlap * uint64(len(data))
	add := func(name string, offset, size uint64) {
		if size == 0 || offset > uint64(len(data)) || size > uint64(len(data))-offset || size > left {
			return
		}
		left -= size
		all = append(all, section{name, int64(offset), int64(size), sha256.Sum256(data[offset : offset+size])}) //nolint:gosec // not beyond the data
	}
	add(elfHeader, 0, uint64(header))
	phoff, phsize, shoff, shsize := tables(f, data)
	add(programHeaders, phoff, phsize)
	for _, s := range f.Sections {
		if s.Type != elf.SHT_NOBITS && s.Type != elf.SHT_NULL {
			add(s.Name, s.Offset, s.FileSize)
		}
	}
	add(sectionHeaders, shoff, shsize)
	return all
}

// tables are where the headers of segments and of sections are, and how many bytes
// they have.
func tables(f *elf.File, data []byte) (phoff, phsize, shoff, shsize uint64) {
	o := f.ByteOrder
	if f.Class == elf.ELFCLASS32 {
		return uint64(o.Uint32(data[28:])), uint64(o.Uint16(data[42:])) * uint64(o.Uint16(data[44:])),
			uint64(o.Uint32(data[32:])), uint64(o.Uint16(data[46:])) * uint64(len(f.Sections))
	}
	return o.Uint64(data[32:]), uint64(o.Uint16(data[54:])) * uint64(o.Uint16(data[56:])),
		o.Uint64(data[40:]), uint64(o.Uint16(data[58:])) * uint64(len(f.Sections))
}

// compareSections lists those that differ in the order of the file before, and then
// those that only the other has. Sections of one name are told apart by their order.
func compareSections(before, after []section) (changed []Section) {
	type key struct {
		name string
		nth  int
	}
	index := func(all []section) (keys []key, by map[key]section) {
		by, seen := map[key]section{}, map[string]int{}
		for _, s := range all {
			k := key{s.name, seen[s.name]}
			seen[s.name]++
			keys, by[k] = append(keys, k), s
		}
		return keys, by
	}
	keysBefore, a := index(before)
	keysAfter, b := index(after)
	for _, k := range keysBefore {
		other, ok := b[k]
		switch {
		case !ok:
			changed = append(changed, Section{k.name, a[k].size, -1})
		case a[k].sum != other.sum:
			changed = append(changed, Section{k.name, a[k].size, other.size})
		}
	}
	for _, k := range keysAfter {
		if _, ok := a[k]; !ok {
			changed = append(changed, Section{k.name, -1, b[k].size})
		}
	}
	return changed
}

// sectionAt names the smallest section with a byte, or is empty: there is padding
// between sections.
func sectionAt(all []section, offset int64) string {
	found := slices.DeleteFunc(slices.Clone(all), func(s section) bool { return offset < s.offset || offset >= s.offset+s.size })
	if len(found) == 0 {
		return ""
	}
	return slices.MinFunc(found, func(a, b section) int { return cmp.Compare(a.size, b.size) }).name
}
