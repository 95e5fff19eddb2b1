package attest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Document returns the build as provenance of SLSA, version 1.
func (b Build) Document() (Document, error) {
	external, err := parameters(map[string]any{"definition": b.Definition, "platforms": b.Platforms, "base": b.Base})
	if err != nil {
		return Document{}, err
	}
	settings := map[string]any{"SOURCE_DATE_EPOCH": b.SourceDateEpoch, "formatVersion": b.FormatVersion}
	if len(b.Flags) > 0 {
		settings["flags"] = b.Flags
	}
	internal, err := parameters(settings)
	if err != nil {
		return Document{}, err
	}
	dependencies, err := b.dependencies()
	if err != nil {
		return Document{}, err
	}
	p := &slsa.Provenance{
		BuildDefinition: &slsa.BuildDefinition{
			BuildType: BuildType, ExternalParameters: external, InternalParameters: internal, ResolvedDependencies: dependencies,
		},
		RunDetails: &slsa.RunDetails{
			Builder: &slsa.Builder{Id: b.Builder},
			Metadata: &slsa.BuildMetadata{
				InvocationId: b.Invocation,
				StartedOn:    timestamppb.New(b.Started.Truncate(time.Second)),
				FinishedOn:   timestamppb.New(b.Finished.Truncate(time.Second)),
			},
		},
	}
	if err := p.Validate(); err != nil {
		return Document{}, fmt.Errorf("describing the build: %w", err)
	}
	loose, err := protojson.Marshal(p)
	if err != nil {
		return Document{}, fmt.Errorf("describing the build: %w", err)
	}
	var predicate bytes.Buffer // as in Sign
	if err := json.Compact(&predicate, loose); err != nil {
		return Document{}, fmt.Errorf("describing the build: %w", err)
	}
	return Document{PredicateType: Provenance, Predicate: predicate.Bytes()}, nil
}
