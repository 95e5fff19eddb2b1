package pipeline

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/nginx-scratch/nginx-scratch/images/keys"
	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/publish"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// platformImage is what a machine of a platform makes of the lock of the house.
func (h house) platformImage(t *testing.T, platform string) v1.Image {
	t.Helper()
	b := &builder{Options: h.Options}
	if err := b.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.chooseOrigin()
	config, err := b.config(platform)
	if err != nil {
		t.Fatal(err)
	}
	img, err := oci.Image(tree.New(), config)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// push publishes one image under a tag, as an index of its own, as a machine that
// makes nothing else does.
func push(t *testing.T, repository, tag string, images ...v1.Image) string {
	t.Helper()
	index, err := oci.Index(images...)
	if err != nil {
		t.Fatal(err)
	}
	r, err := publish.Connect(t.Context(), repository, publish.Options{Push: true})
	if err != nil {
		t.Fatal(err)
	}
	digest, err := r.Publish(t.Context(), publish.Publication{Index: index, Tags: []string{tag}})
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

func TestJoin(t *testing.T) {
	t.Parallel()
	for _, referrers := range []bool{true, false} {
		h, repository := newHouse(t), serve(t, referrers)
		amd64, arm64, riscv64 := h.platformImage(t, "linux/amd64"), h.platformImage(t, "linux/arm64"), h.platformImage(t, "linux/riscv64")
		push(t, repository, "build-arm64", arm64)
		two := push(t, repository, "build-rest", riscv64, amd64)
		got, err := Join(t.Context(), h.Options, Joint{
			Publication: Publication{Reference: repository, Nightly: true}, Images: []string{"build-arm64", two},
		})
		if err != nil {
			t.Fatal(err)
		}
		want, err := oci.Index(amd64, arm64, riscv64)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := want.Digest()
		if err != nil || got != repository+"@"+digest.String() {
			t.Errorf("got %s, want %s, %v", got, digest, err)
		}
		if tags := tagsOf(t, repository); !slices.Equal(tags, []string{"1.26.3", "1.26.3-20261126", "build-arm64", "build-rest", "nightly"}) {
			t.Errorf("tags %q", tags)
		}
		ref, err := name.NewDigest(got)
		if err != nil {
			t.Fatal(err)
		}
		index, err := remote.Index(ref)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Index(index); err != nil {
			t.Error(err)
		}
		listed, err := remote.Referrers(ref)
		if err != nil {
			t.Fatal(err)
		}
		about, err := listed.IndexManifest()
		if err != nil || len(about.Manifests) != 1 { // the inputs
			t.Errorf("%d referrers, %v", len(about.Manifests), err)
		}
		// Again, in another order: there is nothing to do.
		again, err := Join(t.Context(), h.Options, Joint{
			Publication: Publication{Reference: repository, Nightly: true}, Images: []string{two, "build-arm64"},
		})
		if err != nil || again != "" {
			t.Errorf("again: %q, %v", again, err)
		}
	}
}

// An index that was left unsigned by who was killed is signed by the next run.
func TestJoinSigns(t *testing.T) {
	t.Parallel()
	h, repository := newHouse(t), serve(t, true)
	push(t, repository, "build", h.platformImage(t, "linux/amd64"))
	joint := Joint{Publication: Publication{Reference: repository, Nightly: true}, Images: []string{"build"}}
	first, err := Join(t.Context(), h.Options, joint)
	if err != nil {
		t.Fatal(err)
	}
	key, err := keys.Generate()
	if err != nil {
		t.Fatal(err)
	}
	private, _, err := keys.Encode(key, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	cache, mirror := h.Env.Getenv(cacheVariable), h.Env.Getenv(sourceVariable)
	h.Env = environment(map[string]string{
		cacheVariable: cache, sourceVariable: mirror, debianVariable: "file:///nowhere",
		keyVariable: string(private), passwordVariable: "secret",
	})
	for i, want := range []string{first, ""} {
		if got, err := Join(t.Context(), h.Options, joint); err != nil || got != want {
			t.Fatalf("run %d: got %q, %v", i+1, got, err)
		}
	}
	ref, err := name.NewDigest(first)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := remote.Referrers(ref)
	if err != nil {
		t.Fatal(err)
	}
	about, err := listed.IndexManifest()
	if err != nil || len(about.Manifests) != 2 { // the inputs and the signature
		t.Errorf("%d referrers, %v", len(about.Manifests), err)
	}
}

func TestJoinRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(t *testing.T, h house, j *Joint)
		want   string
	}{
		{"nothing", func(_ *testing.T, _ house, j *Joint) { j.Images = nil }, "there is nothing to join"},
		{"a digest", func(_ *testing.T, _ house, j *Joint) { j.Reference += "@sha256:" + strings.Repeat("a", 64) }, "has a digest"},
		{"not there", func(_ *testing.T, _ house, j *Joint) { j.Images = []string{"amd64", "riscv64"} }, "does not have it"},
		{"a platform twice", func(t *testing.T, h house, j *Joint) {
			t.Helper()
			push(t, j.Reference, "again", h.platformImage(t, "linux/amd64"))
			j.Images = []string{"amd64", "again"}
		}, "two images are for linux/amd64"},
		{"another lock", func(t *testing.T, h house, _ *Joint) {
			t.Helper()
			path := filepath.Join(h.Repository, "images/static.lock.json")
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(data), "1700000000", "1700000001", 1)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "was made with another lock than images/static.lock.json"},
		{"older than what is nightly", func(t *testing.T, h house, j *Joint) {
			t.Helper()
			path := filepath.Join(h.Repository, "images/static.lock.json")
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			newer := strings.Replace(string(data), "1700000000", "1700000001", 1)
			if err := os.WriteFile(path, []byte(newer), 0o600); err != nil {
				t.Fatal(err)
			}
			push(t, j.Reference, "nightly", h.platformImage(t, "linux/amd64"))
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			j.Nightly = true
		}, "update the checkout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, repository := newHouse(t), serve(t, true)
			h.Stderr = io.Discard
			push(t, repository, "amd64", h.platformImage(t, "linux/amd64"))
			push(t, repository, "arm64", h.platformImage(t, "linux/arm64"))
			j := Joint{Publication: Publication{Reference: repository}, Images: []string{"amd64", "arm64"}}
			c.change(t, h, &j)
			before := tagsOf(t, repository)
			if got, err := Join(t.Context(), h.Options, j); err == nil || got != "" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, %v, want %s", got, err, c.want)
			}
			if after := tagsOf(t, repository); !slices.Equal(before, after) {
				t.Errorf("tags %q", after)
			}
		})
	}
}
