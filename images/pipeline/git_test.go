package pipeline

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
)

const forge = "https://git.example/nginx-scratch"

// gitRepository makes one with a commit, whose name it returns.
func gitRepository(t *testing.T) (dir, commit string) {
	t.Helper()
	dir = t.TempDir()
	inGit(t, dir, "init", "--quiet")
	put(t, filepath.Join(dir, "file"), "text")
	put(t, filepath.Join(dir, ".gitignore"), "/dist/\n")
	inGit(t, dir, "add", ".")
	inGit(t, dir, "-c", "user.name=x", "-c", "user.email=x@example", "-c", "commit.gpgsign=false", "commit", "--quiet", "-m", "x")
	return dir, inGit(t, dir, "rev-parse", "HEAD")
}

func inGit(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCommitOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file string   // that is written
		git  []string // what it is told before
		tree string
	}{
		"nothing":                 {"", nil, attest.TreeClean},
		"ignored":                 {"dist/x", nil, attest.TreeClean},
		"a change":                {"file", nil, attest.TreeModified},
		"a file more":             {"conf/more", nil, attest.TreeModified},
		"a file less":             {"", []string{"rm", "--quiet", "file"}, attest.TreeModified},
		"only its mode":           {"", []string{"update-index", "--chmod=+x", "file"}, attest.TreeModified},
		"hidden by configuration": {"conf/more", []string{"config", "status.showUntrackedFiles", "no"}, attest.TreeModified},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, commit := gitRepository(t)
			if c.git != nil {
				inGit(t, dir, c.git...)
			}
			if c.file != "" {
				put(t, filepath.Join(dir, c.file), "other")
			}
			got, err := commitOf(t.Context(), dir, forge)
			if want := (attest.Source{Address: forge, Commit: commit, Tree: c.tree}); err != nil || got != want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// Where the commit is not known, nothing is said of it, and why.
func TestCommitOfNothing(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	inGit(t, empty, "init", "--quiet")
	inside, _ := gitRepository(t)
	put(t, inside+"/dist/unpacked/file", "")
	sha256 := t.TempDir()
	inGit(t, sha256, "init", "--quiet", "--object-format=sha256")
	inGit(t, sha256, "-c", "user.name=x", "-c", "user.email=x@example", "-c", "commit.gpgsign=false", "commit", "--quiet", "--allow-empty", "-m", "x")
	for dir, want := range map[string]string{
		t.TempDir():                "git rev-parse: exit status 128: fatal: not a git repository",
		filepath.Join(empty, "no"): "git rev-parse: exit status 128: fatal: cannot change to",
		empty:                      "git rev-parse: exit status 128: fatal: Needed a single revision",
		inside + "/dist/unpacked":  "the folder is inside a repository, but not its top",
		sha256:                     "is not a SHA-1",
	} {
		got, err := commitOf(t.Context(), dir, forge)
		if (got != attest.Source{Address: forge, Tree: attest.TreeUnknown}) || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %+v, %v, want %q", got, err, want)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	cancel(stop)
	if _, err := commitOf(ctx, inside, forge); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}
