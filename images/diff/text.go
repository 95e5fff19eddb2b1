package diff

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Formats are the names of what Write takes.
var Formats = []string{"text", "json", "markdown"}

// Format renders a report: a table for people, JSON for programs, or Markdown for
// the summary of a job.
func (r Report) Format(format string) (string, error) {
	switch format {
	case "text":
		return r.text(), nil
	case "markdown":
		return r.markdown(), nil
	case "json":
		data, err := json.MarshalIndent(r, "", "  ")
		return string(data) + "\n", err
	}
	return "", fmt.Errorf("format %q: it must be one of %s", format, strings.Join(Formats, ", "))
}

func (r Report) text() string {
	var out strings.Builder
	if r.Same {
		fmt.Fprintf(&out, "%s and %s are the same: %s\n", clean(r.Before.Name), clean(r.After.Name), r.Before.Digest)
		return out.String()
	}
	fmt.Fprintf(&out, "before  %s %s\nafter   %s %s\n", clean(r.Before.Name), r.Before.Digest, clean(r.After.Name), r.After.Digest)
	for _, p := range r.Platforms {
		fmt.Fprintf(&out, "\n%s%s\n", p.Platform, p.verdict())
		for _, b := range p.blocks() {
			fmt.Fprintf(&out, "  %s\n", b.heading)
			t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
			for _, l := range b.shown() {
				_, _ = fmt.Fprintf(t, "    %s\t%s\t%s\n", l.what, l.before, l.after) // a Builder takes all
			}
			_ = t.Flush() // as above
		}
	}
	return trimmed(out.String())
}

// trimmed is a text without spaces at the ends of lines.
func trimmed(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func (r Report) markdown() string {
	var out strings.Builder
	if r.Same {
		fmt.Fprintf(&out, "%s and %s are the same: %s\n", code(r.Before.Name), code(r.After.Name), code(r.Before.Digest))
		return out.String()
	}
	fmt.Fprintf(&out, "| | image | digest |\n|---|---|---|\n| before | %s | %s |\n| after | %s | %s |\n",
		code(r.Before.Name), code(r.Before.Digest), code(r.After.Name), code(r.After.Digest))
	for _, p := range r.Platforms {
		fmt.Fprintf(&out, "\n### %s%s\n", p.Platform, p.verdict())
		for _, b := range p.blocks() {
			fmt.Fprintf(&out, "\n**%s**\n\n| | before | after |\n|---|---|---|\n", b.heading)
			for _, l := range b.shown() {
				fmt.Fprintf(&out, "| %s | %s | %s |\n", code(l.what), code(l.before), code(l.after))
			}
		}
	}
	return out.String()
}

// mostLetters are shown of one value.
const mostLetters = 300

// clean is a text from an image without what could steer a terminal or break a table.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
	if letters := []rune(text); len(letters) > mostLetters {
		text = string(letters[:mostLetters]) + "..."
	}
	return text
}

// code is a text as Markdown shows it letter by letter, also in a table.
func code(text string) string {
	if text = strings.TrimSpace(clean(text)); text == "" {
		return ""
	}
	return "`" + strings.NewReplacer("`", "'", "|", `\|`).Replace(text) + "`"
}
