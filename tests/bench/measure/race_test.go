package measure

import (
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/tests/bench/load"
	"github.com/nginx-scratch/nginx-scratch/tests/bench/server"
)

// Nobody is raced against himself, and whoever is there for one work is in no other.
func TestWhoIsIn(t *testing.T) {
	t.Parallel()
	contestant := func(name string, f server.Facts, works ...string) Contestant {
		return Contestant{Server: &server.Server{Name: name, Facts: f}, Works: works}
	}
	base := contestant("base", server.Facts{HTTP3: true})
	brotli := contestant("brotli", server.Facts{HTTP3: true, Brotli: true}, "brotli100k")
	ours := contestant("ours", server.Facts{HTTP3: true, Brotli: true})
	less := contestant("less", server.Facts{})
	for name, tc := range map[string]struct {
		servers               []Contestant
		small, h3, brotli100k string
	}{
		"all":            {[]Contestant{base, brotli, ours, less}, "base ours less", "base ours", "brotli ours"},
		"nobody else":    {[]Contestant{base, brotli, less}, "base less", "", ""},
		"one alone":      {[]Contestant{ours}, "ours", "ours", "ours"},
		"one that can't": {[]Contestant{less}, "less", "", ""},
	} {
		for _, w := range load.Works() {
			want, ok := map[string]string{"small": tc.small, "h3": tc.h3, "brotli100k": tc.brotli100k}[w.ID]
			var got []string
			for _, c := range (Race{Servers: tc.servers}).in(w) {
				got = append(got, c.Name)
			}
			if ok && strings.Join(got, " ") != want {
				t.Errorf("%s: %s is run by %q, want %q", name, w.ID, got, want)
			}
		}
	}
}
