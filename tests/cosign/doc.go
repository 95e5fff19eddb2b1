// Package cosign proves, with the real cosign, that it verifies what this project
// signs and refuses what was changed since, and the other way round.
//
// It is a module of its own: cosign needs hundreds, of which none is to be in the
// module of the project. That module's code runs here as a program.
package cosign
