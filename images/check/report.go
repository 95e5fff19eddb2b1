package check

import (
	"fmt"
	"io"
	"strings"
)

// WriteReport writes what each check said to w, in order:
//
//	ok   static-pie
//	skip config-test: not judged: ...
//	FAIL world-writable: usr/share/x is mode 0666: everybody can write it
//	     do: Give it mode 0644, ...
//
// Only a verdict starts in the first column.
func WriteReport(w io.Writer, results []Result) error {
	var b strings.Builder
	line := func(verdict string, r Result) {
		text := r.Check.Name
		if r.Err != nil {
			text += ": " + strings.TrimSpace(r.Err.Error())
		}
		fmt.Fprintf(&b, "%-4s %s\n", verdict, strings.ReplaceAll(text, "\n", "\n     "))
	}
	for _, r := range results {
		switch {
		case r.Err == nil:
			line("ok", r)
		case r.Skipped():
			line("skip", r)
		default:
			line("FAIL", r)
			fmt.Fprintf(&b, "     do: %s\n", r.Check.Remedy)
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the report of checks: %w", err)
	}
	return nil
}
