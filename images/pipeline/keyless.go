package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/keyless"
)

// patience is how long cosign may take to end after an interrupt.
const patience = 10 * time.Second

// Keyless has the program cosign sign what was published as ref, which names a
// digest, and documents about it, with the identity that the machine has: on a
// CI, that of the workflow; elsewhere cosign asks a person to log in. It uploads
// what it signs, and enters it in a public log.
func Keyless(ctx context.Context, o Options, ref string, documents ...attest.Document) (err error) {
	if _, err := exec.LookPath(keyless.Program); err != nil {
		return fmt.Errorf("signing without a key: %w: install cosign, version 3 or later, or sign with a key", err)
	}
	dir, err := os.MkdirTemp("", "nginx-scratch-*")
	if err != nil {
		return fmt.Errorf("signing without a key: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	sign, err := keyless.Sign(ref)
	if err != nil {
		return err
	}
	commands := [][]string{sign}
	for i, d := range documents {
		if d.PredicateType == attest.Signature {
			continue // cosign sign makes it
		}
		file := filepath.Join(dir, fmt.Sprintf("%d.json", i))
		if err := os.WriteFile(file, d.Predicate, 0o600); err != nil {
			return fmt.Errorf("signing without a key: %w", err)
		}
		command, err := keyless.Attest(ref, d.PredicateType, file)
		if err != nil {
			return err
		}
		commands = append(commands, command)
	}
	for _, argv := range commands {
		if err := o.run(ctx, argv); err != nil {
			return fmt.Errorf("signing %s without a key: %w", ref, err)
		}
	}
	return nil
}

// run runs a command whose output is for a person.
func (o Options) run(ctx context.Context, argv []string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = o.Stderr, o.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = patience
	err := cmd.Run()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", argv[0], argv[1], err)
	}
	return nil
}
