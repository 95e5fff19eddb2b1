package debian_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/debian"
	fixture "github.com/nginx-scratch/nginx-scratch/tests/fixtures/debian"
)

var now = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func newKey(t testing.TB) (fixture.Key, debian.Keys) {
	t.Helper()
	key, err := fixture.NewKey(now.AddDate(-1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return key, trust(t, key, key)
}

// trust pins one key, with a keyring that has others too.
func trust(t testing.TB, pinned fixture.Key, ring ...fixture.Key) debian.Keys {
	t.Helper()
	var data []byte
	for _, k := range ring {
		public, err := k.Public()
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, public...)
	}
	keys, err := debian.Trust(map[string]string{"test": pinned.Fingerprint()}, data)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

const hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func good() string {
	return "Origin: Tests\nCodename: trixie\nDate: Thu, 26 Nov 2026 02:00:00 UTC\nValid-Until: Thu, 03 Dec 2026 02:00:00 UTC\n" +
		"SHA256:\n " + hash + "   123 main/source/Sources\n " + hash + " 45 main/source/Sources.xz\n"
}

func TestReadRelease(t *testing.T) {
	t.Parallel()
	key, keys := newKey(t)
	signed, err := key.Sign(good(), now)
	if err != nil {
		t.Fatal(err)
	}
	r, err := debian.ReadRelease(signed, "trixie", keys, now)
	if err != nil {
		t.Fatal(err)
	}
	if r.Signer != key.Fingerprint() || !r.Date.Equal(now.Add(-10*time.Hour)) || r.Files["main/source/Sources"] != (debian.File{SHA256: hash, Size: 123}) {
		t.Errorf("got %+v", r)
	}
}

func TestReadReleaseRefuses(t *testing.T) {
	t.Parallel()
	key, keys := newKey(t)
	other, _ := newKey(t)
	sign := func(k fixture.Key, text string) string {
		signed, err := k.Sign(text, now)
		if err != nil {
			t.Fatal(err)
		}
		return string(signed)
	}
	edit := func(old, replacement string) string {
		changed := strings.Replace(good(), old, replacement, 1)
		if changed == good() {
			t.Fatalf("%q is not there", old)
		}
		return sign(key, changed)
	}
	whole := sign(key, good())
	text, _, _ := strings.Cut(whole, "-----BEGIN PGP SIGNATURE")
	for _, c := range []struct{ name, data, want string }{
		{"nothing", "", "no signed text"},
		{"not signed", good(), "no signed text"},
		{"text before it", "Codename: sid\n" + whole, "no signed text"},
		{"text after it", whole + "Codename: sid\n", "follows the signature"},
		{"two of them", whole + whole, "follows the signature"},
		{"truncated", whole[:len(whole)/2], "no whole signed text"},
		{"without its signature", text, "no whole signed text"},
		{"another key", sign(other, good()), "signature"},
		{"changed", strings.Replace(whole, "123 main", "124 main", 1), "signature"},
		{"another suite", edit("Codename: trixie", "Codename: bookworm"), `it is of "bookworm", not of "trixie"`},
		{"no suite", edit("Codename: trixie\n", ""), `it is of "", not of "trixie"`},
		{"a suite twice", edit("Codename: trixie\n", "Codename: sid\nCodename: trixie\n"), "there twice"},
		{"two paragraphs", edit("Origin: Tests\n", "Origin: Tests\n\n"), "more than one paragraph"},
		{"expired", edit("Valid-Until: Thu, 03 Dec", "Valid-Until: Thu, 26 Nov"), "valid until 2026-11-26T02:00:00Z"},
		{"no such end", edit("Valid-Until: Thu, 03 Dec", "Valid-Until: tomorrow"), "Valid-Until"},
		{"from the future", edit("Date: Thu, 26 Nov 2026", "Date: Sat, 28 Nov 2026"), "yet to come"},
		{"no date", edit("Date: Thu, 26 Nov 2026 02:00:00 UTC\n", ""), "field Date"},
		{"another time zone", edit("2026 02:00:00 UTC\nValid", "2026 02:00:00 CET\nValid"), "field Date"},
		{"a short hash", edit(hash+" 45", hash[1:]+" 45"), "64 lower-case"},
		{"a negative size", edit(" 45 main", " -45 main"), "the size is no number"},
		{"a huge size", edit(" 45 main", " 99999999999999999999 main"), "the size is no number"},
		{"two words", edit(" 45 main/source/Sources.xz", " 45"), "a hash, a size and a name"},
		{"a file twice", edit("main/source/Sources.xz", "main/source/Sources"), "listed twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := debian.ReadRelease([]byte(c.data), "trixie", keys, now); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// A key that is in the keyring, but not pinned, counts for nothing.
func TestTrust(t *testing.T) {
	t.Parallel()
	key, _ := newKey(t)
	other, _ := newKey(t)
	signed, err := other.Sign(good(), now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := debian.ReadRelease(signed, "trixie", trust(t, key, key, other), now); err == nil {
		t.Error("a key that is not pinned was believed")
	}
	if _, err := debian.ReadRelease(signed, "trixie", trust(t, other, key, other), now); err != nil {
		t.Error(err)
	}
	public, err := other.Public()
	if err != nil {
		t.Fatal(err)
	}
	_, err = debian.Trust(map[string]string{"Archive Key": key.Fingerprint()}, public)
	if err == nil || !strings.Contains(err.Error(), "none of the keys that the definition trusts: Archive Key") {
		t.Errorf("got %v", err)
	}
	if _, err = debian.Trust(map[string]string{"Archive Key": key.Fingerprint()}, []byte("no keyring")); err == nil {
		t.Error("a keyring that is none was read")
	}
}

func FuzzReadRelease(f *testing.F) {
	key, keys := newKey(f)
	signed, err := key.Sign(good(), now)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Add([]byte(good()))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := debian.ReadRelease(data, "trixie", keys, now); err == nil && strings.TrimSpace(string(data)) != strings.TrimSpace(string(signed)) {
			// What is signed is the text without spaces at the end of its lines, so
			// other bytes may say the same; they must not say anything else.
			if !strings.Contains(string(data), "Codename: trixie") {
				t.Errorf("believed %q", data)
			}
		}
	})
}
