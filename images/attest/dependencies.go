package attest

import (
	"encoding/json"
	"fmt"

	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

// parameters leaves out what is empty.
func parameters(values map[string]any) (*structpb.Struct, error) {
	for name, value := range values {
		if value == "" {
			delete(values, name)
		}
	}
	data, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("describing the parameters: %w", err)
	}
	var s structpb.Struct
	if err := protojson.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("describing the parameters: %w", decoding(err))
	}
	return &s, nil
}

// dependencies are the checkout, the compilers and the inputs, in their order:
// that in which patches are applied.
func (b Build) dependencies() ([]*intoto.ResourceDescriptor, error) {
	source := &intoto.ResourceDescriptor{Name: "repository", Uri: "git+" + b.Source.Address}
	if b.Source.Commit != "" {
		source.Digest = map[string]string{"gitCommit": b.Source.Commit}
	}
	all := []*intoto.ResourceDescriptor{source}
	about := []map[string]any{{"role": "repository", "tree": b.Source.Tree}}
	for _, tc := range b.Toolchains {
		// A hash over many files: no file has it, so it has a name of its own.
		all = append(all, &intoto.ResourceDescriptor{Name: "toolchain", Digest: map[string]string{"nginxScratchToolchain": tc.ID}})
		about = append(about, map[string]any{"role": "toolchain", "version": tc.Version, "platform": tc.Platform})
	}
	for _, in := range b.Inputs {
		d := &intoto.ResourceDescriptor{Name: in.Name, Digest: map[string]string{"sha256": in.SHA256}}
		notes := map[string]any{}
		for name, value := range in.About {
			notes[name] = value
		}
		if len(in.Places) > 0 {
			d.Uri = in.Places[0]
			notes["places"] = in.Places
		}
		all, about = append(all, d), append(about, notes)
	}
	for i, d := range all {
		var err error
		if d.Annotations, err = parameters(about[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", d.GetName(), err)
		}
		if err := d.Validate(); err != nil {
			return nil, fmt.Errorf("describing the build: %s: %w", d.GetName(), err)
		}
	}
	return all, nil
}
