//go:build !linux

package base

import (
	"context"
	"fmt"
)

// errElsewhere is all that this package has to say without Linux.
var errElsewhere = fmt.Errorf("%w: compiling needs Linux; images made of packages can be built anywhere (mage build alpine)", ErrUnavailable)

// Host is the toolchain of this machine, which needs Linux.
func Host(context.Context, func(string) (string, error)) (Toolchain, error) {
	return Toolchain{}, errElsewhere
}

// Cross is a cross compiler of this machine, which needs Linux.
func Cross(context.Context, string, func(string) (string, error)) (Toolchain, error) {
	return Toolchain{}, errElsewhere
}

// InRoot is the toolchain of a root, which needs Linux.
func InRoot(context.Context, string, string) (Toolchain, error) { return Toolchain{}, errElsewhere }

func run(context.Context, Command) error { return errElsewhere }
