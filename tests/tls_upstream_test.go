package tests

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ffdhe2048 is the 2048-bit group of RFC 7919, as openssl writes it.
const ffdhe2048 = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`

// nginx on both ends speaks what Go's client does not: DHE, TLS 1.2 sessions without
// tickets, more groups. The server says what it saw of the client.
func TestTLSToUpstreams(t *testing.T) {
	t.Parallel()
	type row struct {
		name, client, server string
		status               int
		want                 string // a regular expression
	}
	table := []row{
		{"DHE, AES", "proxy_ssl_ciphers DHE-RSA-AES256-GCM-SHA384; proxy_ssl_protocols TLSv1.2;",
			"ssl_ciphers DHE:ECDHE; ssl_dhparam certs/dh.pem;", 200, `^TLSv1.2 DHE-RSA-AES256-GCM-SHA384 `},
		{"DHE, ChaCha20", "proxy_ssl_ciphers DHE-RSA-CHACHA20-POLY1305; proxy_ssl_protocols TLSv1.2;",
			"ssl_ciphers DHE:ECDHE; ssl_dhparam certs/dh.pem;", 200, `^TLSv1.2 DHE-RSA-CHACHA20-POLY1305 `},
		{"DHE without parameters", "proxy_ssl_ciphers DHE-RSA-AES256-GCM-SHA384; proxy_ssl_protocols TLSv1.2;",
			"", 502, ``},
		{"CCM", "proxy_ssl_conf_command Ciphersuites TLS_AES_128_CCM_SHA256;",
			"ssl_conf_command Ciphersuites TLS_AES_128_CCM_SHA256;", 200, `^TLSv1.3 TLS_AES_128_CCM_SHA256 `},
		{"X448", "proxy_ssl_conf_command Groups X448;", "", 200, `^TLSv1.3 \S+ X448 `},
		{"ffdhe2048 in TLS 1.3", "proxy_ssl_conf_command Groups ffdhe2048;", "", 200, `^TLSv1.3 \S+ ffdhe2048 `},
		{"brainpool in TLS 1.2", "proxy_ssl_conf_command Groups brainpoolP256r1; proxy_ssl_protocols TLSv1.2;",
			"ssl_ecdh_curve brainpoolP256r1;", 200, `^TLSv1.2 \S+ brainpoolP256r1 `},
		{"new session", "proxy_ssl_session_reuse off;", "", 200, ` \.$`},
		{"TLS 1.2 session without a ticket", "proxy_ssl_protocols TLSv1.2;",
			"ssl_session_tickets off; ssl_session_cache shared:a:1m;", 200, `^TLSv1.2 .* r$`},
		{"TLS 1.3 session", "", "", 200, `^TLSv1.3 .* r$`},
		{"name is sent", "proxy_ssl_server_name on; proxy_ssl_name up.test;", "", 200, ` name=up\.test `},
		{"name is not sent", "", "", 200, ` name= `},
		{"verified", "proxy_ssl_verify on; proxy_ssl_name up.test; proxy_ssl_trusted_certificate certs/ca.pem;", "", 200, `^TLS`},
		{"verified, other name", "proxy_ssl_verify on; proxy_ssl_name other.test; proxy_ssl_trusted_certificate certs/ca.pem;", "", 502, ``},
		{"verified, other authority", "proxy_ssl_verify on; proxy_ssl_name up.test; proxy_ssl_trusted_certificate certs/other.pem;", "", 502, ``},
		{"verified, revoked", "proxy_ssl_verify on; proxy_ssl_name up.test; proxy_ssl_trusted_certificate certs/ca.pem; proxy_ssl_crl certs/up.crl;",
			"", 502, ``},
		{"with a certificate", "proxy_ssl_certificate certs/client.pem; proxy_ssl_certificate_key certs/client.key;",
			"ssl_verify_client on; ssl_client_certificate certs/ca.pem;", 200, ` SUCCESS CN=client `},
		{"without a certificate", "", "ssl_verify_client on; ssl_client_certificate certs/ca.pem;", 400, ``},
	}
	if look(t).has(hybridGroups) {
		table = append(table, row{"ML-KEM alone", "proxy_ssl_conf_command Groups MLKEM768;", "ssl_ecdh_curve MLKEM768:X25519;",
			200, `^TLSv1.3 \S+ (0x0201|MLKEM768) `})
	}
	ca := newAuthority(t, "ca")
	up := ca.issue(t, "RSA", "up.test")
	var fronts, backs strings.Builder
	for i, tt := range table {
		fmt.Fprintf(&fronts, "location = /%d { proxy_pass https://127.0.0.1:%d; %s }\n", i, 9000+i, tt.client)
		fmt.Fprintf(&backs, `server {
			listen 127.0.0.1:%d ssl;
			ssl_certificate     certs/up.pem;
			ssl_certificate_key certs/up.key;
			keepalive_timeout   0; # nginx 1.29.7 and later keep connections unless told not to
			%s
			return 200 "$ssl_protocol $ssl_cipher $ssl_curve name=$ssl_server_name $ssl_client_verify $ssl_client_s_dn $ssl_session_reused";
		}
		`, 9000+i, tt.server)
	}
	s := start(t, config(map[string]string{"site.conf": "server { listen 8080;\n" + fronts.String() + "}\n" + backs.String()}),
		certs(t, map[string]identity{"up": up, "client": ca.issue(t, "P-256", "client"), "ca": ca.identity, "other": newAuthority(t, "other").identity},
			map[string]string{"dh.pem": ffdhe2048, "up.crl": ca.revoke(t, up)}))
	for i, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client := dialer(t, s.addr(t, "8080/tcp"), nil)
			ask := func() answer { return fetch(t, client, http.MethodGet, fmt.Sprintf("%s/%d", s.URL, i)) }
			got := ask()
			if strings.Contains(tt.name, "session") { // one to leave it, one to take it up
				got = ask()
			}
			require.Equal(t, tt.status, got.status)
			require.Regexp(t, tt.want, got.body)
		})
	}
}
