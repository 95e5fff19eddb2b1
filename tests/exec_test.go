package tests

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNothingButNginxCanBeExecuted(t *testing.T) {
	t.Parallel()
	loader := needs(t, noShell).loader
	s := start(t)
	for _, name := range []string{
		"sh", "/bin/sh", "ash", "bash", "/bin/bash", "busybox", "/bin/busybox", "ls", "cat", "id", "env", "cp", "chmod",
		"apk", "/sbin/apk", "apt-get", "dpkg", "wget", "curl", "perl", "python3", "openssl",
		"/lib/ld-musl-x86_64.so.1", "/lib64/ld-linux-x86-64.so.2",
	} {
		if name == loader {
			continue // nginx is loaded by it; it could run no other program, for there is none
		}
		t.Run(name, func(t *testing.T) {
			code, output := s.exec(t, name)
			// The engine's codes for what it cannot start, of which it is free to give either.
			assert.Contains(t, []int{126, 127}, code)
			assert.Regexp(t, "executable file not found|no such file or directory", output)
		})
	}
}

func TestNginxCanBeAskedAboutItself(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, tt := range []struct {
		argv   []string
		assert func(*testing.T, string)
	}{
		{[]string{"nginx", "-t"}, assertTested},
		{[]string{"nginx", "-t", "-q"}, assertSilent},
		{[]string{"nginx", "-T"}, assertDump},
		{[]string{"nginx", "-v"}, assertVersion},
		{[]string{"nginx", "-V"}, assertFeatures},
	} {
		name := strings.Join(tt.argv, " ")
		t.Run("exec "+name, func(t *testing.T) {
			code, output := s.exec(t, tt.argv...)
			assert.Equal(t, 0, code)
			tt.assert(t, output)
		})
		t.Run("run "+name, func(t *testing.T) {
			code, stdout, stderr := run(t, command(tt.argv...))
			assert.Equal(t, 0, code)
			tt.assert(t, stdout+stderr)
		})
	}
	assert.Equal(t, 200, s.get(t, "/").Status, "asking must not disturb the running nginx")
}

func assertTested(t *testing.T, output string) {
	t.Helper()
	assert.Equal(t, "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n"+
		"nginx: configuration file /etc/nginx/nginx.conf test is successful\n", output)
}

func assertSilent(t *testing.T, output string) {
	t.Helper()
	assert.Empty(t, output)
}

func assertVersion(t *testing.T, output string) {
	t.Helper()
	assert.Regexp(t, `^nginx version: nginx/1\.\d+\.\d+\n$`, output)
}

func assertFeatures(t *testing.T, output string) {
	t.Helper()
	for _, want := range []string{"nginx version: nginx/1.", "built with OpenSSL 3.", "TLS SNI support enabled", "--with-http_v2_module"} {
		assert.Contains(t, output, want)
	}
}

// assertDump holds the output of nginx -T against the repository's files.
func assertDump(t *testing.T, output string) {
	t.Helper()
	for _, name := range []string{"nginx.conf", "mime.types", "conf.d/default.conf"} {
		text, err := os.ReadFile(repository("conf/nginx/" + name))
		require.NoError(t, err)
		assert.Contains(t, output, "# configuration file /etc/nginx/"+name+":\n"+string(text))
	}
}
