package publish_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// program finds one that a test needs, or skips the test.
func program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: sudo apt-get install %s", name, name)
	}
	return path
}

// dockerRegistry starts a registry server of other people's making with some
// settings of its configuration, and returns its host and port.
func dockerRegistry(t testing.TB, storage, http, more string) (host string) {
	t.Helper()
	path := program(t, "docker-registry")
	dir := t.TempDir()
	host = freePort(t)
	config := fmt.Sprintf("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"+
		"storage: {%s}\nhttp: {addr: %q, secret: test%s}\n",
		storage, host, http) + more
	file := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	output, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "serve", file)
	cmd.Stdout, cmd.Stderr, cmd.Env = output, output, []string{"PATH=" + os.Getenv("PATH")}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = output.Close()
	})
	for range 200 {
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", host)
		if err == nil {
			_ = connection.Close()
			return host
		}
		time.Sleep(50 * time.Millisecond)
	}
	said, _ := os.ReadFile(output.Name())
	t.Fatalf("docker-registry does not answer: %s", said)
	return ""
}

func freePort(t testing.TB) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// outside is that server behind a proxy.
func outside(t testing.TB) *proxy {
	t.Helper()
	target := &url.URL{Scheme: "http", Host: dockerRegistry(t, "inmemory: {}", "", "")}
	return before(t, &httputil.ReverseProxy{
		ErrorLog: log.New(io.Discard, "", 0),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // so that it leads back here
		},
	})
}
