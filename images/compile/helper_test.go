package compile

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ulikunitz/xz"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/base"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
)

// kit is a Compiler of three small components, app, which needs lib, and
// other, and what it did.
type kit struct {
	*Compiler
	notes notes

	mu      sync.Mutex
	fetched []string                     // names of inputs
	ran     []string                     // "app: copy a b"
	during  func(step string) error      // called before each step
	salt    map[string]string            // changes the key of a component
	series  map[string]map[string][]byte // archives of patches to write instead
	inputs  string                       // folder of the archives
	skip    map[string]map[string]string // SkipPatches by component
	steps   map[string][][]string        // steps to run instead
	patches map[string][]images.Patch    // patches in the lock instead
	files   map[string]map[string]string // files in the source archive besides
}

const (
	greetPatch = "--- a/hello.txt\n+++ b/hello.txt\n@@ -1,2 +1,2 @@\n hello\n-of app\n+patched app\n"
	wrongPatch = "--- a/hello.txt\n+++ b/hello.txt\n@@ -1 +1 @@\n-no such line\n+never\n"
)

// newKit makes a kit in dir after change has had its say. Made again in the
// same folder it is the next build.
func newKit(tb testing.TB, dir string, change ...func(*kit)) *kit {
	tb.Helper()
	k := &kit{
		inputs: filepath.Join(dir, "inputs"), salt: map[string]string{}, during: func(string) error { return nil },
		series: map[string]map[string][]byte{"app": {
			"series": []byte("greet.patch\nwrong.patch\n"), "greet.patch": []byte(greetPatch), "wrong.patch": []byte(wrongPatch),
		}},
		skip: map[string]map[string]string{"app": {"wrong.patch": "for a test"}},
		steps: map[string][][]string{
			"lib":   {{"copy", "hello.txt", "lib.txt"}, {"write", "include/lib.h", "header of lib"}},
			"app":   {{"show", "/build/out/lib/lib.txt"}, {"copy", "hello.txt", "sbin/app"}, {"copy", "extra.c", "extra"}, {"link", "sbin/app", "app"}},
			"other": {{"copy", "hello.txt", "other.txt"}},
		},
		patches: map[string][]images.Patch{"app": {
			{File: "greet.patch", SHA256: sum([]byte(greetPatch))}, {File: "wrong.patch", SHA256: sum([]byte(wrongPatch))},
		}},
		files: map[string]map[string]string{},
	}
	for _, f := range change {
		f(k)
	}
	k.Compiler = &Compiler{
		Dir: filepath.Join(dir, "cache"), Jobs: 3,
		Lock:     images.Lock{SourceDateEpoch: 1_700_000_000},
		Path:     func(in images.Input) string { return filepath.Join(k.inputs, in.File) },
		Fetch:    k.fetch,
		Run:      k.run,
		Progress: progress.New(&k.notes, false, func() time.Time { return time.Unix(0, 0) }),
	}
	for _, name := range []string{"lib", "other", "app"} {
		k.add(tb, name)
	}
	return k
}

// add writes the inputs of a component and puts it into definition, lock and plan.
func (k *kit) add(tb testing.TB, name string) {
	tb.Helper()
	if err := os.MkdirAll(k.inputs, 0o755); err != nil {
		tb.Fatal(err)
	}
	content := map[string][]byte{name + "-1/hello.txt": []byte("hello\nof " + name + "\n")}
	for file, text := range k.files[name] {
		content[name+"-1/"+file] = []byte(text)
	}
	locked := images.LockedComponent{Name: name, Version: "1", Source: images.Input{File: name + "-1.tar.gz"}}
	pack(tb, filepath.Join(k.inputs, locked.Source.File), content)
	if k.patches[name] != nil {
		content := map[string][]byte{}
		for file, data := range k.series[name] {
			content["debian/patches/"+file] = data
		}
		locked.Patches = &images.Series{Archive: images.Input{File: name + "_1.debian.tar.xz"}, Patches: k.patches[name]}
		pack(tb, filepath.Join(k.inputs, locked.Patches.Archive.File), content)
	}
	k.Lock.Components = append(k.Lock.Components, locked)
	k.Definition.Components = append(k.Definition.Components, images.Component{Name: name, Version: "1", SkipPatches: k.skip[name]})

	p := recipe.Component{Name: name, Version: "1"}
	for _, argv := range k.steps[name] {
		p.Steps = append(p.Steps, recipe.Step{Dir: recipe.Source + "/" + name, Argv: argv, Env: []string{"STEP=of " + name}})
	}
	ingredients := name + k.salt[name]
	if name == "app" {
		lib, _ := k.planned("lib")
		p.Needs, p.Files = []string{"lib"}, map[string]string{"extra.c": "extra\n"}
		ingredients += lib.Key
	}
	p.Key = sum([]byte(ingredients))
	k.Plan = append(k.Plan, p)
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

// pack writes a tar archive, compressed as its name says.
func pack(tb testing.TB, path string, files map[string][]byte) {
	tb.Helper()
	var out bytes.Buffer
	var packed io.WriteCloser = gzip.NewWriter(&out)
	if strings.HasSuffix(path, ".xz") {
		var err error
		if packed, err = (xz.WriterConfig{DictCap: 1 << 16}).NewWriter(&out); err != nil {
			tb.Fatal(err)
		}
	}
	w := tar.NewWriter(packed)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(files[name]))})
		if err == nil {
			_, err = w.Write(files[name])
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	// Another process may be about to read the same from there.
	temp := path + strconv.Itoa(os.Getpid())
	if err := errors.Join(w.Close(), packed.Close(), os.WriteFile(temp, out.Bytes(), 0o600), os.Rename(temp, path)); err != nil {
		tb.Fatal(err)
	}
}

