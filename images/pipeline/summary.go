package pipeline

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/recipe"
	"github.com/nginx-scratch/nginx-scratch/images/size"
)

// row is one line of the table of contents.
type row struct {
	name, version string
	bytes         int64
}

// summary prints what is in each image and how much of its budgets it takes.
func (b *builder) summary() error {
	for _, p := range b.products {
		if len(b.products) > 1 {
			if _, err := fmt.Fprintln(b.Stderr, p.platform); err != nil {
				return fmt.Errorf("printing the table: %w", err)
			}
		}
		manifest, err := p.img.Digest()
		if err != nil {
			return fmt.Errorf("computing the digest: %w", err)
		}
		sizes, err := b.sizes(p)
		if err != nil {
			return err
		}
		err = writeTable(b.Stderr, b.rows(sizes), totals{
			disk: sizes.Disk, diskBudget: b.definition.Budgets.Disk,
			compressed: sizes.Compressed, compressedBudget: b.definition.Budgets.Compressed,
		}, manifest)
		if err != nil {
			return err
		}
	}
	return nil
}

// rows lists the components that have bytes, and last what is of none.
func (b *builder) rows(sizes size.Platform) (rows []row) {
	bytes := map[string]int64{}
	for _, a := range sizes.Sum(func(_ size.File, p size.Part) string { return p.Component }) {
		bytes[a.Name] = a.Bytes
	}
	for _, r := range append(b.origin.contents(sizes.Platform),
		row{name: size.Linker}, row{name: licenseTexts}, row{name: recipe.Entry}, row{name: ownFiles}, row{name: descriptions}) {
		if r.bytes = bytes[r.name]; r.bytes > 0 {
			rows = append(rows, r)
		}
	}
	return rows
}

type totals struct{ disk, diskBudget, compressed, compressedBudget int64 }

func writeTable(w io.Writer, rows []row, sum totals, manifest v1.Hash) error {
	lines := []string{fmt.Sprintf("component\tversion\t%12s\t%7s\n", "bytes", "budget")}
	line := func(name, version string, bytes, budget int64) {
		part := 100 * float64(bytes) / float64(budget)
		lines = append(lines, fmt.Sprintf("%s\t%s\t%12s\t%6.1f%%\n", name, version, thousands(bytes), part))
	}
	for _, r := range rows {
		line(r.name, r.version, r.bytes, sum.diskBudget)
	}
	line("on disk", "of "+thousands(sum.diskBudget), sum.disk, sum.diskBudget)
	line("compressed", "of "+thousands(sum.compressedBudget), sum.compressed, sum.compressedBudget)
	lines = append(lines, fmt.Sprintf("manifest\t%s\n", manifest))

	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, err := io.WriteString(t, strings.Join(lines, ""))
	if err := errors.Join(err, t.Flush()); err != nil {
		return fmt.Errorf("printing the table: %w", err)
	}
	return nil
}

func compressedSize(img v1.Image) (int64, error) {
	layers, err := img.Layers()
	if err != nil {
		return 0, fmt.Errorf("reading the layers: %w", err)
	}
	var sum int64
	for _, l := range layers {
		n, err := l.Size()
		if err != nil {
			return 0, fmt.Errorf("reading a layer: %w", err)
		}
		sum += n
	}
	return sum, nil
}

func thousands(n int64) string { return size.Thousands(n) }
