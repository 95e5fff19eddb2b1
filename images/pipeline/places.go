package pipeline

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"path"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// debianScheme marks a place of the lock that is a path below a Debian mirror,
// whichever this machine uses.
const debianScheme = "debian:"

// mirrors are the addresses that the places of a lock are expanded with.
type mirrors struct {
	own    string   // SOURCE_MIRROR, or empty
	debian []string // in the order in which they are tried
}

// findMirrors asks the environment and, failing that, apt.
func findMirrors(ctx context.Context, env Environment) (mirrors, error) {
	own, debian := env.Getenv(sourceVariable), env.Getenv(debianVariable)
	if own != "" && !isBase(own) {
		return mirrors{}, badBase(sourceVariable, own)
	}
	if debian == "" {
		return mirrors{own: own, debian: aptMirrors(ctx)}, nil
	}
	named := strings.Split(debian, " ")
	for _, address := range named {
		if !isBase(address) {
			return mirrors{}, badBase(debianVariable, address)
		}
	}
	return mirrors{own: own, debian: named}, nil
}

// isBase says whether a path can be added to the address.
func isBase(address string) bool {
	u, err := url.Parse(address)
	if err != nil || strings.ContainsAny(address, "?#") {
		return false
	}
	switch u.Scheme {
	case "http", "https":
		return u.Hostname() != ""
	case "file":
		return path.IsAbs(u.Path) && (u.Host == "" || u.Host == "localhost")
	}
	return false
}

func badBase(variable, address string) error {
	return fmt.Errorf("%s is %q: it must be an address with http or https, or file:///FOLDER", variable, redact(address))
}

// aptMirrors returns the Debian mirrors of this machine: none where there is
// no apt.
func aptMirrors(ctx context.Context) []string {
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI)").Output()
	if err != nil {
		return nil
	}
	return parseTargets(out)
}

// parseTargets returns the addresses, one on each line, that can be mirrors.
// Those of security updates come last: they hold only some packages.
func parseTargets(out []byte) []string {
	var found, security []string
	for line := range strings.Lines(string(out)) {
		address := strings.TrimRight(strings.TrimSpace(line), "/")
		switch {
		case !isBase(address), slices.Contains(found, address), slices.Contains(security, address):
		case strings.Contains(address, "security"):
			security = append(security, address)
		default:
			found = append(found, address)
		}
	}
	return append(found, security...)
}

// expand turns an input of the lock into one of the store, with the addresses
// in the order in which they are tried. The user's own mirror comes first:
// whoever names one wants it used, and may have no other way out.
func (m mirrors) expand(in images.Input) store.Input {
	out := store.Input{Name: in.File, SHA256: in.SHA256, Size: in.Size}
	if m.own != "" {
		out.Places = append(out.Places, join(m.own, url.PathEscape(in.File)))
	}
	for _, place := range in.Places {
		file, ok := strings.CutPrefix(place, debianScheme)
		if !ok {
			out.Places = append(out.Places, place)
			continue
		}
		for _, mirror := range m.debian {
			out.Places = append(out.Places, join(mirror, file))
		}
	}
	return out
}

func join(base, file string) string { return strings.TrimRight(base, "/") + "/" + file }
