package check

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

func configChecks() []Check {
	return []Check{{
		Name:     "config-test",
		Explain:  "The shipped program accepts the shipped configuration.",
		Remedy:   "Correct the configuration at the file and line that nginx names, or compile in the module it asks for.",
		Profiles: every,
		Run:      configTest,
	}}
}

func configTest(ctx context.Context, s Subject) error {
	if _, err := program(s); err != nil {
		return err
	}
	if s.Try == nil {
		return fmt.Errorf("%w: this machine cannot run a program of the image's platform", ErrSkipped)
	}
	output, err := s.Try(ctx, "/"+s.Binary, "-t")
	output = strings.TrimSpace(output)
	if err != nil {
		return fmt.Errorf("nginx -t: %w\n%s", err, output)
	}
	// A program that was not run, or is not nginx, can exit with 0 as well.
	if !strings.Contains(output, "test is successful") {
		return errors.New("nginx -t did not say that the test is successful:\n" + output)
	}
	return nil
}
