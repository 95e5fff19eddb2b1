// Package workflows judges the workflows of the continuous integration: by
// actionlint, and by what this project demands of them besides. It is a module of
// its own, so that nobody who builds an image gets the linter.
package workflows
