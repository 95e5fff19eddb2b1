package tests

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// visit opens a new connection for one request, and is whether it resumed a session.
func visit(t *testing.T, addr string, conf *tls.Config) bool {
	t.Helper()
	client := dialer(t, addr, conf)
	got := fetch(t, client, http.MethodGet, "https://site.test", "Connection", "close")
	require.Equal(t, http.StatusOK, got.status)
	// What nginx says of the connection agrees with what the client sees.
	require.Equal(t, map[bool]string{true: "r", false: "."}[got.tls.DidResume], got.body)
	return got.tls.DidResume
}

func TestTLSSessions(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	s := start(t, ports("8443/tcp", "8444/tcp", "8445/tcp", "8451/tcp", "8452/tcp", "8453/tcp", "8454/tcp"),
		certs(t, map[string]identity{"site": ca.issue(t, "P-256", "site.test")}, map[string]string{
			"old.ticket": randomText(t, 48), "new.ticket": randomText(t, 80), // AES-128 and AES-256
		}),
		config(map[string]string{"site.conf": `
			ssl_certificate     certs/site.pem;
			ssl_certificate_key certs/site.key;
			server { listen 8443 ssl; return 200 $ssl_session_reused; }
			server {
				listen 8444 ssl;
				ssl_session_tickets off;
				ssl_session_cache   shared:sessions:1m;
				return 200 $ssl_session_reused;
			}
			server { listen 8445 ssl; ssl_session_tickets off; return 200 $ssl_session_reused; }

			# The same site while its ticket keys are replaced.
			server { listen 8451 ssl; ssl_session_ticket_key certs/old.ticket; return 200 $ssl_session_reused; }
			server {
				listen 8452 ssl;
				ssl_session_ticket_key certs/new.ticket;
				ssl_session_ticket_key certs/old.ticket;
				return 200 $ssl_session_reused;
			}
			server { listen 8453 ssl; ssl_session_ticket_key certs/new.ticket; return 200 $ssl_session_reused; }
			server { listen 8454 ssl; ssl_session_cache shared:tickets:1m; return 200 $ssl_session_reused; }`}))
	for name, tt := range map[string]struct {
		version uint16
		ports   []string // visited in order; the first has never seen the client
		resumed bool     // at the last
	}{
		"ticket, TLS 1.2":              {tls.VersionTLS12, []string{"8443/tcp", "8443/tcp"}, true},
		"ticket, TLS 1.3":              {tls.VersionTLS13, []string{"8443/tcp", "8443/tcp"}, true},
		"shared ticket keys, TLS 1.2":  {tls.VersionTLS12, []string{"8454/tcp", "8454/tcp"}, true},
		"shared ticket keys, TLS 1.3":  {tls.VersionTLS13, []string{"8454/tcp", "8454/tcp"}, true},
		"cache of the server, TLS 1.3": {tls.VersionTLS13, []string{"8444/tcp", "8444/tcp"}, true},
		"no ticket, TLS 1.2":           {tls.VersionTLS12, []string{"8445/tcp", "8445/tcp"}, false},
		"neither, TLS 1.3":             {tls.VersionTLS13, []string{"8445/tcp", "8445/tcp"}, false},
		"old key, TLS 1.2":             {tls.VersionTLS12, []string{"8451/tcp", "8451/tcp"}, true},
		"old key, TLS 1.3":             {tls.VersionTLS13, []string{"8451/tcp", "8451/tcp"}, true},
		"old still taken, TLS 1.2":     {tls.VersionTLS12, []string{"8451/tcp", "8452/tcp"}, true},
		"old still taken, TLS 1.3":     {tls.VersionTLS13, []string{"8451/tcp", "8452/tcp"}, true},
		"and renewed, TLS 1.2":         {tls.VersionTLS12, []string{"8451/tcp", "8452/tcp", "8453/tcp"}, true},
		"and renewed, TLS 1.3":         {tls.VersionTLS13, []string{"8451/tcp", "8452/tcp", "8453/tcp"}, true},
		"old no longer, TLS 1.2":       {tls.VersionTLS12, []string{"8451/tcp", "8453/tcp"}, false},
		"old no longer, TLS 1.3":       {tls.VersionTLS13, []string{"8451/tcp", "8453/tcp"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := ca.trust()
			conf.MinVersion, conf.MaxVersion = tt.version, tt.version
			conf.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			require.False(t, visit(t, s.addr(t, tt.ports[0]), conf))
			resumed := false
			for _, port := range tt.ports[1:] {
				resumed = visit(t, s.addr(t, port), conf)
			}
			require.Equal(t, tt.resumed, resumed)
		})
	}
}
