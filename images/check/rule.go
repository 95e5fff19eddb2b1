package check

import (
	"context"
	"errors"
	"fmt"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// everyFile makes a check's Run of a rule for one file or directory. Without
// the image's program it fails: an empty or wrong tree must not pass for a clean
// one.
func everyFile(rule func(Subject, tree.File) error) func(context.Context, Subject) error {
	return func(_ context.Context, s Subject) error {
		if _, err := program(s); err != nil {
			return err
		}
		var errs []error
		for f := range s.Tree.All() {
			errs = append(errs, rule(s, f))
		}
		return errors.Join(errs...)
	}
}

// A rule judges one ELF file.
type rule func(*object) error

// others are what the ELF files beside the image's program are held to, libraries
// and programs alike; where a profile is missing, to nothing.
type others map[Profile]rule

// everyELF makes a check's Run of the rule for the image's program, which must
// be an ELF file, and those for all others in the tree.
func everyELF(program rule, rest others) func(context.Context, Subject) error {
	return everyFile(func(s Subject, f tree.File) error {
		judge := rest[s.Profile]
		if f.Path == s.Binary {
			judge = program
		} else if !isELF(f.Data) {
			return nil
		}
		if judge == nil {
			return nil
		}
		o, err := parseELF(f.Data)
		if err != nil {
			return fmt.Errorf("reading %s as an ELF file: %w", f.Path, err)
		}
		if err := judge(o); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
		return nil
	})
}

// program returns the image's program.
func program(s Subject) (tree.File, error) {
	f, ok := s.Tree.Lookup(s.Binary)
	switch {
	case !ok:
		return f, fmt.Errorf("%s is not in the tree, so there is nothing to judge", s.Binary)
	case !f.Mode.IsRegular() || f.Mode.Perm()&0o001 == 0:
		return f, fmt.Errorf("%s is %v, not a program that any user can run", s.Binary, f.Mode)
	}
	return f, nil
}
