package vex

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/openvex/go-vex/pkg/vex"
)

// Product is the image that claims are made of.
type Product struct {
	PURL string // such as pkg:oci/nginx-scratch?repository_url=ghcr.io/...
	// Components are the package URLs of each component, by its name: that of the
	// bill of materials, and those that scanners make of what they find. A claim
	// that names only the first would be passed over by them.
	Components map[string][]string
	Source     string // https address of whoever claims it
	Author     string
	Time       time.Time
}

// Document is the claims as OpenVEX 0.2.0. The same claims give the same bytes.
func Document(p Product, claims []Claim) ([]byte, error) {
	if len(claims) == 0 {
		return nil, errors.New("writing OpenVEX: there is nothing to claim")
	}
	at := p.Time.UTC()
	doc := vex.VEX{Metadata: vex.Metadata{
		Context: vex.ContextLocator(), Author: p.Author, Timestamp: &at, Version: 1, Tooling: p.Source,
	}}
	for _, c := range claims {
		s, err := p.statement(c)
		if err != nil {
			return nil, fmt.Errorf("writing OpenVEX: %s: %w", c.CVE, err)
		}
		doc.Statements = append(doc.Statements, s)
	}
	var out bytes.Buffer
	if err := doc.ToJSON(&out); err != nil {
		return nil, fmt.Errorf("writing OpenVEX: %w", err)
	}
	doc.ID = fmt.Sprintf("%s/vex/%x", p.Source, sha256.Sum256(out.Bytes()))
	out.Reset()
	if err := doc.ToJSON(&out); err != nil {
		return nil, fmt.Errorf("writing OpenVEX: %w", err)
	}
	return out.Bytes(), nil
}

func (p Product) statement(c Claim) (vex.Statement, error) {
	purls := p.Components[c.Component]
	if len(purls) == 0 {
		return vex.Statement{}, fmt.Errorf("it is of %s, which is not in the image", c.Component)
	}
	var subcomponents []vex.Subcomponent
	for _, purl := range purls {
		subcomponents = append(subcomponents, vex.Subcomponent{Component: vex.Component{ID: purl}})
	}
	s := vex.Statement{
		Vulnerability: vex.Vulnerability{Name: vex.VulnerabilityID(c.CVE), Description: c.Title},
		Products:      []vex.Product{{Component: vex.Component{ID: p.PURL}, Subcomponents: subcomponents}},
		Status:        vex.StatusFixed, StatusNotes: c.Fixed,
	}
	if c.Absent != "" {
		s.Status, s.Justification, s.ImpactStatement = vex.StatusNotAffected, vex.VulnerableCodeNotPresent, c.Absent
		s.StatusNotes = "source: " + c.Source
		if c.Fixed != "" {
			s.StatusNotes += "; " + c.Fixed
		}
	}
	return s, s.Validate()
}
