package check

import (
	"fmt"
	"io/fs"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

func modeChecks() []Check {
	return []Check{{
		Name:     "setuid",
		Explain:  "Nothing in the image gives its caller another identity.",
		Remedy:   "Give the file a mode without setuid, setgid and sticky bits where it is added to the tree.",
		Profiles: every,
		Run:      everyFile(setuid),
	}, {
		Name:     "world-writable",
		Explain:  "Nothing in the image can be written by everybody.",
		Remedy:   "Give it mode 0644, or 0755 for a program or directory, where it is added to the tree.",
		Profiles: every,
		Run:      everyFile(writable("everybody", 0o002)),
	}, {
		Name:     "group-writable",
		Explain:  "Nothing in the image can be written by a group; platforms run any user ID with group 0.",
		Remedy:   "Give it mode 0644, or 0755 for a program or directory, where it is added to the tree.",
		Profiles: every,
		Run:      everyFile(writable("its group", 0o020)),
	}, {
		Name:     "root-owned",
		Explain:  "Everything belongs to root, so the image's user can neither write it nor make it writable.",
		Remedy:   "Give it UID 0 and GID 0 where it is added to the tree.",
		Profiles: every,
		Run:      everyFile(rootOwned),
	}}
}

func setuid(_ Subject, f tree.File) error {
	if f.Mode&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky) != 0 {
		return fmt.Errorf("%s is mode %v", f.Path, f.Mode)
	}
	return nil
}

func writable(whom string, bit fs.FileMode) func(Subject, tree.File) error {
	return func(_ Subject, f tree.File) error {
		// Linux does not look at the mode of a symlink, which is always 0777.
		if f.Mode.Type() == fs.ModeSymlink || f.Mode&bit == 0 {
			return nil
		}
		return fmt.Errorf("%s is mode %04o: %s can write it", f.Path, f.Mode.Perm(), whom)
	}
}

func rootOwned(_ Subject, f tree.File) error {
	if f.UID != 0 || f.GID != 0 {
		return fmt.Errorf("%s belongs to %d:%d", f.Path, f.UID, f.GID)
	}
	return nil
}
