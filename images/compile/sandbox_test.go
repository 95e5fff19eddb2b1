package compile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/base"
)

// TestSandbox runs the steps in the real sandbox, with the machine's shell.
func TestSandbox(t *testing.T) {
	t.Parallel()
	sh := func(script string) []string { return []string{"sh", "-c", script} }
	k := newKit(t, t.TempDir(), func(k *kit) {
		k.steps["lib"] = [][]string{sh("cp hello.txt /build/out/lib/lib.txt")}
		k.steps["app"] = [][]string{
			sh(`pwd; echo "$STEP, $TZ, $SOURCE_DATE_EPOCH, $MAKEFLAGS"; ls /build/src /build/out; cat /build/out/lib/lib.txt`),
			sh(`mkdir /build/out/app/sbin && cp hello.txt /build/out/app/sbin/app && cp extra.c /build/out/app/extra`),
			sh(`ln -s sbin/app /build/out/app/app && ! echo x 2>/dev/null >/build/out/lib/new && ! echo x 2>/dev/null >/build/new`),
		}
	})
	k.Run = base.Run
	// Whatever the path of the cache is, the steps do not see it.
	k.Dir = filepath.Join(t.TempDir(), "a [cache] of * \xff bytes?")
	abandoned := filepath.Join(k.Dir, "work/abandoned/deep")
	if err := os.MkdirAll(abandoned, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Component(t.Context(), "lib"); errors.Is(err, base.ErrUnavailable) {
		t.Skip(err)
	}
	entry := k.component(t)
	log, err := os.ReadFile(filepath.Join(entry.Dir, "compile.log"))
	want := "\n/build/src/app\nof app, UTC, 1700000000, -j3\n/build/out:\napp\nlib\n\n/build/src:\napp\nhello\nof lib\n$ "
	if err != nil || !strings.Contains(string(log), want) {
		t.Errorf("the log is %q, %v\nwant %q", log, err, want)
	}
}
