package apk_test

import (
	"archive/tar"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
)

func regular(name, body string) entry { return entry{tar.Header{Name: name}, body} }

func folder(name string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755}, ""}
}

func symlink(name, target string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target}, ""}
}

func hardlink(name, target string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: target}, ""}
}

func special(kind byte) []entry { return []entry{{tar.Header{Name: "dev/x", Typeflag: kind}, ""}} }

func pax(records map[string]string) []entry {
	return []entry{{tar.Header{Name: "a", PAXRecords: records}, "content"}}
}

// readData reads a package with this data member.
func readData(member []byte) (apk.Package, error) {
	raw, want := craft(goodInfo, member)
	return apk.ReadPackage(raw, want, small)
}

func TestDataRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 256)
	for name, tc := range map[string]struct {
		entries []entry
		want    []string
	}{
		"absolute":                  {[]entry{regular("/etc/passwd", "")}, []string{`"/etc/passwd"`, "absolute"}},
		"parent":                    {[]entry{regular("../etc/passwd", "")}, []string{`"../etc/passwd"`, `".."`}},
		"parent inside":             {[]entry{regular("a/../../etc/passwd", "")}, []string{`".."`}},
		"dot":                       {[]entry{regular("./etc/passwd", "")}, []string{`"."`}},
		"the root":                  {[]entry{folder("./")}, []string{`"."`}},
		"root directory":            {[]entry{folder("/")}, []string{"empty"}},
		"empty element":             {[]entry{regular("etc//passwd", "")}, []string{"empty"}},
		"two slashes at the end":    {[]entry{folder("etc//")}, []string{"empty"}},
		"not UTF-8":                 {[]entry{regular("etc/\xff", "")}, []string{"UTF-8"}},
		"line break":                {[]entry{regular("etc/a\nR:b", "")}, []string{"control character"}},
		"overlong element":          {[]entry{regular("a/"+long, "")}, []string{"255 bytes between"}},
		"overlong path":             {[]entry{regular(strings.Repeat("aaaaaaa/", 512)+"a", "")}, []string{"4095 bytes"}},
		"metadata":                  {[]entry{regular(".PKGINFO", "pkgname = x")}, []string{`".PKGINFO"`, "control member"}},
		"signature":                 {[]entry{regular("a", ""), regular(".SIGN.RSA.x", "")}, []string{`".SIGN.RSA.x"`}},
		"placeholder with content":  {[]entry{regular(".dummy", "x")}, []string{`".dummy"`}},
		"character device":          {special(tar.TypeChar), []string{`"dev/x"`, "its type is '3'"}},
		"block device":              {special(tar.TypeBlock), []string{"its type is '4'"}},
		"pipe":                      {special(tar.TypeFifo), []string{"its type is '6'"}},
		"reserved type":             {special(tar.TypeCont), []string{"its type is '7'"}},
		"file twice":                {[]entry{regular("a", ""), regular("a", "")}, []string{`"a"`, "taken"}},
		"file, then directory":      {[]entry{regular("a", ""), folder("a/")}, []string{"taken"}},
		"directory, another mode":   {[]entry{folder("a"), {tar.Header{Name: "a", Typeflag: tar.TypeDir, Mode: 0o700}, ""}}, []string{"taken"}},
		"below a file":              {[]entry{regular("a", ""), regular("a/b", "")}, []string{"parent is no directory"}},
		"below a symlink":           {[]entry{symlink("a", "etc"), regular("a/passwd", "")}, []string{"parent is no directory"}},
		"symlink above a file":      {[]entry{regular("a/passwd", ""), symlink("a", "etc")}, []string{`"a"`, "must be a directory"}},
		"symlink to nothing":        {[]entry{symlink("a", "")}, []string{"symlink"}},
		"symlink above the root":    {[]entry{symlink("a/b", "../../etc/passwd")}, []string{`"a/b"`, `"../../etc/passwd"`, "outside the root"}},
		"symlink up and down":       {[]entry{symlink("a/b", "../x/../../etc")}, []string{"outside the root"}},
		"symlink above /":           {[]entry{symlink("a/b", "/../etc")}, []string{"outside the root"}},
		"overlong symlink":          {[]entry{symlink("a", strings.Repeat("a", 4096))}, []string{"4095 bytes"}},
		"symlink, not UTF-8":        {[]entry{symlink("a", "\xff")}, []string{"UTF-8"}},
		"hard link to nothing":      {[]entry{hardlink("a", "b")}, []string{`"a"`, `hard link to "b"`, "before it"}},
		"hard link to itself":       {[]entry{hardlink("a", "a")}, []string{"before it"}},
		"hard link to a later file": {[]entry{hardlink("a", "b"), regular("b", "")}, []string{"before it"}},
		"hard link to a directory":  {[]entry{folder("d"), hardlink("a", "d")}, []string{"regular file"}},
		"hard link to a parent":     {[]entry{regular("d/e", ""), hardlink("a", "d")}, []string{"regular file"}},
		"hard link to a symlink":    {[]entry{symlink("s", "x"), hardlink("a", "s")}, []string{"regular file"}},
		"hard link outside":         {[]entry{hardlink("a", "../../etc/passwd")}, []string{"hard link", `".."`}},
		"absolute hard link":        {[]entry{hardlink("a", "/etc/passwd")}, []string{"hard link", "absolute"}},
		"file type in the mode":     {[]entry{{tar.Header{Name: "a", Mode: 0o100644}, ""}}, []string{"0100644", "permission bits"}},
		"negative owner":            {[]entry{{tar.Header{Name: "a", Uid: -1, Format: tar.FormatGNU}, ""}}, []string{"owner -1:0"}},
		"owner that means none":     {[]entry{{tar.Header{Name: "a", Gid: 1<<32 - 1}, ""}}, []string{"owner 0:4294967295"}},
		"pax header for all":        {[]entry{{tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"uid": "0"}}, ""}}, []string{"pax header for all entries"}},
		"enormous pax header":       {pax(map[string]string{"VENDOR.x": strings.Repeat("x", 1<<16)}), []string{`"a"`, "pax header is longer"}},
		"wrong checksum":            {pax(map[string]string{"APK-TOOLS.checksum.SHA1": strings.Repeat("0", 40)}), []string{`"a"`, "SHA-1 is 040f06fd"}},
		"short checksum":            {pax(map[string]string{"APK-TOOLS.checksum.SHA1": "040f06fd"}), []string{`"a"`, "SHA-1"}},
		"wrong checksum of link":    {[]entry{{tar.Header{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "b", PAXRecords: map[string]string{"APK-TOOLS.checksum.SHA1": strings.Repeat("0", 40)}}, ""}}, []string{`"a"`, "SHA-1"}},
		"too many":                  {slices.Repeat([]entry{folder("a")}, 51), []string{"more than the 50 entries"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readData(archive(tc.entries...))
			refused(t, err, append(tc.want, "package zlib-1.3.1-r2: member 2 (data): ")...)
		})
	}
}

