package size

import (
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// symbol is a function, a table, or a label in assembly, which has no size.
type symbol struct {
	name  string
	addr  uint64
	size  uint64
	local bool   // to its source file, or made global only by the optimizer
	file  string // source file that it is from, as the compiler has it; empty where it does not say
}

// maxSymbols is more than a program has.
const maxSymbols = 2_000_000

// readSymbols returns the symbols of a program in the order of their addresses; of a
// stripped one those that it offers to others. No symbols are no error.
func (p *program) readSymbols() (all []symbol, err error) {
	defer func() {
		// debug/elf does not promise to survive hostile input.
		if r := recover(); r != nil {
			all, err = nil, fmt.Errorf("its symbols are damaged: %v", r)
		}
	}()
	read, err := p.file.Symbols()
	if errors.Is(err, elf.ErrNoSymbols) {
		read, err = p.file.DynamicSymbols()
	}
	if errors.Is(err, elf.ErrNoSymbols) {
		return nil, nil
	}
	if err != nil || len(read) > maxSymbols {
		return nil, fmt.Errorf("reading its %d symbols: %w", len(read), err)
	}
	file := ""
	for _, s := range read {
		kind, local := elf.ST_TYPE(s.Info), elf.ST_BIND(s.Info) == elf.STB_LOCAL
		switch kind {
		case elf.STT_FILE:
			file = s.Name
			continue
		case elf.STT_FUNC, elf.STT_OBJECT, elf.STT_NOTYPE, elf.STT_GNU_IFUNC:
		default:
			continue
		}
		if s.Name == "" || s.Section == elf.SHN_UNDEF || s.Section >= elf.SHN_LORESERVE {
			continue
		}
		one := symbol{name: s.Name, addr: s.Value, size: s.Size, local: local || strings.Contains(s.Name, ".")}
		if local {
			one.file = file
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b symbol) int {
		return cmp.Or(cmp.Compare(a.addr, b.addr), cmp.Compare(b.size, a.size), cmp.Compare(order(b), order(a)), cmp.Compare(a.name, b.name))
	})
	return all, nil
}

// order prefers the names that others know for the same bytes.
func order(s symbol) int {
	if s.local {
		return 0
	}
	return 1
}
