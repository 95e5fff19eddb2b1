package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
)

// Mirrors, here of a name that is none, are looked for only where something is missing
// or damaged.
func TestFetchAsksForMirrorsOnlyWhereNeeded(t *testing.T) {
	t.Parallel()
	cache, text := t.TempDir(), []byte("an archive")
	sum := sha256.Sum256(text)
	in := images.Input{File: "a.tar.gz", SHA256: hex.EncodeToString(sum[:]), Size: int64(len(text)), Places: []string{"debian:pool/a.tar.gz"}}
	f, err := NewFetcher(Environment{Getenv: func(name string) string {
		return map[string]string{cacheVariable: cache, debianVariable: "no address"}[name]
	}}, progress.New(io.Discard, false, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	fetch := func() error { return f.Fetch(context.Background(), []images.Input{in}) }
	if err := fetch(); err == nil || !strings.Contains(err.Error(), debianVariable) {
		t.Errorf("nothing is there, and no mirror: %v", err)
	}
	if err := os.MkdirAll(filepath.Dir(f.Path(in)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Path(in), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := fetch(); err != nil {
		t.Errorf("all is there: %v", err)
	}
	if err := os.WriteFile(f.Path(in), []byte("an other's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := fetch(); err == nil || !strings.Contains(err.Error(), debianVariable) {
		t.Errorf("what is there is damaged, and no mirror: %v", err)
	}
}
