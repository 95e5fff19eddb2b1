package check

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

func contentChecks() []Check {
	return []Check{{
		Name:     "unexpected-path",
		Explain:  "Only files that the definition names are in the image.",
		Remedy:   "Keep the file out of the tree, or add its path to the definition if it belongs there.",
		Profiles: every,
		Run:      unexpectedPath,
		asked:    func(s Subject) bool { return s.Profile != Debug || len(s.Paths) > 0 },
	}, {
		Name:     "no-shell",
		Explain:  "The image's program, and what starts it, is all that can be run: no shell, interpreter, package manager or script.",
		Remedy:   "Leave the file out; data must not be executable, start with #! or have the name of a shell.",
		Profiles: []Profile{Static, Dynamic},
		Run:      noShell,
	}, {
		Name:     "symlinks",
		Explain:  "Every symbolic link leads to something inside the image, wherever it is unpacked.",
		Remedy:   "Point the link at a file of the tree, or leave it out.",
		Profiles: every,
		Run:      everyFile(symlink),
	}}
}

// noShell judges by what Linux would run first: whatever has an execute bit and
// is neither the program nor what it loads is refused. Names and #! lines catch
// the rest, which another program could be told to run.
func noShell(ctx context.Context, s Subject) error {
	var loaded map[string]bool
	if s.Profile == Dynamic {
		var err error
		if loaded, err = loadedFiles(s); err != nil {
			return fmt.Errorf("which libraries may be executable is only known once the check closure passes: %w", err)
		}
	}
	return everyFile(func(s Subject, f tree.File) error {
		switch {
		case f.Mode.IsDir() || f.Path == s.Binary || f.Path == s.Entry:
			return nil
		case f.Mode.IsRegular() && f.Mode.Perm()&0o111 != 0 && !loaded[f.Path]:
			return fmt.Errorf("%s is mode %04o: it can be run", f.Path, f.Mode.Perm())
		case bytes.HasPrefix(f.Data, []byte("#!")):
			return fmt.Errorf("%s is a script", f.Path)
		case runsCode(path.Base(f.Path)):
			return fmt.Errorf("%s has the name of a shell, interpreter or package manager", f.Path)
		}
		return nil
	})(ctx, s)
}

// runsCode reports whether a file of this name, with or without a version at
// its end, usually runs what it is given or installs what does.
func runsCode(name string) bool {
	switch strings.TrimRight(strings.ToLower(name), "-.0123456789") {
	case "sh", "ash", "bash", "rbash", "busybox", "csh", "dash", "fish", "ksh", "mksh", "tcsh", "toybox", "zsh",
		"awk", "gawk", "mawk", "expect", "guile", "lua", "luajit", "njs", "node", "perl", "php", "python", "ruby", "tclsh",
		"apk", "apt", "apt-get", "aptitude", "dnf", "dpkg", "gem", "microdnf", "npm", "opkg", "pacman", "pip", "rpm",
		"tdnf", "yum", "zypper":
		return true
	}
	return false
}
