package pipeline

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/recipe"
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
		compressed, err := compressedSize(p.img)
		if err != nil {
			return err
		}
		manifest, err := p.img.Digest()
		if err != nil {
			return fmt.Errorf("computing the digest: %w", err)
		}
		err = writeTable(b.Stderr, b.rows(p), totals{
			disk: p.tree.Size(), diskBudget: b.definition.Budgets.Disk,
			compressed: compressed, compressedBudget: b.definition.Budgets.Compressed,
		}, manifest)
		if err != nil {
			return err
		}
	}
	return nil
}

// rows lists what the origin brings, and last the repository's own files.
func (b *builder) rows(p product) []row {
	var own, entry, descriptions int64
	for f := range p.tree.All() {
		switch {
		case f.Origin == described:
			descriptions += int64(len(f.Data))
		case f.Origin == entryOrigin:
			entry += int64(len(f.Data))
		case f.Origin.Component == project:
			own += int64(len(f.Data))
		}
	}
	rows := b.origin.contents(p.platform, p.tree)
	if entry > 0 {
		rows = append(rows, row{recipe.Entry, "", entry})
	}
	return append(rows,
		row{"configuration and pages", "", own}, row{"bill of materials, for scanners", "", descriptions})
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

// thousands writes 5199077 as 5,199,077.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
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
