package images

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v4"
)

// Advisory is what somebody has stated of one vulnerability, and why an image
// does not have it. It is read from images/NAME.advisories.yaml. What it claims
// of the image is held against the image whenever that is built.
type Advisory struct {
	CVE       string `yaml:"cve"`
	Component string `yaml:"component"` // of the definition
	Title     string `yaml:"title"`
	// Patch is a patch of the component's locked series that has the CVE in its
	// name or text; Source is an https address where the CVE is described. There is
	// at least one of them.
	Patch  string `yaml:"patch"`
	Source string `yaml:"source"`
	// Absent says that the vulnerable code is not in the image. Without it, the
	// claim is that Patch is applied.
	Absent *Absent `yaml:"absent"`
}

// Absent is code that is not in the image: one of the three.
type Absent struct {
	Feature string `yaml:"feature"` // of OpenSSL, left out by the definition
	Module  string `yaml:"module"`  // of nginx, by the name that nginx has for it
	// Symbols are functions and tables that the vulnerable code has to have. A
	// function that others call could be part of those instead: name one that
	// nothing else in its library calls, or a table.
	Symbols []string `yaml:"symbols"`
}

var (
	cvePattern    = pattern{regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,}$`), "it must be like CVE-2026-1642"}
	modulePattern = pattern{regexp.MustCompile(`^ngx_[a-z0-9_]+_module$`), "it must be like ngx_mail_smtp_module"}
	symbolPattern = pattern{regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`), "it must be the name of a function or table"}
)

// LoadAdvisories reads the advisories at path name of fsys and holds them
// against the definition and the lock that they are about. No file is no
// advisory.
func LoadAdvisories(fsys fs.FS, name string, d Definition, l Lock) ([]Advisory, error) {
	data, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the advisories: %w", err)
	}
	if err := legible(name, data); err != nil {
		return nil, err
	}
	var file struct {
		Advisories []Advisory `yaml:"advisories"`
	}
	if err := yaml.Load(data, &file, yaml.WithKnownFields()); err != nil {
		return nil, inYAML(name, data, err)
	}
	v := validator{file: name}
	v.check(len(file.Advisories) > 0, "advisories", "is empty")
	seen := map[string]bool{}
	for i, a := range file.Advisories {
		at := fmt.Sprintf("advisories[%d]", i)
		if cvePattern.ok(a.CVE) {
			at = fmt.Sprintf("advisories[%s]", a.CVE)
		}
		v.check(!seen[a.CVE], at, "is there twice")
		seen[a.CVE] = true
		a.validate(&v, at, d, l)
	}
	return file.Advisories, v.err()
}

func (a Advisory) validate(v *validator, at string, d Definition, l Lock) {
	v.match(cvePattern, at+".cve", a.CVE)
	v.text(at+".title", a.Title)
	v.check(a.Patch != "" || a.Source != "", at, "has neither patch nor source: who says so?")
	if a.Source != "" {
		v.match(webPattern, at+".source", a.Source)
	}
	c, ok := d.Component(a.Component)
	if !ok {
		v.check(false, at+".component", fmt.Sprintf("is %q, which is no component of the definition", a.Component))
		return
	}
	locked, _ := l.Component(a.Component)
	if a.Patch != "" {
		v.check(locked.hasPatch(a.Patch), at+".patch", fmt.Sprintf("is %q, which the lock does not list", a.Patch))
	}
	if a.Absent == nil {
		applied := slices.ContainsFunc(locked.Applied(c), func(p Patch) bool { return p.File == a.Patch })
		v.check(applied, at, "has no absent, so that its patch must be one that is applied")
		return
	}
	a.Absent.validate(v, at+".absent", c)
}

func (a Absent) validate(v *validator, at string, c Component) {
	kinds := 0
	if a.Feature != "" {
		kinds++
		_, removed := c.Remove[a.Feature]
		v.check(removed, at+".feature", fmt.Sprintf("is %q, which components[%s].remove does not have", a.Feature, c.Name))
	}
	if a.Module != "" {
		kinds++
		v.check(c.Name == "nginx", at+".module", "is for nginx alone")
		v.match(modulePattern, at+".module", a.Module)
	}
	if len(a.Symbols) > 0 {
		kinds++
		v.matchAll(symbolPattern, at+".symbols", a.Symbols)
	}
	v.check(kinds == 1, at, "must have one of feature, module and symbols")
}
