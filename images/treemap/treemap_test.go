package treemap

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// Areas are to each other as the amounts; nothing is outside, and nothing overlaps.
func TestSquarify(t *testing.T) {
	t.Parallel()
	for name, amounts := range map[string][]float64{
		"paper": {6, 6, 4, 3, 2, 2, 1}, "one": {5}, "same": {1, 1, 1, 1}, "steep": {1e6, 10, 1, 1, 1}, "many": many(300),
	} {
		r := rect{10, 20, 600, 400}
		all := squarify(amounts, r)
		if len(all) != len(amounts) {
			t.Fatalf("%s: %d rectangles for %d amounts", name, len(all), len(amounts))
		}
		var total float64
		for _, a := range amounts {
			total += a
		}
		for i, a := range all {
			if want := amounts[i] / total * r.area(); math.Abs(a.area()-want) > want*1e-6 {
				t.Errorf("%s: area %d is %g, want %g", name, i, a.area(), want)
			}
			if a.x < r.x-1e-6 || a.y < r.y-1e-6 || a.x+a.w > r.x+r.w+1e-6 || a.y+a.h > r.y+r.h+1e-6 {
				t.Errorf("%s: %v is outside of %v", name, a, r)
			}
			for j, b := range all[:i] {
				if overlap(a, b) > 1e-3 {
					t.Errorf("%s: %d and %d overlap: %v, %v", name, i, j, a, b)
				}
			}
		}
	}
}

func overlap(a, b rect) float64 {
	return max(0, min(a.x+a.w, b.x+b.w)-max(a.x, b.x)) * max(0, min(a.y+a.h, b.y+b.h)-max(a.y, b.y))
}

func many(n int) (all []float64) {
	random := rand.New(rand.NewPCG(1, 2))
	for range n {
		all = append(all, random.Float64())
	}
	for i := range all { // largest first
		for j := range all[:i] {
			if all[i] > all[j] {
				all[i], all[j] = all[j], all[i]
			}
		}
	}
	return all
}

// The example of the paper, in which no part is further from a square than 25 to 9.
func TestSquarifyIsSquare(t *testing.T) {
	t.Parallel()
	for i, r := range squarify([]float64{6, 6, 4, 3, 2, 2, 1}, rect{0, 0, 6, 4}) {
		if ratio := max(r.w/r.h, r.h/r.w); ratio > 25.0/9+1e-9 {
			t.Errorf("part %d is %g to 1", i, ratio)
		}
	}
}

func TestSquarifyNothing(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]rect{"no area": {0, 0, 0, 10}, "area": {0, 0, 10, 10}} {
		for i, part := range squarify([]float64{0, 0}, r) {
			if part.area() != 0 {
				t.Errorf("%s: part %d of nothing is %v", name, i, part)
			}
		}
	}
}

func tree() Node {
	root := Node{Name: "image", Title: "image: 1,000 bytes"}
	group := Node{Name: "<lib>", Title: `"lib" & more`, Class: "c0"}
	for i := range 400 {
		group.Children = append(group.Children, Node{Name: fmt.Sprintf("symbol_%d", i), Title: "t", Class: "c0 k1", Amount: int64(1 + i*i/900)})
	}
	root.Children = []Node{{Name: "a file", Title: "a file", Class: "c1", Amount: 4000}, group, {Name: "none", Amount: 0}, {Name: "less", Amount: -7}}
	return root
}

func TestTotal(t *testing.T) {
	t.Parallel()
	var want int64 = 4000
	for i := range int64(400) {
		want += 1 + i*i/900
	}
	if got := tree().Total(); got != want {
		t.Errorf("total %d, want %d", got, want)
	}
}

// What is too small to be seen is drawn as one, and nothing is lost.
func TestPlaceKeepsAll(t *testing.T) {
	t.Parallel()
	var sum int64
	more := false
	for _, p := range place(tree(), rect{0, 0, 200, 150}, 0) {
		if len(p.Children) == 0 {
			sum += p.Total()
		}
		more = more || strings.HasPrefix(p.Name, "+")
	}
	if sum != tree().Total() || !more {
		t.Errorf("%d of %d is drawn, small ones as one: %t", sum, tree().Total(), more)
	}
}

func TestSVG(t *testing.T) {
	t.Parallel()
	got := SVG(tree(), 300, 200)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("testdata/tree.svg", []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/tree.svg")
	if err != nil || string(want) != got {
		t.Errorf("testdata/tree.svg differs (%v): if the change is meant, run the test with -update", err)
	}
	wellFormed(t, got)
	if !strings.Contains(got, "&lt;lib&gt;") || !strings.Contains(got, "&#34;lib&#34; &amp; more") {
		t.Error("names are not escaped")
	}
}

func wellFormed(t *testing.T, svg string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text  string
		width float64
		want  string
	}{
		{"short", 100, "short"}, {"ngx_http_proxy", 60, "ngx_http_…"}, {"ngx_http_proxy", 12, ""}, {"ngx", 18, "ngx"}, {"", 0, ""}, {"größe", 30, "größe"}, {"größer", 30, "größ…"},
	} {
		if got := fit(test.text, test.width, 10); got != test.want {
			t.Errorf("%q in %g is %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

func FuzzSVG(f *testing.F) {
	f.Add("a", "b", int64(1), int64(2), 100, 100)
	f.Fuzz(func(t *testing.T, name, title string, a, b int64, w, h int) {
		if a > 1<<50 || b > 1<<50 {
			return
		}
		svg := SVG(Node{Name: name, Children: []Node{{Name: title, Title: title, Class: name, Amount: a}, {Amount: b}}}, min(max(w, -10), 5000), min(max(h, -10), 5000))
		if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Error(svg)
		}
	})
}
