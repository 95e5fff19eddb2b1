package images_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nginx-scratch/nginx-scratch/images"
)

const (
	packagesFile = "packages.yaml"
	packagesLock = "packages.lock.json"
)

func loadPackages(text string) (images.Definition, error) {
	return images.LoadDefinition(fstest.MapFS{packagesFile: {Data: []byte(text)}}, packagesFile)
}

func goodPackages(t *testing.T, e edit) images.Definition {
	t.Helper()
	d, err := loadPackages(edited(t, packagesFile, e))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestPackagesDefinition(t *testing.T) {
	t.Parallel()
	d := goodPackages(t, edit{})
	if !d.IsImage() || d.Alpine.Branch != "v3.23" || len(d.Alpine.Keys) != 1 || d.Alpine.Files[1] != "etc/nginx/*_params" {
		t.Errorf("got %+v", d)
	}
	got := d.Alpine.Place("https://example.org/a/", "main", "x86_64", "nginx-1.28.0-r3.apk")
	if want := "https://example.org/a/v3.23/main/x86_64/nginx-1.28.0-r3.apk"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPackagesDefinitionRefuses(t *testing.T) {
	t.Parallel()
	const key, sum = "test@example.org-1.rsa.pub", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	image := edited(t, packagesFile, edit{})
	image = image[strings.Index(image, "image:"):strings.Index(image, "alpine:\n")]
	for _, e := range []edit{
		{"mirror", "https://example.org/alpine", "ftp://example.org", `field alpine.mirror is "ftp://example.org": it must be an address with https, http or file, without a query`},
		{"mirror with a query", "https://example.org/alpine", "https://example.org/?a", `field alpine.mirror is "https://example.org/?a": ...`},
		{"branch that leaves", "branch: v3.23", "branch: ../edge", `field alpine.branch is "../edge": it must be a branch of Alpine's, like v3.23`},
		{"no branch", "branch: v3.23", `branch: ""`, `field alpine.branch is missing: it must be a branch of Alpine's, like v3.23`},
		{"no repositories", "[main, community]", "[]", "field alpine.repositories is empty"},
		{"repository that leaves", "[main, community]", "[main, ../x]", `field alpine.repositories[1] is "../x": it must be a repository of Alpine's, like main`},
		{"repository twice", "[main, community]", "[main, main]", `field alpine.repositories[1] is "main", which is there twice`},
		{"no keys", "keys:\n    " + key + ": " + sum, "keys: {}", "field alpine.keys is empty: no index could be trusted"},
		{"key that is no file", key, "../a.rsa.pub", `field alpine.keys is "../a.rsa.pub": it must be the name of a key file, ending in .rsa.pub`},
		{"fingerprint", sum, sum[1:], `field alpine.keys["` + key + `"] is "` + sum[1:] + `": it must be 64 lower-case hexadecimal digits`},
		{"no platforms", "[linux/amd64, linux/arm64]", "[]", "field platforms is empty"},
		{"platform", "linux/arm64", "windows/amd64", `field platforms[1] is "windows/amd64": it must be one of ["linux/386" ...`},
		{"platform twice", "linux/arm64", "linux/amd64", `field platforms[1] is "linux/amd64", which is there twice`},
		{"no packages", "[alpine-release, nginx~1.28]", "[]", "field alpine.packages is empty"},
		{"package with an option", "nginx~1.28", "--root=/", `field alpine.packages[1] is "--root=/": it must be a package, maybe with a version: nginx, nginx=1.28.0-r3, nginx~1.28`},
		{"package of a tag", "nginx~1.28", "nginx@edge", `field alpine.packages[1] is "nginx@edge": ...`},
		{"file outside", "usr/sbin/nginx, etc", "../x, etc", `field alpine.files[0] is "../x": ...`},
		{"file that is no pattern", "etc/nginx/*_params", `"etc/[a"`, `field alpine.files[1] is "etc/[a": it must be a pattern of path.Match`},
		{"components too", "alpine:\n", "components: [{name: musl, version: \"1\", license: MIT}]\nalpine:\n", "field components is there beside alpine: an image is made of one or the other"},
		{"something installed", "alpine:\n", "install: [{from: a, to: b}]\nalpine:\n", "field install is there, but it is for components: name the files in alpine.files"},
		{"no paths", "paths:\n  - usr/sbin/nginx\n", "", "field paths is empty"},
		{"files of no image", image, "", "field image is missing, but there is something to put into one"},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			_, err := loadPackages(edited(t, packagesFile, e))
			expect(t, err, packagesFile+": "+e.want)
		})
	}
}

// The definition of a root to compile in has no image, and one of whole
// packages lists no paths.
func TestDefinitionsOfWholePackages(t *testing.T) {
	t.Parallel()
	whole := goodPackages(t, edit{"", "  files: [usr/sbin/nginx, etc/nginx/*_params]\n", "", ""})
	if !whole.IsImage() {
		t.Error("it has an image")
	}
	text := edited(t, packagesFile, edit{})
	begin, end := strings.Index(text, "alpine:\n"), strings.Index(text, "config:")
	root, err := loadPackages("name: packages\n" + text[begin:end])
	if err != nil || root.IsImage() {
		t.Errorf("a root: %v, %v", root.IsImage(), err)
	}
}

