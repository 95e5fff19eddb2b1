// Package source turns a pinned source archive and its Debian patch series
// into a source directory: Unpack the archive, ReadSeries, Match the series
// against the lock, and Apply what Match returns in that order.
//
// Archives and patches are taken to be hostile until they are in the
// directory: nothing is written outside it, nothing is followed out of it, and
// whatever this package does not fully understand is an error.
//
// Every file and directory gets one modification time, the epoch of the
// caller. An archive's own times can tell make that a generated file (a
// configure script, a parser) is older than what it is generated from; where
// all times are equal make never regenerates. The epoch must lie in the past
// of the build, or make finds everything it has built out of date.
package source
