package attest

import (
	"encoding/json"
	"fmt"

	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// Made is what provenance says an image was made from, as far as somebody needs to
// make it again.
type Made struct {
	Origin

	Definition string
	Platforms  []string
	Base       string // empty where nothing was compiled
	Compilers  []Compiler
	Inputs     []Input
}

// A Compiler is a toolchain, for one platform or, where that is empty, for all.
type Compiler struct{ Platform, ID, Version string }

// Made reads it out of provenance of this project's kind of build. As Origin, it is
// as good as the signature that was verified before.
func (d Document) Made() (Made, error) {
	origin, err := d.Origin()
	if err != nil {
		return Made{}, err
	}
	var p slsa.Provenance
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(d.Predicate, &p); err != nil {
		return Made{}, fmt.Errorf("reading provenance: %w", decoding(err))
	}
	asked, err := protojson.Marshal(p.GetBuildDefinition().GetExternalParameters())
	if err != nil {
		return Made{}, fmt.Errorf("reading provenance: %w", err)
	}
	var parameters struct {
		Definition string   `json:"definition"`
		Platforms  []string `json:"platforms"`
		Base       string   `json:"base"`
	}
	if err := json.Unmarshal(asked, &parameters); err != nil {
		return Made{}, fmt.Errorf("reading the parameters of provenance: %w", err)
	}
	m := Made{Origin: origin, Definition: parameters.Definition, Platforms: parameters.Platforms, Base: parameters.Base}
	for _, r := range p.GetBuildDefinition().GetResolvedDependencies() {
		m = m.with(r)
	}
	return m, nil
}

// with has one dependency more, which its role says what it is.
func (m Made) with(r *intoto.ResourceDescriptor) Made {
	notes := map[string]string{}
	for name, value := range r.GetAnnotations().GetFields() {
		if text := value.GetStringValue(); text != "" {
			notes[name] = text
		}
	}
	id, whole := r.GetDigest()["nginxScratchToolchain"]
	switch {
	case notes["role"] == "repository":
	case whole:
		m.Compilers = append(m.Compilers, Compiler{Platform: notes["platform"], ID: id, Version: notes["version"]})
	default:
		m.Inputs = append(m.Inputs, Input{Name: r.GetName(), SHA256: r.GetDigest()["sha256"], About: notes})
	}
	return m
}

// Compiler is the one for a platform.
func (m Made) Compiler(platform string) (Compiler, bool) {
	for _, c := range m.Compilers {
		if c.Platform == platform || c.Platform == "" && len(m.Compilers) == 1 {
			return c, true
		}
	}
	return Compiler{}, false
}

// Input is the sha256 of the input with a name, or empty.
func (m Made) Input(name string) string {
	for _, in := range m.Inputs {
		if in.Name == name {
			return in.SHA256
		}
	}
	return ""
}
