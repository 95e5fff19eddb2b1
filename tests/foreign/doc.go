// Package foreign tests the static image for the platforms that this machine is
// not: it compiles them with cross compilers, and runs them in an emulator.
package foreign
