package apk_test

import (
	"bytes"
	"io/fs"
	"reflect"
	"slices"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
	"github.com/nginx-scratch/nginx-scratch/tests/fixtures/repository"
)

func TestReadPackage(t *testing.T) {
	t.Parallel()
	data := must(zlib().Build(ours()))
	index := must(read(must(repository.Index("", built, []string{must(zlib().Entry(ours()))}, ours())), ours()))
	want := index.Records[0]
	want.Repository = "main"
	p, err := apk.ReadPackage(data, want, small)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p.Record, want) {
		t.Errorf("the package says %+v\nthe index        %+v", p.Record, want)
	}
	elf := zlib().Files[0].Data
	origin := func(path string) tree.Origin { return tree.Origin{Component: "zlib", Path: path} }
	dir := func(path string) tree.File {
		return tree.File{Path: path, Mode: fs.ModeDir | 0o755, Origin: origin(path)}
	}
	link := func(path, target string) tree.File {
		return tree.File{Path: path, Mode: fs.ModeSymlink | 0o777, Link: target, Origin: origin(path)}
	}
	files := []tree.File{
		dir("lib"), link("lib/libz.so.1", "libz.so.1.3.1"),
		{Path: "lib/libz.so.1.3.1", Mode: 0o755, Data: elf, Origin: origin("lib/libz.so.1.3.1")},
		dir("usr"), dir("usr/lib"), link("usr/lib/libz.so", "/lib/libz.so.1"),
		dir("usr/share"), dir("usr/share/zlib"),
		{Path: "usr/share/zlib/copy", Mode: 0o755, Data: elf, Origin: origin("usr/share/zlib/copy")},
	}
	if !reflect.DeepEqual(p.Files, files) {
		t.Errorf("files %+v\nwant  %+v", p.Files, files)
	}
	if !slices.Equal(p.Scripts, []string{".post-install"}) {
		t.Errorf("scripts %q", p.Scripts)
	}
}

// What apk calls the architecture of a package is what the index says, in
// which abuild replaces "noarch".
func TestReadPackageWithoutArchitecture(t *testing.T) {
	t.Parallel()
	p := zlib()
	p.Arch = "noarch"
	for _, arch := range []string{"x86_64", "noarch"} {
		data, want := file(p)
		want.Arch = arch
		if p, err := apk.ReadPackage(data, want, small); err != nil || p.Record.Arch != arch {
			t.Errorf("read for %s as %+v, %v", arch, p.Record, err)
		}
	}
	data, want := file(zlib())
	want.Arch = "noarch"
	_, err := apk.ReadPackage(data, want, small)
	refused(t, err, "for x86_64, but the index", "for noarch")
}

func TestReadPackageAccepts(t *testing.T) {
	t.Parallel()
	empty, replaces := zlib(), zlib()
	empty.Files, empty.Scripts = nil, nil
	replaces.Replaces = []string{"zlib-ng", "miniz"}
	for name, data := range map[string]struct {
		p    repository.Package
		keys []repository.Key
	}{
		"unsigned":     {zlib(), nil},
		"unknown key":  {zlib(), keys(others())},
		"re-signed":    {zlib(), keys(others(), ours(), others())},
		"without file": {empty, nil},
		"replacing":    {replaces, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, want := file(data.p, data.keys...)
			p, err := apk.ReadPackage(raw, want, small)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(p.Record.Replaces, data.p.Replaces) || len(p.Files) < len(data.p.Files) {
				t.Errorf("read %+v", p)
			}
		})
	}
}

// members are the raw members of a signed package.
func members(p repository.Package) (signature, control, data []byte) {
	whole, control, data := must(p.Build(ours())), must(p.Control()), must(p.Data())
	return whole[:len(whole)-len(control)-len(data)], control, data
}

