package peers

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// member is one of an ar archive, with its byte to fill up.
func member(name string, data []byte) string {
	s := fmt.Sprintf("%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", name, 0, 0, 0, "100644", len(data), data)
	if len(data)%2 == 1 {
		s += "\n"
	}
	return s
}

// archive is a tar of headers, in which regular files have their name as content.
func archive(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(h.Name))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := io.WriteString(w, h.Name); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// packed is data as a member with this name has it.
func packed(t testing.TB, name string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch {
	case strings.HasSuffix(name, ".xz"):
		w, err = xz.NewWriter(&b)
	case strings.HasSuffix(name, ".gz"):
		w = gzip.NewWriter(&b)
	case strings.HasSuffix(name, ".zst"):
		w, err = zstd.NewWriter(&b)
	default:
		return data
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func deb(t testing.TB, name string, data []byte) string {
	t.Helper()
	return arMagic + member("debian-binary", []byte("2.0\n")) + member("control.tar.xz", []byte("odd")) + member(name, packed(t, name, data))
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	data := archive(t,
		tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o700},
		tar.Header{Name: "./usr/lib/", Typeflag: tar.TypeDir, Mode: 0o755},
		tar.Header{Name: "./usr/lib/liba.so.1.2", Typeflag: tar.TypeReg, Mode: 0o644},
		tar.Header{Name: "./usr/lib/liba.so.1", Typeflag: tar.TypeSymlink, Linkname: "liba.so.1.2"},
		tar.Header{Name: "./usr/lib64/ld.so", Typeflag: tar.TypeSymlink, Linkname: "../lib/ld.so"},
		tar.Header{Name: "./etc/a", Typeflag: tar.TypeSymlink, Linkname: "/usr/share/a"},
		tar.Header{Name: "./usr/bin/same", Typeflag: tar.TypeLink, Linkname: "./usr/lib/liba.so.1.2", Mode: 0o755},
	)
	for _, name := range []string{"data.tar", "data.tar.gz", "data.tar.xz", "data.tar.zst", "data.tar.xz/"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := tree.New()
			clean := strings.TrimSuffix(name, "/")
			text := strings.Replace(deb(t, clean, data), fmt.Sprintf("%-16s", clean), fmt.Sprintf("%-16s", name), 1)
			if err := unpack(all, "a", strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
			for path, want := range map[string]string{
				"usr/lib/liba.so.1.2": "-rw-r--r-- ./usr/lib/liba.so.1.2", "usr/bin/same": "-rwxr-xr-x ./usr/lib/liba.so.1.2",
				"usr/lib/liba.so.1": "Lrwxrwxrwx liba.so.1.2", "usr/lib64/ld.so": "Lrwxrwxrwx ../lib/ld.so", "etc/a": "Lrwxrwxrwx /usr/share/a",
			} {
				f, ok := all.Lookup(path)
				if got := f.Mode.String() + " " + string(f.Data) + f.Link; !ok || got != want || f.Origin.Component != "a" {
					t.Errorf("%s is %q of %v, want %q", path, got, f.Origin, want)
				}
			}
		})
	}
}

