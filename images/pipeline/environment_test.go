package pipeline

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// environment has the variables of the map, and the cache folder of a user.
func environment(variables map[string]string) Environment {
	return Environment{
		Getenv:       func(name string) string { return variables[name] },
		UserCacheDir: func() (string, error) { return "/home/user/.cache", nil },
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	err := environment(map[string]string{
		cacheVariable:  "/srv/a@b",
		sourceVariable: "https://me:secret@mirror.example/files",
	}).Print(&out)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "environment.golden", out.Bytes())
}

func TestPrintFails(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	_ = r.CloseWithError(errors.New("the pipe is closed"))
	if err := environment(nil).Print(w); err == nil || err.Error() != "printing the variables: the pipe is closed" {
		t.Errorf("got %v", err)
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	const unreadable = "(an address that cannot be read)"
	for value, want := range map[string]string{
		"":                                  "",
		"/srv/cache":                        "/srv/cache",
		"https://mirror.example":            "https://mirror.example",
		"https://me:secret@mirror.example":  "https://me:xxxxx@mirror.example",
		"https://me:se%cret@mirror.example": unreadable,
		"me:secret@mirror.example":          unreadable,
	} {
		if got := redact(value); got != want {
			t.Errorf("%q is shown as %q, not %q", value, got, want)
		}
	}
}

// The table is what users are told, so everything that is read is in it.
func TestVariables(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, v := range Variables {
		if known[v.Name] || v.Meaning == "" || strings.ContainsAny(v.Meaning, "\t\n") {
			t.Errorf("%+v", v)
		}
		known[v.Name] = true
	}
	env := environment(map[string]string{debianVariable: "http://mirror.example"})
	get := env.Getenv
	env.Getenv = func(name string) string {
		if !known[name] {
			t.Errorf("%s is read, but not in the table", name)
		}
		return get(name)
	}
	if _, err := env.CacheDir(); err != nil {
		t.Error(err)
	}
	if _, err := findMirrors(t.Context(), env); err != nil {
		t.Error(err)
	}
	if _, _, err := env.epoch(); err != nil {
		t.Error(err)
	}
}

func TestEpoch(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int64{"": 0, "0": 0, "1700000000": 1700000000, "-1": -1, "2026-01-01": -1, "1e9": -1, "999999999999999": -1} {
		got, wanted, err := environment(map[string]string{epochVariable: value}).epoch()
		if (err != nil) != (want < 0) || err == nil && (wanted != (value != "") || wanted && got.Unix() != want) {
			t.Errorf("%q gives %v, %v, %v", value, got, wanted, err)
		}
	}
}

func TestCacheDir(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"":             "/home/user/.cache/nginx-scratch",
		"/srv/cache":   "/srv/cache",
		"/srv/../tmp/": "/tmp",
	} {
		got, err := environment(map[string]string{cacheVariable: value}).CacheDir()
		if err != nil || got != want {
			t.Errorf("%q gives %q, %v", value, got, err)
		}
	}
	_, err := environment(map[string]string{cacheVariable: "cache"}).CacheDir()
	if err == nil || err.Error() != `NGINX_SCRATCH_CACHE is "cache": it must be an absolute path` {
		t.Errorf("got %v", err)
	}
	homeless := environment(nil)
	homeless.UserCacheDir = func() (string, error) { return "", errors.New("HOME is not set") }
	_, err = homeless.CacheDir()
	if err == nil || err.Error() != "looking for the cache folder: HOME is not set; set NGINX_SCRATCH_CACHE" {
		t.Errorf("got %v", err)
	}
}
