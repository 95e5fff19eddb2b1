// Package debian reads Debian's indexes of sources, believing nothing that is
// not vouched for: a pinned key has signed the index of a suite, and that one
// names each list of sources by its SHA-256.
package debian
