package base

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// lookPath finds a program in a list of folders, by asking stat; a name with a
// slash is relative to the work folder, as it is for execve.
func lookPath(name, path string, stat func(string) (fs.FileInfo, error)) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, dir := range filepath.SplitList(path) {
		file := filepath.Join(dir, name)
		if info, err := stat(file); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return file, nil
		}
	}
	return "", fmt.Errorf("it is not in PATH, which is %q", path)
}

// searchPath is the PATH of an environment.
func searchPath(env []string) string {
	for _, e := range env {
		if path, ok := strings.CutPrefix(e, "PATH="); ok {
			return path
		}
	}
	return ""
}
