package pipeline

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/base"
	"github.com/nginx-scratch/nginx-scratch/images/digest"
	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/release"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// dependency is one of resolvedDependencies.
type dependency struct {
	Name        string            `json:"name"`
	URI         string            `json:"uri"`
	Digest      map[string]string `json:"digest"`
	Annotations map[string]any    `json:"annotations"`
}

// provenance is what of a predicate is looked at.
type provenance struct {
	BuildDefinition struct {
		ExternalParameters map[string]any `json:"externalParameters"`
		InternalParameters struct {
			Flags  map[string][]string `json:"flags"`
			Epoch  int64               `json:"SOURCE_DATE_EPOCH"`
			Format int                 `json:"formatVersion"`
		} `json:"internalParameters"`
		ResolvedDependencies []dependency `json:"resolvedDependencies"`
	} `json:"buildDefinition"`
	RunDetails struct {
		Builder struct {
			ID string `json:"id"`
		} `json:"builder"`
		Metadata struct {
			InvocationID string    `json:"invocationId"`
			StartedOn    time.Time `json:"startedOn"`
			FinishedOn   time.Time `json:"finishedOn"`
		} `json:"metadata"`
	} `json:"runDetails"`
}

func (p provenance) find(t *testing.T, name string) dependency {
	t.Helper()
	all := p.BuildDefinition.ResolvedDependencies
	i := slices.IndexFunc(all, func(d dependency) bool { return d.Name == name })
	if i < 0 {
		t.Fatalf("there is no %s", name)
	}
	return all[i]
}

