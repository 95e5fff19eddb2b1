package pipeline

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/keys"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	other := map[string]string{"usr/sbin/nginx": "nginy", "etc/nginx/nginx.conf": "http {}"}
	fewer := map[string]string{"usr/sbin/nginx": "nginx"}
	more := map[string]string{"usr/sbin/nginx": "nginx", "etc/nginx/nginx.conf": "http {}", "etc/extra": ""}
	sbom := "SBOM " + hostPlatform()
	for name, c := range map[string]struct {
		before func(*vouched)
		after  func(*testing.T, *vouched)
		ask    func(*VerifyOptions)
		status int
		want   []string // states and names, and what is said of some
	}{
		"good": {want: []string{"ok content", "ok signature", "ok provenance", "ok builder", "ok source", "ok " + sbom + " 2 files, and no other"}},
		"nobody asks who": {
			ask:  func(o *VerifyOptions) { o.Builder, o.Source = "", "" },
			want: []string{"ok provenance built by https://ci.example/builder from https://code.example/nginx-scratch at aaaa", "not asked builder", "not asked source"},
		},
		"no key": {
			ask:    func(o *VerifyOptions) { *o = VerifyOptions{} },
			status: StatusUnchecked, want: []string{"ok content", "not checked signature nothing vouches for this image"},
		},
		"not signed": {
			before: func(v *vouched) { v.documents = func([]attest.Document) []attest.Document { return nil } },
			status: StatusFailed, want: []string{"FAILED signature no signature of sha256:", "FAILED provenance", "FAILED " + sbom},
		},
		"another key": {
			after:  func(t *testing.T, v *vouched) { t.Helper(); _, v.public = newKey(t) },
			status: StatusFailed, want: []string{"FAILED signature", "not signed with this key, or was changed since", "FAILED provenance", "FAILED " + sbom},
		},
		"another image": {
			after: func(t *testing.T, v *vouched) {
				t.Helper()
				v.files = map[string]string{"usr/sbin/nginx": "other"}
				v.documents = func([]attest.Document) []attest.Document { return nil }
				v.publish(t)
			},
			status: StatusFailed, want: []string{"ok content", "FAILED signature", "FAILED provenance", "FAILED " + sbom},
		},
		"statements of another image": {
			after: func(t *testing.T, v *vouched) {
				t.Helper()
				about := v1.Descriptor{MediaType: "application/vnd.oci.image.index.v1+json", Digest: v.index, Size: 1}
				v.files = map[string]string{"usr/sbin/nginx": "other"}
				v.documents = func([]attest.Document) []attest.Document { return nil }
				v.publish(t)
				provenance, err := v.build.Document()
				if err != nil {
					t.Fatal(err)
				}
				v.attach(t, about, v1.Descriptor{MediaType: about.MediaType, Digest: v.index, Size: 1}, attest.Signed(), provenance)
			},
			status: StatusFailed, want: []string{"FAILED signature", "about another image", "FAILED provenance"},
		},
		"no signature":  {before: func(v *vouched) { v.documents = without(attest.Signature) }, status: StatusFailed, want: []string{"FAILED signature", "ok provenance"}},
		"no provenance": {before: func(v *vouched) { v.documents = without(attest.Provenance) }, status: StatusFailed, want: []string{"ok signature", "FAILED provenance no provenance of"}},
		"no SBOM":       {before: func(v *vouched) { v.documents = without(attest.SPDX) }, status: StatusFailed, want: []string{"ok provenance", "FAILED " + sbom + " no SPDX document of"}},
		"another builder": {
			ask:    func(o *VerifyOptions) { o.Builder += "/2" },
			status: StatusFailed, want: []string{"FAILED provenance it was built by https://ci.example/builder, not by https://ci.example/builder/2"},
		},
		"another source": {
			ask:    func(o *VerifyOptions) { o.Source = "https://code.example/fork" },
			status: StatusFailed, want: []string{"FAILED provenance it was built from https://code.example/nginx-scratch, not from https://code.example/fork"},
		},
		"a checkout with changes": {
			before: func(v *vouched) { v.build.Source.Tree = attest.TreeModified },
			status: StatusFailed, want: []string{`FAILED provenance`, `its tree was "modified"`},
		},
		"the source in other words": {ask: func(o *VerifyOptions) { o.Source = "git+" + o.Source + ".git" }, want: []string{"ok source"}},
		"a hash changed": {
			before: func(v *vouched) { v.listed, v.inside = other, other },
			status: StatusFailed, want: []string{"ok signature", "FAILED " + sbom + " usr/sbin/nginx has other bytes"},
		},
		"a file missing in the SBOM": {
			before: func(v *vouched) { v.listed, v.inside = fewer, fewer },
			status: StatusFailed, want: []string{"FAILED " + sbom + " etc/nginx/nginx.conf is in the image, and not in the SBOM"},
		},
		"a file too many in the SBOM": {
			before: func(v *vouched) { v.listed, v.inside = more, more },
			status: StatusFailed, want: []string{"FAILED " + sbom + " etc/extra is in the SBOM, and not in the image"},
		},
		"another SBOM in the image": {
			before: func(v *vouched) { v.inside = more },
			status: StatusFailed, want: []string{"FAILED " + sbom + " var/lib/db/sbom/static.spdx.json is another document than the one that is signed"},
		},
		"not published": {
			ask:    func(*VerifyOptions) {},
			after:  func(_ *testing.T, v *vouched) { v.repository += "-not" },
			status: 1, want: []string{"the registry does not have it"},
		},
		"a rebuild of another lock": {
			ask:    func(o *VerifyOptions) { o.Rebuild = true },
			status: StatusUnchecked, want: []string{"not checked rebuild it was built with another images/static.yaml than this checkout has: check out aaaa"},
		},
		"a rebuild of nobody knows what": {
			before: func(v *vouched) { v.documents = without(attest.Provenance) },
			ask:    func(o *VerifyOptions) { o.Rebuild = true },
			status: StatusFailed, want: []string{"not checked rebuild there is no provenance that is believed"},
		},
		"a rebuild of a path": {
			before: func(v *vouched) { v.build.Definition = "../static" },
			ask:    func(o *VerifyOptions) { o.Rebuild = true },
			status: StatusFailed, want: []string{`FAILED rebuild the provenance names the definition "../static"`},
		},
	} {
		for api, how := range map[bool]string{true: "with the referrers API", false: "with the fallback tag"} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				v := newVouched(t, api)
				if c.before != nil {
					c.before(v)
				}
				v.publish(t)
				if c.after != nil {
					c.after(t, v)
				}
				o := v.asked()
				if c.ask != nil {
					c.ask(&o)
				}
				status, printed := v.verify(t, o)
				if status != c.status {
					t.Errorf("the exit code is %d, not %d", status, c.status)
				}
				words := strings.Join(strings.Fields(printed), " ")
				for _, want := range c.want {
					if !strings.Contains(words, want) {
						t.Errorf("there is no %q in:\n%s", want, printed)
					}
				}
			})
		}
	}
}

