package tests

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The image to look for errors with is locked as the others are, but has tools in it.
func TestThereIsAShellToLookAroundWith(t *testing.T) {
	t.Parallel()
	needs(t, shell)
	s := start(t)
	for name, tt := range map[string]struct{ script, want string }{
		"the image's user":           {"id -u; id -g; id -un", "65532\n65532\nnginx\n"},
		"the root cannot be written": {"touch /etc/x /usr/sbin/nginx 2>&1 | grep -c 'Read-only file system'", "2\n"},
		"shared memory can":          {"echo x > /dev/shm/x && cat /dev/shm/x", "x\n"},
		"nginx is seen":              {"ps -o args | grep -c '^nginx: master process'", "1\n"},
		"nginx answers":              {"wget -q -O - http://127.0.0.1:8080/ | tail -n 1", "</html>\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, output := s.exec(t, "sh", "-c", tt.script)
			assert.Equal(t, tt.want, output)
			assert.Equal(t, 0, code)
		})
	}
	t.Run("instead of nginx", func(t *testing.T) {
		t.Parallel()
		code, stdout, stderr := run(t, command("sh", "-c", "id -u"))
		assert.Equal(t, 0, code, stderr)
		assert.Equal(t, "65532\n", stdout)
	})
	require.Equal(t, http.StatusOK, s.get(t, "/").Status)
}

func TestPackageManagerKnowsThePackages(t *testing.T) {
	t.Parallel()
	f := needs(t, shell, packages)
	s := start(t)
	code, output := s.exec(t, "sh", "-c", "apk --version")
	require.Equal(t, 0, code, output)
	if !strings.HasPrefix(output, "apk-tools ") {
		t.Skipf("what is called apk is another program: %q", output)
	}
	code, output = s.exec(t, "apk", "info")
	require.Equal(t, 0, code, output)
	listed := strings.Fields(output)
	for _, p := range installedPackages(t, f) {
		assert.Contains(t, listed, p.name)
	}
}
