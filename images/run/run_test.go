package run

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"
)

// fakeEngine answers as a Docker engine of API 1.41 does, of one container.
type fakeEngine struct {
	mu      sync.Mutex
	asked   []string       // "POST /containers/create", in their order
	created map[string]any // what it was asked to make
	refuse  map[string]string
	logs    string   // what the container prints
	states  []string // answers to inspect, the last for ever after
	ended   chan int // its exit code
	killed  func()
	stopped func()
}

func (f *fakeEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.41")
	path := strings.TrimPrefix(r.URL.Path, "/v1.41")
	what := r.Method + " " + path
	f.mu.Lock()
	if path != "/_ping" && (len(f.asked) == 0 || f.asked[len(f.asked)-1] != what) {
		f.asked = append(f.asked, what)
	}
	refusal, refused := f.refuse[what]
	f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if refused {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = fmt.Fprintf(w, `{"message":%q}`, refusal)
		return
	}
	switch what {
	case "GET /_ping", "HEAD /_ping":
	case "POST /containers/create":
		f.mu.Lock()
		_ = json.NewDecoder(r.Body).Decode(&f.created)
		f.mu.Unlock()
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"Id":"c","Warnings":["no swap limit"]}`)
	case "POST /containers/c/start":
		w.WriteHeader(http.StatusNoContent)
	case "POST /containers/c/wait":
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		select {
		case code := <-f.ended:
			_, _ = fmt.Fprintf(w, `{"StatusCode":%d}`, code)
		case <-r.Context().Done():
		}
	case "GET /containers/c/logs":
		w.Header().Set("Content-Type", "application/vnd.docker.multiplexed-stream")
		head := [8]byte{2}
		binary.BigEndian.PutUint32(head[4:], uint32(len(f.logs)))
		_, _ = w.Write(append(head[:], f.logs...))
	case "GET /containers/c/json":
		f.mu.Lock()
		state := f.states[0]
		if len(f.states) > 1 {
			f.states = f.states[1:]
		}
		f.mu.Unlock()
		_, _ = fmt.Fprintf(w, `{"Id":"c","State":%s,"NetworkSettings":{"Ports":{"8080/tcp":[{"HostIp":"127.0.0.1","HostPort":"4242"}]}}}`, state)
	case "GET /containers/c/top":
		_, _ = io.WriteString(w, `{"Titles":["PID"],"Processes":[["1"],["2"]]}`)
	case "POST /containers/c/stop":
		f.stopped()
		w.WriteHeader(http.StatusNoContent)
	case "POST /containers/c/kill":
		f.killed()
		w.WriteHeader(http.StatusNoContent)
	case "DELETE /containers/c":
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

const running = `{"Running":true}`

func sample() Container {
	return Container{Image: "nginx-scratch:static", Listen: "8080/tcp", Memory: 64 << 20, Pids: 10}
}

func engine(t *testing.T, f *fakeEngine) *client.Client {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	c, err := client.New(client.WithHost("tcp://"+server.Listener.Addr().String()), client.WithAPIVersion("1.41"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestRun(t *testing.T) {
	t.Parallel()
	const start, remove = "POST /containers/c/start", "DELETE /containers/c"
	for name, tt := range map[string]struct {
		engine *fakeEngine
		port   uint16
		code   int  // with which it ends by itself; -1 once it serves and is stopped; -2 once it is killed
		status int  // of *Ended
		serves bool // whether it was Ready
		want   string
		logs   string
	}{
		"stopped":                 {engine: &fakeEngine{states: []string{running}}, code: -1, serves: true, logs: "nginx has stopped\n"},
		"killed":                  {engine: &fakeEngine{states: []string{running}}, code: -2, serves: true, status: 137, want: "nginx was killed before it had finished"},
		"ends early":              {engine: &fakeEngine{states: []string{`{"Running":false}`}, logs: "[emerg] no\n"}, code: 1, status: 1, want: "ended with exit code 1 before it served anything", logs: "[emerg] no\n"},
		"out of memory":           {engine: &fakeEngine{states: []string{`{"OOMKilled":true}`}}, code: 137, status: 137, want: "killed at its memory limit of 64 MB"},
		"ends well":               {engine: &fakeEngine{states: []string{`{}`}}, code: 0, logs: "nginx has ended by itself\n"},
		"warnings of the engine":  {engine: &fakeEngine{states: []string{`{}`}}, code: 0, logs: "no swap limit\n"},
		"unhealthy":               {engine: &fakeEngine{states: []string{running, `{"Running":true,"Health":{"Status":"unhealthy","Log":[{"Output":"503\n"}]}}`}}, code: -1, serves: true, logs: "The container is unhealthy: 503\n"},
		"a port that is taken":    {engine: &fakeEngine{refuse: map[string]string{start: "driver failed: Bind for 127.0.0.1:80 failed: port is already allocated"}}, port: 80, want: "port 80 of this machine is taken: name another with -port"},
		"a profile it won't take": {engine: &fakeEngine{refuse: map[string]string{"POST /containers/create": "Decoding seccomp profile failed: no"}}, want: "does not take the seccomp profile"},
		"no image":                {engine: &fakeEngine{refuse: map[string]string{"POST /containers/create": "No such image: x"}}, want: "making a container of nginx-scratch:static"},
		"no logs":                 {engine: &fakeEngine{refuse: map[string]string{"GET /containers/c/logs": "no such driver"}}, want: "reading the container's logs: "},
		"cannot be removed":       {engine: &fakeEngine{states: []string{`{}`}, refuse: map[string]string{remove: "device is busy"}}, code: 0, want: "removing the container c: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := tt.engine
			f.ended = make(chan int, 1)
			if tt.code >= 0 {
				f.ended <- tt.code
			}
			f.killed = func() { f.ended <- 137 }
			f.stopped = func() {
				if tt.code == -1 {
					f.ended <- 0
				}
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			kill := make(chan struct{})
			var logs bytes.Buffer
			served := ""
			c := sample()
			c.Port = tt.port
			err := with(ctx, engine(t, f), c, Session{Logs: &logs, Kill: kill, Ready: func(address string) error {
				served = address
				time.AfterFunc(2*watch, func() {
					stop()
					if tt.code == -2 {
						close(kill)
					}
				})
				return nil
			}})
			if (tt.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if ended, ok := err.(*Ended); ok != (tt.status != 0) || ok && ended.ExitStatus() != tt.status { //nolint:errorlint // mage does not look deeper either
				t.Errorf("got %#v, want status %d", err, tt.status)
			}
			if (served != "") != tt.serves || tt.serves && served != "http://127.0.0.1:4242/" {
				t.Errorf("ready at %q", served)
			}
			if !strings.Contains(logs.String(), tt.logs) {
				t.Errorf("logs %q, want %q", logs.String(), tt.logs)
			}
			_, made := f.refuse["POST /containers/create"]
			if last := f.asked[len(f.asked)-1]; !made && last != remove {
				t.Errorf("the last it was asked is %s: %q", last, f.asked)
			}
		})
	}
}

// An address that cannot be told ends the container: nobody would know of it.
func TestRunEndsIfNobodyListens(t *testing.T) {
	t.Parallel()
	f := &fakeEngine{states: []string{running}, ended: make(chan int, 1)}
	gone := errors.New("the pipe is closed")
	err := with(t.Context(), engine(t, f), sample(), Session{Logs: io.Discard, Ready: func(string) error { return gone }})
	if !errors.Is(err, gone) || f.asked[len(f.asked)-1] != "DELETE /containers/c" {
		t.Errorf("got %v, %q", err, f.asked)
	}
}

// What the engine is asked for is all that keeps the container in.
func TestLocks(t *testing.T) {
	t.Parallel()
	f := &fakeEngine{states: []string{`{}`}, ended: make(chan int, 1)}
	f.ended <- 0
	c := sample()
	c.Port, c.Env, c.Seccomp = 8081, []string{"A=b"}, "{\n \"defaultAction\": \"SCMP_ACT_ERRNO\"\n}\n"
	c.Mounts = []Mount{{"/srv/site", "/usr/share/nginx/html"}}
	if err := with(t.Context(), engine(t, f), c, Session{Logs: io.Discard}); err != nil {
		t.Fatal(err)
	}
	host := f.created["HostConfig"].(map[string]any)
	want := map[string]any{
		"ReadonlyRootfs": true, "CapDrop": []any{"ALL"}, "SecurityOpt": []any{"no-new-privileges", `seccomp={"defaultAction":"SCMP_ACT_ERRNO"}`},
		"Memory": 64.0 * (1 << 20), "MemorySwap": 64.0 * (1 << 20), "PidsLimit": 10.0,
		"PortBindings": map[string]any{"8080/tcp": []any{map[string]any{"HostIp": "127.0.0.1", "HostPort": "8081"}}},
		"Mounts":       []any{map[string]any{"Type": "bind", "Source": "/srv/site", "Target": "/usr/share/nginx/html", "ReadOnly": true}},
		"Privileged":   false, "CapAdd": nil, "Binds": nil,
	}
	got := map[string]any{}
	for name := range want {
		got[name] = host[name]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("it asks for (-want +got):\n%s", diff)
	}
	if f.created["Image"] != "nginx-scratch:static" || !cmp.Equal(f.created["Env"], []any{"A=b"}) || f.created["User"] != "" {
		t.Errorf("made %v", f.created)
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Container){
		"reading the seccomp profile": func(c *Container) { c.Seccomp = "{" },
		"reading the port":            func(c *Container) { c.Listen = "http/tcp" },
	} {
		f := &fakeEngine{}
		c := sample()
		change(&c)
		if err := with(t.Context(), engine(t, f), c, Session{}); err == nil || !strings.Contains(err.Error(), want) || len(f.asked) > 0 {
			t.Errorf("got %v, want %s; asked %q", err, want, f.asked)
		}
	}
}
