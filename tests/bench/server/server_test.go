package server

import (
	"archive/tar"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files")

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]settings{
		"all":  {Ports{HTTP: 1, HTTPS: 2, QUIC: 3, Upstream: 4}, true, []string{"/usr/lib/nginx/modules/a.so"}},
		"less": {Ports{HTTP: 1, HTTPS: 2, Upstream: 4}, false, nil},
	} {
		dir := t.TempDir()
		if err := s.write(dir); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{configFile, "locations.conf"} {
			got, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+"-"+file)
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(golden); err != nil || string(got) != string(want) {
				t.Errorf("%s is not %s (%v); -update writes it:\n%s", file, golden, err, got)
			}
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	pages, again := Pages(), Pages()
	for name, size := range map[string]int{SmallPage: 1400, LargePage: 100_000} {
		if len(pages[name]) != size || !bytes.Equal(pages[name], again[name]) {
			t.Errorf("%s has %d bytes, want always the same %d", name, len(pages[name]), size)
		}
	}
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	cert, key, err := certificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tls.X509KeyPair(cert, key); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(cert)
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil || parsed.PublicKeyAlgorithm != x509.ECDSA || parsed.VerifyHostname(ServerName) != nil {
		t.Errorf("got %v, %v", parsed, err)
	}
}

func TestParseSchedstat(t *testing.T) {
	t.Parallel()
	if got, err := parseSchedstat("1000 20 3\n"); err != nil || got != (Use{1000, 20}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, hostile := range []string{"", "1 2", "a 2 3", "1 b 3", "1 2 3 4", "99999999999999999999 1 1"} {
		if got, err := parseSchedstat(hostile); err == nil {
			t.Errorf("%q gave %v", hostile, got)
		}
	}
}

func TestParseRollup(t *testing.T) {
	t.Parallel()
	const good = "5570-7ffc [rollup]\nRss:                1304 kB\nPss:                 300 kB\nPss_Anon:  80 kB\n"
	if rss, pss, err := parseRollup(good); err != nil || rss != 1304<<10 || pss != 300<<10 {
		t.Errorf("got %d, %d, %v", rss, pss, err)
	}
	for _, hostile := range []string{"", "Rss: 1 kB\n", "Rss: x kB\nPss: 1 kB\n", "Rss: 1 MB\nPss: 1 kB\n"} {
		if _, _, err := parseRollup(hostile); err == nil {
			t.Errorf("%q was read", hostile)
		}
	}
}

func TestFacts(t *testing.T) {
	t.Parallel()
	var f Facts
	f.read("nginx version: nginx/1.26.3 (Debian)\nbuilt with OpenSSL 3.5.7 9 Jun 2026\nTLS SNI support enabled\nconfigure arguments: --with-http_v3_module --add-module=/build/src/ngx_brotli\n")
	if f.Version != "1.26.3" || f.OpenSSL != "OpenSSL 3.5.7 9 Jun 2026" || !f.HTTP3 || !f.Brotli {
		t.Errorf("got %+v", f)
	}
	f = Facts{}
	f.read("nginx version: nginx/1.30.6\n")
	if f.Version != "1.30.6" || f.HTTP3 || f.Brotli {
		t.Errorf("got %+v", f)
	}
}

// files is an archive in which regular files hold their names.
func files(t *testing.T, headers ...tar.Header) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if h.Typeflag == tar.TypeReg {
			h.Size, h.Mode = int64(len(h.Name)), 0o755
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write([]byte(h.Name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return &b
}

func TestExtract(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "root")
	err := extract(files(t,
		tar.Header{Name: "usr/", Typeflag: tar.TypeDir},
		tar.Header{Name: "usr/sbin/nginx", Typeflag: tar.TypeReg},
		tar.Header{Name: "lib", Typeflag: tar.TypeSymlink, Linkname: "/usr/lib"},
		tar.Header{Name: "bin/nginx", Typeflag: tar.TypeLink, Linkname: "usr/sbin/nginx"},
		tar.Header{Name: "dev/null", Typeflag: tar.TypeChar},
	), dir)
	if err != nil {
		t.Fatal(err)
	}
	program, err := Root{Dir: dir}.program()
	if err != nil || program != "/usr/sbin/nginx" {
		t.Errorf("got %q, %v", program, err)
	}
	if to, err := os.Readlink(filepath.Join(dir, "lib")); err != nil || to != "/usr/lib" {
		t.Errorf("got %q, %v", to, err)
	}
	if _, err := (Root{Dir: t.TempDir()}).program(); err == nil || !strings.Contains(err.Error(), "there is no nginx") {
		t.Errorf("got %v", err)
	}
}

// What an archive says is nowhere but below the folder.
func TestExtractStays(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	for name, headers := range map[string][]tar.Header{
		"..":             {{Name: "../evil", Typeflag: tar.TypeReg}},
		".. inside":      {{Name: "a/../../evil", Typeflag: tar.TypeReg}},
		"through a link": {{Name: "a", Typeflag: tar.TypeSymlink, Linkname: outside}, {Name: "a/evil", Typeflag: tar.TypeReg}},
		"a hard link":    {{Name: "a", Typeflag: tar.TypeLink, Linkname: "../../../../etc/passwd"}},
		"twice":          {{Name: "a", Typeflag: tar.TypeReg}, {Name: "a", Typeflag: tar.TypeReg}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			if err := extract(files(t, headers...), filepath.Join(parent, "root")); err == nil {
				t.Error("it was extracted")
			}
			for _, dir := range []string{parent, outside} {
				if _, err := os.Lstat(filepath.Join(dir, "evil")); err == nil {
					t.Error("it left the folder")
				}
			}
		})
	}
}
