package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// sample is a site with one of everything.
func sample(t *testing.T) *Folder {
	t.Helper()
	return scan(t, put(t, map[string]string{
		"index.html": text(5000), "short.txt": text(999), "noise.txt": noise(3000), "picture.png": text(3000), "empty.txt": "",
		"a/deep/page.html": text(2000), "a-b": "between a and a/", "Ω.html": "omega", "current -> a/deep": "", "empty/": "",
		strings.Repeat("long", 50) + "/name": "x",
	}))
}

// A failure here means that sites that did not change have other digests: say so in the
// commit that changes it.
func TestGoldenLayer(t *testing.T) {
	t.Parallel()
	below := lower(t, "index.html", "50x.html", "old/page.html", "/etc/nginx/nginx.conf")
	l := layerOf(t, options(t, below, sample(t)))
	var got bytes.Buffer
	diffID, err := l.DiffID()
	digest, err2 := l.Digest()
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&got, "diffID %s\nlayer  %s\n%d files, %+v\n\n", diffID, digest, l.Files, l.Forms)
	for _, e := range unpack(t, l) {
		fmt.Fprintln(&got, e)
	}
	golden := filepath.Join("testdata", "layer.golden")
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(golden, got.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got.String() != string(want) {
		t.Errorf("got (%v)\n%s\nwant\n%s", err, &got, want)
	}
}

// Nothing of the machine shows but names and content.
func TestLayerIsReproducible(t *testing.T) {
	t.Parallel()
	below := lower(t, "50x.html")
	digestOf := func(dir string, change func(*Options)) v1.Hash {
		t.Helper()
		o := options(t, below, scan(t, dir))
		if change != nil {
			change(&o)
		}
		h, err := layerOf(t, o).Digest()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	files := map[string]string{"index.html": text(3000), "a/b.txt": text(2000), "l -> a": ""}
	want := digestOf(put(t, files), nil)
	other := put(t, files)
	for _, name := range []string{"index.html", "a/b.txt", "a"} {
		path := filepath.Join(other, name)
		if err := errors.Join(os.Chtimes(path, time.Now(), time.Unix(1, 1)), os.Chmod(path, 0o4711)); err != nil {
			t.Fatal(err)
		}
	}
	if got := digestOf(other, nil); got != want {
		t.Errorf("other modes and times: %s, want %s", got, want)
	}
	if got := digestOf(other, func(o *Options) { o.ModTime = made.Add(time.Second) }); got == want {
		t.Error("another time of the image does not show")
	}
	files["a/b.txt"] = text(1999) + "!"
	if got := digestOf(put(t, files), nil); got == want {
		t.Error("another content does not show")
	}
	old := runtime.GOMAXPROCS(1)
	got := digestOf(other, nil)
	runtime.GOMAXPROCS(old)
	if got != want {
		t.Errorf("one processor: %s, want %s", got, want)
	}
}

// nginx makes ETag of a file's time and size.
func TestTimeFollowsContent(t *testing.T) {
	t.Parallel()
	times := func(contents map[string]string) map[string]time.Time {
		found := map[string]time.Time{}
		for _, e := range unpack(t, layerOf(t, options(t, tree.New(), scan(t, put(t, contents))))) {
			found[strings.TrimPrefix(e.Name, html+"/")] = e.ModTime
			if age := made.Sub(e.ModTime); age < 0 || age > 13*24*time.Hour {
				t.Errorf("%s is %s older than the image", e.Name, age)
			}
		}
		return found
	}
	before := times(map[string]string{"a.txt": text(2000), "b": "1"})
	after := times(map[string]string{"a.txt": "B" + text(2000)[1:], "b": "1"})
	if before["a.txt"].Equal(after["a.txt"]) || !before["b"].Equal(after["b"]) {
		t.Errorf("before %v\nafter  %v", before, after)
	}
	if !before["a.txt"].Equal(before["a.txt.gz"]) {
		t.Error("the compressed form has another time than the file")
	}
	// A build that says it was made in 1970.
	o := options(t, tree.New(), scan(t, put(t, map[string]string{"a": "1"})))
	o.ModTime = time.Unix(5, 0)
	for _, e := range unpack(t, layerOf(t, o)) {
		if e.ModTime.Unix() < 0 || e.ModTime.Unix() > 5 {
			t.Errorf("%s has time %v", e.Name, e.ModTime)
		}
	}
	o.ModTime = time.Unix(-1, 0)
	if _, err := o.Layer(t.Context()); err == nil || !strings.Contains(err.Error(), "before 1970") {
		t.Errorf("got %v", err)
	}
}

// The forms are of the files, in both encodings.
func TestForms(t *testing.T) {
	t.Parallel()
	site := scan(t, put(t, map[string]string{
		"index.html": text(5000), "noise.txt": noise(3000), "picture.png": text(3000), "own.txt": text(2000),
		"own.txt.gz": "the site's own", "link.txt -> index.html": "",
	}))
	o := options(t, tree.New(), site)
	o.Encodings = Encodings()
	var done int64
	o.Progress = func(n int64) { done += n }
	l := layerOf(t, o)
	got := map[string]string{}
	for _, e := range unpack(t, l) {
		got[strings.TrimPrefix(e.Name, html+"/")] = e.data
	}
	for name, want := range map[string]bool{
		"index.html.gz": true, "index.html.br": true, "own.txt.br": true, "noise.txt.gz": false, "noise.txt.br": false,
		"picture.png.gz": false, "link.txt.gz": false, "own.txt.gz.gz": false,
	} {
		if _, there := got[name]; there != want {
			t.Errorf("%s is there: %v, want %v", name, there, want)
		}
	}
	for _, e := range Encodings() {
		r, err := e.decode(strings.NewReader(got["index.html"+e.Suffix]))
		if err != nil {
			t.Fatal(err)
		}
		var plain bytes.Buffer
		if _, err := plain.ReadFrom(r); err != nil || plain.String() != text(5000) {
			t.Errorf("%s: %v, %d bytes", e.Name, err, plain.Len())
		}
	}
	if got["own.txt.gz"] != "the site's own" {
		t.Errorf("the site's own form became %q", got["own.txt.gz"])
	}
	if want := []string{"own.txt.gz is not own.txt compressed: browsers that accept gzip will get something else"}; !slices.Equal(l.Notes, want) {
		t.Errorf("notes %q, want %q", l.Notes, want)
	}
	if done != o.Work() || done < site.Size {
		t.Errorf("progress of %d, work of %d, size %d", done, o.Work(), site.Size)
	}
	if f := l.Forms["gzip"]; f.Files != 1 || f.Saved < 4000 || l.Files != 5 {
		t.Errorf("%d files, %+v", l.Files, l.Forms)
	}
	if left, err := os.ReadDir(o.Temp); err != nil || len(left) != 1 {
		t.Errorf("left %v (%v), want the layer", left, err)
	}
}

// A folder's own form that is right needs no note, and what is not served none either.
func TestOwnForms(t *testing.T) {
	t.Parallel()
	o := options(t, tree.New(), scan(t, put(t, map[string]string{"a.txt": text(4000)})))
	var packed string
	for _, e := range unpack(t, layerOf(t, o)) {
		if strings.HasSuffix(e.Name, ".gz") {
			packed = e.data
		}
	}
	right := put(t, map[string]string{"a.txt": text(4000), "a.txt.gz": packed})
	wrong := put(t, map[string]string{"a.txt": text(4001), "a.txt.gz": packed, "b.txt": text(10), "b.txt.gz": packed})
	unserved, err := Scan(t.Context(), wrong, html, false)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		folder *Folder
		notes  int
	}{"right": {scan(t, right), 0}, "wrong": {scan(t, wrong), 2}, "not served": {unserved, 0}} {
		l := layerOf(t, options(t, tree.New(), tt.folder))
		if len(l.Notes) != tt.notes || len(l.Forms) != 0 {
			t.Errorf("%s: notes %q, forms %v", name, l.Notes, l.Forms)
		}
	}
}

