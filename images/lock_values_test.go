package images_test

import (
	"strings"
	"testing"
)

func TestLockValues(t *testing.T) {
	t.Parallel()
	const (
		hash  = ": it must be 64 lower-case hexadecimal digits"
		file  = ": it must be a plain file name"
		place = ": it must be an address with https or http, or debian: and a path below a Debian mirror"
		epoch = ": it must be seconds since 1970, above 0 and up to 8589934591"
	)
	a, d := strings.Repeat("a", 64), strings.Repeat("d", 64)
	const address, pool = `https://example.org/musl-1.2.5.tar.gz`, `debian:pool/main/m/musl/musl_1.2.5%2Breally.orig.tar.gz`
	good := edited(t, "small.lock.json", edit{})
	series := good[strings.Index(good, `"series": `)+len(`"series": `) : strings.LastIndex(good, "\n      }")]
	placed := func(old, want string) edit {
		return edit{"place " + want, old, want, `field components[musl].source.places[0] is "` + want + `"` + place}
	}
	pooled := func(want string) edit {
		return edit{"place " + want, pool, want, `field components[musl].source.places[1] is "` + want + `"` + place}
	}
	for _, e := range []edit{
		{"no time", "1700000000", "0", "field source_date_epoch is 0" + epoch},
		{"time before 1970", "1700000000", "-1", "field source_date_epoch is -1" + epoch},
		{"time that is no date", "1700000000", "8589934592", "field source_date_epoch is 8589934592" + epoch},
		{"short hash", a, a[1:], `field components[musl].source.sha256 is "` + a[1:] + `"` + hash},
		{"hash in capitals", a, "A" + a[1:], `field components[musl].source.sha256 is "A` + a[1:] + `"` + hash},
		{"no hash", d, "", `field components[openssl].patches.series[0].sha256 is missing: it must be 64 lower-case hexadecimal digits`},
		{"size", `"size": 30`, `"size": -1`, "field components[openssl].patches.archive.size must be a number of bytes"},
		{"file with a folder", "musl_1.2.5.orig.tar.gz\"", "../x\"", `field components[musl].source.file is "../x"` + file},
		{"file that is a folder", "musl_1.2.5.orig.tar.gz\"", "..\"", `field components[musl].source.file is ".."` + file},
		{"file that is hidden", "musl_1.2.5.orig.tar.gz\"", ".x\"", `field components[musl].source.file is ".x"` + file},
		{"file that is an option", "musl_1.2.5.orig.tar.gz\"", "-rf\"", `field components[musl].source.file is "-rf"` + file},
		{"file with an escape sequence", "musl_1.2.5.orig.tar.gz\"", `a\u001b[2J"`, `field components[musl].source.file is "a\x1b[2J"` + file},
		{"file with a NUL", "musl_1.2.5.orig.tar.gz\"", `a\u0000"`, `field components[musl].source.file is "a\x00"` + file},
		{"no file", "musl_1.2.5.orig.tar.gz\"", `"`, `field components[musl].source.file is missing: it must be a plain file name`},
		{"component without a name", `"name": "musl"`, `"name": ""`, "field components[0].name is missing: it must be lower-case letters, digits and dashes..."},
		{"component twice", `"name": "openssl"`, `"name": "musl"`, "field components[musl] is there twice..."},
		{"revision", `"3.5.7-1~deb13u2"`, `"latest"`, `field components[openssl].patches.revision is "latest": it must be a version of Debian's`},
		{"patch outside", `"CVE-2026-1.patch"`, `"../1.patch"`, `field components[openssl].patches.series[1].file is "../1.patch": it must be a path without a slash at either end, or . or .. in it`},
		{"patch with a line break", `"CVE-2026-1.patch"`, `"a\nb"`, `field components[openssl].patches.series[1].file is "a\nb": it must be one line of text`},
		{"patch twice", `"CVE-2026-1.patch"`, `"man.patch"`, `field components[openssl].patches.series[1].file is "man.patch", which is there twice`},
		{"no places", "[\n          \"http://example.org/download?a=b&c=d\"\n        ]", "[]", "field components[openssl].source.places is empty"},
		{"no series", series, "[]", "field components[openssl].patches.series is empty: without patches, leave the whole field patches out..."},
		placed(address, "ftp://example.org/musl.tar.gz"),
		placed(address, "file:///etc/passwd"),
		placed(address, "//example.org/musl.tar.gz"),
		placed(address, "musl.tar.gz"),
		placed(address, "https:musl.tar.gz"),
		placed(address, "https:///musl.tar.gz"),
		placed(address, "https://:443/musl.tar.gz"),
		placed(address, "https://example.org"),
		placed(address, "https://example.org/"),
		placed(address, "https://me:secret@example.org/musl.tar.gz"),
		placed(address, "https://example.org/musl.tar.gz#x"),
		placed(address, "https://example.org/a b"),
		placed(address, "https://example.org/%zz"),
		placed(address, ""),
		pooled("debian:"),
		pooled("debian:."),
		pooled("debian:/pool/x"),
		pooled("debian:pool/../x"),
		pooled("debian:pool/%2e%2e/x"),
		pooled("debian:pool/x/"),
		pooled("debian:pool/%zz"),
		pooled("debian:pool/x?y"),
		pooled("debian:pool/x y"),
		pooled("Debian:pool/x"),
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			_, err := loadLock(edited(t, "small.lock.json", e), small(t, edit{}))
			expect(t, err, "small.lock.json: "+e.want)
		})
	}
}

// A lock that was made for another definition is refused, whatever of it is
// different.
func TestLockOfAnotherDefinition(t *testing.T) {
	t.Parallel()
	lock := edited(t, "small.lock.json", edit{})
	for _, e := range []edit{
		{"version", "version: 1.2.5", "version: 1.2.6", `field components[musl].version is "1.2.5", but the definition says "1.2.6"`},
		{"component", "name: musl", "name: zlib", "field components[zlib] is missing, but the definition has it\n" +
			"small.lock.json: field components[musl] is not in the definition"},
		{"patch of the series", "man.patch:", "manual.patch:", `field components[openssl].patches does not list "manual.patch", which the definition skips: remove it from skip_patches`},
		{"patch of no series", "    options:", "    skip_patches: {a.patch: not built}\n    options:", `field components[musl].patches does not list "a.patch", which the definition skips: remove it from skip_patches`},
		{"two patches", "man.patch:", "b.patch: b\n      a.patch:", `field components[openssl].patches does not list "a.patch", which the definition skips: remove it from skip_patches
small.lock.json: field components[openssl].patches does not list "b.patch", which the definition skips: remove it from skip_patches`},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			_, err := loadLock(lock, small(t, e))
			expect(t, err, "small.lock.json: "+e.want)
		})
	}
	t.Run("name", func(t *testing.T) {
		t.Parallel()
		_, err := loadLock(edited(t, "small.lock.json", edit{old: `"small"`, new: `"large"`}), small(t, edit{}))
		expect(t, err, `small.lock.json: field definition is "large", but the definition is "small"`)
	})
}
