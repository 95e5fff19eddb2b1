package apk_test

import (
	"archive/tar"
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
	"github.com/nginx-scratch/nginx-scratch/tests/fixtures/repository"
)

// zlibIndex is an index of zlib alone.
func zlibIndex(keys ...repository.Key) []byte {
	return must(repository.Index("v3.22 main\n", built, []string{must(zlib().Entry())}, keys...))
}

// signed is a file with this index member, signed with our key.
func signed(member []byte) []byte {
	return slices.Concat(must(ours().Signature("RSA", member)), member)
}

func read(data []byte, keys ...repository.Key) (apk.Index, error) {
	return apk.ReadIndex(data, trusted(keys...), "x86_64", small)
}

func TestReadIndex(t *testing.T) {
	t.Parallel()
	index, err := read(zlibIndex(ours()), ours())
	if err != nil {
		t.Fatal(err)
	}
	_, record := file(zlib())
	record.Installed = index.Records[0].Installed
	record.Summary, record.URL, record.License, record.Origin = "A compression library", "https://zlib.net/", "Zlib", "zlib"
	record.Maintainer, record.Commit = "Natanael Copa <ncopa@alpinelinux.org>", "0123456789abcdef"
	record.Built, record.Depends, record.Provides = built, zlib().Depends, zlib().Provides
	want := apk.Index{Description: "v3.22 main", Built: built, Signer: ourKey, Records: []apk.Record{record}}
	if !reflect.DeepEqual(index, want) {
		t.Errorf("read %+v\nwant %+v", index, want)
	}
	if name := index.Records[0].File(); name != "zlib-1.3.1-r2.apk" {
		t.Errorf("the file is %s", name)
	}
}

func TestReadIndexAccepts(t *testing.T) {
	t.Parallel()
	plain := zlibIndex()
	sign := func(key repository.Key, algorithm string) []byte { return must(key.Signature(algorithm, plain)) }
	dsa := pack(archive(entry{tar.Header{Name: ".SIGN.DSA." + ourKey}, "x"}))
	two := pack(archive(entry{tar.Header{Name: ".SIGN.GOST.x"}, "x"}, entry{tar.Header{Name: ".SIGN.DSA.x"}, "x"}))
	collision := repository.Key{Name: ourKey, Private: others().Private}
	for name, tc := range map[string]struct {
		data   []byte
		keys   []repository.Key
		claims []string
	}{
		"SHA-1":                   {slices.Concat(sign(ours(), "RSA"), plain), keys(ours()), []string{ourKey}},
		"SHA-256":                 {slices.Concat(sign(ours(), "RSA256"), plain), keys(ours()), []string{ourKey}},
		"SHA-512":                 {slices.Concat(sign(ours(), "RSA512"), plain), keys(ours()), []string{ourKey}},
		"old and new key":         {zlibIndex(others(), ours()), keys(ours()), []string{otherKey, ourKey}},
		"one key, two algorithms": {slices.Concat(sign(ours(), "RSA"), sign(ours(), "RSA256"), plain), keys(ours()), []string{ourKey}},
		"unknown algorithms":      {slices.Concat(dsa, two, sign(ours(), "RSA"), plain), keys(ours()), []string{ourKey}},
		"a broken one beside":     {slices.Concat(sign(collision, "RSA"), sign(ours(), "RSA"), plain), keys(ours()), []string{ourKey}},
		"two keys of one name":    {zlibIndex(ours()), keys(collision, ours()), []string{ourKey}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if index, err := read(tc.data, tc.keys...); err != nil || index.Signer != ourKey || len(index.Records) != 1 {
				t.Errorf("read %+v, %v", index, err)
			}
			if claims, err := apk.Signers(tc.data); err != nil || !slices.Equal(claims, tc.claims) {
				t.Errorf("signers %q, %v", claims, err)
			}
		})
	}
}

func keys(keys ...repository.Key) []repository.Key { return keys }

