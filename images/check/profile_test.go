package check

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The golden file is the list of what each kind of image is put through.
func TestChecksOfEachProfile(t *testing.T) {
	t.Parallel()
	var table bytes.Buffer
	for _, c := range All() {
		if len(c.Profiles) == 0 {
			t.Errorf("%s is for no image", c.Name)
		}
		line := fmt.Sprintf("%-16s", c.Name)
		for _, p := range every {
			listed := slices.Contains(checkNames(Checks(p)), c.Name)
			if listed != slices.Contains(c.Profiles, p) {
				t.Errorf("%s is listed for %v: %v", c.Name, p, listed)
			}
			mark := "-"
			if listed {
				mark = p.String()
			}
			line += fmt.Sprintf(" %-8s", mark)
		}
		fmt.Fprintln(&table, strings.TrimRight(line, " "))
	}
	golden(t, "profiles.golden", table.Bytes())
}

// No checks would be no refusal.
func TestUnknownProfileIsRefused(t *testing.T) {
	t.Parallel()
	for _, p := range []Profile{-1, Debug + 1} {
		f := goodFixture(Static)
		f.subject.Profile = p
		want := fmt.Sprintf("there are no checks for Profile(%d)", int(p))
		if results, err := Run(t.Context(), f.build(t)); err == nil || !strings.Contains(err.Error(), want) || len(results) > 0 {
			t.Errorf("%d results, and error %v does not say %q", len(results), err, want)
		}
	}
}

// What was not asked for is neither passed nor skipped.
func TestDebugWithoutPathsIsNotAskedForThem(t *testing.T) {
	t.Parallel()
	for _, p := range every {
		f := goodFixture(p)
		f.subject.Paths = nil
		results, err := Run(t.Context(), f.build(t))
		ran := slices.ContainsFunc(results, func(r Result) bool { return r.Check.Name == "unexpected-path" })
		if debug := p == Debug; ran == debug || (err == nil) != debug {
			t.Errorf("%v: ran %v, error %v", p, ran, err)
		}
	}
}
