package oci_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/segments"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// BenchmarkImage makes an image out of a tree, and in the same rounds compresses the
// archive of the tree's files with the standard library and with the program gzip, at
// their best level. What is reported are medians of processor time, which other work of
// the machine is not in, and how often the image would fit into each of the others', which
// are not after the last percents: below 1. What that is for is how many bytes the layer
// has for each of the library's. "Known" is the time of an image whose program was compressed before.
func BenchmarkImage(b *testing.B) {
	t := programs(b)
	archive := tarball(b, t)
	b.SetBytes(int64(len(archive)))
	b.ReportAllocs()
	program, _ := exec.LookPath("gzip")
	took := map[string][]time.Duration{}
	var packed int64 // by the library
	round := func(name string, do func()) {
		before := used(b)
		do()
		took[name] = append(took[name], used(b)-before)
	}
	cache := segments.Cache{Dir: b.TempDir(), Version: oci.FormatVersion}
	known := func(dst, content []byte) []byte {
		packed, err := cache.Append(dst, content)
		if err != nil {
			b.Fatal(err)
		}
		return packed
	}
	makeImage(b, t, known)
	var layer int64
	for b.Loop() {
		round("image", func() { layer = makeImage(b, t, nil) })
		b.StopTimer()
		round("known", func() { makeImage(b, t, known) })
		round("library", func() {
			var out counter
			zw, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := zw.Write(archive); err != nil {
				b.Fatal(err)
			}
			if err := zw.Close(); err != nil {
				b.Fatal(err)
			}
			packed = int64(out)
		})
		if program != "" {
			round("program", func() {
				cmd := exec.CommandContext(b.Context(), program, "-9", "-c")
				cmd.Stdin, cmd.Stdout = bytes.NewReader(archive), io.Discard
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
			})
		}
		b.StartTimer()
	}
	image := median(took["image"])
	b.ReportMetric(float64(image.Microseconds())/1000, "cpu-ms/op")
	b.ReportMetric(float64(median(took["known"]).Microseconds())/1000, "known-cpu-ms/op")
	b.ReportMetric(float64(layer)/float64(packed), "bytes-of-gzip-library")
	for _, other := range []string{"library", "program"} {
		if len(took[other]) > 0 {
			b.ReportMetric(float64(median(took[other]))/float64(image), "of-gzip-"+other)
		}
	}
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// used is the processor time of this process and of those that have ended.
func used(b *testing.B) (sum time.Duration) {
	b.Helper()
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var r syscall.Rusage
		if err := syscall.Getrusage(who, &r); err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	return sum
}

// programs is a tree with 5 MB of a program, this one, and some texts: as large as
// the image, and of the same kind of bytes, on any machine.
func programs(b *testing.B) *tree.Tree {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		b.Fatal(err)
	}
	t := tree.New()
	for _, f := range []tree.File{
		{Path: "usr/sbin/nginx", Mode: 0o755, Data: data[:min(len(data), 5<<20)]},
		{Path: "etc/nginx/nginx.conf", Mode: 0o644, Data: bytes.Repeat([]byte("worker_processes auto;\n"), 200)},
		{Path: "usr/share/nginx/html/index.html", Mode: 0o644, Data: bytes.Repeat([]byte("<p>It works</p>\n"), 100)},
	} {
		if err := t.Add(f); err != nil {
			b.Fatal(err)
		}
	}
	return t
}

// tarball has the same files as a layer.
func tarball(b *testing.B, t *tree.Tree) []byte {
	b.Helper()
	var out bytes.Buffer
	tw := tar.NewWriter(&out)
	for f := range t.All() {
		if !f.Mode.IsRegular() {
			continue
		}
		if err := tw.WriteHeader(&tar.Header{Name: f.Path, Mode: 0o644, Size: int64(len(f.Data))}); err != nil {
			b.Fatal(err)
		}
		if _, err := tw.Write(f.Data); err != nil {
			b.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(data []byte) (int, error) {
	*c += counter(len(data))
	return len(data), nil
}

// makeImage returns how many bytes the layer has.
func makeImage(b *testing.B, t *tree.Tree, compress func(dst, content []byte) []byte) int64 {
	b.Helper()
	img, err := oci.Image(t, oci.Config{Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, Created: time.Unix(1700000000, 0), Deflate: compress})
	if err != nil {
		b.Fatal(err)
	}
	m, err := img.Manifest()
	if err != nil {
		b.Fatal(err)
	}
	return m.Layers[0].Size
}
