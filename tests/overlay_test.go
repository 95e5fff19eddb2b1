package tests

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The overlay that people are told to copy has a configuration of its own, with
// what the probes of kubernetes.yaml ask for.
func TestExampleOverlayServes(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("policy", "testdata", "overlay", filepath.FromSlash(name)))
		require.NoError(t, err)
		return string(text)
	}
	page := read("site/index.html")
	s := start(t, config(map[string]string{"default.conf": read("conf.d/default.conf")}), site(map[string]string{"index.html": page}))
	assert.Equal(t, page, s.get(t, "/").Body)
	health := s.get(t, "/healthz")
	assert.Equal(t, http.StatusOK, health.Status)
	assert.Equal(t, "ok\n", health.Body)
	stdout, _ := s.logs(t)
	assert.NotContains(t, stdout, "/healthz")
}
