package attest

import (
	"errors"
	"fmt"
	"strings"

	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// An Origin is what provenance says of who built, and from which checkout: what a
// policy asks for. It is as good as the signature that was verified before.
type Origin struct {
	Builder string
	Source  Source
}

// Origin reads it out of provenance of this project's kind of build. Fields that
// it does not know it passes over, as SLSA wants it.
func (d Document) Origin() (Origin, error) {
	if d.PredicateType != Provenance {
		return Origin{}, fmt.Errorf("reading provenance: it is %s, not %s", d.PredicateType, Provenance)
	}
	var p slsa.Provenance
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(d.Predicate, &p); err != nil {
		return Origin{}, fmt.Errorf("reading provenance: %w", decoding(err))
	}
	if err := p.Validate(); err != nil {
		return Origin{}, fmt.Errorf("reading provenance: %w", err)
	}
	if got := p.GetBuildDefinition().GetBuildType(); got != BuildType {
		return Origin{}, fmt.Errorf("reading provenance: it is of a build of type %q, not %s", got, BuildType)
	}
	o := Origin{Builder: p.GetRunDetails().GetBuilder().GetId()}
	repositories := 0
	for _, r := range p.GetBuildDefinition().GetResolvedDependencies() {
		notes := r.GetAnnotations().GetFields()
		if notes["role"].GetStringValue() != "repository" {
			continue
		}
		repositories++
		o.Source = Source{
			Address: strings.TrimPrefix(r.GetUri(), "git+"),
			Commit:  r.GetDigest()["gitCommit"],
			Tree:    notes["tree"].GetStringValue(),
		}
	}
	if repositories != 1 {
		return Origin{}, errors.New("reading provenance: it does not name the one repository that was built from")
	}
	return o, nil
}
