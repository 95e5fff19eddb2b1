package source_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images/source"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	series := source.Series{Patches: []source.Patch{patch("a", "A"), patch("b", "B"), patch("c", "C")}}
	var locked []source.Locked
	for _, p := range series.Patches {
		locked = append(locked, source.Locked{File: p.Name, SHA256: p.SHA256})
	}
	with := func(change func([]source.Locked)) []source.Locked {
		changed := slices.Clone(locked)
		change(changed)
		return changed
	}
	for name, test := range map[string]struct {
		locked []source.Locked
		apply  string   // names
		want   []string // of the error
	}{
		"all":           {locked: locked, apply: "abc"},
		"one skipped":   {locked: with(func(l []source.Locked) { l[1].Skip = "only documentation" }), apply: "ac"},
		"other order":   {locked: with(func(l []source.Locked) { l[1], l[2] = l[2], l[1] }), want: []string{"patch 2", `"b"`, `"c"`}},
		"other hash":    {locked: with(func(l []source.Locked) { l[2].SHA256 = "beef" }), want: []string{`"c"`, series.Patches[2].SHA256, "beef"}},
		"hash of skip":  {locked: with(func(l []source.Locked) { l[0] = source.Locked{File: "a", Skip: "why"} }), want: []string{`"a"`, series.Patches[0].SHA256}},
		"new patch":     {locked: locked[:2], want: []string{`the series goes on with "c"`}},
		"dropped patch": {locked: append(slices.Clone(locked), source.Locked{File: "d"}), want: []string{`the lock goes on with "d"`}},
		"no lock":       {want: []string{`the series goes on with "a"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			patches, err := series.Match(test.locked)
			if test.want != nil {
				refused(t, err, append(test.want, "update the lock")...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var names string
			for _, p := range patches {
				names += p.Name
			}
			if diff := cmp.Diff(test.apply, names); diff != "" {
				t.Errorf("patches to apply (-want +got):\n%s", diff)
			}
		})
	}
}
