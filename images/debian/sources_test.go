package debian_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images/debian"
)

const listed = "Package: other\nVersion: rubbish\n\n" +
	"Package: nginx\nBinary: nginx,\n nginx-common\nVersion: 1.26.3-3+deb13u9\nDirectory: pool/main/n/nginx\n" +
	"Files:\n 0123 45 nginx_1.26.3.orig.tar.gz\nChecksums-Sha256:\n " + hash + " 45 nginx_1.26.3.orig.tar.gz\n " + hash + " 6 nginx_1.26.3-3+deb13u9.dsc\n"

func nginx(name string) bool { return name == "nginx" }

func TestReadSources(t *testing.T) {
	t.Parallel()
	got, err := debian.ReadSources(strings.NewReader(listed+"\n\n"+strings.ReplaceAll(listed, "deb13u9", "deb13u10")), nginx)
	if err != nil || len(got) != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	want := debian.Source{Package: "nginx", Version: "1.26.3-3+deb13u9", Directory: "pool/main/n/nginx", Files: map[string]debian.File{
		"nginx_1.26.3.orig.tar.gz": {SHA256: hash, Size: 45}, "nginx_1.26.3-3+deb13u9.dsc": {SHA256: hash, Size: 6},
	}}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Error(diff)
	}
	if got[1].Version != "1.26.3-3+deb13u10" {
		t.Errorf("got %s", got[1].Version)
	}
}

func TestReadSourcesRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, replacement, want string }{
		{"a line without a field", "Binary: nginx,", "Binary", "has no ':'"},
		{"a field twice", "Binary: nginx,", "Version: 9:9-9\nBinary: nginx,", "there twice"},
		{"a name twice", "6 nginx_1.26.3-3+deb13u9.dsc", "6 nginx_1.26.3.orig.tar.gz", "twice"},
		{"no version", "Version: 1.26.3-3+deb13u9", "Version: ", "is no version"},
		{"a version of words", "Version: 1.26.3-3+deb13u9", "Version: newest", "is no version"},
		{"a folder above", "Directory: pool/main", "Directory: pool/../../etc", "no path below a mirror"},
		{"a folder of its own", "Directory: pool/main", "Directory: /etc", "no path below a mirror"},
		{"a file elsewhere", "6 nginx_1", "6 ../nginx_1", "no plain one"},
		{"an empty file", " 6 nginx", " 0 nginx", "the file is empty"},
		{"no checksums", "Checksums-Sha256", "Checksums-Sha512", "is missing"},
		{"a signed part", "Package: other", "-----BEGIN PGP SIGNED MESSAGE-----\nPackage: other", "clearsigned"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(listed, c.old, c.replacement, 1)
			if text == listed {
				t.Fatal("nothing has changed")
			}
			got, err := debian.ReadSources(strings.NewReader(text), nginx)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v, %v, want %s", got, err, c.want)
			}
		})
	}
}

func FuzzReadSources(f *testing.F) {
	f.Add(listed)
	f.Add("Package: nginx\n\n\nVersion")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := debian.ReadSources(strings.NewReader(text), nginx)
		for _, s := range got {
			if err == nil && (s.Package != "nginx" || len(s.Files) == 0 || strings.Contains(s.Directory, "..") && strings.Contains("/"+s.Directory+"/", "/../")) {
				t.Errorf("got %+v", s)
			}
			for name := range s.Files {
				if strings.ContainsAny(name, "/\\ \n") {
					t.Errorf("got a file called %q", name)
				}
			}
		}
	})
}