func TestReadIndexRefuses(t *testing.T) {
	t.Parallel()
	good, plain := zlibIndex(ours()), zlibIndex()
	signature := good[:len(good)-len(plain)]
	list := entry{tar.Header{Name: "APKINDEX"}, ""}
	flipped := bytes.Clone(good)
	flipped[len(flipped)-1] ^= 1
	badCRC := bytes.Clone(plain)
	badCRC[len(badCRC)-8] ^= 1
	for name, tc := range map[string]struct {
		data []byte
		keys []repository.Key
		want []string
	}{
		"empty":                   {nil, keys(ours()), []string{"member 1", "truncated"}},
		"no gzip":                 {[]byte("<html>404</html>"), keys(ours()), []string{"member 1", "gzip"}},
		"gzip of no tar":          {pack([]byte("<html>404</html>")), keys(ours()), []string{"member 1", "first entry"}},
		"unsigned":                {plain, keys(ours()), []string{"not signed"}},
		"unsigned, nobody asked":  {plain, nil, []string{"not signed"}},
		"DSA only":                {slices.Concat(pack(archive(entry{tar.Header{Name: ".SIGN.DSA.x"}, "x"})), plain), keys(ours()), []string{"not signed by any RSA key"}},
		"unknown key":             {zlibIndex(others()), keys(ours()), []string{"signed by", otherKey, "trusted are", ourKey}},
		"no key is trusted":       {good, nil, []string{"signed by", ourKey, "trusted are []"}},
		"trusted name, other key": {zlibIndex(repository.Key{Name: ourKey, Private: others().Private}), keys(ours()), []string{"RSA signature of the trusted key " + ourKey, "does not match"}},
		"last byte flipped":       {flipped, keys(ours()), []string{"does not match"}},
		"of another index":        {slices.Concat(signature, must(repository.Index("", built, nil))), keys(ours()), []string{"does not match"}},
		"bytes after":             {slices.Concat(good, []byte("x")), keys(ours()), []string{"does not match"}},
		"member after":            {slices.Concat(good, plain), keys(ours()), []string{"does not match"}},
		"signature after":         {slices.Concat(plain, signature), keys(ours()), []string{"not signed"}},
		"signature alone":         {signature, keys(ours()), []string{"member 2", "truncated"}},
		"signed junk after":       {signed(slices.Concat(plain, []byte("junk"))), keys(ours()), []string{"4 bytes follow the index"}},
		"signed second member":    {signed(slices.Concat(plain, plain)), keys(ours()), []string{"follow the index"}},
		"signed, bad CRC":         {signed(badCRC), keys(ours()), []string{"member 2 (index)", "checksum"}},
		"signed, but no index":    {signed(pack(archive(entry{tar.Header{Name: "DESCRIPTION"}, "x"}))), keys(ours()), []string{"APKINDEX is missing"}},
		"signed, but empty":       {signed(pack(nil)), keys(ours()), []string{"APKINDEX is missing"}},
		"signed, two indexes":     {signed(pack(archive(list, list))), keys(ours()), []string{"APKINDEX", "twice"}},
		"signed, a package":       {signed(must(zlib().Control())), keys(ours()), []string{".PKGINFO", "only the files DESCRIPTION and APKINDEX"}},
		"signed, index is a link": {signed(pack(archive(entry{tar.Header{Name: "APKINDEX", Typeflag: tar.TypeSymlink, Linkname: "x"}, ""}))), keys(ours()), []string{"only the files"}},
		"signed, bad description": {signed(pack(archive(entry{tar.Header{Name: "DESCRIPTION"}, "a\x1b[2Jb"}, list))), keys(ours()), []string{"DESCRIPTION", "control character"}},
		"signature with a file":   {slices.Concat(pack(archive(entry{tar.Header{Name: ".SIGN.RSA." + ourKey}, "x"}, entry{tar.Header{Name: "a"}, ""})), plain), keys(ours()), []string{"member 1 (signature)", `"a"`, "no signature"}},
		"key name is a path":      {slices.Concat(pack(archive(entry{tar.Header{Name: ".SIGN.RSA.../../etc/passwd"}, "x"})), plain), keys(ours()), []string{"member 1 (signature)", "file name of a key"}},
		"signature without key":   {slices.Concat(pack(archive(entry{tar.Header{Name: ".SIGN.RSA"}, "x"})), plain), keys(ours()), []string{"no signature"}},
		"signature is a link":     {slices.Concat(pack(archive(entry{tar.Header{Name: ".SIGN.RSA." + ourKey, Typeflag: tar.TypeSymlink, Linkname: "x"}, ""})), plain), keys(ours()), []string{"no signature"}},
		"signature is a bomb":     {slices.Concat(pack(slices.Concat(archive(entry{tar.Header{Name: ".SIGN.RSA." + ourKey}, "x"}), make([]byte, 1<<20))), plain), keys(ours()), []string{"member 1 (signature)", "65536 bytes allowed"}},
		"too many signatures":     {slices.Concat(bytes.Repeat(signature, 65), plain), keys(ours()), []string{"more than 64 signature members"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(tc.data, tc.keys...)
			refused(t, err, append(tc.want, "reading the index")...)
		})
	}
}

func TestReadIndexIsLimited(t *testing.T) {
	t.Parallel()
	good := zlibIndex(ours())
	for name, tc := range map[string]struct {
		change func(*apk.Limits)
		want   string
	}{
		"bytes":   {func(l *apk.Limits) { l.Index = int64(len(good) - 1) }, "allowed"},
		"text":    {func(l *apk.Limits) { l.IndexText = 1500 }, "unpacks to more than the 1500 bytes"},
		"records": {func(l *apk.Limits) { l.Records = 0 }, "more than the 0 packages"},
		"line":    {func(l *apk.Limits) { l.Line = 30 }, "APKINDEX:1: the line has more than the 30 bytes"},
		"none":    {func(l *apk.Limits) { *l = apk.Limits{} }, "allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limits := small
			tc.change(&limits)
			_, err := apk.ReadIndex(good, trusted(ours()), "x86_64", limits)
			refused(t, err, tc.want)
		})
	}
}

// Every byte of an index is covered, but those of its signature member that
// make no difference to what it says: of its header and its compression.
func TestReadIndexRefusesDamage(t *testing.T) {
	t.Parallel()
	good, key := zlibIndex(ours()), trusted(ours())
	want, signature := must(apk.ReadIndex(good, key, "x86_64", small)), len(good)-len(zlibIndex())
	for i := range good {
		if _, err := apk.ReadIndex(good[:i], key, "x86_64", small); err == nil {
			t.Errorf("the first %d of %d bytes were accepted", i, len(good))
		}
		damaged := bytes.Clone(good)
		damaged[i] ^= 1 << (i % 8)
		index, err := apk.ReadIndex(damaged, key, "x86_64", small)
		if err == nil && (i >= signature || !reflect.DeepEqual(index, want)) {
			t.Errorf("byte %d was changed, and accepted", i)
		}
	}
}