// Whatever bit a registry changes, on whatever is needed, it is found.
func TestVerifyFindsEveryFlippedBit(t *testing.T) {
	t.Parallel()
	for _, api := range []bool{true, false} {
		v := newVouched(t, api)
		v.publish(t)
		v.tag = "@" + v.index.String()
		v.served.asked = map[string]bool{} // so far, it was others who asked
		if status, printed := v.verify(t, v.asked()); status != 0 {
			t.Fatal(printed)
		}
		paths := slices.DeleteFunc(slices.Sorted(maps.Keys(v.served.asked)), func(p string) bool {
			return !strings.Contains(p, "/manifests/sha256:") && !strings.Contains(p, "/blobs/sha256:")
		})
		if len(paths) < 9 {
			t.Fatalf("only %q were asked for", paths)
		}
		for _, p := range paths {
			good := v.get(t, p)
			inputs := bytes.Contains(good, []byte("inputs")) && strings.Contains(p, "/manifests/") // are of no interest here
			for _, at := range []int{0, len(good) / 2, len(good) - 1} {
				bad := bytes.Clone(good)
				bad[at] ^= 1
				v.served.set(p, bad)
				status, printed := v.verify(t, v.asked())
				if status != StatusFailed && !inputs {
					t.Errorf("byte %d of %s was changed: %d, %s", at, p, status, printed)
				}
			}
			v.served.set(p, nil)
		}
	}
}

// A connection that fails is another exit code than an image that does.
func TestVerifyWithoutANetwork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := Verify(ctx, h.Options, "127.0.0.1:1/nothing", VerifyOptions{})
	if _, ok := errors.AsType[*VerdictError](err); err == nil || ok {
		t.Errorf("got %v", err)
	}
}

func TestVerifyMistakes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	private := filepath.Join(t.TempDir(), "x")
	key, err := keys.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Write(private, key, nil); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		word string
		o    VerifyOptions
		want string
	}{
		"builder without key": {"example.com/x", VerifyOptions{Builder: "https://ci.example"}, "name their public key with -key"},
		"source without key":  {"example.com/x", VerifyOptions{Source: "https://ci.example"}, "name their public key with -key"},
		"no such key":         {"example.com/x", VerifyOptions{Key: "/nothing"}, "reading the public key"},
		"private key":         {"example.com/x", VerifyOptions{Key: private + keys.PrivateSuffix}, "it is a private key"},
		"update of another":   {"example.com/x", VerifyOptions{Update: true}, "name a definition"},
		"key of a build":      {"static", VerifyOptions{Key: "x"}, "is built again"},
		"nothing built":       {"static", VerifyOptions{}, "run `mage build static` first"},
		"no layout":           {path.Dir(private), VerifyOptions{}, "not an OCI layout"},
		"no reference":        {"A B", VerifyOptions{}, "it is no folder, and no reference"},
	} {
		_, err := Verify(t.Context(), h.Options, c.word, c.o)
		if _, ok := errors.AsType[*VerdictError](err); err == nil || ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// What was copied out of a registry is verified where it is.
func TestVerifyALayout(t *testing.T) {
	t.Parallel()
	v := newVouched(t, true)
	v.publish(t)
	dir := filepath.Join(v.Repository, "dist/static/oci")
	_, err := Verify(t.Context(), v.Options, dir, VerifyOptions{Key: v.public})
	verdict, ok := errors.AsType[*VerdictError](err)
	if !ok || verdict.Status != StatusFailed || !strings.Contains(v.stderr.String(), "no signature of") {
		t.Errorf("got %v: %s", err, v.stderr)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	v.stderr.Reset()
	_, err = Verify(t.Context(), v.Options, dir+"@"+v.index.String(), VerifyOptions{})
	if verdict, ok = errors.AsType[*VerdictError](err); !ok || verdict.Status != StatusUnchecked {
		t.Errorf("got %v: %s", err, v.stderr)
	}
}