func TestReadPackageRefuses(t *testing.T) {
	t.Parallel()
	other := zlib()
	other.Files[0].Data = []byte("\x7fELF of somebody else")
	_, otherControl, otherData := members(other)
	sig, ctl, data := members(zlib())
	join := slices.Concat[[]byte]
	badSignature := pack([]byte("no tar, though of one block" + string(make([]byte, 512))))
	for name, tc := range map[string]struct {
		data []byte
		want []string
	}{
		"empty":                    {nil, []string{"member 1", "truncated"}},
		"no gzip":                  {[]byte("<html>404</html>"), []string{"member 1", "gzip"}},
		"without control":          {join(sig, data), []string{"member 2 (control)", `begins with "lib/"`, ".PKGINFO must come first"}},
		"without data":             {join(sig, ctl), []string{"member 3 (data)", "truncated"}},
		"signature alone":          {sig, []string{"member 2", "truncated"}},
		"swapped":                  {join(sig, data, ctl), []string{"member 2 (control)", `begins with "lib/"`}},
		"control twice":            {join(sig, ctl, ctl, data), []string{"member 3 (data)", "SHA-256"}},
		"data twice":               {join(sig, ctl, data, data), []string{"member 3 (data)", "SHA-256"}},
		"signature last":           {join(ctl, data, sig), []string{"member 2 (data)", "SHA-256"}},
		"signature between":        {join(ctl, sig, data), []string{"member 2 (data)", "SHA-256"}},
		"junk first":               {join([]byte("x"), sig, ctl, data), []string{"member 1", "gzip"}},
		"junk after signature":     {join(sig, []byte("x"), ctl, data), []string{"member 2", "gzip"}},
		"junk after control":       {join(sig, ctl, []byte("x"), data), []string{"member 3 (data)", "SHA-256"}},
		"junk at the end":          {join(sig, ctl, data, []byte{0}), []string{"member 3 (data)", "SHA-256"}},
		"control of another":       {join(sig, otherControl, data), []string{"member 2 (control)", "checksum is Q1", "the index says Q1"}},
		"data of another":          {join(sig, ctl, otherData), []string{"member 3 (data)", "SHA-256", "get it again"}},
		"another package":          {join(sig, otherControl, otherData), []string{"member 2 (control)", "checksum"}},
		"signature that is no tar": {join(badSignature, ctl, data), []string{"member 1", "first entry"}},
		"index":                    {zlibIndex(ours()), []string{"member 2 (control)", `begins with "DESCRIPTION"`}},
		"control, then a bomb":     {join(ctl, pack(make([]byte, 1<<22))), []string{"member 2 (data)", "SHA-256"}},
		"a bomb as control":        {pack(join(archive(entry{body: goodInfo, Header: infoHeader}), make([]byte, 1<<20))), []string{"member 1 (control)", "more than the 65536 bytes"}},
		"an empty control":         {join(pack(nil), data), []string{"member 1 (control)", `begins with ""`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, want := file(zlib())
			want.Size = int64(len(tc.data)) // so that more than the size is looked at
			_, err := apk.ReadPackage(tc.data, want, small)
			refused(t, err, append(tc.want, "package zlib-1.3.1-r2: ")...)
			want.Size++
			_, err = apk.ReadPackage(tc.data, want, small)
			refused(t, err, "package zlib-1.3.1-r2: the file has", "get it again")
		})
	}
}

// Whatever one byte is changed to or cut off, the package is refused or,
// where only the compression of its signature differs, still the same.
func TestReadPackageRefusesDamage(t *testing.T) {
	t.Parallel()
	good, want := file(zlib(), ours())
	signature, _, _ := members(zlib())
	original := must(apk.ReadPackage(good, want, small))
	for i := range good {
		damaged := bytes.Clone(good)
		damaged[i] ^= 1 << (i % 8)
		p, err := apk.ReadPackage(damaged, want, small)
		if err == nil && (i >= len(signature) || !reflect.DeepEqual(p, original)) {
			t.Errorf("byte %d was changed, and accepted", i)
		}
		cut := want
		cut.Size = int64(i)
		if _, err := apk.ReadPackage(good[:i], cut, small); err == nil {
			t.Errorf("the first %d of %d bytes were accepted", i, len(good))
		}
	}
}

func TestReadPackageIsLimited(t *testing.T) {
	t.Parallel()
	data, want := file(zlib(), ours())
	for name, tc := range map[string]struct {
		change func(*apk.Limits)
		want   string
	}{
		"package": {func(l *apk.Limits) { l.Package = want.Size - 1 }, "more than the"},
		"control": {func(l *apk.Limits) { l.Control = 2000 }, "member 2 (control): it unpacks to more than the 2000 bytes"},
		"line":    {func(l *apk.Limits) { l.Line = 20 }, ".PKGINFO:1: the line has more than the 20 bytes"},
		"data":    {func(l *apk.Limits) { l.Data = 10239 }, "member 3 (data): it unpacks to more than the 10239 bytes"},
		"entries": {func(l *apk.Limits) { l.Entries = 8 }, "more than the 8 entries"},
		"none":    {func(l *apk.Limits) { *l = apk.Limits{} }, "allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limits := small
			tc.change(&limits)
			_, err := apk.ReadPackage(data, want, limits)
			refused(t, err, tc.want)
		})
	}
}
