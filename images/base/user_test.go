package base_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/base"
)

// TestOrdinaryUser runs all the other tests of Run again, as a user who is
// not root and so needs a user namespace.
func TestOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("all of this is run by an ordinary user")
	}
	const nobody = 65534
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chown(dir, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	cmd := command(t, "", "-test.v", "-test.skip", "^("+t.Name()+"|TestHost|TestPrerequisites|TestIdentity|TestLibraries)")
	cmd.Env = append(cmd.Env, "TMPDIR="+dir)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	switch {
	case strings.Contains(string(out), "--- SKIP: TestMounts ") && strings.Contains(string(out), base.ErrUnavailable.Error()):
		t.Skipf("ordinary users get no sandbox here: %s", out)
	case !strings.Contains(string(out), "--- PASS: TestMounts "):
		t.Errorf("not run:\n%s", out)
	}
}
