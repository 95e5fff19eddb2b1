package source

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// permissions keeps of a mode what a source tree needs: whether a file can be
// executed by its owner.
func permissions(mode fs.FileMode) fs.FileMode {
	if mode&0o100 != 0 {
		return 0o755
	}
	return 0o644
}

// writeFile makes a file that must not exist, with exactly this mode and time,
// or none. It does not sync: a source directory is made anew after a crash.
func writeFile(root *os.Root, name string, content io.Reader, mode fs.FileMode, epoch time.Time) error {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	if err == nil {
		err = file.Chmod(mode)
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = root.Chtimes(name, epoch, epoch)
	}
	if err != nil {
		return errors.Join(err, root.Remove(name))
	}
	return nil
}
