// Package scanners runs other people's scanners over the image as it was built,
// without a network, and holds its documents against their published schemas. It
// is a module of its own: what scanners depend on stays out of the project's.
package scanners
