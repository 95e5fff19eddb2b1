package alpine

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nginx-scratch/nginx-scratch/images/pipeline"
)

// The packages are in the store, and nothing else is kept from one build to the
// next but what a person's would be: the layout and the bundle in dist.
func BenchmarkBuildForAllPlatforms(b *testing.B) {
	s := newSite(b, mirror(b))
	s.lock(b)
	s.Platforms = []string{"all"}
	s.build(b)
	b.ReportMetric(float64(len(arches())), "platforms")
	b.ReportAllocs()
	for b.Loop() {
		s.build(b)
	}
}

// A look at what a package holds, which a person waits for too.
func BenchmarkClosure(b *testing.B) {
	s := newSite(b, mirror(b))
	s.lock(b)
	for b.Loop() {
		_, err := pipeline.Closure(b.Context(), s.Options, true)
		require.NoError(b, err)
	}
}

// Resolving and pinning anew, with every package in the store.
func BenchmarkLock(b *testing.B) {
	s := newSite(b, mirror(b))
	s.env["ALPINE_MIRROR"] = "file://" + filepath.ToSlash(mirror(b))
	s.lock(b)
	for b.Loop() {
		_, err := pipeline.Lock(b.Context(), s.Options, true)
		require.NoError(b, err)
	}
}
