package publish_test

import (
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// A fault is what happens to one request. It reports whether it has answered.
type fault func(p *proxy, w http.ResponseWriter, r *http.Request) (answered bool)

// proxy stands before a registry, counts, and lets things go wrong.
type proxy struct {
	*httptest.Server

	registry http.Handler
	fresh    func() http.Handler // makes another one; nil where that takes too long
	all      bool                // try whatever can go wrong at each request, not one thing

	mu       sync.Mutex
	requests []string       // since reset
	uploads  map[string]int // successful ones: blobs by digest, manifests by path
	when     func(n int, r *http.Request) fault
}

// before starts a proxy before a registry.
func before(t testing.TB, handler http.Handler) *proxy {
	t.Helper()
	p := &proxy{registry: handler, uploads: map[string]int{}}
	p.Server = httptest.NewUnstartedServer(p)
	p.Config.ErrorLog = log.New(io.Discard, "", 0) // https is tried first
	p.Start()
	t.Cleanup(p.Close)
	return p
}

// memory is a registry in memory, behind a proxy.
func memory(t testing.TB, referrers bool) *proxy {
	t.Helper()
	p := before(t, nil)
	p.fresh = func() http.Handler {
		return registry.New(registry.WithReferrersSupport(referrers), registry.Logger(log.New(io.Discard, "", 0)))
	}
	p.empty()
	return p
}

// empty forgets what was uploaded; a registry in memory too.
func (p *proxy) empty() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.uploads = map[string]int{}
	if p.fresh != nil {
		p.registry = p.fresh()
	}
}

func (p *proxy) host() string { return p.Listener.Addr().String() }

// reset starts to count requests anew, the first one being 1, with other faults.
func (p *proxy) reset(when func(n int, r *http.Request) fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests, p.when = nil, when
}

// seen are the requests since reset.
func (p *proxy) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.requests...)
}

// uploaded is how often each thing of a repository was uploaded.
func (p *proxy) uploaded(repo string) map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := map[string]int{}
	for what, n := range p.uploads {
		if strings.HasPrefix(what, "/v2/"+repo+"/") {
			found[what] = n
		}
	}
	return found
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.requests = append(p.requests, r.Method+" "+r.URL.Path)
	var f fault
	if p.when != nil {
		f = p.when(len(p.requests), r) // one at a time
	}
	p.mu.Unlock()
	if f == nil || !f(p, w, r) {
		p.forward(w, r)
	}
}

// forward lets the registry answer, and notes what it took.
func (p *proxy) forward(w http.ResponseWriter, r *http.Request) {
	recorder := httptest.NewRecorder()
	method, path, digest := r.Method, r.URL.Path, r.URL.Query().Get("digest")
	p.registry.ServeHTTP(recorder, r)
	if method == http.MethodPut && recorder.Code == http.StatusCreated {
		what := path
		if digest != "" {
			repo, _, _ := strings.Cut(path, "/blobs/")
			what = repo + "/blobs/" + digest
		}
		p.mu.Lock()
		p.uploads[what]++
		p.mu.Unlock()
	}
	answer := recorder.Result()
	maps.Copy(w.Header(), answer.Header)
	w.WriteHeader(answer.StatusCode)
	if method != http.MethodHead {
		_, _ = w.Write(recorder.Body.Bytes())
	}
}

// status answers with a status.
func status(code int, header ...string) fault {
	return func(_ *proxy, w http.ResponseWriter, r *http.Request) bool {
		_, _ = io.Copy(io.Discard, r.Body)
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = fmt.Fprintf(w, `{"errors":[{"code":"TEST","message":"fault %d"}]}`, code)
		return true
	}
}

// cut closes the connection instead of an answer, after it has read some bytes.
func cut(bytesRead int64) fault {
	return func(_ *proxy, w http.ResponseWriter, r *http.Request) bool {
		_, _ = io.CopyN(io.Discard, r.Body, bytesRead)
		hangUp(w)
		return true
	}
}

// lost lets the registry do it, and closes the connection instead of saying so.
func lost(p *proxy, w http.ResponseWriter, r *http.Request) bool {
	p.forward(httptest.NewRecorder(), r)
	hangUp(w)
	return true
}

// half sends one half of the answer.
func half(p *proxy, w http.ResponseWriter, r *http.Request) bool {
	recorder := httptest.NewRecorder()
	p.forward(recorder, r)
	body := recorder.Body.Bytes()
	maps.Copy(w.Header(), recorder.Header())
	w.Header().Set("Content-Length", fmt.Sprint(len(body)+1))
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(body[:len(body)/2])
	panic(http.ErrAbortHandler)
}

// hang never answers.
func hang(_ *proxy, _ http.ResponseWriter, r *http.Request) bool {
	_, _ = io.Copy(io.Discard, r.Body) // without this, nobody sees the client leave
	<-r.Context().Done()
	return true
}

// lie answers with one bit flipped.
func lie(p *proxy, w http.ResponseWriter, r *http.Request) bool {
	recorder := httptest.NewRecorder()
	p.forward(recorder, r)
	maps.Copy(w.Header(), recorder.Header())
	w.WriteHeader(recorder.Code)
	body := recorder.Body.Bytes()
	if len(body) > 0 {
		body[len(body)/2] ^= 1
	}
	_, _ = w.Write(body)
	return true
}

func hangUp(w http.ResponseWriter) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = connection.Close()
	}
}
