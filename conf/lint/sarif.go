package lint

import (
	"io"
	"net/url"
)

// What follows is the part of SARIF 2.1.0 that code hosts show, named as the format
// names it.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID              string       `json:"id"`
		FullDescription sarifMessage `json:"fullDescription"`
		Help            sarifMessage `json:"help"`
		Configuration   sarifLevel   `json:"defaultConfiguration"`
		Properties      sarifTags    `json:"properties"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}
	sarifTags struct {
		Tags []string `json:"tags"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifMessage    `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
)

// WriteSARIF writes the findings, and all rules, as a log of SARIF 2.1.0.
func WriteSARIF(w io.Writer, findings []Finding) error {
	index := map[string]int{}
	driver := sarifDriver{Name: "conf/lint"}
	for i, r := range Rules() {
		index[r.ID] = i
		tags := []string{"security"}
		if r.CIS != "" {
			tags = append(tags, "CIS NGINX 3.0.0 "+r.CIS)
		}
		help := "Instead of:\n\n" + r.Bad + "\n\nwrite:\n\n" + r.Good
		driver.Rules = append(driver.Rules, sarifRule{r.ID, sarifMessage{r.Explain}, sarifMessage{help}, sarifLevel{level(r.Severity)}, sarifTags{tags}})
	}
	results := make([]sarifResult, len(findings))
	for i, f := range findings {
		uri := (&url.URL{Path: f.File}).String()
		place := sarifLocation{sarifPhysical{sarifArtifact{uri}, sarifRegion{f.Line}}}
		results[i] = sarifResult{f.Rule, index[f.Rule], level(f.Severity), sarifMessage{f.Message}, []sarifLocation{place}}
	}
	return encode(w, sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0",
		Runs: []sarifRun{{sarifTool{driver}, results}},
	})
}

// level is SARIF's word for a severity.
func level(s Severity) string {
	if s == Info {
		return "note"
	}
	return s.String()
}
