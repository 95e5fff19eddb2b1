package tests

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestStartsWithLittleSharedMemory(t *testing.T) {
	t.Parallel()
	s := start(t, shmSize(1<<20))
	assert.Equal(t, http.StatusOK, s.get(t, "/").Status)
	assert.Equal(t, http.StatusNotFound, s.get(t, "/nothing").Status)
	_, stderr := s.logs(t)
	assert.NotContains(t, stderr, "No space left on device")
}

// What does not fit is the end of one request, not of nginx.
func TestSurvivesFullSharedMemory(t *testing.T) {
	t.Parallel()
	s := start(t, shmSize(1<<20), config(map[string]string{"default.conf": `
server {
    listen 8080;
    client_max_body_size 8m;
    location / {
        root /usr/share/nginx/html;
    }
    location /upload/ {
        root /dev/shm;
        dav_methods PUT;
        create_full_put_path on;
    }
}
`}))
	for range 3 {
		assert.Equal(t, http.StatusInternalServerError, s.send(t, http.MethodPut, "/upload/large", strings.Repeat("large", 1<<20)).Status)
		assert.Equal(t, http.StatusOK, s.get(t, "/").Status)
	}
	// nginx gives the memory back when it has done with the refused bodies.
	eventually(t, "room for a small upload", func() bool {
		return s.send(t, http.MethodPut, "/upload/small", strings.Repeat("small", 1<<14)).Status == http.StatusCreated
	})
	eventually(t, "the reason on stderr", func() bool {
		_, stderr := s.logs(t)
		return strings.Contains(stderr, "[crit]") && strings.Contains(stderr, "(28: No space left on device)")
	})
}

func TestSaysThatSharedMemoryIsNotThere(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opt  option
		want string
	}{
		"absent":    {ipcMode("none"), "No such file or directory"},
		"read-only": {files(directory(t, nil), "/dev/shm"), "Read-only file system"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := run(t, tt.opt)
			assert.Equal(t, 1, code)
			assert.Empty(t, stdout)
			if look(t).has(entryPoint) {
				assert.Regexp(t, `^nginx-entry: nginx writes to /dev/shm .*: making /dev/shm/nginx: `, stderr)
			} else {
				assert.Regexp(t, `\[emerg\] 1#1: mkdir\(\) "/dev/shm/nginx-client-body" failed `, stderr)
			}
			assert.Contains(t, stderr, tt.want)
		})
	}
}
