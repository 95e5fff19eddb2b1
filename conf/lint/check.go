package lint

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Options say where things are. The zero value is right for a folder that is mounted
// at /etc/nginx, and for files in one.
type Options struct {
	Prefix string // where nginx finds the configuration; empty: /etc/nginx
	Root   string // what fsys has in that place; empty: the folder of the main configuration
	Image  fs.FS  // what the image has there, for files that are named and that fsys lacks; may be nil
}

// Check judges a configuration: a main configuration, a fragment such as a file of
// conf.d, or a folder. Of a folder it judges nginx.conf, and then each *.conf below
// that was not included, by itself. Findings are sorted by file and line. An error is
// only what keeps it from beginning.
func Check(fsys fs.FS, name string, opts Options) ([]Finding, error) {
	name = path.Clean(name)
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	names, root := []string{name}, path.Dir(name)
	if info.IsDir() {
		root = name
		if names, err = configurations(fsys, name); err != nil {
			return nil, err
		}
	}
	if slices.Contains([]string{"conf.d", "snippets", "templates", "sites-enabled", "sites-available"}, path.Base(root)) {
		root = path.Dir(root)
	}
	opts.Root = path.Clean(cmp.Or(opts.Root, root))
	opts.Prefix = path.Clean(cmp.Or(opts.Prefix, "/etc/nginx"))
	var all []Finding
	comments, broken := map[string][]comment{}, false
	for _, name := range names {
		if _, read := comments[name]; read {
			continue
		}
		l := &loader{fsys: fsys, prefix: opts.Prefix, root: opts.Root, image: opts.Image, comments: comments}
		found, err := l.judge(name)
		if err != nil {
			return nil, fmt.Errorf("reading the configuration: %w", err)
		}
		all, broken = append(all, found...), broken || l.broken
	}
	return unique(ignore(unique(all), comments, broken)), nil
}

// configurations are the files of a folder in the order of judging: the main one first.
func configurations(fsys fs.FS, folder string) ([]string, error) {
	var names []string
	err := fs.WalkDir(fsys, folder, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(name, ".conf") && !strings.HasPrefix(path.Base(name), ".") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", folder, err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s has no file *.conf: name a configuration or its folder", folder)
	}
	main := path.Join(folder, "nginx.conf")
	slices.SortStableFunc(names, func(a, b string) int {
		if (a == main) != (b == main) {
			return map[bool]int{true: -1, false: 1}[a == main]
		}
		return strings.Compare(a, b)
	})
	return names, nil
}

// judge reads one configuration and puts it in front of every rule. Where nginx would
// not start, only that is said: what the rest means is not known.
func (l *loader) judge(name string) ([]Finding, error) {
	root := &directive{opens: true}
	if err := l.load(name, root); err != nil {
		return nil, err
	}
	if l.broken {
		return l.findings, nil
	}
	tree(root)
	j := &judge{root: root, byName: map[string][]*directive{}, found: l.findings}
	j.index(root)
	for _, rule := range Rules() {
		if rule.check != nil {
			j.rule = &rule
			rule.check(j)
		}
	}
	return j.found, nil
}

// unique sorts findings and drops what a file that is included twice says twice.
func unique(all []Finding) []Finding {
	slices.SortFunc(all, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Rule, b.Rule), strings.Compare(a.Message, b.Message))
	})
	return slices.Compact(all)
}
