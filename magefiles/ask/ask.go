// Package ask asks the person at the terminal for a secret, without showing it.
package ask

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// Terminal is where a person types, and sees what is asked.
type Terminal struct {
	In  *os.File
	Out io.Writer
}

// Secret prints prompt and returns the line that is typed then, without its end.
// When ctx ends, the terminal shows again what is typed, as it did before.
func (t Terminal) Secret(ctx context.Context, prompt string) ([]byte, error) {
	fd := int(t.In.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, errors.New("nobody is at a terminal")
	}
	if _, err := io.WriteString(t.Out, prompt); err != nil {
		return nil, fmt.Errorf("printing what is asked: %w", err)
	}
	type answer struct {
		secret []byte
		err    error
	}
	answers := make(chan answer, 1)
	go func() {
		secret, err := term.ReadPassword(fd)
		answers <- answer{secret, err}
	}()
	// The line's end is not shown either.
	defer func() { _, _ = io.WriteString(t.Out, "\n") }()
	select {
	case a := <-answers:
		return a.secret, a.err
	case <-ctx.Done():
		return nil, errors.Join(context.Cause(ctx), term.Restore(fd, before))
	}
}