// What only the image has is gone, for programs that flatten and for those that do not.
func TestReplacesTheImagesFiles(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lower []string
		site  map[string]string
		want  []string // below html, after flattening
		dels  []string
	}{
		"default pages": {
			[]string{"index.html", "404.html", "50x.html"}, map[string]string{"index.html": "mine"},
			[]string{"index.html"}, []string{".wh.404.html", ".wh.50x.html"},
		},
		"folder of the image": {
			[]string{"a/b/c", "a/d", "a-b"}, map[string]string{"x": ""},
			[]string{"x"}, []string{".wh.a", ".wh.a-b"},
		},
		"part of a folder": {
			[]string{"a/b/c", "a/d", "a/e/f"}, map[string]string{"a/d": "", "a/e/g": ""},
			[]string{"a", "a/d", "a/e", "a/e/g"}, []string{"a/.wh.b", "a/e/.wh.f"},
		},
		"folder becomes a file": {[]string{"a/b/c", "a/d"}, map[string]string{"a": "mine"}, []string{"a"}, nil},
		"folder becomes a link": {[]string{"a/b"}, map[string]string{"a -> b": "", "b": ""}, []string{"a", "b"}, nil},
		"file becomes a folder": {[]string{"a"}, map[string]string{"a/b": "mine"}, []string{"a", "a/b"}, nil},
		"compressed form of the image": {
			[]string{"a.txt.gz", "b.txt.gz"}, map[string]string{"a.txt": text(2000), "b.txt": noise(2000)},
			[]string{"a.txt", "a.txt.gz", "b.txt"}, []string{".wh.b.txt.gz"},
		},
		"a name that begins like the folder": {[]string{"/usr/share/nginx/html-other/x"}, map[string]string{"y": ""}, []string{"y"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			below := lower(t, append(tt.lower, "/etc/nginx/nginx.conf")...)
			l := layerOf(t, options(t, below, scan(t, put(t, tt.site))))
			img, err := Derive(base(t, below), l, About{Base: "nginx-scratch:static", Created: made})
			if err != nil {
				t.Fatal(err)
			}
			if err := validate.Image(img); err != nil {
				t.Error(err)
			}
			var dels []string
			for _, e := range unpack(t, l) {
				if strings.Contains(e.Name, whiteout) {
					dels = append(dels, strings.TrimPrefix(e.Name, html+"/"))
				}
			}
			flat := mutate.Extract(img)
			defer flat.Close()
			var got []string
			conf := false
			for _, e := range entries(t, flat) {
				conf = conf || e.Name == "etc/nginx/nginx.conf"
				if path, below := strings.CutPrefix(strings.TrimSuffix(e.Name, "/"), html+"/"); below {
					got = append(got, path)
					if strings.HasPrefix(e.data, "of the image") {
						t.Errorf("%s is still the image's", path)
					}
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, tt.want) || !slices.Equal(dels, tt.dels) || !conf {
				t.Errorf("flattened it has %q, want %q; deleted %q, want %q; the rest is there: %v", got, tt.want, dels, tt.dels, conf)
			}
		})
	}
}

