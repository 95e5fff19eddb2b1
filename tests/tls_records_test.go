package tests

import (
	"crypto/tls"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// promptly is how long what is sent may take. A kernel that is told that more follows
// keeps the end of it back for 200 ms if that is not true.
const promptly = 100 * time.Millisecond

// recordWays are settings of what nginx makes records of.
var recordWays = map[string]string{
	"default":     "",
	"small":       "ssl_buffer_size 4k;",
	"tiny":        "ssl_buffer_size 1k; postpone_output 0;",
	"threads":     "aio threads;",
	"read":        "sendfile off; output_buffers 1 4k;",
	"chunks":      "sendfile_max_chunk 16k;",
	"read-more":   "sendfile off; output_buffers 4 20k;",
	"limited":     "limit_rate 5m; limit_rate_after 20k;",
	"around":      "addition_types *; add_before_body /16384; add_after_body /1;",
	"zipped":      "gzip on; gzip_types *; gzip_min_length 0;",
	"zipped-tiny": "gzip on; gzip_types *; gzip_min_length 0; gzip_buffers 4 1k;",
	"tls-1-2":     "ssl_protocols TLSv1.2;",
}

// recordSizes are odd on purpose.
func recordSizes() []int {
	return slices.Concat([]int{0, 1, 100, 1399, 4095, 4096, 4097}, upTo(16300, 16303), upTo(16383, 16386), upTo(32767, 32769),
		[]int{40001, 49152, 65535, 65537, 100003, 131072, 200000})
}

// startRecords serves files named after their sizes, and answers in pieces, over TLS
// on 8443 and without on 8080.
func startRecords(t *testing.T) (s *server, app *pieces, files map[string]string, trust *tls.Config) {
	t.Helper()
	ca := newAuthority(t, "ca")
	files = map[string]string{}
	for _, size := range recordSizes() {
		files[strconv.Itoa(size)] = kinds()["random"][:size]
	}
	var conf strings.Builder
	for name, directives := range recordWays {
		// HTTP/2 is for who asks for it.
		conf.WriteString("server { listen 8080; listen 8443 ssl; http2 on; server_name " + name + ".test; root /usr/share/nginx/html;\n" +
			"ssl_certificate certs/site.pem; ssl_certificate_key certs/site.key; proxy_http_version 1.1;\n" + directives + `
			location /streamed/ { proxy_pass http://unix:/run/app/app.sock; proxy_buffering off; add_before_body ""; add_after_body ""; }
			location /buffered/ { proxy_pass http://unix:/run/app/app.sock; add_before_body ""; add_after_body ""; }
		}`)
	}
	app, upstream := piecewise(t)
	s = start(t, ports("8080/tcp", "8443/tcp"), upstream, site(files), config(map[string]string{"site.conf": spoken(t, conf.String())}),
		certs(t, map[string]identity{"site": ca.issue(t, "P-256", "site.test")}, nil))
	s.staysWell(t)
	trust = ca.trust()
	trust.ServerName = "site.test"
	return s, app, files, trust
}

// speakers are clients of each protocol, without the engine's proxy between.
func speakers(t *testing.T, s *server, trust *tls.Config) map[string]*http.Client {
	t.Helper()
	all := map[string]*http.Client{
		"http":     dialer(t, s.inside(t, "8080/tcp"), nil),
		"https":    dialer(t, s.inside(t, "8443/tcp"), trust),
		"https h2": dialer(t, s.inside(t, "8443/tcp"), trust),
		"http h2":  dialer(t, s.inside(t, "8080/tcp"), nil),
	}
	for name, client := range all {
		transport := client.Transport.(*http.Transport)
		transport.ForceAttemptHTTP2 = false
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetHTTP1(!strings.HasSuffix(name, "h2"))
		transport.Protocols.SetHTTP2(strings.HasSuffix(name, "h2"))
		transport.Protocols.SetUnencryptedHTTP2(strings.HasSuffix(name, "h2"))
	}
	return all
}

func TestRecordsArriveWholeAndPromptly(t *testing.T) {
	t.Parallel()
	s, _, files, trust := startRecords(t)
	for way := range recordWays {
		for kind, client := range speakers(t, s, trust) {
			t.Run(way+" "+kind, func(t *testing.T) {
				t.Parallel()
				scheme, protocol, _ := strings.Cut(kind, " ")
				var accept []string
				if strings.HasPrefix(way, "zipped") {
					accept = []string{"Accept-Encoding", "gzip"}
				}
				for _, size := range recordSizes() {
					name := strconv.Itoa(size)
					want := files[name]
					if way == "around" {
						want = files["16384"] + want + files["1"]
					}
					var took []time.Duration
					for range 3 {
						began := time.Now()
						got := fetch(t, client, http.MethodGet, scheme+"://"+way+".test/"+name, accept...)
						took = append(took, time.Since(began))
						require.Equal(t, http.StatusOK, got.status)
						require.Equal(t, protocol == "h2", got.proto == "HTTP/2.0")
						if len(accept) > 0 {
							require.Equal(t, "gzip", got.header.Get("Content-Encoding"))
							got.body = unpack(t, got.body)
						}
						same(t, want, got.body, name)
					}
					if way != "limited" {
						assert.Lessf(t, slices.Min(took), promptly, "%d bytes always take %v", size, took)
					}
				}
			})
		}
	}
}

// What an application sends is with the client at once.
func TestStreamedRecordsAreNotHeldBack(t *testing.T) {
	t.Parallel()
	s, app, _, trust := startRecords(t)
	body := kinds()["random"]
	var list []string
	for _, size := range []int{1, 100, 1400, 4096, 4097, 16000, 16384, 16385, 20000, 32768, 40001, 100000} {
		for range 3 {
			list, body = append(list, body[:size]), body[size:]
		}
	}
	for way := range recordWays {
		if way == "limited" || strings.HasPrefix(way, "zipped") {
			continue
		}
		for kind, client := range speakers(t, s, trust) {
			t.Run(way+" "+kind, func(t *testing.T) {
				t.Parallel()
				scheme, _, _ := strings.Cut(kind, " ")
				path := "/streamed/" + strings.ReplaceAll(way+kind, " ", "-")
				began := time.Now()
				_, from := begin(t, client, scheme+"://"+way+".test"+path)
				assert.Less(t, time.Since(began), 2*promptly, "the header waits for the body")
				took := pass(t, app.of(path), from, list...)
				finish(t, app.of(path), from)
				for i := 0; i < len(took); i += 3 {
					assert.Lessf(t, slices.Min(took[i:i+3]), promptly, "pieces of %d bytes take %v", len(list[i]), took[i:i+3])
				}
				assert.Less(t, median(took), promptly/2)
			})
		}
	}
}

// Where nginx buffers, it keeps some of a piece itself. But what it has sent arrives:
// no byte comes later than promptly after a piece, until the next.
func TestBufferedRecordsAreNotHeldBack(t *testing.T) {
	t.Parallel()
	s, app, _, trust := startRecords(t)
	const every, rounds = 300 * time.Millisecond, 8
	for _, size := range []int{5000, 20000, 70001} {
		for kind, client := range speakers(t, s, trust) {
			t.Run(kind+" "+strconv.Itoa(size), func(t *testing.T) {
				t.Parallel()
				scheme, _, _ := strings.Cut(kind, " ")
				path := "/buffered/" + strings.ReplaceAll(kind, " ", "-") + strconv.Itoa(size)
				var mu sync.Mutex
				var sent time.Time
				late, body := 0, kinds()["random"][:size*rounds]
				go func() {
					defer close(app.of(path))
					for i := range rounds {
						select {
						case app.of(path) <- body[i*size : (i+1)*size]:
						case <-t.Context().Done():
							return
						}
						mu.Lock()
						sent = time.Now()
						mu.Unlock()
						time.Sleep(every)
					}
				}()
				_, from := begin(t, client, scheme+"://default.test"+path)
				var got strings.Builder
				for piece := make([]byte, 1<<16); ; {
					n, err := from.Read(piece)
					mu.Lock()
					after := time.Since(sent)
					mu.Unlock()
					got.Write(piece[:n])
					if n > 0 && after > promptly && after < every-promptly/2 {
						late++
					}
					if err != nil {
						require.ErrorIs(t, err, io.EOF)
						break
					}
				}
				same(t, body, got.String(), "the answer")
				assert.LessOrEqual(t, late, rounds/3, "pieces whose end comes late")
			})
		}
	}
}
