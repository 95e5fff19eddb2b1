package oci_test

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// sample is a tree with one of everything that an image can hold.
func sample() []tree.File {
	origin := tree.Origin{Component: "nginx-scratch", Path: "sample"}
	files := []tree.File{
		{Path: "usr/sbin/nginx", Mode: 0o755, Data: program()},
		{Path: "etc/passwd", Mode: 0o644, Data: []byte("nginx:x:65532:65532::/:/\n")},
		{Path: "etc/nginx/conf.d", Mode: fs.ModeDir | 0o755},
		{Path: "etc/nginx/" + strings.Repeat("long/", 60) + "name", Mode: 0o644},
		{Path: "usr/bin/nginx", Mode: fs.ModeSymlink, Link: "../sbin/nginx"},
		{Path: "var/tmp", Mode: fs.ModeDir | fs.ModeSticky | 0o777},
		{Path: "odd/Ω", Mode: fs.ModeSetuid | fs.ModeSetgid | 0o755, UID: 65532, GID: 2_000_000_000},
	}
	for i := range files {
		files[i].Origin = origin
	}
	return files
}

// program is half a megabyte that compresses like a program does.
func program() []byte {
	var b bytes.Buffer
	for i := range 12_000 {
		sum := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		fmt.Fprintf(&b, "symbol_%04d\x00%s", i, sum[:i%32])
	}
	return b.Bytes()
}

func config() oci.Config {
	return oci.Config{
		Platform:     v1.Platform{OS: "linux", Architecture: "amd64"},
		Created:      time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC),
		User:         "65532:65532",
		ExposedPorts: []string{"8080/tcp"},
		StopSignal:   "SIGQUIT",
		WorkingDir:   "/",
		Entrypoint:   []string{"/usr/sbin/nginx"},
		Cmd:          []string{"-g", "daemon off;"},
		Env:          []string{"PATH=/usr/sbin"},
		Labels:       map[string]string{"org.opencontainers.image.title": "nginx-scratch"},
	}
}

func image(t *testing.T, files []tree.File, c oci.Config) v1.Image {
	t.Helper()
	tr := tree.New()
	for _, f := range files {
		if err := tr.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	img, err := oci.Image(tr, c)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func digest(t *testing.T, of interface{ Digest() (v1.Hash, error) }) v1.Hash {
	t.Helper()
	h, err := of.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A failure here means that FormatVersion must be raised (see there).
func TestGoldenDigests(t *testing.T) {
	t.Parallel()
	img := image(t, sample(), config())
	manifest, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := img.RawConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	index, err := oci.Index(img)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("format %d\ndiffID %s\nlayer  %s\nconfig %s\nimage  %s\nindex  %s\n\n%s\n",
		oci.FormatVersion, file.RootFS.DiffIDs[0], manifest.Layers[0].Digest, manifest.Config.Digest,
		digest(t, img), digest(t, index), raw)
	golden := filepath.Join("testdata", "digests.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestImageIsValidOCI(t *testing.T) {
	t.Parallel()
	c := config()
	img := image(t, sample(), c)
	if err := validate.Image(img); err != nil {
		t.Fatal(err)
	}
	m, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if m.MediaType != types.OCIManifestSchema1 || m.Config.MediaType != types.OCIConfigJSON || m.Layers[0].MediaType != types.OCILayer {
		t.Errorf("media types %s, %s, %s are not all OCI", m.MediaType, m.Config.MediaType, m.Layers[0].MediaType)
	}
	for key, want := range map[string]string{"org.opencontainers.image.title": "nginx-scratch", oci.FormatLabel: "2"} {
		if got := m.Annotations[key]; got != want {
			t.Errorf("annotation %s is %q, want %q", key, got, want)
		}
	}
	if len(c.Labels) != 1 {
		t.Error("Image changed the caller's labels:", c.Labels)
	}
}

// The environment of a build must not show in its digest. The umask, the time
// zone and GOMAXPROCS belong to the whole process: nothing runs beside this.
func TestEnvironmentDoesNotMatter(t *testing.T) { //nolint:paralleltest // changes the process
	want := digest(t, image(t, sample(), config()))
	check := func(what string, files []tree.File, c oci.Config) {
		t.Helper()
		if got := digest(t, image(t, files, c)); got != want {
			t.Errorf("%s: digest %s, want %s", what, got, want)
		}
	}
	reversed := sample()
	slices.Reverse(reversed)
	check("order of adding", reversed, config())

	zone := config()
	zone.Created = zone.Created.In(time.FixedZone("UTC+9", 9*3600)).Add(999 * time.Millisecond)
	check("time zone and fraction of Created", sample(), zone)

	defer func(local *time.Location) { time.Local = local }(time.Local) //nolint:gosmopolitan // the point of it
	time.Local = time.FixedZone("UTC-11", -11*3600)                     //nolint:gosmopolitan // the point of it
	check("local time zone", sample(), config())

	for _, mask := range []int{0, 0o077, 0o777} {
		old := syscall.Umask(mask)
		check(fmt.Sprintf("umask %o", mask), sample(), config())
		syscall.Umask(old)
	}
	for _, n := range []int{1, 2, 16} {
		old := runtime.GOMAXPROCS(n)
		check(fmt.Sprintf("GOMAXPROCS %d", n), sample(), config())
		runtime.GOMAXPROCS(old)
	}
}

func TestImageRefuses(t *testing.T) {
	t.Parallel()
	file := func(path string) []tree.File {
		return []tree.File{{Path: path, Mode: 0o644, Origin: tree.Origin{Component: "evil", Path: "x"}}}
	}
	for name, tc := range map[string]struct {
		files  []tree.File
		change func(*oci.Config)
		want   string
	}{
		"no architecture":   {nil, func(c *oci.Config) { c.Platform.Architecture = "" }, "architecture"},
		"no system":         {nil, func(c *oci.Config) { c.Platform.OS = "" }, "operating system"},
		"no time":           {nil, func(c *oci.Config) { c.Created = time.Time{} }, "before 1970"},
		"time beyond JSON":  {nil, func(c *oci.Config) { c.Created = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "year"},
		"whiteout":          {file("etc/.wh.passwd"), nil, `(evil from "x")`},
		"opaque directory":  {file("etc/.wh..wh..opq"), nil, "deleted file"},
		"whiteout, no name": {file(".wh."), nil, "deleted file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr, c := tree.New(), config()
			for _, f := range tc.files {
				if err := tr.Add(f); err != nil {
					t.Fatal(err)
				}
			}
			if tc.change != nil {
				tc.change(&c)
			}
			if _, err := oci.Image(tr, c); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestImageSharesNothingWithItsConfig(t *testing.T) {
	t.Parallel()
	c := config()
	img := image(t, sample(), c)
	c.Cmd[0], c.Env[0], c.Labels["x"] = "changed", "changed=1", "changed"
	if err := validate.Image(img); err != nil {
		t.Error(err)
	}
	raw, err := img.RawConfigFile()
	if err != nil || strings.Contains(string(raw), "changed") {
		t.Errorf("a later change got into the image: %s (%v)", raw, err)
	}
}
