package check

import (
	"bytes"
	"cmp"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"slices"
)

func sizeChecks() []Check {
	return []Check{{
		Name:     "disk-size",
		Explain:  "The content of all files, which is the size that Docker reports, stays under the budget.",
		Remedy:   "Look in the size table for what grew and drop it, or raise the disk budget in the definition and say why.",
		Profiles: every,
		Run:      diskSize,
	}, {
		Name:     "compressed-size",
		Explain:  "The layers as a registry stores and sends them stay under the budget.",
		Remedy:   "Look in the size table for what grew and drop it, or raise the compressed budget in the definition and say why.",
		Profiles: every,
		Run:      compressedSize,
	}, {
		Name:     "entry-size",
		Explain:  "What starts nginx is a small program that anybody can run: it does little, and can be read in an hour.",
		Remedy:   "Keep libraries out of it that it need not have, or do without what made it grow.",
		Profiles: []Profile{Static},
		Run:      entrySize,
		asked:    func(s Subject) bool { return s.Entry != "" },
	}}
}

// entryBudget is in bytes.
const entryBudget = 40_000

func entrySize(_ context.Context, s Subject) error {
	if _, err := program(s); err != nil {
		return err
	}
	s.Binary = s.Entry
	f, err := program(s)
	if err != nil {
		return err
	}
	size, err := unfilled(f.Data)
	if err != nil {
		return fmt.Errorf("reading %s as an ELF file: %w", s.Entry, err)
	}
	return under("the contents of "+s.Entry, size, entryBudget)
}

// unfilled is the size of an ELF file without the zeros that fill it up between
// its segments. Where pages may have 64 KB, as on arm64, they are half of a small
// file.
func unfilled(data []byte) (int64, error) {
	o, err := parseELF(data)
	if err != nil {
		return 0, err
	}
	loads := o.byType(elf.PT_LOAD)
	slices.SortFunc(loads, func(a, b elf.ProgHeader) int { return cmp.Compare(a.Off, b.Off) })
	size, end := int64(len(data)), uint64(0)
	for _, l := range loads {
		if l.Off > end && len(bytes.Trim(data[end:l.Off], "\x00")) == 0 {
			size -= int64(len(data[end:l.Off]))
		}
		end = max(end, l.Off+l.Filesz)
	}
	return size, nil
}

func diskSize(_ context.Context, s Subject) error {
	if _, err := program(s); err != nil {
		return err
	}
	return under("the files", s.Tree.Size(), s.Budgets.Disk)
}

func compressedSize(_ context.Context, s Subject) error {
	layers, err := s.Image.Layers()
	if err != nil {
		return fmt.Errorf("reading the layers: %w", err)
	}
	if len(layers) == 0 {
		return errors.New("the image has no layer, so there is nothing to judge")
	}
	var total int64
	for _, layer := range layers {
		size, err := layer.Size()
		if err != nil {
			return fmt.Errorf("reading the size of a layer: %w", err)
		}
		total += size
	}
	return under("the layers", total, s.Budgets.Compressed)
}

func under(what string, size, budget int64) error {
	if size < budget {
		return nil
	}
	return fmt.Errorf("%s have %d bytes and must have fewer than %d", what, size, budget)
}
