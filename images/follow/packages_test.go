package follow_test

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/follow"
)

// publish puts a suite with these packages, lines "name version content", on the server.
// What is gone is in the list only.
func (w *world) publish(t *testing.T, gone string, packages ...string) {
	t.Helper()
	var list strings.Builder
	for _, p := range packages {
		f := strings.Fields(p)
		file := fmt.Sprintf("pool/main/%s/%s_%s_amd64.deb", f[0], f[0], f[1])
		fmt.Fprintf(&list, "Package: %s\nVersion: %s\nFilename: %s\nSize: %d\nSHA256: %s\n\n", f[0], f[1], file, len(f[2]), hash([]byte(f[2])))
		if f[0] != gone {
			w.put(t, file, []byte(f[2]))
		}
	}
	var packed bytes.Buffer
	x, err := xz.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Write([]byte(list.String())); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	const name = "main/binary-amd64/Packages"
	w.put(t, "dists/sid/"+name+".xz", packed.Bytes())
	text := fmt.Sprintf("Codename: sid\nDate: %s\nSHA256:\n %s %d %s\n %s %d %s.xz\n", day(20).Format("Mon, 02 Jan 2006 15:04:05 MST"),
		hash([]byte(list.String())), list.Len(), name, hash(packed.Bytes()), packed.Len(), name)
	signed, err := w.key.Sign(text, day(20))
	if err != nil {
		t.Fatal(err)
	}
	w.put(t, "dists/sid/InRelease", signed)
}

func (w *world) put(t *testing.T, name string, data []byte) {
	t.Helper()
	name = filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func pinned() []follow.Binary {
	old := func(name, version string) follow.Binary {
		return follow.Binary{Name: name, Version: version, Input: images.Input{
			File: name + "_" + version + "_amd64.deb", SHA256: hash(nil), Size: 1,
			Places: []string{"debian:pool/old", "https://archive.example.org/file/" + strings.Repeat("0", 40)},
		}}
	}
	return []follow.Binary{old("nginx", "1.30.6-2"), old("libc6", "2.43-7")}
}

func TestPackages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, "", "nginx 1.30.6-1 older", "nginx 1.30.10-1+b1 newest", "nginx 1.30.9-1 newer", "libc6 2.43-6 older", "other 1-1 other")
	got, err := w.client.Packages(t.Context(), "sid", "amd64", pinned())
	if err != nil || len(got) != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	in := got[0].Input
	want := []string{"debian:pool/main/nginx/nginx_1.30.10-1%2Bb1_amd64.deb", fmt.Sprintf("https://archive.example.org/file/%x", sha1.Sum([]byte("newest")))}
	if got[0].Version != "1.30.10-1+b1" || in.SHA256 != hash([]byte("newest")) || in.Size != 6 || in.File != "nginx_1.30.10-1+b1_amd64.deb" ||
		!slices.Equal(in.Places, want) {
		t.Errorf("got %+v", got[0])
	}
	if got[1].Version != "2.43-7" || !slices.Equal(got[1].Input.Places, pinned()[1].Input.Places) {
		t.Errorf("it went back: %+v", got[1])
	}
}

func TestPackagesRefuse(t *testing.T) {
	t.Parallel()
	good := []string{"nginx 1.30.7-1 newer", "libc6 2.43-7 same"}
	for name, tc := range map[string]struct {
		packages []string
		gone     string
		changed  string // a file with other content
		want     string
	}{
		"a package that is gone": {good[:1], "", "", "libc6 of sid: the suite has it no more"},
		"a file that is gone":    {good, "nginx", "", "fetching nginx_1.30.7-1_amd64.deb"},
		"a changed list":         {good, "", "dists/sid/main/binary-amd64/Packages.xz", "fetching Packages.xz of sid"},
		"a changed file":         {good, "", "pool/main/nginx/nginx_1.30.7-1_amd64.deb", "fetching nginx_1.30.7-1_amd64.deb"},
		"an unsigned index":      {good, "", "dists/sid/InRelease", "no signed text"},
		"no suite":               {nil, "", "", "the index of sid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if tc.packages != nil {
				w.publish(t, tc.gone, tc.packages...)
			}
			if tc.changed != "" {
				w.put(t, tc.changed, []byte("other"))
			}
			if got, err := w.client.Packages(t.Context(), "sid", "amd64", pinned()); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %+v, %v, want %q", got, err, tc.want)
			}
		})
	}
	w := newWorld(t)
	w.publish(t, "", "nginx 1.30.7-1 newer", "libc6 2.43-7 same")
	if _, err := w.client.Packages(t.Context(), "sid", "arm64", pinned()); err == nil || !strings.Contains(err.Error(), "main/binary-arm64/Packages.xz") {
		t.Errorf("got %v", err)
	}
}
