package lint

import (
	"encoding/json"
	"fmt"
	"io"
)

// WriteText writes a line for each finding: file:line: severity rule message.
func WriteText(w io.Writer, findings []Finding) error {
	for _, f := range findings {
		if _, err := fmt.Fprintf(w, "%s:%d: %s %s %s\n", plain(f.File), f.Line, f.Severity, f.Rule, f.Message); err != nil {
			return fmt.Errorf("writing findings: %w", err)
		}
	}
	return nil
}

// WriteJSON writes the findings as a list, which is empty if there are none.
func WriteJSON(w io.Writer, findings []Finding) error {
	if findings == nil {
		findings = []Finding{}
	}
	return encode(w, findings)
}

func encode(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(value); err != nil {
		return fmt.Errorf("writing findings: %w", err)
	}
	return nil
}
