package resolve

import (
	"strconv"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
)

// packages reads records from lines of NAME VERSION and fields as an index has
// them: D:, p:, i: with commas between their items, k: and R: for the
// repository.
func packages(t testing.TB, text string) []apk.Record {
	t.Helper()
	var records []apk.Record
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		r := apk.Record{Name: words[0], Version: words[1], Repository: "main"}
		for _, w := range words[2:] {
			field, value, _ := strings.Cut(w, ":")
			items := strings.Split(value, ",")
			switch field {
			case "D":
				r.Depends = items
			case "p":
				r.Provides = items
			case "i":
				r.InstallIf = items
			case "k":
				n, err := strconv.Atoi(value)
				if err != nil {
					t.Fatal(err)
				}
				r.Priority = n
			case "R":
				r.Repository = value
			default:
				t.Fatalf("line %q: what is %q?", line, w)
			}
		}
		records = append(records, r)
	}
	return records
}

// names are the choices, as NAME-VERSION with spaces between.
func names(choices []Choice) string {
	var out []string
	for _, c := range choices {
		out = append(out, c.Name+"-"+c.Version)
	}
	return strings.Join(out, " ")
}
