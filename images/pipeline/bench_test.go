package pipeline

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/publish"
)

// BenchmarkBuild is `mage build` without mage, where all is compiled: once more without a
// change, and after a change of the configuration, each to the image in Docker. It works
// in a copy of the checkout, with this machine's cache, under a tag of its own.
func BenchmarkBuild(b *testing.B) {
	o := compiledAlready(b)
	build := func(b *testing.B) {
		b.Helper()
		if _, err := Build(context.Background(), o); err != nil {
			b.Fatal(err)
		}
	}
	build(b)
	b.Run("nothing", func(b *testing.B) {
		measure(b, func() {}, func() { build(b) })
	})
	b.Run("configuration", func(b *testing.B) {
		page := filepath.Join(o.Repository, "conf/nginx/html/index.html")
		text, err := os.ReadFile(page)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		measure(b, func() {
			n++
			removeImage(b, o.ImageName+":static") // none is left behind without a name
			if err := os.WriteFile(page, fmt.Appendf(text, "<!-- %d -->\n", n), 0o600); err != nil {
				b.Fatal(err)
			}
		}, func() { build(b) })
	})
}

func removeImage(b *testing.B, name string) {
	b.Helper()
	if out, err := exec.CommandContext(context.Background(), "docker", "rmi", name).CombinedOutput(); err != nil {
		b.Fatalf("removing %s: %v\n%s", name, err, out)
	}
}

// compiledAlready are the options of a build of static that compiles nothing.
func compiledAlready(b *testing.B) Options {
	b.Helper()
	o := Options{
		Repository: b.TempDir(), Name: "static", ImageName: "nginx-scratch-benchmark", Base: BaseHost, Jobs: runtime.NumCPU(),
		Env: Environment{Getenv: os.Getenv, UserCacheDir: os.UserCacheDir}, Stderr: io.Discard, Now: time.Now,
	}
	cache, err := o.Env.CacheDir()
	if err != nil {
		b.Fatal(err)
	}
	if found, err := filepath.Glob(filepath.Join(cache, "components/nginx-*/out/sbin/nginx")); err != nil || len(found) == 0 {
		b.Skip("nothing is compiled: run `mage build` first")
	}
	if err := publish.DockerAvailable(context.Background()); err != nil {
		b.Skip(err)
	}
	for _, dir := range []string{"images", "conf"} {
		if err := os.CopyFS(filepath.Join(o.Repository, dir), os.DirFS(filepath.Join("../..", dir))); err != nil {
			b.Fatal(err)
		}
	}
	b.Cleanup(func() { removeImage(b, o.ImageName+":static") })
	return o
}

// measure reports processor time, of this process and of those that it has run, beside
// the time that has gone by: other work of the machine is not in it. What is done before
// each round is in neither.
func measure(b *testing.B, before, do func()) {
	b.Helper()
	b.ReportAllocs()
	var sum time.Duration
	for b.Loop() {
		b.StopTimer()
		before()
		start := processor(b)
		b.StartTimer()
		do()
		sum += processor(b) - start
	}
	b.ReportMetric(float64(sum.Milliseconds())/float64(b.N), "cpu-ms/op")
}

func processor(b *testing.B) (sum time.Duration) {
	b.Helper()
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var used syscall.Rusage
		if err := syscall.Getrusage(who, &used); err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(used.Utime.Nano() + used.Stime.Nano())
	}
	return sum
}
