package vex

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images"
)

// Evidence is what was really built.
type Evidence struct {
	Modules  []string // of nginx, as its program names them
	Disabled []string // macros OPENSSL_NO_... that OpenSSL's configuration.h defines
	Symbols  []string // of the program, before they were stripped
	// Patches are the texts of those that advisories name, by the SHA-256 that
	// the lock has for them.
	Patches map[string][]byte
}

// NewEvidence reads what programs and headers say. Program is nginx as it is in
// the image, configuration OpenSSL's header.
func NewEvidence(program, configuration []byte, symbols []string, patches map[string][]byte) (Evidence, error) {
	e := Evidence{Symbols: symbols, Patches: patches}
	for _, m := range moduleName.FindAll(program, -1) {
		e.Modules = append(e.Modules, string(m))
	}
	for _, m := range defined.FindAllSubmatch(configuration, -1) {
		e.Disabled = append(e.Disabled, string(m[1]))
	}
	// What is always there shows that the rest would be seen.
	switch {
	case !slices.Contains(e.Modules, "ngx_core_module") || !slices.Contains(e.Modules, "ngx_http_core_module"):
		return Evidence{}, errors.New("the program does not name its modules")
	case !slices.Contains(e.Symbols, "main"):
		return Evidence{}, errors.New("the program has no symbols")
	}
	return e, nil
}

var (
	// nginx has the names of its modules, which it tells them apart by. Whatever
	// else names one counts too: better no claim than a wrong one.
	moduleName = regexp.MustCompile(`ngx_[a-z0-9_]+_module`)
	defined    = regexp.MustCompile(`(?m)^#\s*define (OPENSSL_NO_[A-Z0-9_]+)$`)
)

// patch is that of an advisory, if it says itself that it is for the CVE.
func (e Evidence) patch(a images.Advisory, locked images.LockedComponent) (images.Patch, error) {
	if locked.Patches == nil {
		return images.Patch{}, fmt.Errorf("there are no patches for %s", a.Component)
	}
	i := slices.IndexFunc(locked.Patches.Patches, func(p images.Patch) bool { return p.File == a.Patch })
	if i < 0 {
		return images.Patch{}, fmt.Errorf("the lock has no patch %s", a.Patch)
	}
	p := locked.Patches.Patches[i]
	if Fixes(p.File) == a.CVE {
		return p, nil
	}
	text, ok := e.Patches[p.SHA256]
	if !ok {
		return p, fmt.Errorf("the text of %s was not read", p.File)
	}
	if !regexp.MustCompile(`\b` + regexp.QuoteMeta(a.CVE) + `\b`).Match(text) {
		return p, fmt.Errorf("%s does not name it: find out what fixes it now", p.File)
	}
	return p, nil
}

// absent says by what it is known that code is not in the program.
func (e Evidence) absent(a images.Absent) (string, error) {
	switch {
	case a.Feature != "":
		macro := "OPENSSL_NO_" + strings.ToUpper(strings.ReplaceAll(a.Feature, "-", "_"))
		if !slices.Contains(e.Disabled, macro) {
			return "", fmt.Errorf("OpenSSL was to be compiled without %s, but its configuration.h does not define %s", a.Feature, macro)
		}
		return fmt.Sprintf("OpenSSL is compiled without %s: its configuration.h defines %s.", a.Feature, macro), nil
	case a.Module != "":
		if slices.Contains(e.Modules, a.Module) {
			return "", fmt.Errorf("%s is in the program: the image may be affected", a.Module)
		}
		return fmt.Sprintf("nginx is compiled without %s: the program does not have it in its list of modules, and cannot load any.", a.Module), nil
	}
	for _, name := range a.Symbols {
		if i := slices.IndexFunc(e.Symbols, func(s string) bool { return isSymbol(s, name) }); i >= 0 {
			return "", fmt.Errorf("%s is in the program: the image may be affected", e.Symbols[i])
		}
	}
	return fmt.Sprintf("The linker has left out what nothing refers to: the program has no symbol %s.", strings.Join(a.Symbols, ", ")), nil
}

// isSymbol reports whether a symbol is that of name, or of a part or copy of it
// that the compiler has made, such as name.part.0.
func isSymbol(symbol, name string) bool {
	begin, _, _ := strings.Cut(symbol, ".")
	return begin == name
}
