package pipeline

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/base"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// program is a tree with testdata/try.c in the place of nginx.
func program(t *testing.T) *tree.Tree {
	t.Helper()
	name := filepath.Join(t.TempDir(), "try")
	if out, err := exec.Command("gcc", "-static", "-o", name, filepath.Join("testdata", "try.c")).CombinedOutput(); err != nil {
		t.Skipf("a static program cannot be compiled here: %v\n%s", err, out)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	files := tree.New()
	for _, f := range []tree.File{
		{Path: "usr/sbin/nginx", Mode: 0o755, Data: data},
		{Path: "srv/open", Mode: 0o666},
	} {
		if err := files.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestTry(t *testing.T) {
	run := try(program(t), "65532:65533", hostPlatform())
	// Nothing is left behind, whatever happens below.
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Cleanup(func() {
		if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})

	out, err := run(t.Context(), "/usr/sbin/nginx")
	if errors.Is(err, base.ErrUnavailable) {
		t.Skip(err)
	}
	const want = `user 65532:65533
name /usr/sbin/nginx
mode 755
file: Read-only file system
file of the tree: Read-only file system
shell: No such file or directory
route: Network is unreachable
log: opened
`
	if err != nil || out != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, out, want)
	}

	out, err = run(t.Context(), "/usr/sbin/nginx", "5")
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 5 || out != "failing with 5\n" {
		t.Errorf("a program that fails gives %q, %v", out, err)
	}
	if out, err := run(t.Context(), "/bin/sh", "-c", "true"); err == nil {
		t.Errorf("a program that is not in the tree gives %q", out)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("interrupted"))
	if out, err := run(ctx, "/usr/sbin/nginx"); err == nil || err.Error() != "interrupted" {
		t.Errorf("a cancelled run gives %q, %v", out, err)
	}
}

func TestTryRefusesUsers(t *testing.T) {
	t.Parallel()
	for _, user := range []string{"", "nginx", "65532", "65532:", ":65532", "65532:nginx", "1:2:3"} {
		if out, err := try(tree.New(), user, hostPlatform())(t.Context(), "/x"); err == nil || out != "" {
			t.Errorf("%q gives %q, %v", user, out, err)
		}
	}
}
