package publish_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"github.com/nginx-scratch/nginx-scratch/images/publish"
)

// fakeEngine answers as a Docker engine of API 1.41 does.
type fakeEngine struct {
	before, after string // ID of the tag before and after a load; "" for no such image
	status        int    // status of answers to inspect, instead of the right one
	answer        string // answer to a load
	hang          bool   // never answer a load
	loads         int
}

func (f *fakeEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.41")
	id := f.before
	if f.loads > 0 {
		id = f.after
	}
	switch path, versioned := strings.CutPrefix(r.URL.Path, "/v1.41"); {
	case path == "/_ping" && !versioned:
	case path == "/images/load" && r.Method == http.MethodPost:
		_, _ = io.Copy(io.Discard, r.Body)
		f.loads++
		if f.hang {
			<-r.Context().Done()
		}
		_, _ = io.WriteString(w, f.answer)
	case path == "/images/nginx-scratch-devtest:a/json" && f.status != 0:
		w.WriteHeader(f.status)
		_, _ = io.WriteString(w, `{"message":"the engine is on fire"}`)
	case path == "/images/nginx-scratch-devtest:a/json" && id != "":
		_, _ = fmt.Fprintf(w, `{"Id":%q}`, id)
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"message":"No such image"}`)
	}
}

func connect(t *testing.T, address string) *client.Client {
	t.Helper()
	engine, err := client.New(client.WithHost("tcp://" + address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return engine
}

func TestLoad(t *testing.T) {
	t.Parallel()
	img := sample(t, "a")
	config, manifest := ids(t, img)
	const (
		loaded = `{"stream":"Loaded image: nginx-scratch-devtest:a\n"}`
		other  = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
	)
	for name, tc := range map[string]struct {
		engine fakeEngine
		tag    string
		id     string
		loaded bool
		want   string
	}{
		"new":                       {engine: fakeEngine{after: config, answer: loaded}, id: config, loaded: true},
		"new, containerd store":     {engine: fakeEngine{after: manifest, answer: loaded}, id: manifest, loaded: true},
		"there already":             {engine: fakeEngine{before: config}, id: config},
		"there already, containerd": {engine: fakeEngine{before: manifest}, id: manifest},
		"another image before":      {engine: fakeEngine{before: other, after: config, answer: loaded}, id: config, loaded: true},
		"another image after":       {engine: fakeEngine{after: other, answer: loaded}, loaded: true, want: "it is " + other},
		"no image after":            {engine: fakeEngine{answer: loaded}, loaded: true, want: "after loading it"},
		"error in the answer":       {engine: fakeEngine{answer: `{"errorDetail":{"message":"no space left on device"}}`}, want: "no space left"},
		"answer cut short":          {engine: fakeEngine{answer: `{"stream":"Loa`}, want: "reading Docker's answer"},
		"answer that is not JSON":   {engine: fakeEngine{answer: `<html>proxy</html>`}, want: "reading Docker's answer"},
		"engine in trouble":         {engine: fakeEngine{status: http.StatusInternalServerError}, want: "the engine is on fire"},
		"tag that is a path":        {tag: "../containers/json", want: "tag"},
		"tag without a tag":         {tag: "nginx-scratch-devtest", want: "must be like"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(&tc.engine)
			tag := "nginx-scratch-devtest:a"
			if tc.tag != "" {
				tag = tc.tag
			}
			id, loaded, err := publish.Load(t.Context(), connect(t, server.Listener.Addr().String()), img, tag)
			server.Close() // waits for the engine, whose fields are read below
			if tc.want == "" && (err != nil || id != tc.id || loaded != tc.loaded) {
				t.Errorf("got %q, loaded %v (%v), want %q, loaded %v", id, loaded, err, tc.id, tc.loaded)
			}
			if tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if sent := tc.engine.loads > 0; tc.want == "" && sent != tc.loaded {
				t.Errorf("sent to the engine: %v, said: %v", sent, tc.loaded)
			}
		})
	}
}

// What cannot be read must be the error, not what the engine says of half an archive.
func TestLoadReportsAnUnreadableLayer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(&fakeEngine{answer: `{"stream":"Loaded image: half of it"}`})
	defer server.Close()
	_, _, err := publish.Load(t.Context(), connect(t, server.Listener.Addr().String()), unreadable{sample(t, "a")}, "nginx-scratch-devtest:a")
	if err == nil || !strings.Contains(err.Error(), "on fire") {
		t.Errorf("got %v", err)
	}
}

func TestLoadStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	engine := &fakeEngine{hang: true}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/images/load") {
			cancel()
		}
		engine.ServeHTTP(w, r)
	}))
	defer server.Close()
	_, _, err := publish.Load(ctx, connect(t, server.Listener.Addr().String()), sample(t, "a"), "nginx-scratch-devtest:a")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(&fakeEngine{})
	defer server.Close()
	if err := publish.Ping(t.Context(), connect(t, server.Listener.Addr().String())); err != nil {
		t.Error(err)
	}
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	err = publish.Ping(t.Context(), connect(t, closed.Addr().String()))
	for _, want := range []string{closed.Addr().String(), "systemctl start docker", "DOCKER_HOST"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
