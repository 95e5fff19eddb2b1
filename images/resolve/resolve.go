package resolve

import (
	"fmt"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
)

// A Choice is a package to be installed.
type Choice struct {
	apk.Record

	// Chain is why: the item of the world that led here, then the names of the
	// packages from the one chosen for it (where the item does not name it) to
	// the one that asked for this package, or whose being there made it come
	// along. The middle of a very long chain is left out.
	Chain []string
}

// An Error says why what is wanted cannot be had.
type Error struct {
	// Problems is one line for each thing that is missing or in the way, with
	// the chain of packages that asked for it.
	Problems []string
}

func (e *Error) Error() string { return strings.Join(e.Problems, "\n") }

// Resolve returns the packages that `apk add` of the world would install into
// an empty root, sorted by name. A world item is a Dependency. The records are
// those of all repositories, in any order, but that where all else is equal the
// repository that comes first is preferred.
//
// If there is no such set of packages, the error is an *Error.
func Resolve(world []string, records []apk.Record) ([]Choice, error) {
	return newUniverse(records).resolve(world)
}

func (u *universe) resolve(world []string) ([]Choice, error) {
	wanted, err := u.needs(world)
	if err != nil {
		return nil, fmt.Errorf("the packages wanted: %w", err)
	}
	s := newSolver(u, wanted)
	if err := s.solve(); err != nil {
		return nil, err
	}
	if err := s.addExtras(); err != nil {
		return nil, err
	}
	return s.choices(), nil
}