func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	file := func(name string) []byte {
		return archive(t, tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644})
	}
	link := func(name, to string, kind byte) []byte {
		return archive(t, tar.Header{Name: name, Typeflag: kind, Linkname: to})
	}
	good := deb(t, "data.tar.xz", file("./a"))
	huge := tar.Header{Name: "./a", Typeflag: tar.TypeReg, Size: 1 << 40}
	var headerOnly bytes.Buffer
	if err := tar.NewWriter(&headerOnly).WriteHeader(&huge); err != nil {
		t.Fatal(err)
	}
	many := make([]tar.Header, maxEntries+1)
	for i := range many {
		many[i] = tar.Header{Name: fmt.Sprintf("./d%d/", i), Typeflag: tar.TypeDir}
	}
	for name, tc := range map[string]struct{ deb, want string }{
		"nothing":              {"", "no Debian package"},
		"something else":       {"PK\x03\x04 and so on", "no Debian package"},
		"no data":              {arMagic + member("debian-binary", []byte("2.0\n")), "no member data.tar"},
		"cut off in a header":  {good[:len(arMagic)+20], "unexpected EOF"},
		"cut off in a member":  {arMagic + member("debian-binary", make([]byte, 100))[:90], "cut off after 30 of 100"},
		"cut off in data":      {good[:len(good)-40], "data.tar.xz"},
		"odd header":           {strings.Replace(good, "`\n", "!\n", 1), "ends with"},
		"odd size":             {strings.Replace(good, "4         `", "-4        `", 1), "as its size"},
		"size with letters":    {strings.Replace(good, "4         `", "0x4       `", 1), "as its size"},
		"unknown compression":  {arMagic + member("data.tar.lzma", []byte("x")), "only xz, zstd"},
		"no xz":                {arMagic + member("data.tar.xz", []byte("xx")), "decompressing"},
		"no tar":               {deb(t, "data.tar.xz", bytes.Repeat([]byte("x"), 1024)), "reading data.tar.xz"},
		"a path with ..":       {deb(t, "data.tar.xz", file("./usr/../../etc/passwd")), "leads out"},
		"an absolute path":     {deb(t, "data.tar.xz", file("/etc/passwd")), "leads out"},
		"an absolute path 2":   {deb(t, "data.tar.xz", file(".//etc/passwd")), "leads out"},
		"a link out":           {deb(t, "data.tar.xz", link("./usr/a", "../../etc", tar.TypeSymlink)), "out of the image"},
		"an absolute link out": {deb(t, "data.tar.xz", link("./usr/a", "/../etc", tar.TypeSymlink)), "out of the image"},
		"an empty link":        {deb(t, "data.tar.xz", link("./usr/a", "", tar.TypeSymlink)), "out of the image"},
		"a hard link out":      {deb(t, "data.tar.xz", link("./a", "/etc/shadow", tar.TypeLink)), "no file of the package"},
		"a device":             {deb(t, "data.tar.xz", link("./a", "", tar.TypeChar)), "of type"},
		"a pipe":               {deb(t, "data.tar.xz", link("./a", "", tar.TypeFifo)), "of type"},
		"a file twice":         {deb(t, "data.tar.xz", archive(t, tar.Header{Name: "a", Typeflag: tar.TypeReg}, tar.Header{Name: "./a", Typeflag: tar.TypeReg})), "taken"},
		"through a link": {deb(t, "data.tar.xz", archive(t, tar.Header{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "b"},
			tar.Header{Name: "a/c", Typeflag: tar.TypeReg})), "no directory"},
		"too many":       {deb(t, "data.tar.zst", archive(t, many...)), "more than 20000 entries"},
		"larger than it": {deb(t, "data.tar.xz", headerOnly.Bytes()), "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := unpack(tree.New(), "a", strings.NewReader(tc.deb))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// A bomb is small packed.
func TestUnpackRefusesABomb(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	tw := tar.NewWriter(w)
	if err := tw.WriteHeader(&tar.Header{Name: "./a", Typeflag: tar.TypeReg, Size: maxBytes + 1}); err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range maxBytes >> 20 {
		if _, err := tw.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	err = unpack(tree.New(), "a", strings.NewReader(arMagic+member("data.tar.zst", b.Bytes())))
	if err == nil || !strings.Contains(err.Error(), "unexpected EOF") {
		t.Errorf("got %v", err)
	}
}

// FuzzUnpack: nothing of a package is outside of the tree's root.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte(deb(f, "data.tar", archive(f, tar.Header{Name: "./a", Typeflag: tar.TypeReg}, tar.Header{Name: "b", Typeflag: tar.TypeSymlink, Linkname: "a"}))))
	f.Fuzz(func(t *testing.T, data []byte) {
		all := tree.New()
		if unpack(all, "a", bytes.NewReader(data)) != nil {
			return
		}
		for file := range all.All() {
			if !fs.ValidPath(file.Path) || file.Mode&fs.ModeSymlink != 0 && stays(file.Path, file.Link) != nil {
				t.Errorf("%q -> %q", file.Path, file.Link)
			}
		}
	})
}
