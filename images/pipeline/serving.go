package pipeline

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/conf/lint"
	"github.com/nginx-scratch/nginx-scratch/images/site"
)

// serving is what the configuration says about compressing.
type serving struct {
	types     map[string]string // suffix of a name to media type
	packed    []string          // media types that are worth compressing
	minLength int64             // bytes
	static    []string          // directives that serve compressed forms
}

// compressible reports whether a file is of a kind that is worth compressing, by its
// name, as nginx decides.
func (s serving) compressible(name string) bool {
	kind := s.types[strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))]
	return kind != "" && (kind == "text/html" || slices.Contains(s.packed, kind) || slices.Contains(s.packed, "*"))
}

// encodings are those that the image's nginx can serve, and is told to.
func (m *siteMaker) encodings(p product) []site.Encoding {
	binary, _ := p.tree.Lookup(m.definition.Image.Binary)
	return slices.DeleteFunc(site.Encodings(), func(e site.Encoding) bool {
		return !e.BuiltIn(binary.Data) || !slices.Contains(m.serving.static, e.Directive)
	})
}

// servingOf reads settings as nginx does. What differs from server to server is taken
// together.
func servingOf(found []lint.Setting) serving {
	s := serving{types: map[string]string{}, minLength: 20} // nginx's own default
	lengths := []int64{}
	for _, d := range found {
		switch d.Name {
		case "types":
			for _, line := range d.Values {
				for _, suffix := range line[1:] {
					s.types[strings.ToLower(suffix)] = line[0]
				}
			}
		case "gzip_types":
			s.packed = append(s.packed, d.Args...)
		case "gzip_min_length":
			if n, ok := byteCount(d.Args); ok {
				lengths = append(lengths, n)
			}
		case "gzip_static", "brotli_static":
			if len(d.Args) == 1 && (d.Args[0] == "on" || d.Args[0] == "always") {
				s.static = append(s.static, d.Name)
			}
		}
	}
	if len(lengths) > 0 {
		s.minLength = slices.Min(lengths)
	}
	return s
}

// byteCount reads a size as nginx writes them: 1024, 1k, 1M.
func byteCount(args []string) (int64, bool) {
	if len(args) != 1 || args[0] == "" {
		return 0, false
	}
	digits, unit := args[0], int64(1)
	switch digits[len(digits)-1] {
	case 'k', 'K':
		digits, unit = digits[:len(digits)-1], 1<<10
	case 'm', 'M':
		digits, unit = digits[:len(digits)-1], 1<<20
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	return n * unit, err == nil && n >= 0
}
