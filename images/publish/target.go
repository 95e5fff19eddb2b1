package publish

import (
	"errors"
	"fmt"

	"github.com/distribution/reference"
)

// Target is a place in a registry as a person names it.
type Target struct {
	Repository string // "registry.example.com/nginx-scratch"
	Tag        string // empty if none was named
	Digest     string // "sha256:...", empty if none was named
}

// ParseTarget parses registry/repository, with a tag, a digest, both or none.
func ParseTarget(text string) (Target, error) {
	named, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return Target{}, fmt.Errorf("reference %q: %w: it must be like registry.example.com/nginx-scratch", text, err)
	}
	t := Target{Repository: named.Name()}
	if tagged, ok := named.(reference.Tagged); ok {
		t.Tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		t.Digest = digested.Digest().String()
		if digested.Digest().Algorithm() != "sha256" {
			return Target{}, fmt.Errorf("reference %q: %w", text, errors.New("the digest must be a sha256"))
		}
	}
	return t, nil
}

// Reference is what to ask the repository for: the digest if there is one.
func (t Target) Reference() string {
	switch {
	case t.Digest != "":
		return t.Digest
	case t.Tag != "":
		return t.Tag
	}
	return "latest"
}
