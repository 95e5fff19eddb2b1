package verify

import (
	"crypto/ecdsa"
	"fmt"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/content"
)

// A Policy is what somebody wants of an image.
type Policy struct {
	Key     *ecdsa.PublicKey // of its maker; nil if none was named, and then nothing vouches for it
	Builder string           // address of who must have built it; empty accepts all
	Source  string           // address of the repository it must be from; empty accepts all
	Limits  content.Limits
}

// accepts says what of the origin is not as the policy wants it.
func (p Policy) accepts(b attest.Origin) error {
	if p.Builder != "" && b.Builder != p.Builder {
		return fmt.Errorf("it was built by %s, not by %s", printable(b.Builder), p.Builder)
	}
	if p.Source == "" {
		return nil
	}
	if address(b.Source.Address) != address(p.Source) {
		return fmt.Errorf("it was built from %s, not from %s", printable(b.Source.Address), p.Source)
	}
	if b.Source.Tree != attest.TreeClean || b.Source.Commit == "" {
		return fmt.Errorf("it was built from a checkout of %s whose files may be others: its tree was %q", p.Source, b.Source.Tree)
	}
	return nil
}

// address is one without what makes no difference.
func address(text string) string {
	return strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(text, "git+"), "/"), ".git")
}

func source(s attest.Source) string {
	if s.Commit == "" {
		return printable(s.Address) + ", at a commit that is not known"
	}
	return fmt.Sprintf("%s at %s (%s)", printable(s.Address), printable(s.Commit), printable(s.Tree))
}
