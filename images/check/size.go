package check

import (
	"context"
	"errors"
	"fmt"
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
	return under("the contents of "+s.Entry, int64(len(f.Data)), entryBudget)
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
