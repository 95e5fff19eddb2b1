// Package lint judges nginx configurations: named rules over what nginx would read,
// with includes followed, each finding at its file and line.
//
// It has its own parser. The one there is for Go, gonginx, takes another language than
// nginx does: it refuses "a b}c;", accepts "a;}" and "'a'b", ends a word at "\;", takes
// backticks for quotes, opens includes on the machine's disk instead of an fs.FS, and
// has no bounds of depth or size. A linter that reads something else than the server
// reports what is not there, and misses what is.
package lint
