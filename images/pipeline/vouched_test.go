package pipeline

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/keys"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// spdxOf is a bill of materials of files: their paths and contents.
func spdxOf(files map[string]string) []byte {
	type checksum struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"checksumValue"`
	}
	type file struct {
		Name      string     `json:"fileName"`
		Checksums []checksum `json:"checksums"`
	}
	var all []file
	for p, data := range files {
		sum := sha256.Sum256([]byte(data))
		all = append(all, file{"./" + p, []checksum{{"SHA1", "0"}, {"SHA256", hex.EncodeToString(sum[:])}}})
	}
	slices.SortFunc(all, func(a, b file) int { return strings.Compare(a.Name, b.Name) })
	data, err := json.Marshal(map[string]any{"spdxVersion": "SPDX-2.3", "files": all})
	if err != nil {
		panic(err)
	}
	return data
}

// A vouched image is in a registry, with what was signed about it.
type vouched struct {
	house

	repository string
	served     *served
	key        *ecdsa.PrivateKey
	public     string            // file with the public key
	files      map[string]string // of the image
	listed     map[string]string // in the SBOM that is signed
	inside     map[string]string // in the SBOM that the image has
	build      attest.Build
	documents  func([]attest.Document) []attest.Document // that are signed, of those there would be
	index      v1.Hash
	tag        string // or digest, by which it is verified
	stderr     *bytes.Buffer
}

// served is a registry which may send something else for a digest.
type served struct {
	http.Handler

	mu    sync.Mutex
	asked map[string]bool   // by path
	other map[string][]byte // by path
}

func (s *served) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	data, ok := s.other[r.URL.Path]
	if r.Method == http.MethodGet {
		s.asked[r.URL.Path] = true
	}
	s.mu.Unlock()
	if !ok || r.Method != http.MethodGet {
		s.Handler.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	s.Handler.ServeHTTP(answer, r)
	maps.Copy(w.Header(), answer.Header())
	w.Write(data)
}

func newVouched(t *testing.T, api bool) *vouched {
	t.Helper()
	quiet := log.New(io.Discard, "", 0)
	s := &served{Handler: registry.New(registry.WithReferrersSupport(api), registry.Logger(quiet)), asked: map[string]bool{}, other: map[string][]byte{}}
	server := httptest.NewUnstartedServer(s)
	server.Config.ErrorLog = quiet // https is tried first
	server.Start()
	t.Cleanup(server.Close)
	v := &vouched{
		house: newHouse(t), served: s, repository: server.Listener.Addr().String() + "/somebody/nginx-scratch",
		tag:   ":1.26.3",
		files: map[string]string{"usr/sbin/nginx": "nginx", "etc/nginx/nginx.conf": "http {}"}, stderr: &bytes.Buffer{},
		build: attest.Build{
			Definition: "static", Platforms: []string{hostPlatform()}, Base: BaseHost, Builder: "https://ci.example/builder",
			Source:  attest.Source{Address: "https://code.example/nginx-scratch", Commit: strings.Repeat("a", 40), Tree: attest.TreeClean},
			Started: time.Unix(1, 0), Finished: time.Unix(2, 0),
		},
		documents: func(all []attest.Document) []attest.Document { return all },
	}
	v.listed, v.inside = v.files, v.files
	v.Stderr = v.stderr
	v.key, v.public = newKey(t)
	return v
}

func newKey(t *testing.T) (key *ecdsa.PrivateKey, public string) {
	t.Helper()
	key, err := keys.Generate()
	if err != nil {
		t.Fatal(err)
	}
	prefix := filepath.Join(t.TempDir(), "key")
	if err := keys.Write(prefix, key, nil); err != nil {
		t.Fatal(err)
	}
	return key, prefix + keys.PublicSuffix
}

// publish puts it into the registry.
func (v *vouched) publish(t *testing.T) {
	t.Helper()
	files := tree.New()
	for p, data := range v.files {
		if err := files.Add(tree.File{Path: p, Mode: 0o644, Data: []byte(data)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := files.Add(tree.File{Path: sbomPath("static"), Mode: 0o644, Data: spdxOf(v.inside)}); err != nil {
		t.Fatal(err)
	}
	b := v.write(t, files)
	if _, err := Publish(t.Context(), v.Options, Publication{Reference: v.repository}); err != nil {
		t.Fatal(err)
	}
	subject, err := partial.Descriptor(b.rel.Index)
	if err != nil {
		t.Fatal(err)
	}
	v.index = subject.Digest
	provenance, err := v.build.Document()
	if err != nil {
		t.Fatal(err)
	}
	v.attach(t, *subject, *subject, v.documents([]attest.Document{
		attest.Signed(), provenance, {PredicateType: attest.SPDX, Predicate: spdxOf(v.listed)},
	})...)
}

// attach puts statements about one image beside another, which is usually the same.
func (v *vouched) attach(t *testing.T, about, beside v1.Descriptor, documents ...attest.Document) {
	t.Helper()
	repository, err := name.NewRepository(v.repository)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range documents {
		made, err := attest.Referrers(v.key, about, d)
		if err != nil {
			t.Fatal(err)
		}
		img := made[0]
		if about.Digest != beside.Digest {
			img = moved{img, beside}
		}
		digest, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(repository.Digest(digest.String()), img); err != nil {
			t.Fatal(err)
		}
	}
}

// moved is a referrer that refers to something else than what it is about.
type moved struct {
	v1.Image

	to v1.Descriptor
}

func (m moved) RawManifest() ([]byte, error) {
	manifest, err := m.Manifest()
	if err != nil {
		return nil, err
	}
	return json.Marshal(manifest)
}

func (m moved) Manifest() (*v1.Manifest, error) {
	manifest, err := m.Image.Manifest()
	if err != nil {
		return nil, err
	}
	manifest = manifest.DeepCopy()
	manifest.Subject = &v1.Descriptor{MediaType: m.to.MediaType, Digest: m.to.Digest, Size: m.to.Size}
	return manifest, nil
}

func (m moved) Digest() (v1.Hash, error) { return partial.Digest(m) }

func (m moved) Size() (int64, error) { return partial.Size(m) }

// verify verifies it, and returns the exit code and what was printed.
func (v *vouched) verify(t *testing.T, o VerifyOptions) (status int, printed string) {
	t.Helper()
	v.stderr.Reset()
	got, err := Verify(t.Context(), v.Options, v.repository+v.tag, o)
	verdict, ok := errors.AsType[*VerdictError](err)
	switch {
	case ok:
		return verdict.Status, v.stderr.String()
	case err != nil:
		return 1, err.Error()
	}
	if want := v.repository + "@" + v.index.String(); got != want {
		t.Errorf("the reference is %s, not %s", got, want)
	}
	return 0, v.stderr.String()
}

func (v *vouched) asked() VerifyOptions {
	return VerifyOptions{Key: v.public, Builder: v.build.Builder, Source: v.build.Source.Address}
}

func without(types ...string) func([]attest.Document) []attest.Document {
	return func(all []attest.Document) []attest.Document {
		return slices.DeleteFunc(all, func(d attest.Document) bool { return slices.Contains(types, d.PredicateType) })
	}
}

func (s *served) set(p string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if data == nil {
		delete(s.other, p)
		return
	}
	s.other[p] = data
}

func (v *vouched) get(t *testing.T, p string) []byte {
	t.Helper()
	answer := httptest.NewRecorder()
	v.served.Handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, p, http.NoBody))
	if answer.Code != http.StatusOK {
		t.Fatalf("%s: %d", p, answer.Code)
	}
	return answer.Body.Bytes()
}
