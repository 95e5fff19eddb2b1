package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// fullDiskProgram fetches onto a disk of its own that has no room, then makes room and fetches again.
func fullDiskProgram(ctx context.Context, in store.Input, dir string) error {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		return fmt.Errorf("mounting: %w", err)
	}
	other := filepath.Join(dir, "other")
	if err := os.WriteFile(other, make([]byte, 192<<10), 0o600); err != nil {
		return err
	}
	fmt.Println("full:", fetchProgram(ctx, in, dir))
	if left, err := filepath.Glob(filepath.Join(dir, "partial", "*")); err != nil || len(left) != 1 {
		return fmt.Errorf("in partial: %q, want the lock only (%w)", left, err)
	}
	if err := os.Remove(other); err != nil {
		return err
	}
	if err := fetchProgram(ctx, in, dir); err != nil {
		return err
	}
	s, err := store.Open(dir)
	return errors.Join(err, s.Verify(in))
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir, content := t.TempDir(), data(100_000)
	web := serve(t, sends(content))
	cmd, out := command(t, "full", dir, web.URL, len(content))
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("a small disk needs a mount namespace: %v", err)
	}
	var printed bytes.Buffer
	_, err := io.Copy(&printed, out)
	if err := errors.Join(err, cmd.Wait()); err != nil {
		if strings.Contains(printed.String(), "error: mounting: ") {
			t.Skipf("a small disk needs the right to mount: %s", &printed)
		}
		t.Fatalf("%v: %s", err, &printed)
	}
	want := "full: fetching a.tar.gz: the disk is full: a.tar.gz needs 100000 bytes in " + dir +
		", free some and run again: write " + dir + "/partial/" + input(content).SHA256 + ": no space left on device\n"
	if !strings.Contains(printed.String(), want) {
		t.Errorf("printed %q, want %q", &printed, want)
	}
	if got := web.requests(); len(got) != 2 {
		t.Errorf("%d requests, want one with and one without room", len(got))
	}
}
