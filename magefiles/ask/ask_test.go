//go:build linux

package ask

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is both ends of a terminal: where a person is, and where a program is.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("this machine gives no terminal:", err)
	}
	t.Cleanup(func() { person.Close() })
	fd := int(person.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}

// echoes reports whether the terminal shows what is typed.
func echoes(t *testing.T, f *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// hidden waits until the terminal shows nothing, for a person would.
func hidden(t *testing.T, f *os.File) {
	t.Helper()
	for range 500 {
		if !echoes(t, f) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the terminal shows what is typed")
}

func TestSecret(t *testing.T) {
	t.Parallel()
	person, program := terminal(t)
	go func() {
		hidden(t, program)
		_, _ = io.WriteString(person, "open sesame \n")
	}()
	var out strings.Builder
	secret, err := Terminal{program, &out}.Secret(t.Context(), "password: ")
	if err != nil || string(secret) != "open sesame " || out.String() != "password: \n" {
		t.Errorf("got %q, %v, and %q was printed", secret, err, out.String())
	}
	if !echoes(t, program) {
		t.Error("the terminal shows nothing any more")
	}
}

func TestSecretIsInterrupted(t *testing.T) {
	t.Parallel()
	_, program := terminal(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	go func() {
		hidden(t, program)
		cancel(stop)
	}()
	if secret, err := (Terminal{program, io.Discard}).Secret(ctx, "password: "); !errors.Is(err, stop) {
		t.Errorf("got %q, %v", secret, err)
	}
	if !echoes(t, program) {
		t.Error("the terminal shows nothing any more")
	}
}

func TestSecretWithoutATerminal(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	var out strings.Builder
	if secret, err := (Terminal{r, &out}).Secret(t.Context(), "password: "); err == nil || out.Len() > 0 {
		t.Errorf("got %q, and %q was printed", secret, out.String())
	}
}
