package tests

import (
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// edges are sizes in bytes of bodies: none, headers and trailers of formats, and what
// lies around the sizes of buffers, of records of TLS and of windows of compressors.
var edges = slices.Concat([]int{0, 1, 2}, upTo(20, 40), []int{1 << 10, 1400, 4095, 4096, 4097}, upTo(8191, 8193),
	upTo(16383, 16386), upTo(32767, 32769), upTo(65535, 65537), []int{100 << 10, 1 << 20})

func upTo(first, last int) []int {
	var all []int
	for n := first; n <= last; n++ {
		all = append(all, n)
	}
	return all
}

// kinds are contents that compressors treat each in its own way, 5 MB of each. They
// are the same in every run.
var kinds = sync.OnceValue(func() map[string]string {
	const size = 5 << 20
	source := rand.NewChaCha8([32]byte{})
	noise := make([]byte, size)
	_, _ = source.Read(noise) // it never fails
	random := rand.New(source)
	words := make([]string, 2000)
	for i := range words {
		word := make([]byte, 2+random.IntN(9))
		for j := range word {
			word[j] = "eeeetaoinsrhldcumfpgwybvkxjqz"[random.IntN(29)]
		}
		words[i] = string(word)
	}
	var prose, alternating strings.Builder
	for prose.Len() < size {
		// Some words are frequent, as in a language.
		prose.WriteString(words[int(float64(len(words))*random.Float64()*random.Float64()*random.Float64())])
		prose.WriteString([]string{" ", " ", " ", " ", " ", ", ", ".\n"}[random.IntN(7)])
	}
	for at := 0; alternating.Len() < size; at += 300 {
		alternating.Write(noise[at : at+300])
		alternating.WriteString(strings.Repeat("\x00", 700))
	}
	return map[string]string{
		"zeros":       strings.Repeat("\x00", size),
		"random":      string(noise),
		"text":        prose.String()[:size],
		"pattern":     strings.Repeat("0123456789abc", size/13+1)[:size],
		"alternating": alternating.String()[:size],
	}
})

// ofSizes are files named after their kind and size, such as text/8192.
func ofSizes(names []string, sizes ...int) map[string]string {
	all := map[string]string{}
	for _, kind := range names {
		for _, size := range sizes {
			all[kind+"/"+strconv.Itoa(size)] = kinds()[kind][:size]
		}
	}
	return all
}

func everyKind() []string { return slices.Sorted(maps.Keys(kinds())) }

var severe = regexp.MustCompile(`(?m)^.*\[(alert|crit|emerg)\].*$`)

// staysWell requires that until the end of the test nginx has nothing severe to say,
// such as that a worker process crashed.
func (s *server) staysWell(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		_, stderr := s.logs(t)
		assert.Empty(t, severe.FindAllString(stderr, 10))
	})
}

// inside is where a container's port is reached without the engine's proxy, which
// has buffers of its own; where there is no way to it, it is the published port.
func (s *server) inside(t *testing.T, port string) string {
	t.Helper()
	ip, err := s.ContainerIP(t.Context())
	if addr := ip + ":" + strings.TrimSuffix(port, "/tcp"); err == nil && ip != "" && engineIsLocal() && staysOpen(t.Context(), addr) {
		return addr
	}
	return s.addr(t, port)
}
