package tests

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// snippetLine is the third line of a snippet, which says where it may be included.
var (
	snippetLine    = regexp.MustCompile(`\n.*\n# In ([a-z, ]+?)(?:, [^\n]*)?: include snippets/([a-z0-9-]+\.conf);\n`)
	snippetContext = regexp.MustCompile(`\b(?:http|server|location)\b`)
)

// snippetNeeds are the snippets for which not every image is new enough.
var snippetNeeds = map[string][]capability{
	"http3.conf":            {http3Module},
	"tls-intermediate.conf": {hybridGroups},
	"tls-modern.conf":       {hybridGroups},
}

func TestSnippetsAreAcceptedWhereTheySay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(repository("conf/nginx/snippets/*.conf"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	around := map[string][2]string{
		"http":     {"", "server { listen 8080; }"},
		"server":   {"server { listen 8080;\n", "}"},
		"location": {"server { listen 8080; location / {\n", "} }"},
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		said := snippetLine.FindStringSubmatch(string(text))
		require.NotNil(t, said, "%s does not say where it may be included", file)
		name := filepath.Base(file)
		require.Equal(t, name, said[2])
		contexts := snippetContext.FindAllString(said[1], -1)
		require.NotEmpty(t, contexts, file)
		for _, context := range contexts {
			t.Run(name+" in "+context, func(t *testing.T) {
				t.Parallel()
				needs(t, snippetNeeds[name]...)
				code, stdout, stderr := run(t, command("nginx", "-t"), config(map[string]string{
					"site.conf": around[context][0] + "include snippets/" + name + ";\n" + around[context][1],
				}))
				assert.Equal(t, 0, code)
				assertTested(t, stdout+stderr) // and no warning
			})
		}
	}
}

// Snippets that belong together have no name, zone or header in common.
func TestSnippetsGoTogether(t *testing.T) {
	t.Parallel()
	needs(t, http3Module, hybridGroups)
	code, stdout, stderr := run(t, command("nginx", "-t"), config(map[string]string{"site.conf": `
		include snippets/json-log.conf;
		include snippets/rate-limit.conf;
		include snippets/real-ip.conf;
		include snippets/tls-intermediate.conf;
		include snippets/proxy.conf;
		server {
			listen 8080 default_server;
			listen 8443 ssl default_server;
			listen 8443 quic reuseport default_server;
			include snippets/reject-unknown-host.conf;
		}
		server {
			listen 8080;
			listen 8443 ssl;
			listen 8443 quic;
			server_name site.test;
			ssl_certificate     certs/site.pem;
			ssl_certificate_key certs/site.key;
			access_log /dev/stdout json;
			include snippets/tls-modern.conf;
			include snippets/hsts.conf;
			include snippets/http3.conf;
			include snippets/spa.conf;
			location /assets/ { include snippets/cache-static.conf; }
			location /api/ { proxy_pass http://127.0.0.1:1; }
		}`}),
		certs(t, map[string]identity{"site": newAuthority(t, "ca").issue(t, "P-256", "site.test")}, nil))
	assert.Equal(t, 0, code)
	assertTested(t, stdout+stderr)
}