func TestPackagesLock(t *testing.T) {
	t.Parallel()
	d := goodPackages(t, edit{})
	load := func(text string) (images.Lock, error) {
		return images.LoadLock(fstest.MapFS{packagesLock: {Data: []byte(text)}}, packagesLock, d)
	}
	l, err := load(edited(t, packagesLock, edit{}))
	if err != nil {
		t.Fatal(err)
	}
	amd, ok := l.Alpine.Platform("linux/amd64")
	nginx, found := amd.Package("nginx")
	if _, other := l.Alpine.Platform("linux/arm64"); !ok || !found || other || nginx.File() != "nginx-1.28.0-r3.apk" {
		t.Errorf("got %+v", l.Alpine)
	}
	const remedy = ": run `mage lock` again with -update"
	for _, e := range []edit{
		{"branch", `"branch": "v3.23"`, `"branch": "v3.22"`, `field alpine.branch is "v3.22", but the definition says "v3.23"` + remedy},
		{"wanted", "      \"alpine-release\",\n", "", `field alpine.wanted is [nginx~1.28], but the definition says [alpine-release, nginx~1.28]` + remedy},
		{"platform", `"linux/amd64",
        "arch": "x86_64"`, `"linux/riscv64",
        "arch": "riscv64"`, `field alpine.platforms[0] is not in the definition` + remedy},
		{"arch", `"linux/amd64",
        "arch": "x86_64"`, `"linux/amd64",
        "arch": "aarch64"`, `field alpine.platforms[0].arch is "aarch64": for linux/amd64 it must be "x86_64"`},
		{"signer", "            \"built\": 1700000001,\n            \"signer\": \"test", "            \"built\": 1700000001,\n            \"signer\": \"other",
			`field alpine.platforms[0].indexes[community].signer is "other@example.org-1.rsa.pub", which the definition does not trust`},
		{"package of nowhere", `"repository": "community",
            "checksum"`, `"repository": "testing",
            "checksum"`, `field alpine.platforms[0].packages[nginx].repository is "testing", which is not in alpine.repositories`},
		{"package that leaves", `"name": "nginx"`, `"name": "../nginx"`, `field alpine.platforms[0].packages[1].name is "../nginx": it must be the name of a package...`},
		{"version that leaves", `"version": "1.28.0-r3"`, `"version": "1/../../x"`, `field alpine.platforms[0].packages[nginx].version is "1/../../x": it must be a version of a package`},
		{"package twice", `"name": "nginx"`, `"name": "alpine-release"`, `field alpine.platforms[0].packages[alpine-release] must be in the order of names, each once`},
		{"checksum", "Q1ccc", "Q2ccc", `field alpine.platforms[0].packages[nginx].checksum is "Q2ccc...`},
		{"sha256", strings.Repeat("c", 64), "c", `field alpine.platforms[0].packages[nginx].sha256 is "c": it must be 64 lower-case hexadecimal digits`},
		{"no time", `"built": 1700000001`, `"built": 0`, `field alpine.platforms[0].indexes[community].built is 0: ...`},
		{"index of another", `"repository": "community",
            "description"`, `"repository": "testing",
            "description"`, `field alpine.platforms[0].indexes[testing].repository is "testing", which is not in alpine.repositories`},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(edited(t, packagesLock, e))
			expect(t, err, packagesLock+": "+e.want)
		})
	}
	t.Run("of components", func(t *testing.T) {
		t.Parallel()
		_, err := images.LoadLock(fstest.MapFS{packagesLock: {Data: []byte("{\n  \"definition\": \"packages\",\n  \"source_date_epoch\": 1\n}\n")}}, packagesLock, d)
		expect(t, err, packagesLock+": field alpine is missing, but the definition has it")
	})
	t.Run("not there", func(t *testing.T) {
		t.Parallel()
		_, err := images.LoadLock(fstest.MapFS{}, packagesLock, d)
		if !errors.Is(err, fs.ErrNotExist) || !strings.HasSuffix(err.Error(), "run `mage lock packages`") {
			t.Errorf("got %v", err)
		}
	})
}

// What is committed for Alpine trusts the same keys everywhere, and takes all
// from one branch.
func TestCommittedPackages(t *testing.T) {
	t.Parallel()
	var first *images.Alpine
	for _, name := range []string{"alpine", "minimal", "base"} {
		d, err := images.LoadDefinition(os.DirFS("."), name+".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = d.Alpine
		}
		if d.Alpine.Branch != first.Branch || d.Alpine.Mirror != first.Mirror || len(d.Alpine.Keys) != len(first.Keys) {
			t.Errorf("%s.yaml is not like alpine.yaml", name)
		}
		for key, sum := range d.Alpine.Keys {
			if first.Keys[key] != sum {
				t.Errorf("%s.yaml trusts %s with %s, alpine.yaml with %q", name, key, sum, first.Keys[key])
			}
		}
	}
}
