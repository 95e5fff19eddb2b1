package lint_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/conf/lint"
)

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"nginx.conf":     "events {}\nhttp { server_tokens off; include conf.d/*.conf; }\n",
		"conf.d/a.conf":  "server {\n  listen 8080;\n  include snippets/hsts.conf;\n  location /files { alias /srv/files/; }\n}\n",
		"conf.d/ok.conf": "server {\n  listen 8080;\n  server_name ok.example;\n}\n",
		"broken.conf":    "server {\n",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	image := os.DirFS(filepath.Join("..", "nginx"))
	for _, tt := range []struct {
		name, path, format string
		err                string // how it begins
		out                string // what is in the output
	}{
		{"a folder", dir, "text", dir + ": 2 errors", filepath.ToSlash(filepath.Join(dir, "conf.d", "a.conf")) + ":4: error alias_traversal "},
		{"a fragment", filepath.Join(dir, "conf.d", "a.conf"), "text", filepath.Join(dir, "conf.d", "a.conf") + ": 1 errors", "a.conf:4: error alias_traversal "},
		{"nothing wrong", filepath.Join(dir, "conf.d", "ok.conf"), "text", "", ""},
		{"as json", dir, "json", dir + ": 2 errors", `"rule": "alias_traversal"`},
		{"as sarif", dir, "sarif", dir + ": 2 errors", `"2.1.0"`},
		{"what nginx cannot read", filepath.Join(dir, "broken.conf"), "text", filepath.Join(dir, "broken.conf") + ": 1 errors", "broken.conf:"},
		{"another format", dir, "xml", `format "xml": it must be text, json or sarif`, ""},
		{"not there", filepath.Join(dir, "nothing"), "text", "linting: stat ", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			err := lint.Run(&out, tt.path, tt.format, image)
			if (err == nil) != (tt.err == "") || err != nil && !strings.HasPrefix(err.Error(), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if !strings.Contains(out.String(), tt.out) {
				t.Errorf("%q is not in\n%s", tt.out, out.String())
			}
			if strings.HasPrefix(tt.name, "as ") && !json.Valid(out.Bytes()) {
				t.Errorf("no JSON:\n%s", out.String())
			}
		})
	}
	if err := lint.Run(broken{}, dir, "text", image); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v, want that of the writer", err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
