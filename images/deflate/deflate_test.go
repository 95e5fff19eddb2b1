package deflate

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	klauspost "github.com/klauspost/compress/flate"
)

// inflate unpacks blocks with two decoders that are not ours, and with Final after them.
func inflate(tb testing.TB, packed []byte) []byte {
	tb.Helper()
	packed = append(bytes.Clone(packed), Final...)
	var all [2][]byte
	for i, decoder := range []func(io.Reader) io.ReadCloser{flate.NewReader, klauspost.NewReader} {
		from := bytes.NewReader(packed)
		data, err := io.ReadAll(decoder(from))
		if err != nil || from.Len() > 0 {
			tb.Fatalf("decoder %d: %v, after all but %d of %d bytes", i, err, from.Len(), len(packed))
		}
		all[i] = data
	}
	if !bytes.Equal(all[0], all[1]) {
		tb.Fatal("the decoders do not agree")
	}
	return all[0]
}

// noise is n bytes that cannot be compressed, the same on every machine.
func noise(n int, seed string) []byte {
	var out []byte
	for i := 0; len(out) < n; i++ {
		sum := sha256.Sum256(fmt.Append(nil, seed, i))
		out = append(out, sum[:]...)
	}
	return out[:n]
}

// program is about n bytes that compress like a program does.
func program(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		sum := sha256.Sum256(fmt.Append(nil, i))
		fmt.Fprintf(&b, "symbol_%04d\x00%s%s", i%5000, sum[:i%32], strings.Repeat("\x00", i%7))
	}
	return b.Bytes()
}

// apart has a phrase twice, so that the second can be a match of that distance.
func apart(distance int) []byte {
	phrase := noise(maxMatch, "phrase")
	return bytes.Join([][]byte{phrase, noise(distance-len(phrase), "between"), phrase}, nil)
}

// mixed is n bytes whose statistics change again and again.
func mixed(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		for j, c := range noise(5_000+i%7*1_000, fmt.Sprint(i)) {
			b.WriteByte(c & byte(1<<(i%9)-1) * byte(j%(i%5+1)))
		}
	}
	return b.Bytes()[:n]
}

func self(tb testing.TB) []byte {
	tb.Helper()
	name, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	var bytes256 []byte
	for i := range 256 {
		bytes256 = append(bytes256, byte(i))
	}
	var runs []byte
	for n := 1; n < 2*maxMatch+8; n++ {
		runs = append(append(runs, bytes.Repeat([]byte{byte(n)}, n)...), noise(3, fmt.Sprint(n))...)
	}
	var fibonacci []byte
	for a, b, s := 1, 1, byte(0); len(fibonacci) < 400_000; a, b, s = b, a+b, s+1 {
		fibonacci = append(fibonacci, bytes.Repeat([]byte{s}, a)...)
	}
	for i := range fibonacci { // mixed, so that they are literals
		j := int(uint32(i)*2654435761>>8) % (i + 1)
		fibonacci[i], fibonacci[j] = fibonacci[j], fibonacci[i]
	}
	for name, c := range map[string]struct {
		data []byte
		most int // bytes
	}{
		"nothing":            {nil, 0},
		"a byte":             {[]byte("a"), 8},
		"two bytes":          {[]byte("ab"), 9},
		"the same twice":     {[]byte("aa"), 9},
		"three bytes":        {[]byte("aaa"), 10},
		"four bytes":         {[]byte("aaaa"), 10},
		"one match":          {bytes.Repeat([]byte("a"), maxMatch+1), 10},
		"all literals":       {bytes256, 261},
		"all literals again": {bytes.Repeat(bytes256, 200), 700},
		"runs":               {runs, 8_000},
		"zeros":              {make([]byte, 2<<20), 2_200},
		"distance 32767":     {apart(window - 1), window + 100},
		"distance 32768":     {apart(window), window + 100},
		"distance 32769":     {apart(window + 1), window + 400},
		"noise":              {noise(200_000, "noise"), 200_020},
		"noise of 65535":     {noise(maxStored, "noise"), maxStored + 5},
		"noise of 65536":     {noise(maxStored+1, "noise"), maxStored + 11},
		"Fibonacci":          {fibonacci, 183_000},
		"two literals":       {[]byte(strings.Map(func(r rune) rune { return r & 1 }, string(noise(99_999, "bits")))), 40_000},
		"text":               {[]byte(strings.Repeat("Der Worte sind genug gewechselt, laßt mich auch endlich Taten sehn!\n", 999)), 400},
		"pieces":             {program(2*pieceSize + 1), 670_000},
		"mixed":              {mixed(700_000), 245_000},
		"program":            {self(t), len(self(t)) / 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			packed := Append(nil, c.data)
			if got := inflate(t, packed); !bytes.Equal(got, c.data) {
				t.Fatalf("%d bytes come back as %d others", len(c.data), len(got))
			}
			if len(packed) > c.most {
				t.Errorf("%d bytes are %d, want at most %d", len(c.data), len(packed), c.most)
			}
		})
	}
}

// What two calls give can be joined, and what was there before stays.
func TestAppend(t *testing.T) {
	t.Parallel()
	one, other := program(3000), noise(100, "other")
	packed := Append(Append(Append([]byte("before"), one), nil), other)
	if got, want := inflate(t, bytes.TrimPrefix(packed, []byte("before"))), slices.Concat(one, other); !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
	again := Append(nil, one)
	if !bytes.Contains(packed, again) || !bytes.HasSuffix(packed, Append(nil, other)) {
		t.Error("what is before data changes what it gives")
	}
}

// The stream is part of the image's digest: it depends on nothing but data. A
// failure of the golden hash means that oci.FormatVersion must be raised.
func TestSameEverywhere(t *testing.T) { //nolint:paralleltest // changes the process
	data := slices.Concat(program(pieceSize), mixed(pieceSize), noise(100_000, "noise"), make([]byte, 5000), program(50_000))
	want := Append(nil, data)
	for _, n := range []int{1, 2, 16} {
		old := runtime.GOMAXPROCS(n)
		if !bytes.Equal(Append(nil, data), want) {
			t.Errorf("another stream with %d processors", n)
		}
		runtime.GOMAXPROCS(old)
	}
	sum := sha256.Sum256(want)
	const golden = "081af3e85163167303a4b65a831d79d8f089430c0016fe7af4aac3b1450cd78e"
	if got := hex.EncodeToString(sum[:]); got != golden {
		t.Errorf("%d bytes with SHA-256\n%s, want\n%s", len(want), got, golden)
	}
}

func FuzzRoundTrip(f *testing.F) {
	for _, seed := range [][]byte{nil, []byte("a"), []byte("abcabcabcabc"), noise(100, "seed"), program(1000), make([]byte, 600)} {
		f.Add(seed, uint16(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, times uint16) {
		data = bytes.Repeat(data, int(times%64))
		if got := inflate(t, Append(nil, data)); !bytes.Equal(got, data) {
			t.Errorf("%d bytes come back as %d others", len(data), len(got))
		}
	})
}
