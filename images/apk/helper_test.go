package apk_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
	"github.com/nginx-scratch/nginx-scratch/tests/fixtures/repository"
)

const (
	ourKey   = "packager@example.org-0a1b2c3d.rsa.pub"
	otherKey = "packager@example.org-ffffffff.rsa.pub"
)

var (
	built = time.Date(2025, 10, 31, 14, 3, 36, 0, time.UTC)
	small = apk.Limits{
		Index: 1 << 20, IndexText: 1 << 20, Records: 100, Line: 4096,
		Package: 1 << 20, Control: 1 << 16, Data: 1 << 20, Entries: 50,
	}
	ours   = sync.OnceValue(func() repository.Key { return generate(ourKey) })
	others = sync.OnceValue(func() repository.Key { return generate(otherKey) })
)

func generate(name string) repository.Key {
	key, err := repository.GenerateKey(name)
	if err != nil {
		panic(err)
	}
	return key
}

// must is for fixtures, which cannot fail.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// trusted are the keys as a reader has them.
func trusted(keys ...repository.Key) apk.Keys {
	var parsed apk.Keys
	for _, key := range keys {
		parsed = append(parsed, must(apk.ParseKey(key.Name, key.PublicPEM())))
	}
	return parsed
}

// zlib is a package like Alpine's.
func zlib() repository.Package {
	return repository.Package{
		Name: "zlib", Version: "1.3.1-r2", Arch: "x86_64", Summary: "A compression library", URL: "https://zlib.net/",
		License: "Zlib", Maintainer: "Natanael Copa <ncopa@alpinelinux.org>", Commit: "0123456789abcdef",
		Built: built.Unix(), Depends: []string{"so:libc.musl-x86_64.so.1"}, Provides: []string{"so:libz.so.1=1.3.1"},
		Files: []repository.File{
			{Path: "lib/libz.so.1.3.1", Mode: 0o755, Data: []byte("\x7fELF and so on")},
			{Path: "lib/libz.so.1", Link: "libz.so.1.3.1"},
			{Path: "usr/lib/libz.so", Link: "/lib/libz.so.1"},
			{Path: "usr/share/zlib/copy", Hardlink: "lib/libz.so.1.3.1"},
		},
		Scripts: map[string][]byte{".post-install": []byte("#!/bin/sh\n")},
	}
}

// file is a package's file, and what an index says of it.
func file(p repository.Package, keys ...repository.Key) ([]byte, apk.Record) {
	data, control := must(p.Build(keys...)), must(p.Control())
	return data, apk.Record{
		Name: p.Name, Version: p.Version, Arch: p.Arch, Size: int64(len(data)), Checksum: sha1.Sum(control),
	}
}

// craft is a package with this .PKGINFO and this unpacked data member.
// "DATAHASH" stands for the right one.
func craft(info string, data []byte) ([]byte, apk.Record) {
	packed := pack(data)
	info = strings.ReplaceAll(info, "DATAHASH", fmt.Sprintf("%x", sha256.Sum256(packed)))
	control := pack(archive(entry{tar.Header{Name: ".PKGINFO"}, info}))
	raw := slices.Concat(control, packed)
	return raw, apk.Record{Name: "zlib", Version: "1.3.1-r2", Arch: "x86_64", Size: int64(len(raw)), Checksum: sha1.Sum(control)}
}

// goodInfo is a .PKGINFO that has what there must be.
const goodInfo = "pkgname = zlib\npkgver = 1.3.1-r2\narch = x86_64\ndatahash = DATAHASH\n"

// An entry is one of a tar archive.
type entry struct {
	tar.Header

	body string
}

// archive is a tar archive without end-of-archive blocks.
func archive(entries ...entry) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		if e.Size == 0 {
			e.Size = int64(len(e.body))
		}
		if e.Mode == 0 && e.Typeflag != tar.TypeXGlobalHeader {
			e.Mode = 0o644
		}
		if err := w.WriteHeader(&e.Header); err != nil {
			panic(err)
		}
		w.Write([]byte(e.body))
	}
	w.Flush()
	return out.Bytes()
}

func pack(data []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(data)
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// refused checks that an error says all of this.
func refused(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("it was accepted")
	}
	for _, part := range want {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}
