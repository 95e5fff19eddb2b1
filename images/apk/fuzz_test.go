package apk_test

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// checkName reports what must not be a file name or part of an address.
func checkName(t *testing.T, name string) {
	t.Helper()
	if !fs.ValidPath(name) || name[0] == '.' || strings.ContainsAny(name, "/\\?#% \n") {
		t.Errorf("%q is no harmless file name", name)
	}
}

// FuzzReadIndex holds what the records of every index promise, and that only
// what was signed is accepted.
func FuzzReadIndex(f *testing.F) {
	plain, key := zlibIndex(), trusted(ours())
	signature := must(ours().Signature("RSA256", plain))
	f.Add([]byte(record("nginx", "T:server", "k:100", "D:so:libz.so.1") + record("zlib", "X:new")))
	f.Add(plain)
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := apk.ReadIndex(slices.Concat(signature, data), key, "x86_64", small)
		if err == nil && !bytes.HasSuffix(data, plain) || err != nil && bytes.Equal(data, plain) {
			t.Errorf("%q: %v", data, err)
		}
		if names, err := apk.Signers(data); err == nil {
			for _, name := range names {
				checkName(t, name)
			}
		}
		records, _, err := apk.ParseRecords(string(data), "x86_64", small)
		if err != nil {
			return
		}
		known := map[string]bool{}
		for _, r := range records {
			checkName(t, r.File())
			if known[r.File()] || r.Size <= 0 || r.Arch != "x86_64" && r.Arch != "noarch" {
				t.Errorf("accepted %+v", r)
			}
			known[r.File()] = true
		}
	})
}

// FuzzReadPackage reads damaged packages, which must be refused or be the
// same, and takes the data for a control and a data member that are vouched
// for: what is accepted must be fit for a tree.
func FuzzReadPackage(f *testing.F) {
	vouched, want := file(zlib())
	f.Add(vouched)
	f.Add(archive(entry{infoHeader, strings.ReplaceAll(goodInfo, "DATAHASH", strings.Repeat("0", 64))}))
	f.Add(archive(folder("etc/"), regular("etc/passwd", "root"), symlink("bin", "usr/bin"), hardlink("a", "etc/passwd")))
	f.Add(slices.Concat(paxHeader("18 path=../../abc\n"), archive(regular("a", "b"))))
	f.Add(slices.Concat(paxHeader("22 linkpath=../../etc\n"), archive(symlink("a", "b"))))
	f.Fuzz(func(t *testing.T, data []byte) {
		damaged := want
		damaged.Size = int64(len(data))
		if _, err := apk.ReadPackage(data, damaged, small); err == nil && !bytes.HasSuffix(data, vouched) {
			t.Errorf("accepted %q", data)
		}
		data = sealAll(data)
		if parsed, _, err := apk.ParseControl(data, small); err == nil {
			checkName(t, apk.RecordOf(parsed).File())
		}
		files, err := apk.Unpack(data, "zlib", small)
		if err != nil {
			return
		}
		all := tree.New()
		for _, f := range files {
			target := path.Join(path.Dir(f.Path), f.Link)
			if f.Path[0] == '.' || !path.IsAbs(f.Link) && (target == ".." || strings.HasPrefix(target, "../")) {
				t.Errorf("accepted %+v", f)
			}
			if err := all.Add(f); err != nil {
				t.Error(err)
			}
		}
		checkDatabase(t, apk.Database([]apk.Installed{{Record: want, Files: files}}), len(files))
	})
}

// checkDatabase holds that no file can put lines into the list of others.
func checkDatabase(t *testing.T, text []byte, files int) {
	t.Helper()
	if got := bytes.Count(text, []byte("\nF:")) + bytes.Count(text, []byte("\nR:")); got > 2*files {
		t.Errorf("%d files became %d lines:\n%s", files, got, text)
	}
}

func FuzzParseKey(f *testing.F) {
	good := ours().PublicPEM()
	f.Add(ourKey, good)
	f.Add("a.rsa.pub", publicPEM("PUBLIC KEY", modulus(1024)))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		key, err := apk.ParseKey(name, data)
		if err != nil {
			return
		}
		checkName(t, key.Name)
		if again, err := apk.Trust(map[string]string{name: key.Fingerprint}, name, data); err != nil || again.Name != name {
			t.Errorf("%+v, but pinned %+v, %v", key, again, err)
		}
	})
}

func FuzzParseChecksum(f *testing.F) {
	f.Add(sum)
	f.Add("Q2" + sum)
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := apk.ParseChecksum(text); err == nil && c.String() != text {
			t.Errorf("%q became %s", text, c)
		}
	})
}
