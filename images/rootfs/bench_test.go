package rootfs

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// toolchain is of the size of a base with a compiler: 20,000 files, 400 MB.
func toolchain() []tree.File {
	const count, size = 20_000, 400_000_000
	data := make([]byte, size/count)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(data)
	files := make([]tree.File, count)
	for i := range files {
		path := fmt.Sprintf("usr/lib/gcc/target/%d/%d/file-%d", i%20, i%200, i)
		files[i] = tree.File{Path: path, Mode: 0o644, Data: data, Origin: tree.Origin{Component: "pkg", Path: path}}
	}
	return files
}

func BenchmarkUnpack(b *testing.B) {
	files := toolchain()
	for b.Loop() {
		k := newKit(b.TempDir())
		k.fill(b, files...) // and verify
		b.StopTimer()
		if err := remove(k.Dir); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func BenchmarkVerify(b *testing.B) {
	k := newKit(b.TempDir())
	k.fill(b, toolchain()...)
	for b.Loop() {
		if err := k.verify(b.Context(), "key"); err != nil {
			b.Fatal(err)
		}
	}
}
