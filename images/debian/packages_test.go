package debian_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/debian"
)

const listedPackage = "Package: other\nVersion: rubbish\n\n" +
	"Package: nginx\nArchitecture: amd64\nVersion: 1.26.3-3+deb13u9\nDepends: libc6 (>= 2.34),\n zlib1g\n" +
	"Filename: pool/main/n/nginx/nginx_1.26.3-3+deb13u9_amd64.deb\nSize: 45\nSHA256: " + hash + "\n"

func TestReadPackages(t *testing.T) {
	t.Parallel()
	got, err := debian.ReadPackages(strings.NewReader(listedPackage+"\n\n"+strings.ReplaceAll(listedPackage, "deb13u9", "deb13u10")), nginx)
	if err != nil || len(got) != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	want := debian.Package{"nginx", "1.26.3-3+deb13u9", "pool/main/n/nginx/nginx_1.26.3-3+deb13u9_amd64.deb", debian.File{SHA256: hash, Size: 45}}
	if got[0] != want || got[1].Version != "1.26.3-3+deb13u10" {
		t.Errorf("got %+v", got)
	}
}

func TestReadPackagesRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, replacement, want string }{
		{"a line without a field", "Architecture: amd64", "Architecture", "has no ':'"},
		{"a field twice", "Architecture: amd64", "Version: 9:9-9", "there twice"},
		{"a version of words", "Version: 1.26.3-3+deb13u9", "Version: newest", "is no version"},
		{"no version", "Version: 1.26.3-3+deb13u9\n", "", "is no version"},
		{"a file above", "Filename: pool/main", "Filename: pool/../../etc", "no path below a mirror"},
		{"a file elsewhere", "Filename: pool", "Filename: /etc", "no path below a mirror"},
		{"no file", "Filename: pool", "Name: pool", "no path below a mirror"},
		{"an empty file", "Size: 45", "Size: 0", "no number of bytes"},
		{"a size of words", "Size: 45", "Size: all", "no number of bytes"},
		{"no hash", "SHA256: ", "SHA512: ", "field SHA256"},
		{"half a hash", hash, hash[:32], "field SHA256"},
		{"a signed part", "Package: other", "-----BEGIN PGP SIGNED MESSAGE-----\nPackage: other", "clearsigned"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(listedPackage, c.old, c.replacement, 1)
			if text == listedPackage {
				t.Fatal("nothing has changed")
			}
			got, err := debian.ReadPackages(strings.NewReader(text), nginx)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v, %v, want %s", got, err, c.want)
			}
		})
	}
}

func FuzzReadPackages(f *testing.F) {
	f.Add(listedPackage)
	f.Add("Package: nginx\n\n\nVersion")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := debian.ReadPackages(strings.NewReader(text), nginx)
		for _, p := range got {
			if err == nil && (p.Name != "nginx" || p.File.Size <= 0 || !fs.ValidPath(p.Path)) {
				t.Errorf("%+v", p)
			}
		}
	})
}
