package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/release"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// TestMain is also the program that builds a second time: it makes an image of what it
// finds in its folder, and compiles nothing.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != "build" {
		os.Exit(m.Run())
	}
	if err := fakeBuild(".", os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// The files by which a test has a say in what is built.
const (
	programFile   = "images/program.data"   // nginx
	toolchainFile = "images/toolchain.data" // as it prints its version, and its ID
	tellFile      = "images/tell.data"      // if it is there, nothing is built, but told under which circumstances
	sleepFile     = "images/sleep.data"     // as that, and nothing is told for a minute
)

func fakeBuild(repository, name string) error {
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(repository, name))
		if err != nil {
			return ""
		}
		return string(data)
	}
	switch {
	case read(tellFile) != "":
		return circumstances()
	case read(sleepFile) != "":
		time.Sleep(time.Minute)
		return errors.New("nobody has interrupted it")
	}
	b := &builder{Options: Options{Repository: repository, Name: name, ImageName: project}}
	if err := b.load(context.Background()); err != nil {
		return err
	}
	b.chooseOrigin()
	config, err := b.config(hostPlatform())
	if err != nil {
		return err
	}
	files := tree.New()
	if err := files.Add(tree.File{Path: "usr/sbin/nginx", Mode: 0o755, Data: []byte(read(programFile))}); err != nil {
		return err
	}
	img, err := oci.Image(files, config)
	if err != nil {
		return err
	}
	index, err := oci.Index(img)
	if err != nil {
		return err
	}
	if err := (release.Release{Name: project, Tag: name, Index: index}).Write(b.layout()); err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	version, id, _ := strings.Cut(read(toolchainFile), "\n")
	own, err := b.ownInputs()
	if err != nil {
		return err
	}
	text, err := provenanceText(madeWith(version, id, own), digest)
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(b.dist(), provenanceFile), text)
}

// circumstances fails with all that a build could notice.
func circumstances() error {
	if err := os.WriteFile("made", nil, 0o666); err != nil {
		return err
	}
	info, err := os.Stat("made")
	if err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	lines := append(os.Environ(), "ARGS="+strings.Join(os.Args[1:], " "), "DIR="+dir, fmt.Sprintf("MODE=%o", info.Mode().Perm()))
	err = filepath.WalkDir(os.Getenv(cacheVariable), func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			lines = append(lines, "INPUT="+filepath.Base(name))
		}
		return err
	})
	return errors.Join(errors.New(strings.Join(lines, "\n")), err)
}

func madeWith(version, id string, inputs []attest.Input) attest.Build {
	return attest.Build{
		Definition: "static", Platforms: []string{hostPlatform()}, Base: BaseHost, Inputs: inputs,
		Toolchains: []attest.Toolchain{{Platform: hostPlatform(), ID: id, Version: version}}, Builder: localBuilder,
		Source: attest.Source{Address: "https://code.example", Tree: attest.TreeUnknown}, Started: time.Unix(1, 0), Finished: time.Unix(2, 0),
	}
}

const gcc = "gcc (Debian 12.2.0-14) 12.2.0, GNU ld 2.40"

// A workshop is a house that is built twice.
type workshop struct {
	house

	how    Rebuilding
	stderr *bytes.Buffer
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	w := &workshop{house: newHouse(t), stderr: &bytes.Buffer{}}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w.how = Rebuilding{Program: program, Environ: []string{"PATH=/bin", "COSIGN_PASSWORD=secret", sourceVariable + "=file:///mirror", "DOCKER_HOST=tcp://here"}}
	w.Stderr = w.stderr
	if err := os.Mkdir(filepath.Join(w.Repository, "conf"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.put(t, "conf/nginx.conf", "http {}")
	w.put(t, programFile, "\x7fprogram")
	w.put(t, toolchainFile, gcc+"\n"+strings.Repeat("c", 64))
	w.first(t)
	return w
}

func (w *workshop) put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.Repository, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// first is the build that is then verified.
func (w *workshop) first(t *testing.T) {
	t.Helper()
	if err := fakeBuild(w.Repository, "static"); err != nil {
		t.Fatal(err)
	}
}

// verify returns the exit code, and what was printed.
func (w *workshop) verify(t *testing.T, update bool) (status int, printed string) {
	t.Helper()
	w.stderr.Reset()
	got, err := Verify(t.Context(), w.Options, "static", VerifyOptions{Rebuilding: w.how, Update: update})
	cache, errCache := w.Env.CacheDir()
	left, errRead := os.ReadDir(filepath.Join(cache, elsewhereFolder))
	if errors.Join(errCache, errRead) != nil || len(left) > 0 {
		t.Errorf("there is still %v, %v, %v", left, errCache, errRead)
	}
	verdict, ok := errors.AsType[*VerdictError](err)
	switch {
	case ok:
		return verdict.Status, strings.Join(strings.Fields(w.stderr.String()), " ")
	case err != nil:
		return 1, err.Error()
	case !strings.HasPrefix(got, filepath.Join(w.Repository, "dist/static/oci")+"@sha256:"):
		t.Errorf("the reference is %s", got)
	}
	return 0, strings.Join(strings.Fields(w.stderr.String()), " ")
}

// want compares an exit code, and looks for texts in what was printed.
func want(t *testing.T, status int, printed string, code int, texts ...string) {
	t.Helper()
	if status != code {
		t.Errorf("the exit code is %d, not %d", status, code)
	}
	for _, text := range texts {
		if !strings.Contains(printed, text) {
			t.Errorf("there is no %q in:\n%s", text, printed)
		}
	}
}
