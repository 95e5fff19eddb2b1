package publish_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
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

// certificate makes one for 127.0.0.1, which is its own authority.
func certificate(t testing.TB) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "registry of a test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// A real server with passwords and a certificate that only we believe: as
// docker and crane would be told of both.
func TestLoginAndTLS(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	passwords := filepath.Join(dir, "htpasswd")
	if err := os.WriteFile(passwords, []byte("somebody:"+string(hash)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	host := dockerRegistry(t, "inmemory: {}", fmt.Sprintf(", tls: {certificate: %q, key: %q}", cert, key),
		fmt.Sprintf("auth: {htpasswd: {realm: test, path: %q}}\n", passwords))
	login := func(password string) string {
		config := t.TempDir()
		auth := base64.StdEncoding.EncodeToString([]byte("somebody:" + password))
		data := fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, auth)
		if err := os.WriteFile(filepath.Join(config, "config.json"), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return "DOCKER_CONFIG=" + config
	}
	ca := "SSL_CERT_FILE=" + cert
	for _, c := range []struct {
		name string
		env  []string
		want string
	}{
		{"unknown authority", []string{login("secret")}, "certificate signed by unknown authority"},
		{"not logged in", []string{ca}, "docker login " + host},
		{"wrong password", []string{ca, login("guess")}, "docker login " + host},
		{"all well", []string{ca, login("secret")}, ""},
		{"once more", []string{ca, login("secret")}, ""},
	} {
		out, err := publisher(t, host+"/a/nginx-scratch", c.env...).CombinedOutput()
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v: %s", c.name, err, out)
		case c.want != "" && (err == nil || !strings.Contains(string(out), c.want)):
			t.Errorf("%s: %v: %s", c.name, err, out)
		}
		if strings.Contains(string(out), "attempt") || strings.Contains(string(out), "secret") || strings.Contains(string(out), "guess") {
			t.Errorf("%s: there is more than one attempt, or a password, in %s", c.name, out)
		}
	}
}

// A real server that takes no uploads says so in its own way.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	host := dockerRegistry(t, "inmemory: {}, maintenance: {readonly: {enabled: true}}", "", "")
	err := push(t.Context(), host+"/a", sampleOf(t, "new"), quick())
	if err == nil || !strings.Contains(err.Error(), "405 Method Not Allowed") || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("got %v", err)
	}
}

// What other people's client reads is what was published.
func TestSkopeo(t *testing.T) {
	t.Parallel()
	skopeo := program(t, "skopeo")
	host := dockerRegistry(t, "inmemory: {}", "", "")
	now := sampleOf(t, "new")
	if err := push(t.Context(), host+"/a", now, quick()); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), skopeo, args...).Output()
		if err != nil {
			t.Fatalf("skopeo %q: %v", args, err)
		}
		return string(out)
	}
	want, err := now.Index.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	if got := run("inspect", "--raw", "--tls-verify=false", "docker://"+host+"/a:latest"); got != string(want) {
		t.Errorf("skopeo reads %s", got)
	}
	for _, referrer := range now.Referrers {
		want, err := referrer.RawManifest()
		if err != nil {
			t.Fatal(err)
		}
		if got := run("inspect", "--raw", "--tls-verify=false", "docker://"+host+"/a@"+digest(t, referrer).String()); got != string(want) {
			t.Errorf("skopeo reads %s", got)
		}
	}
	// It verifies what it copies.
	to := filepath.Join(t.TempDir(), "copy")
	run("copy", "--all", "--quiet", "--src-tls-verify=false", "docker://"+host+"/a:1.0", "oci:"+to)
	blobs, err := os.ReadDir(filepath.Join(to, "blobs", "sha256"))
	if err != nil || len(blobs) != 7 { // the index, and a manifest, a configuration and a layer for each platform
		t.Errorf("%d blobs, %v", len(blobs), err)
	}
}
