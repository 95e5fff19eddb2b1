package source_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/source"
)

func TestUnpackRefusesBombs(t *testing.T) {
	t.Parallel()
	zeros := gz(t, contents(t, "p/zeros", strings.Repeat("\x00", 1<<21)))
	var many []*tar.Header
	for i := range 101 {
		many = append(many, file(fmt.Sprintf("p/%d", i)))
	}
	global := append(rawHeader("g", "g", 6), pad("6 a=b\n")...)
	sparse := gz(t, sparseFile("p/sparse", 1<<40))
	half := limits.Bytes/2 + 1
	both := gz(t, append(sparseFile("p/sparse", half), sparseFile("p/second", half)...))
	limit := fmt.Sprintf("more than the %d bytes", limits.Bytes)
	for name, test := range map[string]struct {
		archive []byte
		limits  source.Limits
		want    []string
	}{
		"many bytes":     {zeros, limits, []string{`"p/zeros"`, limit}},
		"many entries":   {gz(t, tarball(t, many...)), limits, []string{`"p/100"`, "more than the 100 entries"}},
		"sparse file":    {sparse, limits, []string{`"p/sparse"`, limit}},
		"sparse files":   {both, limits, []string{`"p/second"`, limit}},
		"zeros behind":   {gz(t, append(good(t), make([]byte, limits.Bytes)...)), limits, []string{limit}},
		"many headers":   {gz(t, bytes.Repeat(global, 3000)), source.Limits{Bytes: 1 << 20, Entries: 1 << 20}, []string{limit}},
		"limits not set": {gz(t, good(t)), source.Limits{}, []string{"more than the 0 bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refuses(t, test.archive, test.limits, test.want...)
		})
	}
}

// sparseFile is an entry for a file that is all hole, in PAX format 1.0.
func sparseFile(name string, size int64) []byte {
	record := func(key, value string) string {
		n := len(key) + len(value) + 3
		for len(strconv.Itoa(n))+len(key)+len(value)+3 != n {
			n = len(strconv.Itoa(n)) + len(key) + len(value) + 3
		}
		return fmt.Sprintf("%d %s=%s\n", n, key, value)
	}
	pax := record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") +
		record("GNU.sparse.name", name) + record("GNU.sparse.realsize", strconv.FormatInt(size, 10))
	var out bytes.Buffer
	out.Write(rawHeader("x", "x", int64(len(pax))))
	out.Write(pad(pax))
	hole := fmt.Sprintf("1\n%d\n0\n", size)
	out.Write(rawHeader("0", name, 512))
	out.Write(pad(hole))
	return out.Bytes()
}

func pad(s string) []byte { return append([]byte(s), make([]byte, (512-len(s)%512)%512)...) }

// rawHeader is a ustar header with a type that the tar package would not write.
func rawHeader(kind, name string, size int64) []byte {
	block := make([]byte, 512)
	copy(block, name)
	copy(block[100:], "0000644\x000000000\x000000000\x00")
	copy(block[124:], fmt.Sprintf("%011o\x0000000000000\x00        %s", size, kind))
	copy(block[257:], "ustar\x0000")
	sum := 0
	for _, b := range block {
		sum += int(b)
	}
	copy(block[148:], fmt.Sprintf("%06o\x00 ", sum))
	return block
}
