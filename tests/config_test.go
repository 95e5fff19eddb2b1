package tests

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestBrokenConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"an unknown directive": {"server { listen 8080; nonsense; }", `unknown directive "nonsense" in /etc/nginx/conf.d/default.conf:1`},
		"a brace too few":      {"server {\n listen 8080;\n", `unexpected end of file, expecting "}" in /etc/nginx/conf.d/default.conf:3`},
		"a missing certificate": {
			"server { listen 8443 ssl; ssl_certificate /etc/nginx/certs/no.pem; ssl_certificate_key /etc/nginx/certs/no.pem; }",
			`cannot load certificate "/etc/nginx/certs/no.pem"`,
		},
		"a regular expression": {
			"server { listen 8080; location ~ ( { } }", `compile() failed: missing `,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := config(map[string]string{"default.conf": tt.text})
			for _, argv := range [][]string{nil, {"nginx", "-t"}} {
				code, stdout, stderr := run(t, broken, command(argv...))
				assert.Equal(t, 1, code)
				assert.Empty(t, stdout)
				assert.Contains(t, stderr, "[emerg]")
				assert.Contains(t, stderr, tt.want)
			}
		})
	}
}

// The command line of the official image, which is what people wrote down.
func TestOfficialCommandLineWorks(t *testing.T) {
	t.Parallel()
	s := start(t, command("nginx", "-g", "daemon off;"))
	assert.Equal(t, http.StatusOK, s.get(t, "/").Status)
}
