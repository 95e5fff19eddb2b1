// Package resolve answers which packages of Alpine's indexes a list of wanted
// packages needs, as `apk add` into an empty root does: Alpine's order of
// versions, its syntax of dependencies, and a solver.
//
// The solver prefers what apk prefers, in the order in which apk makes its
// choices, and is deterministic. It differs where apk would fail: it takes a
// choice back that leads to a conflict, and leaves a package out that an
// install_if asks for and that does not fit. A record that cannot be read is
// as if it were not there, unless it is needed.
package resolve
