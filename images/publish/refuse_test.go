package publish_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/publish"
)

// What a registry does not want, or does wrong, is said at once or after some
// attempts, and the old image is still what the tags lead to.
func TestRefused(t *testing.T) {
	t.Parallel()
	writes := func(f fault) func(int, *http.Request) fault {
		return func(_ int, r *http.Request) fault {
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				return f
			}
			return nil
		}
	}
	reads := func(path string, f fault) func(int, *http.Request) fault {
		return func(_ int, r *http.Request) fault {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, path) {
				return f
			}
			return nil
		}
	}
	for _, c := range []struct {
		name     string
		when     func(int, *http.Request) fault
		want     []string
		attempts int // requests that were answered so
	}{
		{"read-only", writes(status(http.StatusMethodNotAllowed)), []string{"405 Method Not Allowed", "TEST fault 405", "read-only"}, 1},
		{"may not push", writes(status(http.StatusForbidden)), []string{"403 Forbidden", "docker login 127.0.0.1:", "may not write to"}, 1},
		{"not logged in", writes(status(http.StatusUnauthorized)), []string{"401 Unauthorized", "log in with an account that may write to", "docker login 127.0.0.1:"}, 1},
		{"too large", writes(status(http.StatusRequestEntityTooLarge)), []string{"limits the size of uploads"}, 1},
		{"never well", writes(status(http.StatusBadGateway)), []string{"502 Bad Gateway", "(attempt 6 of 6)"}, 6},
		{"always busy", writes(status(http.StatusTooManyRequests, "Retry-After", "0")), []string{"429 Too Many Requests", "(attempt 6 of 6)"}, 6},
		{"busy for long", writes(status(http.StatusTooManyRequests, "Retry-After", "3600")), []string{"left alone for more than 5m0s"}, 1},
		{"always cut", writes(cut(10)), []string{"uploading blob sha256:", "EOF", "(attempt 6 of 6)"}, 6},
		{"not implemented", writes(status(http.StatusNotImplemented)), []string{"501 Not Implemented"}, 1},
		{"other bytes of a blob", reads("/blobs/", lie), []string{"reading back blob sha256:", "other bytes", "nothing is tagged"}, 1},
		{"blobs that have left", reads("/blobs/", status(http.StatusNotFound)), []string{"reading back blob sha256:", "404 Not Found", "(attempt 6 of 6)"}, 6},
		{"other manifests", reads("/manifests/sha256:", lie), []string{"reading back manifest sha256:", "other bytes", "nothing is tagged"}, 0},
		{"other tags", reads("/manifests/1.0-20261126", lie), []string{"moving tag 1.0-20261126", "still has another image"}, 0},
		{"a list that stays empty", reads("/referrers/", func(_ *proxy, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
			_, _ = w.Write([]byte(`{"manifests":[]}`))
			return true
		}), []string{"listing what refers to sha256:", "does not list sha256:"}, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := memory(t, true)
			repository := p.host() + "/refused"
			old, now := sampleOf(t, "old"), sampleOf(t, "new")
			seed(t, p, repository, old)
			met := 0
			p.reset(func(n int, r *http.Request) fault {
				f := c.when(n, r)
				if f != nil {
					met++
				}
				return f
			})
			err := push(t.Context(), repository, now, quick())
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			p.reset(nil)
			if c.attempts > 0 && met != c.attempts {
				t.Errorf("%d attempts, want %d", met, c.attempts)
			}
			moved := look(t, repository, &old, &now)
			if c.name != "other tags" && moved > 0 {
				t.Errorf("%d tags moved", moved)
			}
			if err := push(t.Context(), repository, now, quick()); err != nil {
				t.Errorf("once all is well: %v", err)
			}
			if moved := look(t, repository, &old, &now); moved != len(tags) {
				t.Errorf("once all is well: %d tags moved", moved)
			}
		})
	}
}

// A registry that says when to come back is left alone until then.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	p := memory(t, true)
	p.reset(func(n int, _ *http.Request) fault {
		if n == 5 {
			return status(http.StatusServiceUnavailable, "Retry-After", "1")
		}
		return nil
	})
	begin := time.Now()
	if err := push(t.Context(), p.host()+"/later", sampleOf(t, "new"), quick()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < time.Second {
		t.Errorf("done after %s", took)
	}
}

// What leads out of this machine is not sent in the clear, unless that is wanted.
func TestPlain(t *testing.T) {
	t.Parallel()
	var asked []string
	transport := transport(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.Scheme+"://"+r.URL.Host)
		return nil, errNotHere
	})
	for _, c := range []struct {
		host     string
		insecure bool
		plain    bool
	}{
		{"registry.example.com", false, false},
		{"registry.example.com", true, true},
		{"10.1.2.3:5000", false, false}, // which go-containerregistry would do
		{"registry.local", false, false},
		{"127.0.0.1:5000", false, true},
		{"localhost:5000", false, true},
	} {
		asked = nil
		_, err := publish.Connect(t.Context(), c.host+"/a", publish.Options{
			Insecure: c.insecure, Transport: transport, Attempts: 1, Backoff: time.Millisecond,
		})
		if err == nil {
			t.Errorf("%s: connected", c.host)
		}
		plain := false
		for _, address := range asked {
			plain = plain || strings.HasPrefix(address, "http://")
		}
		if plain != c.plain {
			t.Errorf("%s, insecure %v: asked %q", c.host, c.insecure, asked)
		}
	}
}
