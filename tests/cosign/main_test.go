package cosign

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// project is the folder of the module that is tested.
const project = "../.."

// programs is where cosign and signer are, once they are compiled.
var programs string

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := withPrograms(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// withPrograms compiles the programs. cosign takes minutes the first time, and
// comes out of Go's cache from then on.
func withPrograms(run func() int) (code int, err error) {
	if programs, err = os.MkdirTemp("", "nginx-scratch-cosign-*"); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(programs)) }()
	fmt.Fprintln(os.Stderr, "compiling cosign: minutes the first time")
	for _, args := range [][]string{
		{"build", "-o", programs + "/", "github.com/sigstore/cosign/v3/cmd/cosign"},
		{"build", "-C", project, "-o", programs + "/", "./tests/fixtures/signer"},
	} {
		cmd := exec.Command("go", args...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return 1, fmt.Errorf("go %q: %w\n%s", args, err, out)
		}
	}
	return run(), nil
}

// password opens every private key of the tests.
const password = "open sesame"

// run runs a program in a folder of its own, with nothing of the user's, and
// returns what it prints.
func run(t *testing.T, in io.Reader, name string, args ...string) (stdout string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(programs, name), args...)
	home := t.TempDir()
	cmd.Dir = home
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "COSIGN_PASSWORD=" + password}
	var out, problems bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, &out, &problems
	if err = cmd.Run(); err != nil {
		err = fmt.Errorf("%s %q: %w\n%s", name, args, err, problems.String())
	}
	return out.String(), err
}

// pair is a pair of keys.
type pair struct{ private, public string }

// mage is one at a time: where it has to compile its targets, it does so in a file
// of one name.
var mage sync.Mutex

// ours is a pair that `mage keygen` makes.
func ours(t *testing.T) pair {
	t.Helper()
	mage.Lock()
	defer mage.Unlock()
	prefix := filepath.Join(t.TempDir(), "ours")
	cmd := exec.CommandContext(t.Context(), "go", "tool", "mage", "keygen", prefix)
	cmd.Dir, cmd.Env = project, append(os.Environ(), "COSIGN_PASSWORD="+password)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil || string(out) != prefix+".pub\n" {
		t.Fatalf("mage keygen printed %q: %v\n%s", out, err, problems.String())
	}
	return pair{prefix + ".key", prefix + ".pub"}
}

// theirs is a pair that cosign makes.
func theirs(t *testing.T) pair {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "theirs")
	if _, err := run(t, nil, "cosign", "generate-key-pair", "--output-key-prefix", prefix); err != nil {
		t.Fatal(err)
	}
	return pair{prefix + ".key", prefix + ".pub"}
}