func TestDataAccepts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long/", 40) + "name"
	checksum := func(e entry, sum string) entry {
		e.PAXRecords = map[string]string{"APK-TOOLS.checksum.SHA1": sum}
		return e
	}
	su := entry{tar.Header{Name: "bin/su", Mode: 0o4755, Uid: 4294967294}, "content"}
	p, err := readData(slices.Concat(archive(
		regular(".dummy", ""), folder("etc/"), folder("etc"),
		entry{tar.Header{Name: "etc/shadow", Mode: 0o640, Gid: 42}, "root::"},
		checksum(su, "040f06fd774092478d450774f5ba30c5da78acc8"),
		entry{tar.Header{Name: "tmp", Mode: 0o3777, Typeflag: tar.TypeDir}, ""},
		checksum(symlink("bin/sh", "/bin/busybox"), "a5c7d37c33446cd290736b35b626bb75ad3933c4"),
		checksum(symlink("bin/far", long), "of its first 100 bytes"),
		symlink("usr/lib/up", "../../bin/su"), symlink("lib64", "."), hardlink("bin/sudo", "bin/su"),
		regular(long, "x"), regular(`back\slash`, "")), make([]byte, 10240)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range p.Files {
		got = append(got, fmt.Sprintf("%s %d:%d %s %s%s", f.Mode, f.UID, f.GID, f.Path, f.Data, f.Link))
	}
	want := []string{
		`-rw-r--r-- 0:0 back\slash `, "Lrwxrwxrwx 0:0 bin/far " + long, "Lrwxrwxrwx 0:0 bin/sh /bin/busybox",
		"urwxr-xr-x 4294967294:0 bin/su content", "urwxr-xr-x 4294967294:0 bin/sudo content",
		"drwxr-xr-x 0:0 etc ", "-rw-r----- 0:42 etc/shadow root::", "Lrwxrwxrwx 0:0 lib64 .",
		"-rw-r--r-- 0:0 " + long + " x", "dgtrwxrwxrwx 0:0 tmp ", "Lrwxrwxrwx 0:0 usr/lib/up ../../bin/su",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
