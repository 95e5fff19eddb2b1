// Package apk reads Alpine's files: the signed index of a repository, and the
// packages that the index vouches for. It also writes the list of installed
// packages that apk and scanners read.
//
// Trust goes down a chain, and nothing is unpacked before the link above it
// holds: a pinned fingerprint vouches for a key ([Trust]), the key's signature
// for the index ([ReadIndex]), the index for a package's control member, and
// the control member for the data member ([ReadPackage]). Both formats are
// gzip members one after the other, each a tar archive; what is signed and
// hashed are the members' compressed bytes.
//
// One thing nothing vouches for: the signature members of a package. They are
// read, must be well formed and hold nothing but signatures, and are ignored.
// Whoever needs every byte of a package to be known must pin the hash of the
// file, as a lock does.
package apk