// describedBuild is a build of the committed definition static, with its lock and
// an image of nothing, in a copy of what provenance looks at.
func describedBuild(t *testing.T, variables map[string]string) *builder {
	t.Helper()
	dir, _ := gitRepository(t)
	for _, name := range []string{"images/static.yaml", "images/static.lock.json"} {
		data, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, name), string(data))
	}
	tick := time.Date(2026, 9, 15, 10, 0, 0, 0, time.UTC)
	now := func() time.Time {
		tick = tick.Add(time.Minute)
		return tick
	}
	out := progress.New(&strings.Builder{}, false, now)
	t.Cleanup(out.Close)
	b := &builder{
		Options: Options{Repository: dir, Name: "static", Env: environment(variables), Now: now},
		record:  attest.Build{Started: now()}, out: out,
	}
	for _, step := range []func() error{
		func() error { return b.load(t.Context()) },
		func() error { return b.identify(t.Context()) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	b.origin = &compiled{builder: b, built: map[string]built{hostPlatform(): {place: place{toolchain: base.Toolchain{ID: strings.Repeat("c", 64), GCC: 12, Version: "gcc 12.2.0"}}}}}
	platform, err := v1.ParsePlatform(hostPlatform())
	if err != nil {
		t.Fatal(err)
	}
	img, err := oci.Image(tree.New(), oci.Config{Platform: *platform, Created: b.lock.Epoch()})
	if err != nil {
		t.Fatal(err)
	}
	index, err := oci.Index(img)
	if err != nil {
		t.Fatal(err)
	}
	b.rel = release.Release{Name: "nginx-scratch", Tag: "static", Index: index}
	if err := os.MkdirAll(b.dist(), 0o755); err != nil {
		t.Fatal(err)
	}
	return b
}

func written(t *testing.T, b *builder) (provenance, v1.Hash) {
	t.Helper()
	if err := b.provenance(); err != nil {
		t.Fatal(err)
	}
	index, err := b.rel.Index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	d, err := ReadProvenance(b.Repository, b.Name, index)
	if err != nil {
		t.Fatal(err)
	}
	var p provenance
	if err := json.Unmarshal(d.Predicate, &p); err != nil {
		t.Fatal(err)
	}
	return p, index
}

func TestProvenance(t *testing.T) {
	t.Parallel()
	b := describedBuild(t, map[string]string{builderVariable: "https://ci.example/build", invocationVariable: "run 7"})
	p, _ := written(t, b)

	external := p.BuildDefinition.ExternalParameters
	if external["definition"] != "static" || external["base"] != "host" || external["platforms"].([]any)[0] != hostPlatform() {
		t.Errorf("external parameters %v", external)
	}
	internal := p.BuildDefinition.InternalParameters
	if internal.Epoch != b.lock.SourceDateEpoch || internal.Format != oci.FormatVersion ||
		!slices.Contains(internal.Flags["compile"], "-fstack-protector-strong") || len(internal.Flags["link"]) == 0 {
		t.Errorf("internal parameters %+v", internal)
	}
	run := p.RunDetails
	if run.Builder.ID != "https://ci.example/build" || run.Metadata.InvocationID != "run 7" ||
		!run.Metadata.FinishedOn.After(run.Metadata.StartedOn) {
		t.Errorf("details of the run %+v", run)
	}
	repository := p.find(t, "repository")
	if repository.Digest["gitCommit"] != inGit(t, b.Repository, "rev-parse", "HEAD") || repository.Annotations["tree"] != "modified" ||
		repository.URI != "git+"+b.definition.Image.Source {
		t.Errorf("repository %+v", repository)
	}
	if tc := p.find(t, "toolchain"); tc.Digest["nginxScratchToolchain"] != strings.Repeat("c", 64) || tc.Annotations["version"] != "gcc 12.2.0" {
		t.Errorf("toolchain %+v", tc)
	}
	for _, name := range []string{"images/static.yaml", "images/static.lock.json"} {
		sum, err := digest.File(filepath.Join(b.Repository, name))
		if err != nil || p.find(t, name).Digest["sha256"] != sum {
			t.Errorf("%s has another sha256: %v", name, err)
		}
	}
	inputs := 0
	for _, c := range b.lock.Components {
		for _, in := range c.Inputs() {
			inputs++
			d := p.find(t, in.File)
			if d.Digest["sha256"] != in.SHA256 || d.URI != in.Places[0] || len(d.Annotations["places"].([]any)) != len(in.Places) {
				t.Errorf("%s: %+v", in.File, d)
			}
		}
	}
	if inputs == 0 {
		t.Error("the lock has no inputs")
	}
}

// The patches are those that are applied, in their order, after their archive.
func TestProvenanceHasThePatches(t *testing.T) {
	t.Parallel()
	b := describedBuild(t, nil)
	p, _ := written(t, b)
	for _, c := range b.lock.Components {
		definition, _ := b.definition.Component(c.Name)
		var want, got []string
		for _, patch := range c.Applied(definition) {
			want = append(want, patch.File+" "+patch.SHA256)
		}
		for _, d := range p.BuildDefinition.ResolvedDependencies {
			if d.Annotations["role"] == "patch" && d.Annotations["component"] == c.Name {
				got = append(got, d.Name+" "+d.Digest["sha256"])
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", c.Name, got, want)
		}
	}
	if p.RunDetails.Builder.ID != localBuilder || len(p.RunDetails.Metadata.InvocationID) < 20 {
		t.Errorf("details of the run %+v", p.RunDetails)
	}
}

// No provenance is taken for that of another image.
func TestReadProvenanceRefuses(t *testing.T) {
	t.Parallel()
	b := describedBuild(t, nil)
	_, index := written(t, b)
	path := filepath.Join(b.dist(), provenanceFile)
	other := index
	other.Hex = strings.Repeat("b", 64)
	if _, err := ReadProvenance(b.Repository, b.Name, other); err == nil || !strings.Contains(err.Error(), "not of the image, which is "+other.String()) {
		t.Errorf("got %v", err)
	}
	put(t, path, "{}")
	if _, err := ReadProvenance(b.Repository, b.Name, index); err == nil || !strings.HasPrefix(err.Error(), path+": reading a statement: ") {
		t.Errorf("got %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadProvenance(b.Repository, b.Name, index); err == nil || !strings.HasSuffix(err.Error(), "build the image again") {
		t.Errorf("got %v", err)
	}
}

func TestProvenanceRefusesABuilder(t *testing.T) {
	t.Parallel()
	b := describedBuild(t, nil)
	b.Env = environment(map[string]string{builderVariable: "me"})
	if err := b.identify(t.Context()); err == nil || !strings.Contains(err.Error(), builderVariable+` is "me"`) {
		t.Errorf("got %v", err)
	}
}

func TestPackageInputs(t *testing.T) {
	t.Parallel()
	got := packageInputs(images.Alpine{Mirror: "https://mirror.example/alpine/", Branch: "v3.23"}, []images.LockedPlatform{{
		Platform: "linux/arm64", Arch: "aarch64",
		Packages: []images.LockedPackage{{Name: "musl", Version: "1.2.5-r10", Repository: "main", SHA256: "x"}},
	}}, "package")
	if len(got) != 1 || got[0].Name != "musl-1.2.5-r10.apk" || got[0].SHA256 != "x" || got[0].About["platform"] != "linux/arm64" ||
		got[0].About["role"] != "package" || got[0].Places[0] != "https://mirror.example/alpine/v3.23/main/aarch64/musl-1.2.5-r10.apk" {
		t.Errorf("got %+v", got)
	}
}

// packagesLock locks what a definition wants, and nothing else, for this machine.
func packagesLock(t *testing.T, d images.Definition) images.Lock {
	t.Helper()
	arch, err := images.AlpineArch(hostPlatform())
	if err != nil {
		t.Skip(err)
	}
	p := images.LockedPlatform{Platform: hostPlatform(), Arch: arch}
	for _, name := range d.Alpine.Repositories {
		p.Indexes = append(p.Indexes, images.LockedIndex{Repository: name, Description: "x", Built: 7, Signer: slices.Sorted(maps.Keys(d.Alpine.Keys))[0]})
	}
	for _, name := range slices.Sorted(slices.Values(d.Alpine.Packages)) {
		p.Packages = append(p.Packages, images.LockedPackage{
			Name: name, Version: "1.2.3-r4", Arch: arch, Repository: d.Alpine.Repositories[0],
			Checksum: "Q1" + base64.StdEncoding.EncodeToString(make([]byte, 20)), SHA256: strings.Repeat("d", 64), Size: 1, Built: 7,
		})
	}
	return images.Lock{Definition: d.Name, SourceDateEpoch: 7, Alpine: &images.LockedAlpine{
		Branch: d.Alpine.Branch, Repositories: d.Alpine.Repositories, Wanted: d.Alpine.Packages, Platforms: []images.LockedPlatform{p},
	}}
}

// Where the compiler is Alpine's, its packages are inputs too.
func TestProvenanceOfTheAlpineBase(t *testing.T) {
	t.Parallel()
	b := describedBuild(t, map[string]string{cacheVariable: t.TempDir()})
	d, err := loadDefinition(filepath.Join("..", ".."), baseName)
	if err != nil {
		t.Fatal(err)
	}
	definition, err := os.ReadFile(filepath.Join("..", "..", "images", baseName+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	lock, err := packagesLock(t, d).Encode()
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(b.Repository, "images", baseName+".yaml"), string(definition))
	put(t, filepath.Join(b.Repository, lockFile(baseName)), string(lock))
	b.origin.(*compiled).built[hostPlatform()] = built{place: place{root: "/somewhere"}}
	p, _ := written(t, b)
	if got := p.BuildDefinition.ExternalParameters["base"]; got != BaseAlpine {
		t.Errorf("the base is %v", got)
	}
	for _, name := range d.Alpine.Packages {
		if got := p.find(t, name+"-1.2.3-r4.apk"); got.Annotations["role"] != "toolchain" || got.Digest["sha256"] != strings.Repeat("d", 64) {
			t.Errorf("got %+v", got)
		}
	}
}

// Of an image of packages, those are the inputs, and nothing is compiled.
func TestProvenanceOfPackages(t *testing.T) {
	t.Parallel()
	b := describedBuild(t, nil)
	d, err := loadDefinition(filepath.Join("..", ".."), "alpine")
	if err != nil {
		t.Fatal(err)
	}
	b.definition, b.lock = d, packagesLock(t, d)
	b.origin = &packaged{builder: b}
	p, _ := written(t, b)
	if base, ok := p.BuildDefinition.ExternalParameters["base"]; ok || len(p.BuildDefinition.InternalParameters.Flags) > 0 {
		t.Errorf("there is a compiler: %v, %+v", base, p.BuildDefinition.InternalParameters)
	}
	for _, name := range d.Alpine.Packages {
		got := p.find(t, name+"-1.2.3-r4.apk")
		if got.Annotations["role"] != "package" || got.Annotations["platform"] != hostPlatform() || !strings.HasPrefix(got.URI, d.Alpine.Mirror) {
			t.Errorf("got %+v", got)
		}
	}
}
