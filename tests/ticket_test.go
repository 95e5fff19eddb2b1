package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What nginx-entry has become cannot become anything else, nor start another program. A
// program in nginx's place tries; started without nginx-entry, under the same locks, it
// succeeds.
func TestNginxCannotRunAnotherProgram(t *testing.T) {
	t.Parallel()
	needs(t, entryPoint)
	binary := filepath.Join(t.TempDir(), "runner")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./testdata/runner")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))
	const nginx = "/usr/sbin/nginx"
	for name, tt := range map[string]struct {
		opt  option
		want string
	}{
		"with nginx-entry": {command(nginx), "execve: operation not permitted\nexecveat: operation not permitted\n" +
			"execve with numbers: operation not permitted\nfork and execve: operation not permitted\n"},
		"without nginx-entry": {entrypoint(nginx), "it runs\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := run(t, tt.opt, files(binary, nginx))
			assert.Equal(t, 0, code, stderr)
			assert.Equal(t, tt.want, stdout)
		})
	}
}

// The engine's filter of system calls, and that of nginx-entry.
func TestNginxHasTwoFilters(t *testing.T) {
	t.Parallel()
	needs(t, entryPoint)
	s := start(t)
	for _, pid := range s.workers(t) {
		got := status(t, pid)
		assert.Equal(t, "2", got["Seccomp"])
		if filters, told := got["Seccomp_filters"]; told { // since Linux 5.9
			assert.Equal(t, "2", filters)
		}
	}
}