// Two folders, of which one is not served.
func TestTwoFolders(t *testing.T) {
	t.Parallel()
	conf, err := Scan(t.Context(), put(t, map[string]string{"site.conf": "server { }", "long.txt": text(5000)}), "etc/nginx/conf.d", false)
	if err != nil {
		t.Fatal(err)
	}
	below := lower(t, "index.html", "/etc/nginx/conf.d/default.conf", "/etc/nginx/nginx.conf")
	var got []string
	for _, e := range unpack(t, layerOf(t, options(t, below, scan(t, put(t, map[string]string{"x": ""})), conf))) {
		got = append(got, e.Name)
	}
	want := []string{
		"etc/", "etc/nginx/", "etc/nginx/conf.d/", "etc/nginx/conf.d/.wh.default.conf", "etc/nginx/conf.d/long.txt", "etc/nginx/conf.d/site.conf",
		"usr/", "usr/share/", "usr/share/nginx/", html + "/", html + "/.wh.index.html", html + "/x",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// Layers for several platforms are one, where nothing of the image below shows in them.
func TestKey(t *testing.T) {
	t.Parallel()
	site := scan(t, put(t, map[string]string{"index.html": text(2000)}))
	key := func(below *tree.Tree, change func(*Options)) string {
		o := options(t, below, site)
		if change != nil {
			change(&o)
		}
		return o.Key()
	}
	want := key(lower(t, "index.html", "50x.html"), nil)
	if got := key(lower(t, "index.html", "50x.html", "/lib/libc.so"), nil); got != want {
		t.Error("a file elsewhere shows in the key")
	}
	for name, got := range map[string]string{
		"other pages":              key(lower(t, "index.html", "404.html"), nil),
		"a compressed form below":  key(lower(t, "index.html", "50x.html", "index.html.gz"), nil),
		"another time":             key(lower(t, "index.html", "50x.html"), func(o *Options) { o.ModTime = made.Add(time.Second) }),
		"another set of encodings": key(lower(t, "index.html", "50x.html"), func(o *Options) { o.Encodings = Encodings() }),
	} {
		if got == want {
			t.Errorf("%s: the key is the same", name)
		}
	}
}

// A folder that changes after Scan is no half of this and half of that.
func TestChangedInBetween(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(dir string) error{
		"longer":  func(dir string) error { return os.WriteFile(dir+"/a.txt", []byte(text(3001)), 0o644) },
		"shorter": func(dir string) error { return os.WriteFile(dir+"/a.txt", []byte(text(2999)), 0o644) },
		"gone":    func(dir string) error { return os.Remove(dir + "/a.txt") },
		"a link out": func(dir string) error {
			return errors.Join(os.Remove(dir+"/a.txt"), os.Symlink("/etc/passwd", dir+"/a.txt"))
		},
		"a folder": func(dir string) error { return errors.Join(os.Remove(dir+"/a.txt"), os.Mkdir(dir+"/a.txt", 0o755)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := put(t, map[string]string{"a.txt": text(3000)})
			o := options(t, tree.New(), scan(t, dir))
			if err := change(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := o.Layer(t.Context()); err == nil || !strings.Contains(err.Error(), dir+"/a.txt") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestLayerStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	o := options(t, tree.New(), scan(t, put(t, map[string]string{"a.txt": text(1 << 20), "b.txt": text(1 << 20)})))
	o.Progress = func(int64) { cancel() }
	if _, err := o.Layer(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A site of any size takes the memory of a small one.
func TestMemoryIsBounded(t *testing.T) { //nolint:paralleltest // measures the process
	dir := put(t, map[string]string{"small.txt": text(2000)})
	for i := range 4 {
		f, err := os.Create(fmt.Sprintf("%s/large-%d.bin", dir, i))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Truncate(64<<20), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	o := options(t, tree.New(), scan(t, dir))
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	o.Progress = func(int64) { runtime.ReadMemStats(&during) }
	layerOf(t, o)
	if grown := int64(during.Sys) - int64(before.Sys); grown > 32<<20 || during.Sys == 0 {
		t.Errorf("256 MB of files took %d MB", grown>>20)
	}
}
