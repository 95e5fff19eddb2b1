package resolve

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
)

// small makes a universe of up to eight packages, and a world, out of bytes.
type small struct{ bytes []byte }

func (s *small) next(n int) int {
	if len(s.bytes) == 0 {
		return 0
	}
	b := int(s.bytes[0])
	s.bytes = s.bytes[1:]
	return b % n
}

var (
	realNames    = []string{"a", "b", "c", "d"}
	virtualNames = []string{"v", "w", "so:x"}
)

func (s *small) dependency() string {
	all := slices.Concat(realNames, virtualNames)
	d := all[s.next(len(all))] + []string{"", "", "", "=1", "=2", ">1", "<2", "~1"}[s.next(8)]
	if s.next(6) == 5 {
		d = "!" + d
	}
	return d
}

func (s *small) list(n int, item func() string) []string {
	var out []string
	for range s.next(n) {
		out = append(out, item())
	}
	return out
}

func (s *small) universe() (world []string, records []apk.Record) {
	for range 1 + s.next(8) {
		r := apk.Record{Name: realNames[s.next(4)], Version: []string{"1", "2"}[s.next(2)], Priority: s.next(3)}
		r.Depends = s.list(4, s.dependency)
		r.Provides = s.list(3, func() string {
			if n := s.next(8); n > 0 {
				return virtualNames[n%3] + []string{"", "=1", "=2"}[s.next(3)]
			}
			return realNames[s.next(4)] + []string{"", "=2"}[s.next(2)]
		})
		if s.next(4) == 3 {
			r.InstallIf = s.list(3, s.dependency)
		}
		if !slices.ContainsFunc(records, func(o apk.Record) bool { return o.File() == r.File() }) {
			records = append(records, r)
		}
	}
	return append(s.list(3, s.dependency), realNames[s.next(4)]), records
}

func FuzzResolve(f *testing.F) {
	f.Add([]byte("a small universe"))
	f.Add([]byte{7, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 2, 4, 4, 1, 1, 2, 0, 0, 3, 0, 1, 5, 0, 1, 2, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		s := small{data}
		world, records := s.universe()
		check(t, world, records)
	})
}

// The rules hold in many small universes, not only in those that fuzzing has
// the time for.
func TestSmallUniverses(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		data := make([]byte, 20+random.IntN(120))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		s := small{data}
		world, records := s.universe()
		check(t, world, records)
	}
}

func check(t *testing.T, world []string, records []apk.Record) {
	t.Helper()
	b := brute{records, parse(world)}
	got, err := Resolve(world, records)
	reversed := slices.Clone(records)
	slices.Reverse(reversed)
	if again, err := Resolve(world, reversed); names(again) != names(got) {
		t.Fatalf("world %q of%s\ngot %s, and in reverse %s, %v", world, show(records), names(got), names(again), err)
	}
	if err != nil {
		if err.Error() == "" {
			t.Fatalf("world %q of%s\nfails without a word", world, show(records))
		}
		for _, set := range b.sets() {
			if b.fault(set) == "" && len(b.reached(set, false, b.choosable)) == len(set) {
				t.Fatalf("world %q of%s\n%v\nbut there is %v", world, show(records), err, set)
			}
		}
		return
	}
	var set []int
	for _, c := range got {
		set = append(set, slices.IndexFunc(records, func(r apk.Record) bool { return r.File() == c.File() }))
	}
	if fault := b.fault(set); fault != "" {
		t.Fatalf("world %q of%s\ngot %v: %s", world, show(records), set, fault)
	}
	for i, r := range records {
		negative := slices.ContainsFunc(parse(r.InstallIf), func(d Dependency) bool { return d.Conflict })
		if !slices.Contains(set, i) && !negative && b.comesAlong(i, set) && b.fault(append(slices.Clone(set), i)) == "" {
			t.Fatalf("world %q of%s\ngot %v without %s", world, show(records), set, r.File())
		}
	}
}

func show(records []apk.Record) string {
	var out strings.Builder
	for i, r := range records {
		fmt.Fprintf(&out, "\n%d %s-%s D:%q p:%q i:%q k:%d", i, r.Name, r.Version, r.Depends, r.Provides, r.InstallIf, r.Priority)
	}
	return out.String()
}
