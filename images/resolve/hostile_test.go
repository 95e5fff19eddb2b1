package resolve

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
)

const many = 20_000

func TestLongChain(t *testing.T) {
	t.Parallel()
	for _, last := range []string{"p0", "gone"} {
		var records []apk.Record
		for i := range many {
			records = append(records, apk.Record{Name: fmt.Sprintf("p%d", i), Version: "1", Depends: []string{fmt.Sprintf("p%d", i+1)}})
		}
		records[many-1].Depends[0] = last
		got, err := Resolve([]string{"p0"}, records)
		if last == "p0" {
			if err != nil || len(got) != many {
				t.Fatalf("%d packages, %v", len(got), err)
			}
			for _, c := range got {
				if len(c.Chain) > longest {
					t.Fatalf("%s has a chain of %d", c.Name, len(c.Chain))
				}
			}
			continue
		}
		want := "p0-1 (wanted) -> p1-1 -> p2-1 -> p3-1 -> ... -> p19996-1 -> p19997-1 -> p19998-1 -> p19999-1 needs gone: " +
			"no package of the repositories provides it"
		if err == nil || err.Error() != want {
			t.Errorf("got %v", err)
		}
	}
}

func TestManyProviders(t *testing.T) {
	t.Parallel()
	var records []apk.Record
	for i := range many {
		records = append(records, apk.Record{
			Name: fmt.Sprintf("p%d", i), Version: "1",
			Provides: []string{"v", "v", fmt.Sprintf("cmd:x=%d", i)}, Depends: []string{"cmd:x"}, InstallIf: []string{"v"},
		})
	}
	got, err := Resolve([]string{"cmd:x<9000"}, records)
	if err != nil || names(got) != "p8999-1" {
		t.Errorf("got %.200s, %v", names(got), err)
	}
	for i := range records {
		records[i].Depends = nil
	}
	_, err = Resolve([]string{"v"}, records)
	want := "v (wanted), a virtual name that is never chosen for: add the package you want, one of p0, p1, p10, p100, p1000, 19995 more"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestManyProvides(t *testing.T) {
	t.Parallel()
	var hub apk.Record
	hub.Name, hub.Version = "hub", "1"
	for i := range many / 10 {
		hub.Provides = append(hub.Provides, fmt.Sprintf("n%d=1", i))
		hub.Depends = append(hub.Depends, fmt.Sprintf("n%d", i))
		hub.InstallIf = append(hub.InstallIf, fmt.Sprintf("!n%d", i), fmt.Sprintf("n%d", i))
	}
	other := hub
	other.Name = "other"
	got, err := Resolve([]string{"n7"}, []apk.Record{other, hub})
	if err != nil || names(got) != "hub-1" {
		t.Errorf("got %.200s, %v", names(got), err)
	}
}

func TestManyProblems(t *testing.T) {
	t.Parallel()
	var world []string
	for i := range many {
		world = append(world, fmt.Sprintf("p%d", i))
	}
	_, err := Resolve(world, nil)
	if err == nil || strings.Count(err.Error(), "\n") > 2*maxProblems {
		t.Errorf("%.300v", err)
	}
}

// pigeons have one hole too few, and no conclusion shows it: it takes all ways
// to seat them.
func pigeons(n int) (world []string, records []apk.Record) {
	for i := range n {
		seat := fmt.Sprintf("seat%d", i)
		world = append(world, seat)
		for hole := range n - 1 {
			records = append(records, apk.Record{
				Name: fmt.Sprintf("pigeon%d-%d", i, hole), Version: "1", Priority: 1,
				Provides: []string{seat, fmt.Sprintf("hole%d=%d", hole, i)},
			})
		}
	}
	return world, records
}

func TestExplosion(t *testing.T) {
	t.Parallel()
	world, records := pigeons(4)
	var problems *Error
	if _, err := Resolve(world, records); !errors.As(err, &problems) || strings.Contains(err.Error(), tooMuch) {
		t.Errorf("4 pigeons: %v", err)
	}
	world, records = pigeons(30)
	if _, err := Resolve(world, records); !errors.As(err, &problems) || problems.Problems[0] != tooMuch || len(problems.Problems) < 2 {
		t.Errorf("30 pigeons: %v", err)
	}
	// What comes along unasked may explode, too.
	records = append(records, apk.Record{Name: "a", Version: "1"}, apk.Record{Name: "b", Version: "1", InstallIf: []string{"a"}, Depends: world})
	if _, err := Resolve([]string{"a"}, records); !errors.As(err, &problems) || problems.Problems[0] != tooMuch {
		t.Errorf("30 pigeons come along: %v", err)
	}
}

func BenchmarkResolve(b *testing.B) {
	var records []apk.Record
	for i := range 28_000 {
		name := fmt.Sprintf("p%05d", i)
		r := apk.Record{Name: name, Version: "1.0-r0", Provides: []string{"so:" + name + ".so.1=1", "cmd:" + name + "=1.0-r0"}}
		for d := 2; d < 40 && i >= d; d *= 2 {
			r.Depends = append(r.Depends, fmt.Sprintf("so:p%05d.so.1", i/d))
		}
		records = append(records, r)
	}
	for b.Loop() {
		if got, err := Resolve([]string{"cmd:p27999"}, records); err != nil || len(got) < 10 {
			b.Fatal(len(got), err)
		}
	}
}
