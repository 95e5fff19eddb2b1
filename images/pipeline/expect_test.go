package pipeline

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-containerregistry/pkg/v1/partial"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/release"
)

func TestVerifyBuild(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	host := hostPlatform()
	status, printed := w.verify(t, false)
	want(t, status, printed, StatusUnchecked, "ok rebuild "+host+" built again, it is the same: sha256:", "not checked digests there is no images/static.digests")
	status, printed = w.verify(t, true)
	want(t, status, printed, 0, "ok rebuild", "ok digests written to images/static.digests")
	status, printed = w.verify(t, false)
	want(t, status, printed, 0, "ok digests "+host+" diffID, manifest and index are those of images/static.digests")
	committed, err := os.ReadFile(filepath.Join(w.Repository, "images/static.digests"))
	if err != nil || !strings.Contains(string(committed), host+" host "+gcc+"\n  diffid   sha256:") {
		t.Fatalf("%s, %v", committed, err)
	}

	t.Run("a digest of the file is another", func(t *testing.T) {
		for i, name := range []string{"diffID", "manifest", "index"} {
			changed := strings.Split(string(committed), "sha256:")
			changed[i+1] = strings.Repeat("0", 64) + changed[i+1][64:]
			w.put(t, "images/static.digests", strings.Join(changed, "sha256:"))
			status, printed := w.verify(t, false)
			want(t, status, printed, StatusFailed, "ok rebuild", "FAILED digests "+host+" "+name+" is sha256:")
			if strings.Count(printed, ", not sha256:") != 1 {
				t.Errorf("%s is not the only one: %s", name, printed)
			}
		}
	})
	t.Run("the file is damaged", func(t *testing.T) {
		w.put(t, "images/static.digests", "x"+string(committed))
		status, printed := w.verify(t, false)
		want(t, status, printed, 1, "images/static.digests:1: the first line must be")
	})
	w.put(t, "images/static.digests", string(committed))
	t.Run("it is another image the second time", func(t *testing.T) {
		w.put(t, programFile, "\x7fprogxam")
		defer w.put(t, programFile, "\x7fprogram")
		status, printed := w.verify(t, false)
		want(t, status, printed, StatusFailed, "files changed usr/sbin/nginx 8 8", `line 1 "\x7fprogram" "\x7fprogxam"`, "diffID 1",
			"FAILED rebuild "+host+" built again, it is sha256:", "FAILED digests")
		status, printed = w.verify(t, true)
		want(t, status, printed, StatusFailed, "FAILED rebuild")
		if now, err := os.ReadFile(filepath.Join(w.Repository, "images/static.digests")); err != nil || !bytes.Equal(now, committed) {
			t.Errorf("it was written down all the same: %s, %v", now, err)
		}
	})
	t.Run("another compiler the second time", func(t *testing.T) {
		w.put(t, programFile, "\x7fprogxam")
		w.put(t, toolchainFile, "gcc 14\n"+strings.Repeat("d", 64))
		status, printed := w.verify(t, false)
		want(t, status, printed, StatusUnchecked, "not checked rebuild "+host+" it was built with "+gcc+" (cccccccccccc), and here is gcc 14 (dddddddddddd)",
			"not checked digests "+host+" images/static.digests has no digest for this toolchain, "+host+" host gcc 14: there are those of "+host+" host "+gcc)
	})
	t.Run("another compiler both times", func(t *testing.T) {
		w.first(t)
		status, printed := w.verify(t, false)
		want(t, status, printed, StatusUnchecked, "ok rebuild", "not checked digests")
		status, printed = w.verify(t, true)
		want(t, status, printed, 0, "ok digests")
		both, err := os.ReadFile(filepath.Join(w.Repository, "images/static.digests"))
		if err != nil || !strings.Contains(string(both), gcc) || !strings.Contains(string(both), "host gcc 14") {
			t.Errorf("got %s, %v", both, err)
		}
	})
}

