package tests

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A jsonLine is what json-log.conf promises: the names and types of all fields.
type jsonLine struct {
	Time            time.Time `json:"time"`
	RequestID       string    `json:"request_id"`
	RemoteAddr      string    `json:"remote_addr"`
	RemoteUser      string    `json:"remote_user"`
	ForwardedFor    string    `json:"forwarded_for"`
	Host            string    `json:"host"`
	Method          string    `json:"method"`
	Path            string    `json:"path"`
	Request         string    `json:"request"`
	Status          int       `json:"status"`
	BytesReceived   int64     `json:"bytes_received"`
	BytesSent       int64     `json:"bytes_sent"`
	Seconds         float64   `json:"seconds"`
	Referer         string    `json:"referer"`
	UserAgent       string    `json:"user_agent"`
	TLSProtocol     string    `json:"tls_protocol"`
	TLSCipher       string    `json:"tls_cipher"`
	UpstreamAddr    string    `json:"upstream_addr"`
	UpstreamStatus  string    `json:"upstream_status"`
	UpstreamSeconds string    `json:"upstream_seconds"`
}

func parseLine(t *testing.T, line string) jsonLine {
	t.Helper()
	var got jsonLine
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&got), line)
	require.False(t, decoder.More(), "one object a line: %s", line)
	return got
}

const jsonLog = `
	include snippets/json-log.conf;
	server {
		listen 8080;
		access_log /dev/stdout json;
		root /usr/share/nginx/html;
		location /upstream { proxy_pass http://127.0.0.1:8081; }
	}
	server { listen 127.0.0.1:8081; access_log off; return 201; }`

func TestSnippetJSONLog(t *testing.T) {
	t.Parallel()
	s := start(t, config(map[string]string{"site.conf": jsonLog}))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	fetch(t, client, http.MethodGet, "http://site.test/upstream?first", "X-Forwarded-For", "192.0.2.7",
		"Referer", "https://example.org/", "Authorization", "Basic YWxpY2U6c2VjcmV0") // alice
	got := parseLine(t, s.logged(t, "?first"))
	require.WithinDuration(t, time.Now(), got.Time, time.Minute)
	require.Regexp(t, `^[0-9a-f]{32}$`, got.RequestID)
	require.Regexp(t, `^[0-9a-f.:]+$`, got.RemoteAddr)
	require.Regexp(t, `^0\.\d{3}$`, got.UpstreamSeconds)
	require.Positive(t, got.BytesReceived)
	require.Positive(t, got.BytesSent)
	got.Time, got.RequestID, got.RemoteAddr, got.UpstreamSeconds, got.Seconds = time.Time{}, "", "", "", 0
	got.BytesReceived, got.BytesSent = 0, 0
	require.Equal(t, jsonLine{
		RemoteUser: "alice", ForwardedFor: "192.0.2.7", Host: "site.test", Method: "GET", Path: "/upstream",
		Request: "GET /upstream?first HTTP/1.1", Status: 201, Referer: "https://example.org/", UserAgent: "Go-http-client/1.1",
		UpstreamAddr: "127.0.0.1:8081", UpstreamStatus: "201",
	}, got)
	stdout, _ := s.logs(t)
	require.Equal(t, 1, strings.Count(stdout, "?first"), "each request is logged once")
}

// Whatever a client sends, the log has one object for it, and the text in its field.
func TestSnippetJSONLogOfHostileClients(t *testing.T) {
	t.Parallel()
	s := start(t, config(map[string]string{"site.conf": jsonLog}))
	t.Cleanup(func() { // after all of them
		stdout, _ := s.logs(t)
		require.Positive(t, strings.Count(stdout, "\n"))
		for line := range strings.Lines(stdout) {
			parseLine(t, line)
		}
	})
	for name, agent := range map[string]string{
		"quotes":         `a","status":999,"b":"`,
		"backslashes":    `a\`,
		"escapes":        `\" \u0022 \n \x22 %22 $status ${host}`,
		"control":        "a\x01\x02\x1b[31m\x7f",
		"tab":            "a\tb",
		"UTF-8":          "żółw 🐢 \u2028 \u2029",
		"braces":         `{"a":[}]`,
		"long":           strings.Repeat(`\"`, 3000),
		"markup":         `<script>alert(1)</script>${jndi:ldap://a/b}`,
		"one byte, 0xff": "a\xffb",
		"half a rune":    "a\xe2\x82",
		"overlong":       "\xc0\xaf",
		"surrogate":      "\xed\xa0\x80",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, s.addr(t, "8080/tcp"))
			conn.say(t, "GET /?"+strings.ReplaceAll(name, " ", "-")+" HTTP/1.1", "Host: site", "Connection: close",
				"User-Agent: "+agent, "Referer: "+agent, "X-Forwarded-For: "+agent)
			require.Equal(t, http.StatusOK, conn.hear(t, http.MethodGet).status)
			got := parseLine(t, s.logged(t, "/?"+strings.ReplaceAll(name, " ", "-")+" "))
			want := strings.ToValidUTF8(agent, "\ufffd")
			for _, field := range []string{got.UserAgent, got.Referer, got.ForwardedFor} {
				require.Equal(t, want, foldReplacements(field))
			}
			require.Equal(t, http.StatusOK, got.Status)
		})
	}
	for name, tt := range map[string]struct {
		sent, mark string // the mark is what finds the line
		status     int
	}{
		"HTTP/0.9":       {"GET /?zero-nine\r\n", "zero-nine", http.StatusOK},
		"quotes in path": {"GET /in-path\"}{\"a\":\" HTTP/1.1\r\nHost: site\r\n\r\n", "/in-path", http.StatusNotFound},
		"quoted method":  {"G\"T /quoted-method HTTP/1.1\r\nHost: site\r\n\r\n", "quoted-method", http.StatusBadRequest},
		"TLS to HTTP":    {"\x16\x03\x01\x02\x00\x01\xff-hello\r\n\r\n", "-hello", http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, s.addr(t, "8080/tcp"))
			_, err := conn.Write([]byte(tt.sent))
			require.NoError(t, err)
			_, err = conn.Peek(1)
			require.NoError(t, err)
			require.NoError(t, conn.Close()) // nginx logs a request when its client is gone
			got := parseLine(t, s.logged(t, tt.mark))
			require.Contains(t, got.Request, tt.mark)
			require.Equal(t, tt.status, got.Status)
		})
	}
}

// foldReplacements makes one replacement of several: how many stand for a run of bad bytes is
// up to whoever replaces.
func foldReplacements(text string) string {
	for strings.Contains(text, "\ufffd\ufffd") {
		text = strings.ReplaceAll(text, "\ufffd\ufffd", "\ufffd")
	}
	return text
}