func (k *kit) fetch(_ context.Context, inputs []images.Input) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, in := range inputs {
		k.fetched = append(k.fetched, in.File)
	}
	return k.during("fetch")
}

// run is a Run that knows a few commands and does them where the mounts are.
func (k *kit) run(_ context.Context, c base.Command) error {
	at := func(path string) string {
		if !filepath.IsAbs(path) {
			path = filepath.Join(c.Dir, path)
		}
		for _, m := range c.Mounts {
			if below, ok := strings.CutPrefix(path, m.Target+"/"); ok {
				return filepath.Join(m.Source, below)
			}
		}
		return "/nowhere" + path
	}
	name := filepath.Base(c.Dir)
	step := name + ": " + strings.Join(c.Argv, " ")
	k.mu.Lock()
	k.ran = append(k.ran, step)
	k.mu.Unlock()
	if err := k.during(step); err != nil {
		return err
	}
	out := func(name string) string { return at(recipe.Output + "/" + filepath.Base(c.Dir) + "/" + name) }
	switch argv := c.Argv; argv[0] {
	case "copy": // SOURCE NAME
		data, err := os.ReadFile(at(argv[1]))
		return errors.Join(err, write(out(argv[2]), string(data)))
	case "write": // NAME TEXT
		return write(out(argv[1]), argv[2])
	case "fill": // NAME SIZE
		return write(out(argv[1]), strings.Repeat(".", number(argv[2])))
	case "link": // TARGET NAME
		return os.Symlink(argv[1], out(argv[2]))
	case "fifo": // NAME
		return syscall.Mkfifo(out(argv[1]), 0o600)
	case "show": // FILE
		data, err := os.ReadFile(at(argv[1]))
		_, err2 := c.Output.Write(data)
		return errors.Join(err, err2)
	case "count": // LINES
		for i := range number(argv[1]) {
			if _, err := fmt.Fprintf(c.Output, "line %d\n", i+1); err != nil {
				return errors.New("exit status 1") // as a command that nobody reads
			}
		}
		return nil
	default: // and the rest is how it fails
		return errors.New(strings.Join(argv, " "))
	}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func write(path, text string) error {
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644))
}

// component compiles app and checks what it holds.
func (k *kit) component(tb testing.TB) Entry {
	tb.Helper()
	entry, err := k.Component(tb.Context(), "app")
	if err != nil {
		tb.Fatal(err)
	}
	for name, want := range map[string]string{"sbin/app": "hello\npatched app\n", "app": "hello\npatched app\n", "extra": "extra\n"} {
		if got, err := os.ReadFile(entry.Path(name)); string(got) != want || err != nil {
			tb.Errorf("%s has %q, %v, want %q", name, got, err, want)
		}
	}
	k.clean(tb)
	return entry
}

// clean checks that nothing is left of the work.
func (k *kit) clean(tb testing.TB) {
	tb.Helper()
	if left := names(tb, filepath.Join(k.Dir, "work")); len(left) > 0 {
		tb.Errorf("in work: %q", left)
	}
}

// compiled lists the names of the components in the cache, without keys.
func (k *kit) compiled(tb testing.TB) []string {
	tb.Helper()
	var list []string
	for _, name := range names(tb, filepath.Join(k.Dir, "components")) {
		if !strings.HasSuffix(name, ".lock") {
			list = append(list, name[:strings.LastIndexByte(name, '-')])
		}
	}
	return list
}

func names(tb testing.TB, dir string) []string {
	tb.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// notes is what the kit prints. It may be written by several goroutines.
type notes struct {
	mu   sync.Mutex
	text bytes.Buffer
	tee  io.Writer
	seen map[string]func() // called when this is printed
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for text, f := range n.seen {
		if strings.Contains(string(p), text) {
			f()
		}
	}
	if n.tee != nil {
		_, _ = n.tee.Write(p)
	}
	return n.text.Write(p)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}
