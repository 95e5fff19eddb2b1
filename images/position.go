package images

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// legible refuses characters that are not seen where the file is shown: text
// that reads differently from what it says could hide in a comment.
func legible(name string, data []byte) error {
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimSuffix(line, "\n")
		if i := strings.IndexFunc(line, hidden); i >= 0 {
			char, _ := utf8.DecodeRuneInString(line[i:])
			return fmt.Errorf("%s:%d: %U, in column %d, is no character that is seen: remove it", name, n, char, i+1)
		}
	}
	return nil
}

// inYAML puts the file, the line and its text before each thing that the YAML
// decoder reports: the text names the field.
func inYAML(name string, data []byte, err error) error {
	report, ok := errors.AsType[*yaml.LoadErrors](err)
	if !ok { // a syntax error; it has its place
		return fmt.Errorf("%s: %s", name, visible(err.Error()))
	}
	lines := bytes.Split(data, []byte("\n"))
	var errs []error
	for _, e := range report.Errors {
		if n := e.Mark.Line; 0 < n && n <= len(lines) {
			errs = append(errs, fmt.Errorf("%s:%d: %s: %s", name, n, quote(bytes.TrimSpace(lines[n-1])), visible(e.Message)))
			continue
		}
		errs = append(errs, fmt.Errorf("%s: %s", name, visible(e.Message)))
	}
	return errors.Join(errs...)
}

// inJSON puts the file and the line before what the JSON decoder reports.
func inJSON(name string, data []byte, err error) error {
	var offset int64
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = e.Offset
	} else if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = e.Offset
	}
	line := 1 + bytes.Count(data[:min(offset, int64(len(data)))], []byte("\n"))
	return fmt.Errorf("%s:%d: %w", name, line, err)
}

// quote shows a line, or as much of it as fits in a message.
func quote(line []byte) string {
	const most = 100
	text, cut := string(line), ""
	if len(text) > most {
		text, cut = text[:most], "..."
	}
	if strings.ContainsFunc(text, hidden) {
		return fmt.Sprintf("%q%s", text, cut)
	}
	return fmt.Sprintf("%#q%s", text, cut) // without backslashes, where it can be
}

// visible replaces what is not seen. A message may have it from the file.
func visible(message string) string {
	return strings.Map(func(r rune) rune {
		if hidden(r) {
			return '?'
		}
		return r
	}, message)
}
