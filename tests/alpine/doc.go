// Package alpine has tests only: the whole path from a signed repository, which
// they make themselves, to images in containers.
package alpine
