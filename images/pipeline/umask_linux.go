package pipeline

import (
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// startMasked starts a command with a umask of its own. It is that of a thread which
// ends then, so that whatever else this process makes meanwhile keeps its own.
func startMasked(cmd *exec.Cmd, mask int) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the function
		if unix.Unshare(unix.CLONE_FS) != nil {
			started <- startAllMasked(cmd, mask) // a filter of system calls is in the way
			return
		}
		unix.Umask(mask)
		started <- cmd.Start()
	}()
	return <-started
}
