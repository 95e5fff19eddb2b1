package segments

import (
	"bytes"
	"compress/flate"
	"os"
	"path/filepath"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/deflate"
)

// packed is data as blocks of another packer, whose last is the final one if it is closed.
func packed(t *testing.T, data []byte, closed bool) []byte {
	t.Helper()
	var out bytes.Buffer
	zw, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := zw.Write(data); err != nil {
		t.Fatal(err)
	}
	if err = zw.Flush(); closed {
		err = zw.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func appended(t *testing.T, c Cache, segment []byte) []byte {
	t.Helper()
	got, err := c.Append([]byte("before"), segment)
	if err != nil {
		t.Fatal(err)
	}
	after, ok := bytes.CutPrefix(got, []byte("before"))
	if !ok {
		t.Fatal("what was there is gone")
	}
	return after
}

// only is the one entry.
func only(t *testing.T, c Cache) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(c.Dir, "*-*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("entries %q (%v), want one", found, err)
	}
	return found[0]
}

func TestKeepsWhatItGives(t *testing.T) {
	t.Parallel()
	segment := bytes.Repeat([]byte("a segment of some bytes, "), 5000)
	want := deflate.Append(nil, segment)
	c := Cache{Dir: filepath.Join(t.TempDir(), "cache", "segments"), Version: 3}
	if got := appended(t, c, segment); !bytes.Equal(got, want) {
		t.Fatal("not what deflate gives")
	}
	entry := only(t, c)
	info, err := os.Stat(entry)
	if err != nil {
		t.Fatal(err)
	}
	if got := appended(t, c, segment); !bytes.Equal(got, want) {
		t.Error("another result the second time")
	}
	if again, err := os.Stat(entry); err != nil || !os.SameFile(info, again) {
		t.Errorf("it was kept once more (%v)", err)
	}
	// Another packer's blocks are taken: so it is read, and not compressed.
	other := packed(t, segment, false)
	if err := os.WriteFile(entry, other, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := appended(t, c, segment); !bytes.Equal(got, other) {
		t.Error("it was compressed again")
	}
	c.Version++
	if got := appended(t, c, segment); !bytes.Equal(got, want) {
		t.Error("what another version has given is taken")
	}
}

// What is wrong is compressed anew, and replaced.
func TestHostileEntries(t *testing.T) {
	t.Parallel()
	segment := bytes.Repeat([]byte("a segment of some bytes, "), 5000)
	want := deflate.Append(nil, segment)
	half := segment[:len(segment)/2]
	changed := bytes.Clone(want)
	changed[len(changed)/2] ^= 1
	for name, entry := range map[string][]byte{
		"nothing":              {},
		"truncated":            want[:len(want)-1],
		"half":                 want[:len(want)/2],
		"changed":              changed,
		"no blocks":            []byte("\xff\xff\xff\xff"),
		"another segment":      deflate.Append(nil, bytes.ToUpper(segment)),
		"less":                 packed(t, half, false),
		"more":                 packed(t, append(bytes.Clone(segment), 'a'), false),
		"a bomb":               packed(t, make([]byte, 10<<20), false),
		"a byte after":         append(bytes.Clone(want), 0),
		"a final block":        append(bytes.Clone(want), deflate.Final...),
		"final":                packed(t, segment, true),
		"blocks after final":   append(packed(t, half, true), packed(t, segment[len(half):], false)...),
		"a distance before it": {0x02, 0x02, 0, 0, 0, 0, 0xff, 0xff}, // a fixed block with a match, and a stored one
		"the segment itself":   segment,
		"far too large":        make([]byte, 3*len(segment)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := Cache{Dir: t.TempDir()}
			appended(t, c, segment)
			if err := os.WriteFile(only(t, c), entry, 0o600); err != nil {
				t.Fatal(err)
			}
			if got := appended(t, c, segment); !bytes.Equal(got, want) {
				t.Fatal("it is taken")
			}
			if kept, err := os.ReadFile(only(t, c)); err != nil || !bytes.Equal(kept, want) {
				t.Errorf("it is not replaced: %d bytes, %v", len(kept), err)
			}
		})
	}
}

// An entry that ends within a byte would move all that follows: its last bits could be the
// beginning of what is joined to it.
func TestEntriesEndWithAByte(t *testing.T) {
	t.Parallel()
	segment := []byte("abc")
	fixed := []byte{0x4a, 0x4c, 0x4a, 0x06, 0x00} // a block that is not final, and 6 bits of an empty one
	if unpacksTo(fixed, segment) {
		t.Error("an entry that ends within a byte is taken")
	}
	if !unpacksTo(deflate.Append(nil, segment), segment) {
		t.Error("an entry that ends with a byte is not")
	}
}

// A killed build leaves a file that is not complete: the next one writes over it. And a folder that
// cannot be written costs no more than time.
func TestWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	segment := bytes.Repeat([]byte("some bytes, "), 100)
	want := deflate.Append(nil, segment)
	c := Cache{Dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(c.Dir, "new"), make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	appended(t, c, segment)
	if kept, err := os.ReadFile(only(t, c)); err != nil || !bytes.Equal(kept, want) {
		t.Errorf("%d bytes are kept (%v), want %d", len(kept), err, len(want))
	}
	if _, err := os.Lstat(filepath.Join(c.Dir, "new")); err == nil {
		t.Error("what is not complete is still there")
	}
	for name, block := range map[string]func(entry string) error{
		"a folder": func(entry string) error { return os.MkdirAll(filepath.Join(entry, "in it"), 0o755) },
		"a link":   func(entry string) error { return os.Symlink("/dev/zero", entry) },
	} {
		entry := only(t, c)
		if err := os.Remove(entry); err != nil {
			t.Fatal(err)
		}
		if err := block(entry); err != nil {
			t.Fatal(err)
		}
		got, err := c.Append(nil, segment)
		if !bytes.Equal(got, want) {
			t.Errorf("%s: another result", name)
		}
		if (err != nil) != (name == "a folder") {
			t.Errorf("%s: error %v", name, err)
		}
		if err := os.RemoveAll(entry); err != nil {
			t.Fatal(err)
		}
		appended(t, c, segment)
	}
	c.Dir = filepath.Join(only(t, c), "below a file")
	if got, err := c.Append(nil, segment); err == nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes with error %v, want %d and one", len(got), err, len(want))
	}
}
