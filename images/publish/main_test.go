package publish_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
)

// toVariable makes the program of the tests a publisher, which can be killed
// and has an environment of its own.
const toVariable = "NGINX_SCRATCH_TEST_PUBLISH_TO"

func TestMain(m *testing.M) {
	to := os.Getenv(toVariable)
	if to == "" {
		os.Exit(m.Run())
	}
	p, err := publication("new", tags...)
	if err == nil {
		opt := quick()
		opt.Keychain = authn.DefaultKeychain
		err = push(context.Background(), to, p, opt)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// publisher is a process that publishes the new sample.
func publisher(t testing.TB, repository string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append([]string{toVariable + "=" + repository, "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	return cmd
}
