package server

import (
	"errors"
	"os"
)

// writeFile writes a file that everybody may read, whatever the umask: nginx's user is
// none of this machine.
func writeFile(name string, content []byte) error {
	return errors.Join(os.WriteFile(name, content, 0o644), os.Chmod(name, 0o644))
}

// makeDir makes a folder that everybody may enter, and those above it.
func makeDir(name string) error {
	return errors.Join(os.MkdirAll(name, 0o755), os.Chmod(name, 0o755))
}
