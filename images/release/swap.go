package release

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// swap puts staged where dir is. With exchange that is one step, after which
// the old layout is at staged. Where the system or the file system cannot
// exchange it is two, and who is killed between them leaves the old layout at
// replaced, the new one at staged, and nothing at dir until the next Write.
func swap(staged, dir, replaced string, exchange func(a, b string) error) error {
	err := exchange(staged, dir)
	if err == nil {
		return nil
	}
	if errors.Is(err, fs.ErrNotExist) { // the first layout here
		if err := os.Rename(staged, dir); err != nil {
			return fmt.Errorf("moving the layout into place: %w", err)
		}
		return nil
	}
	if err := os.Rename(dir, replaced); err != nil {
		return fmt.Errorf("moving the old layout away: %w", err)
	}
	if err := os.Rename(staged, dir); err != nil {
		return errors.Join(fmt.Errorf("moving the layout into place: %w", err), os.Rename(replaced, dir))
	}
	return nil
}

// lock makes writers below dir wait for each other, in this process and others.
// The kernel gives the lock back when a process is killed.
func lock(dir string) (unlock func() error, err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("locking: %w", err)
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", dir, err), f.Close())
	}
	return f.Close, nil
}
