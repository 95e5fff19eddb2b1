package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
)

const published = "registry.example/nginx-scratch@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// standIn is a cosign that writes down what it is asked, with the predicates.
func standIn(t *testing.T, then string) (log string) {
	t.Helper()
	dir := t.TempDir()
	log = filepath.Join(dir, "log")
	script := "#!/bin/sh\necho said by cosign\nfor a in \"$@\"; do\n  case $a in *.json) cat \"$a\";; *) printf '%s ' \"$a\";; esac\ndone >> '" + log +
		"'\necho >> '" + log + "'\n" + then + "\n"
	if err := os.WriteFile(filepath.Join(dir, "cosign"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("TMPDIR", t.TempDir())
	return log
}

func TestKeyless(t *testing.T) {
	log := standIn(t, "")
	var said strings.Builder
	err := Keyless(t.Context(), Options{Stderr: &said}, published, attest.Signed(),
		attest.Document{PredicateType: attest.SPDX, Predicate: json.RawMessage(`{"a": 1}`)},
		attest.Document{PredicateType: attest.OpenVEX, Predicate: json.RawMessage(`{"b": 2}`)})
	if err != nil || said.String() != strings.Repeat("said by cosign\n", 3) {
		t.Errorf("got %v, %q", err, said.String())
	}
	got, err := os.ReadFile(log)
	want := "sign --yes " + published + " \n" +
		`attest --yes --type https://spdx.dev/Document --predicate {"a": 1}` + published + " \n" +
		`attest --yes --type https://openvex.dev/ns --predicate {"b": 2}` + published + " \n"
	if err != nil || string(got) != want {
		t.Errorf("cosign was asked %v\n%s\nwant\n%s", err, got, want)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestKeylessStopsAtAnError(t *testing.T) {
	log := standIn(t, "exit 3")
	err := Keyless(t.Context(), Options{Stderr: &strings.Builder{}}, published, attest.Document{PredicateType: attest.SPDX, Predicate: json.RawMessage("{}")})
	if err == nil || err.Error() != "signing "+published+" without a key: cosign sign: exit status 3" {
		t.Errorf("got %v", err)
	}
	if got, err := os.ReadFile(log); err != nil || strings.Count(string(got), "\n") != 1 {
		t.Errorf("cosign went on: %v\n%s", err, got)
	}
}

func TestKeylessIsInterrupted(t *testing.T) {
	standIn(t, "exec sleep 60")
	stop := errors.New("stop")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, stop)
	defer cancel()
	if err := Keyless(ctx, Options{Stderr: &strings.Builder{}}, published); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

func TestKeylessRefuses(t *testing.T) {
	log := standIn(t, "")
	o := Options{Stderr: &strings.Builder{}}
	for _, c := range []struct {
		ref, predicateType, want string
	}{
		{"registry.example/nginx-scratch:static", attest.SPDX, "it must be a reference with a digest"},
		{published, "spdx", `the type of predicate "spdx" is not an address`},
	} {
		err := Keyless(t.Context(), o, c.ref, attest.Document{PredicateType: c.predicateType, Predicate: json.RawMessage("{}")})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	if exists(log) {
		t.Error("cosign was run, and something was signed")
	}
	t.Setenv("PATH", t.TempDir())
	if err := Keyless(t.Context(), o, published); err == nil || !strings.Contains(err.Error(), "install cosign, version 3 or later, or sign with a key") {
		t.Errorf("got %v", err)
	}
}
