package alpine

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nginx-scratch/nginx-scratch/images/pipeline"
)

// The image is built a second time by a process of its own, in another folder, with
// another cache, umask, time zone, locale and number of jobs, at another time: it is the
// same, and a change of one byte is found and named.
func TestVerify(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "mage")
	cmd := exec.CommandContext(t.Context(), "go", "tool", "mage", "-compile", program)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))

	s := newSite(t, mirror(t))
	s.Platforms = []string{"all"}
	s.lock(t)
	s.build(t)
	// What was fetched is shared: no mirror is asked.
	environ := []string{"PATH=" + os.Getenv("PATH"), "ALPINE_MIRROR=http://127.0.0.1:1/nothing"}
	verify := func(update bool) (string, error) {
		s.stderr.Reset()
		return pipeline.Verify(context.WithoutCancel(t.Context()), s.Options, "alpine", pipeline.VerifyOptions{
			Update: update, Rebuilding: pipeline.Rebuilding{Program: program, Environ: environ},
		})
	}
	status := func(err error) int {
		var verdict *pipeline.VerdictError
		require.ErrorAs(t, err, &verdict, s.stderr.String())
		return verdict.Status
	}

	_, err = verify(false)
	require.Equal(t, pipeline.StatusUnchecked, status(err), "no digest is known yet")
	_, err = verify(true)
	require.NoError(t, err, s.stderr.String())
	reference, err := verify(false)
	require.NoError(t, err, s.stderr.String())
	assert.Contains(t, reference, "dist/alpine/oci@sha256:")
	digests, err := os.ReadFile(filepath.Join(s.Repository, "images/alpine.digests"))
	require.NoError(t, err)
	for goarch := range arches() {
		assert.Contains(t, string(digests), "\nlinux/"+goarch+" packages\n  diffid   sha256:")
	}

	page := filepath.Join(s.Repository, "conf/nginx/html/index.html")
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	text[len(text)/2] ^= 1
	require.NoError(t, os.WriteFile(page, text, 0o600))
	_, err = verify(false)
	require.Equal(t, pipeline.StatusFailed, status(err))
	assert.Contains(t, s.stderr.String(), "usr/share/nginx/html/index.html")
	assert.Regexp(t, `(?m)^    - line [0-9]+ `, s.stderr.String())
	assert.Regexp(t, `(?m)^FAILED +rebuild linux/amd64 `, s.stderr.String())
}
