package base

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"

	"github.com/moby/sys/reexec"
	"golang.org/x/sys/unix"
)

// helperName is argv[0] of the process that sets the namespaces up.
const helperName = "nginx-scratch-sandbox"

// The helper is this same program, started again: mounts have to be made
// inside the new namespaces before the command runs. Registering it when the
// package is loaded means that any program, tests too, can run commands.
func init() { //nolint:gochecknoinits // see above
	reexec.Register(helperName, helper)
	if reexec.Init() {
		os.Exit(1) // the helper returns only if it could not become the command
	}
}

// spec is what the helper is told, on its standard input.
type spec struct {
	Command
	Mapped bool // in a user namespace, which makes the command who it is to be
}

// encode keeps every byte: paths and arguments need not be UTF-8.
func (s spec) encode() (io.Reader, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(s)
	return &b, err
}

// reportFD tells the parent of a failure. The exec that succeeds closes it.
const reportFD = 3

// helper runs inside the new namespaces and becomes the command.
func helper() {
	runtime.LockOSThread() // capabilities and the death signal are a thread's
	if err := become(); err != nil {
		// If the parent is gone there is nobody to tell.
		_ = gob.NewEncoder(os.NewFile(reportFD, "report")).Encode(newReport(err))
	}
}

func become() error {
	var s spec
	if err := gob.NewDecoder(os.Stdin).Decode(&s); err != nil {
		return fmt.Errorf("reading the command: %w", err)
	}
	// Descriptors that this process inherited are none of the command's business.
	if err := unix.CloseRange(reportFD, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return setup(err, "closing inherited files")
	}
	unix.Umask(0o022)
	if err := s.enter(); err != nil {
		return err
	}
	if err := s.drop(); err != nil {
		return err
	}
	if err := os.Chdir(s.Dir); err != nil {
		return fmt.Errorf("entering the work folder: %w", err)
	}
	null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening /dev/null: %w", err)
	}
	if err := unix.Dup3(null, 0, 0); err != nil {
		return fmt.Errorf("closing the input: %w", err)
	}
	path, err := lookPath(s.Argv[0], searchPath(s.Env), os.Stat)
	if err == nil {
		err = unix.Exec(path, s.Argv, s.Env)
	}
	return fmt.Errorf("starting %s inside the sandbox: %w", s.Argv[0], err)
}