// The second build shares nothing with the first but what was fetched.
func TestCircumstances(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	lock, err := images.ReadLock(os.DirFS(w.Repository), "images/static.lock.json")
	if err != nil {
		t.Fatal(err)
	}
	fetcher, err := NewFetcher(w.Env, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range lock.Components {
		if err := fetcher.Fetch(t.Context(), c.Inputs()); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(fetcher.Cache, "compiled"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.put(t, tellFile, "x")
	status, printed := w.verify(t, false)
	want(t, status, printed, 1, "building it again: exit status 1:")
	told := strings.Split(printed, "\n")
	for _, line := range []string{
		"TZ=Pacific/Auckland", "LC_ALL=C.UTF-8", "LANG=de_DE", "CFLAGS=-O0", "USER=somebody", "SOURCE_DATE_EPOCH=1",
		"PATH=/bin", "SOURCE_MIRROR=file:///mirror", "MODE=600", "ARGS=build static -jobs=2 -base=host -platform=" + hostPlatform(),
	} {
		if !slices.Contains(told, line) {
			t.Errorf("there is no %q in:\n%s", line, printed)
		}
	}
	var shared int
	for _, line := range told {
		switch {
		case strings.HasPrefix(line, "INPUT="):
			shared++
		case strings.HasPrefix(line, "DIR=") && !strings.HasSuffix(line, "/a folder with spaces"),
			strings.HasPrefix(line, "COSIGN_PASSWORD="),
			strings.HasPrefix(line, "DOCKER_HOST=tcp:"),
			line == cacheVariable+"="+fetcher.Cache:
			t.Errorf("it is told %q", line)
		}
	}
	if shared != 3 {
		t.Errorf("%d inputs are shared, not 3:\n%s", shared, printed)
	}
	w.how.Quick = true
	_, printed = w.verify(t, false)
	if told = strings.Split(printed, "\n"); !slices.Contains(told, cacheVariable+"="+fetcher.Cache) || !slices.Contains(told, "INPUT=compiled") {
		t.Errorf("it does not use the cache:\n%s", printed)
	}
}

// A umask is that of the command alone, or of the process only while it starts.
// Not parallel, for that.
func TestUmask(t *testing.T) {
	for name, start := range map[string]func(*exec.Cmd, int) error{"of a thread": startMasked, "of the process": startAllMasked} {
		dir := t.TempDir()
		cmd := exec.CommandContext(t.Context(), "mkdir", filepath.Join(dir, "theirs"))
		if err := errors.Join(start(cmd, 0o027), cmd.Wait(), os.Mkdir(filepath.Join(dir, "ours"), 0o777)); err != nil {
			t.Fatal(err)
		}
		theirs, err := os.Stat(filepath.Join(dir, "theirs"))
		if err != nil || theirs.Mode().Perm() != 0o750 {
			t.Errorf("%s: got %v, %v", name, theirs, err)
		}
		if ours, err := os.Stat(filepath.Join(dir, "ours")); err != nil || ours.Mode().Perm() == 0o750 {
			t.Errorf("%s: ours is %v, %v", name, ours, err)
		}
	}
}

// What a killed process has left is removed, and what one works on is not.
func TestElsewhereIsRemoved(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	cache, err := w.Env.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"killed", "at work"} {
		dir := filepath.Join(cache, elsewhereFolder, name)
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, heldFile), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	lock := flock.New(filepath.Join(cache, elsewhereFolder, "at work", heldFile))
	if err := lock.Lock(); err != nil {
		t.Fatal(err)
	}
	// What nobody refers to, the collector closes, and the lock is gone.
	t.Cleanup(func() {
		if err := lock.Unlock(); err != nil {
			t.Error(err)
		}
	})
	if _, err := Verify(t.Context(), w.Options, "static", VerifyOptions{Rebuilding: w.how}); err == nil {
		t.Error("there are no digests")
	}
	left, err := os.ReadDir(filepath.Join(cache, elsewhereFolder))
	if err != nil || len(left) != 1 || left[0].Name() != "at work" {
		t.Errorf("there is %v, %v", left, err)
	}
}

func TestVerifyBuildInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.put(t, sleepFile, "x")
	cause := errors.New("Ctrl-C")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(500*time.Millisecond, func() { cancel(cause) })
	_, err := Verify(ctx, w.Options, "static", VerifyOptions{Rebuilding: w.how})
	if !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	cache, err := w.Env.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(cache, elsewhereFolder)); err != nil || len(left) > 0 {
		t.Errorf("there is still %v, %v", left, err)
	}
}

// What was published is built again here, where checkout and compiler are the same.
func TestVerifyRebuilds(t *testing.T) {
	t.Parallel()
	w, v := newWorkshop(t), newVouched(t, true)
	v.house = w.house
	v.Stderr = v.stderr
	publish := func() {
		t.Helper()
		w.first(t)
		if _, err := Publish(t.Context(), w.Options, Publication{Reference: v.repository}); err != nil {
			t.Fatal(err)
		}
		r, err := release.Open(filepath.Join(w.Repository, "dist/static/oci"))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := partial.Descriptor(r.Index)
		if err != nil {
			t.Fatal(err)
		}
		v.index = subject.Digest
		provenance, err := ReadProvenance(w.Repository, "static", subject.Digest)
		if err != nil {
			t.Fatal(err)
		}
		program, err := os.ReadFile(filepath.Join(w.Repository, programFile))
		if err != nil {
			t.Fatal(err)
		}
		v.attach(t, *subject, *subject, attest.Signed(), provenance,
			attest.Document{PredicateType: attest.SPDX, Predicate: spdxOf(map[string]string{"usr/sbin/nginx": string(program)})})
	}
	asked := VerifyOptions{Key: v.public, Rebuild: true, Rebuilding: w.how}
	verify := func() (int, string) {
		t.Helper()
		status, printed := v.verify(t, asked)
		return status, strings.Join(strings.Fields(printed), " ")
	}
	publish()
	status, printed := verify()
	want(t, status, printed, 0, "ok signature", "ok rebuild "+hostPlatform()+" built again, it is the same")
	w.put(t, toolchainFile, "gcc 14\n"+strings.Repeat("d", 64))
	status, printed = verify()
	want(t, status, printed, 0, "ok rebuild "+hostPlatform()+" built again, it is the same")
	w.put(t, programFile, "other")
	status, printed = verify()
	want(t, status, printed, StatusUnchecked, "not checked rebuild "+hostPlatform()+" it was built with "+gcc)
	publish()
	status, printed = verify()
	want(t, status, printed, 0, "ok rebuild")
	w.put(t, programFile, "othes")
	status, printed = verify()
	want(t, status, printed, StatusFailed, "ok signature", "FAILED rebuild", `line 1 "other" "othes"`)
	asked.Key = ""
	status, printed = verify()
	want(t, status, printed, StatusUnchecked, "not checked rebuild there is no provenance that is believed")
}
