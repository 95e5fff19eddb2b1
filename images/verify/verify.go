// Package verify holds an image against what its maker has signed: that it is theirs,
// who built it and from what, and that its files are those of its bill of materials.
package verify

import (
	"context"
	"errors"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/content"
)

// A State is how a check ended.
type State int

// The states of a check.
const (
	OK        State = iota
	Failed          // the image is not what it should be
	Unchecked       // there was nothing to check it by
	Unasked         // nobody wanted to know
)

// A Result is one check, for people: one line, but for failures.
type Result struct {
	Name  string
	State State
	Why   string
}

// A Report is what there is to say of an image.
type Report struct {
	Results []Result
	Images  map[string]*content.Image // by platform, those that are what their digests say
	// Made is what the provenance that was believed says, or nil.
	Made *attest.Made
}

// Add adds a check that was done elsewhere.
func (r *Report) Add(name string, state State, why string) { r.addf(name, state, "%s", why) }

func (r *Report) addf(name string, state State, format string, args ...any) {
	r.Results = append(r.Results, Result{name, state, fmt.Sprintf(format, args...)})
}

// Image checks an image, all its platforms. An error is of the way to it: whatever
// is wrong with the image is in the report.
func Image(ctx context.Context, index content.Index, p Policy) (Report, error) {
	r := Report{Images: map[string]*content.Image{}}
	for _, e := range index.Images {
		if err := r.read(ctx, index, e, p.Limits); err != nil {
			return r, err
		}
	}
	if p.Key == nil {
		r.addf("signature", Unchecked, "nothing vouches for this image: name the public key of its maker with -key")
		return r, nil
	}
	about, err := signed(ctx, index.Source, p.Key, index.Descriptor.Digest)
	if err != nil {
		return r, err
	}
	r.signature(about)
	r.provenance(about, p)
	for _, e := range index.Images {
		own, err := signed(ctx, index.Source, p.Key, e.Descriptor.Digest)
		if err != nil {
			return r, err
		}
		if len(index.Images) == 1 { // then what is said of the index is said of it
			own = own.and(about)
		}
		r.sbom(e.Platform, own)
	}
	return r, nil
}

// read reads the image of one platform to the last byte.
func (r *Report) read(ctx context.Context, index content.Index, e content.Entry, limits content.Limits) error {
	name := "content " + e.Platform
	img, err := content.Read(ctx, index.Source, e, limits)
	if errors.Is(err, content.ErrDamaged) {
		r.addf(name, Failed, "%v", err)
		return nil
	}
	if err != nil {
		return err
	}
	r.Images[e.Platform] = img
	r.addf(name, OK, "%d files, each byte as the digests say", len(img.Files))
	return nil
}

// statements are those that a key has signed about one image.
type statements struct {
	all     []attest.Statement
	refused []error // why others do not count
	subject v1.Hash
}

func (s statements) and(more statements) statements {
	s.all, s.refused = append(s.all, more.all...), append(s.refused, more.refused...)
	return s
}

// of are the statements of one type.
func (s statements) of(predicateType string) (found []attest.Statement) {
	for _, one := range s.all {
		if one.PredicateType == predicateType {
			found = append(found, one)
		}
	}
	return found
}

// none says that there is no statement of a kind, and why others do not count.
func (s statements) none(kind string) string {
	text := fmt.Sprintf("no %s of %s is signed with this key", kind, s.subject)
	for i, err := range s.refused {
		if i == mostReasons {
			return text + fmt.Sprintf("; and %d more", len(s.refused)-i)
		}
		text += "; " + err.Error()
	}
	return text
}

// mostReasons are shown of one failure.
const mostReasons = 5

func (r *Report) signature(s statements) {
	if len(s.of(attest.Signature)) == 0 {
		r.addf("signature", Failed, "%s", s.none("signature"))
		return
	}
	r.addf("signature", OK, "%s is signed with this key", s.subject)
}

// provenance looks for one that says what the policy wants. Whoever publishes an
// image again adds one, and each is signed.
func (r *Report) provenance(s statements, p Policy) {
	var problems []string
	for _, one := range s.of(attest.Provenance) {
		made, err := one.Made()
		if err == nil {
			err = p.accepts(made.Origin)
		}
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		r.Made = &made
		r.addf("provenance", OK, "built by %s from %s", printable(made.Builder), source(made.Source))
		for _, asked := range []struct{ name, value string }{{"builder", p.Builder}, {"source", p.Source}} {
			if asked.value == "" {
				r.addf(asked.name, Unasked, "any is accepted: -%s names the one that must be", asked.name)
				continue
			}
			r.addf(asked.name, OK, "%s, as asked", asked.value)
		}
		return
	}
	if len(problems) == 0 {
		problems = []string{s.none("provenance")}
	}
	r.addf("provenance", Failed, "%s", strings.Join(problems, "; "))
}
