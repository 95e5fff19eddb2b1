package deflate

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"syscall"
	"testing"
	"time"

	klauspost "github.com/klauspost/compress/gzip"
)

// BenchmarkAppend compresses 4 MB of a program, this one, and in the same rounds has the
// other writers do so. Reported are how many bytes it makes for each of theirs, and how often
// their processor time fits into its own, by the medians.
func BenchmarkAppend(b *testing.B) {
	data := self(b)
	data = data[:min(len(data), 4<<20)]
	b.SetBytes(int64(len(data)))
	gzipped := func(zw io.WriteCloser, err error) {
		if err != nil {
			b.Fatal(err)
		}
		if _, err := zw.Write(data); err != nil {
			b.Fatal(err)
		}
		if err := zw.Close(); err != nil {
			b.Fatal(err)
		}
	}
	others := map[string]func(w io.Writer){
		"gzip-9": func(w io.Writer) { gzipped(gzip.NewWriterLevel(w, 9)) },
	}
	for _, level := range []int{8, 9} {
		others[fmt.Sprintf("klauspost-%d", level)] = func(w io.Writer) { gzipped(klauspost.NewWriterLevel(w, level)) }
	}
	took, sizes := map[string][]time.Duration{}, map[string]int{}
	round := func(name string, do func() int) {
		before := used(b)
		sizes[name] = do()
		took[name] = append(took[name], used(b)-before)
	}
	for b.Loop() {
		round("", func() int { return len(Append(nil, data)) })
		b.StopTimer()
		for name, other := range others {
			round(name, func() int {
				var out bytes.Buffer
				other(&out)
				return out.Len()
			})
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(median(took[""]).Milliseconds()), "cpu-ms/op")
	for name := range others {
		b.ReportMetric(float64(sizes[""])/float64(sizes[name]), "bytes-of-"+name)
		b.ReportMetric(float64(median(took[""]))/float64(median(took[name])), "times-"+name)
	}
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// used is the processor time of this process.
func used(b *testing.B) time.Duration {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
