package source

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"testing/iotest"
	"time"
)

func TestWriteFileLeavesNothingOnAnError(t *testing.T) {
	t.Parallel()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err = writeFile(root, "f", iotest.ErrReader(broken), 0o644, time.Unix(1, 0))
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	if _, err := root.Lstat("f"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is there (%v)", err)
	}
	if err := root.Close(); err != nil {
		t.Error(err)
	}
}
