package pipeline

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/size"
)

// row is one line of the table of contents.
type row struct {
	name, version string
	bytes         int64
}

// summary prints what is in the image and how much of its budgets it takes.
func (b *builder) summary() error {
	compressed, err := compressedSize(b.img)
	if err != nil {
		return err
	}
	manifest, err := b.img.Digest()
	if err != nil {
		return fmt.Errorf("computing the digest: %w", err)
	}
	return writeTable(b.Stderr, b.contents(), totals{
		disk: b.tree.Size(), diskBudget: b.definition.Budgets.Disk,
		compressed: compressed, compressedBudget: b.definition.Budgets.Compressed,
	}, manifest)
}

// contents lists the components. Those that are linked into the one program
// share its bytes by what its symbols say.
func (b *builder) contents() []row {
	var binary, own int64
	for f := range b.tree.All() {
		if f.Origin.Component == project {
			own += int64(len(f.Data))
		} else {
			binary += int64(len(f.Data))
		}
	}
	linked := b.linked()
	var rows []row
	for _, c := range b.lock.Components {
		version := c.Version
		if c.Patches != nil {
			version = c.Patches.Revision
		}
		rows = append(rows, row{c.Name, version, linked[c.Name]})
		binary -= linked[c.Name]
	}
	return append(rows,
		row{"headers, strings, padding", "", binary},
		row{"configuration and pages", "", own})
}

// linked is an estimate to look at. Where it cannot be made, because the
// libraries have left the cache, all bytes stay with the program.
func (b *builder) linked() map[string]int64 {
	libraries := map[string][]string{}
	for _, c := range b.lock.Components {
		paths, err := filepath.Glob(filepath.Join(b.compiler.Installed(c.Name), "lib", "*.a"))
		if err != nil || c.Name != "nginx" && len(paths) == 0 {
			return nil
		}
		libraries[c.Name] = paths
	}
	sizes, err := size.Attribute(b.nginx.Path("sbin/nginx.symbols"), "nginx", libraries)
	if err != nil {
		b.out.Note(fmt.Sprintf("the sizes of the components are not known: %v", err))
	}
	return sizes
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
