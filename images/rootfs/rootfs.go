// Package rootfs keeps root file systems on disk, each by a key that names
// what is in it, so that each is unpacked once and is whole whenever it is
// used.
//
// A root is written to a temporary folder and moved into place as the last
// thing, with a manifest of every file. Whatever is killed before that leaves
// only a temporary folder, which the next build removes.
package rootfs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// Cache is a folder of root file systems:
//
//	KEY/root            the root
//	KEY/manifest.json   every file of it: path, mode, size, hash or target
//	KEY.lock            held by the build that unpacks it; never removed
//	KEY.tmp             being unpacked
type Cache struct {
	Dir      string
	Progress *progress.Output // nil says nothing
}

// keySyntax keeps keys apart from the names with which this package ends them.
var keySyntax = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)

// lockPoll is how often a build looks whether another one has finished.
const lockPoll = 200 * time.Millisecond

// Root returns the folder of the root of that key, which has letters, digits,
// "-" and "_". One that is there is verified to the last byte first. One that
// is missing or damaged is made: fill is called once and adds each of its
// files, in any order, from one goroutine.
//
// All files are the caller's. Of their modes, setuid, setgid, sticky and the
// right of others to write are dropped; the owner can read all, and write to
// folders. What is added again is left out if it has the same type and
// content: the first stays. Anything else that add refuses, a file below a
// link included, is an error that names both origins, and fails Root even if
// fill goes on. Beside what was added the root has the folders build, dev, proc
// and tmp, where a sandbox mounts.
//
// Several processes may ask for the same root at once: one unpacks it. If ctx
// ends, the error is its cause.
func (c Cache) Root(ctx context.Context, key string, fill func(add func(tree.File) error) error) (path string, err error) {
	if !keySyntax.MatchString(key) {
		return "", fmt.Errorf("unpacking the base: the key %q is not made of letters, digits, \"-\" and \"_\"", key)
	}
	if err := c.root(ctx, key, fill); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			err = fmt.Errorf("the disk of %s is full, free some and run again: %w", c.Dir, err)
		}
		return "", fmt.Errorf("unpacking the base: %w", err)
	}
	return filepath.Join(c.Dir, key, "root"), nil
}

func (c Cache) root(ctx context.Context, key string, fill func(add func(tree.File) error) error) (err error) {
	if err := c.clean(); err != nil {
		return err
	}
	// Usually there is nothing to do, and then nothing is locked or written.
	if err := c.verify(ctx, key); !isMissing(err) {
		return err
	}
	lock, err := c.lock(ctx, key)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	err = c.verify(ctx, key) // another build may have made it in the meantime
	if !isMissing(err) {
		return err
	}
	if errors.Is(err, errDamaged) {
		c.Progress.Note(fmt.Sprintf("%v; unpacking it again", err))
		if err := remove(c.dir(key)); err != nil {
			return fmt.Errorf("removing what is damaged: %w", err)
		}
	}
	task := c.Progress.Start("unpacking the base", 0)
	err = c.unpack(ctx, key, fill)
	if err == nil {
		err = c.verify(ctx, key) // a disk may keep less than what was written, such as modes
	}
	task.Done(err)
	return err
}

func (c Cache) lock(ctx context.Context, key string) (*flock.Flock, error) {
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("preparing the cache: %w", err)
	}
	lock := flock.New(c.dir(key) + ".lock")
	ok, err := lock.TryLock()
	if err == nil && !ok {
		c.Progress.Note("waiting for another build that is unpacking the base")
		_, err = lock.TryLockContext(ctx, lockPoll)
	}
	if err != nil {
		return nil, fmt.Errorf("locking it: %w", err)
	}
	return lock, nil
}

// unpack makes the root; its lock is held.
func (c Cache) unpack(ctx context.Context, key string, fill func(add func(tree.File) error) error) (err error) {
	temp := c.dir(key) + ".tmp"
	if err := remove(temp); err != nil {
		return fmt.Errorf("removing abandoned work: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, remove(temp))
		}
	}()
	for _, dir := range []string{temp, filepath.Join(temp, "root")} {
		// Whatever the umask: the next build may be another user's.
		if err := errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o755)); err != nil {
			return fmt.Errorf("preparing a folder: %w", err)
		}
	}
	entries, err := write(ctx, filepath.Join(temp, "root"), fill)
	if err != nil {
		return err
	}
	if err := seal(temp, key, entries); err != nil {
		return err
	}
	// Not synced to disk: a crash of the machine may damage the root, and then
	// its manifest tells.
	if err := os.Rename(temp, c.dir(key)); err != nil {
		return fmt.Errorf("keeping the result: %w", err)
	}
	return nil
}

// clean removes the temporary folders that killed builds have left, of any
// key. One that a build is working on is locked.
func (c Cache) clean() error {
	left, err := os.ReadDir(c.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, dir := range left {
		key, ok := strings.CutSuffix(dir.Name(), ".tmp")
		if !ok || !keySyntax.MatchString(key) {
			continue
		}
		lock := flock.New(c.dir(key) + ".lock")
		alone, lockErr := lock.TryLock()
		if lockErr == nil && alone {
			lockErr = errors.Join(remove(c.dir(dir.Name())), lock.Unlock())
		}
		err = errors.Join(err, lockErr)
	}
	if err != nil {
		return fmt.Errorf("removing abandoned work: %w", err)
	}
	return nil
}

// remove removes a folder if it is there. An ordinary user can empty only
// folders that are writable, and somebody may have taken that away.
func remove(dir string) error {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o700)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, os.RemoveAll(dir))
}

func (c Cache) dir(key string) string { return filepath.Join(c.Dir, key) }
